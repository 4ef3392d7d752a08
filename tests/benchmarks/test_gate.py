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
from gating.plants import PLANTS, Plant
from kernel_cases import KERNELS

each_plant = pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.kernel)


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


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """One short start in place of several."""
    monkeypatch.setattr(comparison, "STARTS", 1)
    monkeypatch.setattr(comparison, "TURNS", 60)


def test_every_kernel_is_compared() -> None:
    assert set(KERNELS) < set(CASES)


@each_plant
def test_a_plant_still_fits_the_code(plant: Plant) -> None:
    assert plant.kernel in CASES
    assert (REPOSITORY / plant.file).read_text().count(plant.before) == 1
    assert plant.before != plant.after


def test_a_plant_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    (tmp_path / "kernel.py").write_text("x = 1\nx = 1\n")
    for before in ("x = 1\n", "x = 2\n"):
        with pytest.raises(ValueError, match=r"kernel.py does not have exactly once: 'x = "):
            Plant("kernel", "kernel.py", before, "").put_into(tmp_path)


@pytest.mark.usefixtures("quick")
def test_a_kernel_that_takes_twice_as_long_is_named(
    package: Callable[[str], Path], tmp_path: Path
) -> None:
    base, head = package("base"), package("head")
    twice = "        _forward(tanh.value, A, Z, count)\n"
    Plant("tanh_forward", "jitnet/activations/table.py", twice, 2 * twice).put_into(head)
    findings = compare(base, head, tmp_path / "cache", ["tanh_forward", "elu_forward"])
    assert [finding.kernel for finding in findings if finding.slower] == ["tanh_forward"]
    assert 1.6 < findings[0].ratio < 2.4
    assert len(findings[0].ratios) == 2, "what looks slower is tried again"
    assert len(findings[1].ratios) == 1


@pytest.mark.usefixtures("quick")
def test_a_kernel_that_gives_wrong_numbers_is_named(
    package: Callable[[str], Path], tmp_path: Path
) -> None:
    base, head = package("base"), package("head")
    before = "        _forward(tanh.value, A, Z, count)\n"
    wrong = before.replace("tanh", "relu")
    Plant("tanh_forward", "jitnet/activations/table.py", before, wrong).put_into(head)
    tanh, elu = compare(base, head, tmp_path / "cache", ["tanh_forward", "elu_forward"])
    assert tanh.slower
    assert "AssertionError" in tanh.failed
    assert not elu.failed


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


@pytest.mark.usefixtures("quick")
def test_the_command_ends_with_1_where_a_kernel_is_slower(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found: list[Any] = [Finding("tanh_forward", [1.3]), Finding("elu_forward", [1.0])]
    monkeypatch.setattr(gate, "compare", lambda *_: found)
    arguments = ["HEAD", "HEAD", "--repository", str(repository)]
    assert gate.main(arguments) == 1
    assert "slower by more than 8%: tanh_forward\n" in capsys.readouterr().out
    del found[0]
    assert gate.main(arguments) == 0
    assert "none slower" in capsys.readouterr().out
