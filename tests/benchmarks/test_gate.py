"""The gate compares two commits' packages: it names what is slower, and refuses what is broken."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import gate
from gating import comparison, pair
from gating.cases import CASES
from gating.commits import REPOSITORY, UnknownCommitError, extract, resolve
from gating.comparison import Finding, compare
from kernel_cases import KERNELS

TANH, FORMULA = "jitnet/activations/tanh.py", "return elementary.tanh(z)"


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with one commit: the package as it stands in the checkout."""
    folder = tmp_path_factory.mktemp("repository")
    command = ["git", "-c", "user.name=test", "-c", "user.email=test@localhost"]
    subprocess.run(["git", "init", "-q", "-b", "main", folder], check=True)
    shutil.copytree(REPOSITORY / "jitnet", folder / "jitnet")
    subprocess.run([*command, "-C", folder, "add", "jitnet"], check=True)
    subprocess.run([*command, "-C", folder, "commit", "-q", "-m", "As it stands"], check=True)
    return folder


@pytest.fixture
def package(repository: Path, tmp_path: Path) -> Callable[[str], Path]:
    """A copy of the package in a folder of its own."""
    commit = resolve("HEAD", repository)
    return lambda side: extract(commit, tmp_path / side, repository)


def change_tanh(folder: Path, after: str) -> None:
    """Have the package in a folder do something else for tanh."""
    path = folder / TANH
    source = path.read_text()
    assert source.count(FORMULA) == 1
    path.write_text(source.replace(FORMULA, after))


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fewer and shorter starts: their medians still decide."""
    monkeypatch.setattr(comparison, "STARTS", 3)
    monkeypatch.setattr(comparison, "TURNS", 60)


def test_every_kernel_is_compared() -> None:
    assert set(KERNELS) < set(CASES)


@pytest.mark.usefixtures("quick")
def test_a_kernel_that_takes_twice_as_long_is_named(
    package: Callable[[str], Path], tmp_path: Path
) -> None:
    base, head = package("base"), package("head")
    change_tanh(head, f"{FORMULA} + 0.0 * elementary.tanh(z * 1.5)")
    findings = compare(base, head, tmp_path / "cache", ["tanh_forward", "elu_forward"])
    assert [finding.kernel for finding in findings if finding.slower] == ["tanh_forward"]
    assert 1.5 < findings[0].ratio < 2.5
    assert len(findings[0].again) == 3, "what looks slower is tried again"


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("side", ["base", "head"])
def test_a_kernel_that_gives_wrong_numbers_is_not_timed_and_counts_against_head_alone(
    side: str, package: Callable[[str], Path], tmp_path: Path
) -> None:
    base, head = package("base"), package("head")
    change_tanh(base if side == "base" else head, "return elementary.sigmoid(z)")
    tanh, elu = compare(base, head, tmp_path / "cache", ["tanh_forward", "elu_forward"])
    assert "AssertionError" in (tanh.base_failed if side == "base" else tanh.head_failed)
    assert tanh.broken == (side == "head")
    assert not tanh.slower
    assert not tanh.ratios
    assert not elu.failed


@pytest.mark.parametrize(("second", "slower"), [(1.01, False), (1.1, True)])
def test_what_looks_slower_must_be_so_in_new_processes_too(
    second: float, slower: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    enough = comparison.STARTS // 2 + 1
    starts = iter([1.5] * enough + [second] * comparison.STARTS)
    monkeypatch.setattr(comparison, "_measure", lambda *_: {"tanh_forward": next(starts)})
    (finding,) = compare(Path(), Path(), Path(), ["tanh_forward"])
    assert finding.slower == slower
    assert finding.ratio == second
    assert len(finding.again) == comparison.STARTS
    assert not list(starts)


@pytest.mark.parametrize(
    ("ratios", "starts"),
    [
        ([1.0, 1.0, 1.0, 2.0, 2.0], 3),
        ([1.0, 2.0, 1.0, 1.0, 2.0], 4),
        ([2.0, 1.0, 2.0, 1.0, 1.0], 5),
    ],
)
def test_starts_end_where_no_other_can_change_the_verdict(
    ratios: list[float], starts: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured = iter(ratios)
    monkeypatch.setattr(comparison, "_measure", lambda *_: {"tanh_forward": next(measured)})
    (finding,) = compare(Path(), Path(), Path(), ["tanh_forward"])
    assert finding.ratios == ratios[:starts]
    assert not finding.slower


def test_a_commit_that_leaves_the_package_as_it_is_needs_no_measuring(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (repository / "README.md").write_text("What it is.\n")
    git = ["git", "-C", str(repository), "-c", "user.name=test", "-c", "user.email=test@localhost"]
    subprocess.run([*git, "add", "README.md"], check=True)
    subprocess.run([*git, "commit", "-q", "-m", "Say what it is"], check=True)
    monkeypatch.setattr(gate, "compare", lambda *_: pytest.fail("nothing is to be measured"))
    assert gate.main(["HEAD~1", "HEAD", "--repository", str(repository)]) == 0
    assert capsys.readouterr().out.endswith(": the package is the same\n")


def test_the_processes_import_the_packages_they_are_given(
    package: Callable[[str], Path], tmp_path: Path
) -> None:
    base, head = package("base"), package("head")
    (head / "jitnet" / "activations" / "__init__.py").write_text("raise ValueError('a slip')\n")
    with pytest.raises(pair.BrokenCommitError, match="ValueError: a slip"):
        pair.Pair(base, head, tmp_path / "cache")


def test_an_unknown_commit_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UnknownCommitError, match="no commit 'nowhere'"):
        resolve("nowhere")
    assert gate.main(["nowhere", "HEAD"]) == 2
    assert "there is no commit 'nowhere'" in capsys.readouterr().err


def test_an_unknown_kernel_lists_those_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        gate.main(["HEAD", "HEAD", "--kernels", "fft"])
    assert end.value.code == 2
    assert "there is no kernel fft; there are: matmul, dense_forward" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("ratios", "slower", "faster"),
    [
        ([1.0, 1.02, 1.3], False, False),
        ([1.15, 1.16, 0.9], True, False),
        ([0.85, 0.9, 1.4], False, True),
    ],
)
def test_the_median_over_the_starts_decides(
    ratios: list[float], slower: bool, faster: bool
) -> None:
    finding = Finding("adam_update", ratios)
    assert (finding.slower, finding.faster) == (slower, faster)


@pytest.mark.parametrize(
    ("again", "slower"),
    [
        ([1.15, 1.16, 1.14, 1.15, 1.15], True),
        ([1.15, 1.16, 0.9, 1.15, 1.15], True),
        ([0.80, 1.10, 2.01, 0.83, 1.35], False),
    ],
)
def test_all_new_starts_but_one_must_be_slower(again: list[float], slower: bool) -> None:
    assert Finding("mse_loss", [1.18, 1.41, 1.23], again).slower == slower


@pytest.mark.parametrize(
    ("finding", "code", "says"),
    [
        (Finding("elu_forward", [1.0]), 0, "none slower"),
        (Finding("tanh_forward", [1.3], [1.2]), 1, "slower by more than 8%: tanh_forward"),
        (Finding("tanh_forward", head_failed="AssertionError"), 1, "broken: tanh_forward"),
        (
            Finding("tanh_forward", base_failed="KeyError: 'tanh'"),
            0,
            "BASE fails: KeyError: 'tanh'",
        ),
    ],
)
def test_the_command_says_what_is_slower_or_broken(
    finding: Finding,
    code: int,
    says: str,
    repository: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(gate, "compare", lambda *_: [finding, Finding("relu_forward", [1.0])])
    command = ["HEAD", "HEAD", "--always", "--repository", str(repository)]
    assert gate.main(command) == code
    assert says in capsys.readouterr().out


def test_a_process_that_ends_is_no_slowdown(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def end(*_: Any) -> list[Finding]:
        raise RuntimeError("the process of head ended with status -6")

    monkeypatch.setattr(gate, "compare", end)
    assert gate.main(["HEAD", "HEAD", "--always", "--repository", str(repository)]) == 2
    assert "ended with status -6" in capsys.readouterr().err
