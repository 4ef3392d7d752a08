"""The trial of the gate counts what the gate named, and goes on where it was interrupted."""

import json
from pathlib import Path
from typing import Any

import pytest

import gate_trial
from gating.plants import PLANTS, Plant


def finding(kernel: str, ratio: float, failed: str | None = None) -> dict[str, Any]:
    return {"kernel": kernel, "ratio": ratio, "slower": ratio > 1.08, "failed": failed}


def trial(kernel: str | None, *findings: dict[str, Any]) -> dict[str, Any]:
    code = int(any(found["slower"] or found["failed"] for found in findings))
    return {"kernel": kernel, "code": code, "findings": list(findings), "seconds": 60.0}


@pytest.fixture(autouse=True)
def a_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is checked out here, so any hash will do."""
    monkeypatch.setattr(gate_trial, "resolve", lambda name: "c0ffee" + 34 * "0")


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> list[str | None]:
    """What a gate that is always right was asked."""
    asked: list[str | None] = []

    def try_it(_: str, plant: Plant | None) -> dict[str, Any]:
        asked.append(plant and plant.kernel)
        if plant is None:
            return trial(None, finding("matmul", 1.0))
        return trial(plant.kernel, finding(plant.kernel, 1.15))

    monkeypatch.setattr(gate_trial, "_try", try_it)
    return asked


@pytest.mark.parametrize(
    ("kernel", "findings", "right"),
    [
        ("tanh_forward", [finding("tanh_forward", 1.15), finding("matmul", 1.0)], True),
        ("tanh_forward", [finding("tanh_forward", 1.05), finding("matmul", 1.0)], False),
        ("tanh_forward", [finding("tanh_forward", 1.0), finding("matmul", 1.2)], False),
        ("tanh_forward", [finding("tanh_forward", 1.15, failed="AssertionError")], False),
        (None, [finding("tanh_forward", 1.02)], True),
        (None, [finding("tanh_forward", 1.15)], False),
    ],
)
def test_a_trial_is_right_where_the_kernel_was_named(
    kernel: str | None, findings: list[dict[str, Any]], right: bool
) -> None:
    assert gate_trial._right(trial(kernel, *findings)) == right


def test_all_plants_and_equals_are_tried_once(
    tried: list[str | None], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record = tmp_path / "folder" / "record.jsonl"
    arguments = ["--record", str(record), "--equals", "2"]
    assert gate_trial.main(arguments) == 0
    assert tried == [*(plant.kernel for plant in PLANTS), None, None]
    assert "caught 6 of 6, 0 alarms in 2 comparisons of equals" in capsys.readouterr().out
    assert gate_trial.main(arguments) == 0
    assert len(tried) == 8, "nothing is tried a second time"


def test_the_table_is_renewed_between_its_marks(tried: list[str | None], tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text("Before.\n<!-- trial -->\nlast year's\n<!-- /trial -->\nAfter.\n")
    record = tmp_path / "record.jsonl"
    for _ in range(2):
        gate_trial.main(["--record", str(record), "--equals", "1", "--readme", str(readme)])
    text = readme.read_text()
    assert text.startswith("Before.\n<!-- trial -->\n\n```\ntrial ")
    assert text.count("caught 6 of 6, 0 alarms in 1 comparisons") == 1
    assert text.endswith("<!-- /trial -->\nAfter.\n")
    assert "last year's" not in text


def test_an_interrupted_trial_goes_on(tried: list[str | None], tmp_path: Path) -> None:
    record = tmp_path / "record.jsonl"
    gate_trial.main(["--record", str(record), "--equals", "0", "--plants", "3"])
    with record.open("a") as file:
        file.write('{"key": "cut o')
    assert gate_trial.main(["--record", str(record), "--equals", "0", "--plants", "2"]) == 0
    assert len(tried) == 3


def test_another_gate_is_tried_anew(
    tried: list[str | None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = tmp_path / "record.jsonl"
    arguments = ["--record", str(record), "--equals", "0", "--plants", "1"]
    gate_trial.main(arguments)
    monkeypatch.setattr(gate_trial, "_instrument", lambda: "another")
    gate_trial.main(arguments)
    assert len(tried) == 2
    assert len({json.loads(line)["key"] for line in record.read_text().splitlines()}) == 2


def test_a_gate_that_was_wrong_fails_the_trial(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    missed = trial("dense_forward", finding("dense_forward", 1.05))
    monkeypatch.setattr(gate_trial, "_try", lambda *_: missed)
    arguments = ["--record", str(tmp_path / "record.jsonl"), "--equals", "0", "--plants", "1"]
    assert gate_trial.main(arguments) == 1
    assert "caught 0 of 1" in capsys.readouterr().out
