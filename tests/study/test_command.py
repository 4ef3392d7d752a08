"""``jitnet study``: tables, JSON, pictures and code, and one line for a mistake."""

import json
import math
import os
import subprocess
import sys
from pathlib import Path

import pytest

from jitnet.cli import main
from jitnet.machine import processor
from jitnet.study import command, quiet, report, sizes, timing
from jitnet.study.lessons.table import LESSONS
from jitnet.study.matmul import vectorized
from jitnet.study.problems import PROBLEMS, RUNGS


@pytest.fixture(autouse=True)
def short_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Timings that nobody reads need not be exact."""
    monkeypatch.setattr(timing, "TURN_SECONDS", 1e-4)
    monkeypatch.setattr(timing, "SETTLE_SECONDS", 0)
    monkeypatch.setattr(quiet, "WAKE_SECONDS", 0)
    monkeypatch.setattr(quiet, "SECONDS", 1e-3)


def complaint(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The one line that a mistake gives."""
    with pytest.raises(SystemExit) as end:
        main(["study", *arguments])
    assert end.value.code == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    return printed.err


def test_a_table_has_a_line_a_rung(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["study", "matmul", "--size", "n=8"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "The product of two n×n matrices"
    assert lines[1] == processor()
    assert "peak" in lines[2]
    assert lines[3] == "n = 8"
    assert [line.split()[0] for line in lines[6:11]] == list(RUNGS)


def test_a_first_run_says_once_that_it_compiles(tmp_path: Path) -> None:
    command = [
        sys.executable,
        *["-m", "jitnet", "study", "matmul", "--size", "n=4", "--rungs", "compiled"],
    ]
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)}
    notices = []
    for _ in range(2):
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        notices.append(done.stderr)
    assert notices == ["compiling kernels, once …\n", ""]


def test_json_is_a_list_of_rungs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["study", "matmul", "--size", "n=8", "--json", "--rungs", "loops,tiled"]) == 0
    rungs = json.loads(capsys.readouterr().out)
    assert [rung["rung"] for rung in rungs] == ["loops", "tiled"]
    for rung in rungs:
        assert set(rung) == {
            "problem", "size", "rung", "seconds", "spread", "speedup", "gflops", "peak_share",
            "max_error", "skipped", "processor", "busy",
        }  # fmt: skip


def test_a_sweep_prints_a_line_a_size_and_who_overtakes_whom(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["study", "matmul", "--sizes", "n=4,2,8", "--rungs", "loops,compiled"]) == 0
    text = capsys.readouterr().out
    table = text.splitlines()[4:]
    assert table[0].split() == ["n", "loops", "compiled"]
    assert [line.split()[0] for line in table[1:4]] == ["2", "4", "8"]
    assert table[4].startswith("spread: loops ±")
    assert table[5].startswith(("compiled is ", "The machine is busy"))


@pytest.mark.parametrize("busy", [False, True])
@pytest.mark.parametrize("sizes", [["--size", "n=4"], ["--sizes", "n=4,8"]])
def test_a_busy_machine_is_named_instead_of_a_verdict(
    sizes: list[str],
    busy: bool,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(quiet, "MIN_SHARE", 2.0 if busy else 0.0)
    monkeypatch.setattr(report, "BUSY", math.inf)
    main(["study", "matmul", *sizes, "--rungs", "vectorized,compiled"])
    text = capsys.readouterr().out
    assert ("The machine is busy" in text) == busy
    assert ("compiled is " in text) == (not busy and sizes[0] == "--sizes")


def test_a_sweep_in_json_has_every_size(capsys: pytest.CaptureFixture[str]) -> None:
    main(["study", "dense", "--sizes", "m=1,2", "units=3", "--rungs", "compiled", "--json"])
    rungs = json.loads(capsys.readouterr().out)
    assert [(rung["size"]["m"], rung["size"]["units"]) for rung in rungs] == [
        (1, 64),
        (2, 64),
        (256, 3),
    ]


def test_a_picture_measures_each_rung_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("matplotlib")
    path = tmp_path / "ladder.svg"
    assert main(["study", "relu", "--plot", str(path), "--size", "m=8"]) == 0
    assert path.read_text().startswith("<?xml")
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines if "%" in line] == list(RUNGS)
    assert lines[-1] == f"picture: {path}"


def test_a_picture_of_a_sweep_has_its_sizes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("matplotlib")
    monkeypatch.setattr(sizes, "LOOPS_SECONDS", 0.01)
    path = tmp_path / "ladder.svg"
    arguments = ["--sizes", "m=1,10,100", "--plot", str(path), "--rungs", "vectorized"]
    assert main(["study", "relu", *arguments]) == 0
    assert path.read_text().startswith("<?xml")
    text = capsys.readouterr().out
    assert [line.split()[0] for line in text.splitlines() if "µs" in line or "ms" in line] == [
        "1",
        "10",
        "100",
    ]
    assert f"picture: {path}" in text


def test_source_prints_a_rungs_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["study", "matmul", "--source", "loops"]) == 0
    code = capsys.readouterr().out
    assert "c += A[i][k] * B[k][j]" in code
    assert main(["study", "matmul", "--source", "loops", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown == {"problem": "matmul", "rung": "loops", "source": code}


def test_a_lesson_prints_its_text_or_its_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["study", "--lesson", "slope"]) == 0
    assert "6.003" in capsys.readouterr().out
    assert main(["study", "--lesson", "slope", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["slopes"][0]["slope"] == pytest.approx(3)


def test_a_lesson_draws_its_picture(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    for ending, begin in ((".png", b"\x89PNG"), (".svg", b"<?xml"), (".pdf", b"%PDF")):
        path = tmp_path / f"descent{ending}"
        assert main(["study", "--lesson", "gradient_descent", "--plot", str(path)]) == 0
        assert path.read_bytes().startswith(begin)


def test_help_lists_problems_rungs_and_lessons(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["study", "--help"])
    text = capsys.readouterr().out
    for name in (*PROBLEMS, *RUNGS, *LESSONS):
        assert name in text


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["sorting"], "there is no problem 'sorting'; there are: logistic_regression, shallow"),
        (["--rungs", "loops,gpu"], "there is no rung 'gpu'; there are: loops, vectorized"),
        (["--source", "gpu"], "there is no rung 'gpu'; there are: loops, vectorized"),
        (["--lesson", "history"], "there is no lesson 'history'; there are: slope, computation"),
        (["--size", "n=4"], "has no size 'n'; it has: m=1000, features=20"),
        (["--sizes", "n=4"], "has no size 'n'; it has: m=1000, features=20"),
        (["--size", "m=0"], "expected at least 1, got 0"),
        (["--size", "m"], "expected sizes like m=1000"),
        (["--sizes", "m=1,x"], "expected sizes like m=1000"),
        (["--size", "m=1e9"], "expected sizes like m=1000"),
        (["--size", "m=10000000000"], "GiB; at most 4 GiB are allowed"),
        (["--threads", "0"], "threads must be from 1 to "),
        (["--threads", "100000"], "threads must be from 1 to "),
        (["--threads", "two"], "expected a whole number, got 'two'"),
        (["dense", "--lesson", "slope"], "a lesson is taken without a problem, got 'dense'"),
        (["--dtype", "float16"], "invalid choice: 'float16'"),
        (["--plot", "ladder.txt"], "expected a file ending in .pdf, .png, .svg"),
        (["--plot", "nowhere/ladder.png"], "the folder of 'nowhere/ladder.png' cannot be written"),
    ],
)
def test_a_mistake_ends_in_one_line_before_any_work(
    arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert says in complaint(capsys, *arguments)


def test_a_missing_extra_names_its_command(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "find_spec", lambda name: None)
    line = complaint(capsys, "--plot", "ladder.png")
    assert "drawing needs matplotlib: pip install 'jitnet[study]'" in line


def test_a_rung_that_disagrees_ends_with_code_1(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vectorized, "multiply", lambda A, B: B @ A)
    with pytest.raises(SystemExit) as end:
        main(["study", "matmul", "--size", "n=4"])
    assert end.value.code == 1
    assert "the rung vectorized differs from loops by" in capsys.readouterr().err
