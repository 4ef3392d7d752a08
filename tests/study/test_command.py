"""``jitnet study``: tables, JSON, pictures and code, and one line for a mistake."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from jitnet.cli import main
from jitnet.study import command, sizes, timing
from jitnet.study.lessons.table import LESSONS
from jitnet.study.matmul import vectorized
from jitnet.study.problems import PROBLEMS, RUNGS


@pytest.fixture(autouse=True)
def short_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Timings that nobody reads need not be exact."""
    monkeypatch.setattr(timing, "TURN_SECONDS", 1e-4)
    monkeypatch.setattr(timing, "SETTLE_SECONDS", 0)


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
    assert "peak" in lines[1]
    assert lines[2] == "n = 8"
    assert [line.split()[0] for line in lines[5:]] == list(RUNGS)


def test_a_first_run_says_once_that_it_compiles(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "jitnet", "study", "matmul", "--size", "n=4"]
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
            "problem", "size", "rung", "seconds", "speedup", "gflops", "peak_share", "max_error",
            "skipped",
        }  # fmt: skip


def test_a_sweep_prints_a_line_a_size_and_who_overtakes_whom(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["study", "matmul", "--sizes", "n=4,2,8", "--rungs", "loops,compiled"]) == 0
    text = capsys.readouterr().out
    table = text.splitlines()[3:]
    assert table[0].split() == ["n", "loops", "compiled"]
    assert [line.split()[0] for line in table[1:4]] == ["2", "4", "8"]
    assert table[4].startswith("compiled is ")


def test_a_sweep_in_json_has_every_size(capsys: pytest.CaptureFixture[str]) -> None:
    main(["study", "dense", "--sizes", "m=1,2", "units=3", "--rungs", "compiled", "--json"])
    rungs = json.loads(capsys.readouterr().out)
    assert [(rung["size"]["m"], rung["size"]["units"]) for rung in rungs] == [
        (1, 64),
        (2, 64),
        (256, 3),
    ]


def test_a_picture_sweeps_the_first_size(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("matplotlib")
    monkeypatch.setattr(sizes, "LOOPS_SECONDS", 0.01)
    path = tmp_path / "ladder.svg"
    assert main(["study", "relu", "--plot", str(path), "--rungs", "vectorized"]) == 0
    assert path.read_text().startswith("<?xml")
    text = capsys.readouterr().out
    assert [line.split()[0] for line in text.splitlines() if "µs" in line or "ms" in line] == [
        "1",
        "10",
        "100",
        "1,000",
        "10,000",
        "100,000",
    ]
    assert f"picture: {path}" in text


def test_source_prints_a_rungs_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["study", "matmul", "--source", "loops"]) == 0
    assert "c += A[i][k] * B[k][j]" in capsys.readouterr().out


def test_a_lesson_prints_its_text_or_its_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["study", "--lesson", "slope"]) == 0
    assert "6.003" in capsys.readouterr().out
    assert main(["study", "--lesson", "slope", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["slopes"][0]["slope"] == pytest.approx(3)


def test_a_lesson_draws_its_picture(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    path = tmp_path / "descent.png"
    assert main(["study", "--lesson", "gradient_descent", "--plot", str(path)]) == 0
    assert path.read_bytes().startswith(b"\x89PNG")


def test_a_lesson_without_a_picture_says_which_have_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("matplotlib")
    line = complaint(capsys, "--lesson", "slope", "--plot", str(tmp_path / "slope.png"))
    assert "the lesson slope has no picture; these have: cost, gradient_descent" in line


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
