"""The accuracies' report trains every row, and says what is missing or below its bar."""

from pathlib import Path

import numpy as np
import pytest

import accuracy
from accuracy_images import IMAGE_ROWS
from idx_files import write_set


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of real data, with nothing in it."""
    monkeypatch.setenv("JITNET_DATA", str(tmp_path))
    return tmp_path


def rows_of(report: str) -> list[dict[str, str]]:
    lines = [line for line in report.splitlines() if line.startswith("|")]
    header, _, *body = ([cell.strip() for cell in line.strip("|").split("|")] for line in lines)
    return [dict(zip(header, cells, strict=True)) for cells in body]


def test_a_quick_run_trains_every_row_with_every_seed(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("mnist", "fashion-mnist"):
        write_set(folder / name)
    text = folder / "text"
    text.mkdir()
    (text / "tinyshakespeare.txt").write_text("To be, or not to be. " * 5000, "utf-8")
    (text / "names.txt").write_text("\n".join(["emma", "olivia", "ava"] * 40), "utf-8")
    chords = np.full((40, 4), 60.0)
    pieces = np.array([chords, chords[:24]] * 2, dtype=object)
    np.savez(text / "Jsb16thSeparated.npz", train=pieces, valid=pieces, test=pieces)
    assert accuracy.main(["--quick", "--output", str(folder / "report.md")]) == 0
    report = (folder / "report.md").read_text("utf-8")
    assert report in capsys.readouterr().out
    rows = rows_of(report)
    spoken = set() if "spoken_digits: " not in report else {"spoken_digits"}  # without its archive
    assert [row["row"] for row in rows] == [name for name in accuracy.ROWS if name not in spoken]
    for row in rows:
        figures = [float(row[f"seed {seed}"]) for seed in range(3)]
        assert float(row["mean"]) == pytest.approx(sum(figures) / 3, abs=1e-4)  # it is rounded
        assert float(row["seconds a fit"]) >= 0


def test_a_mean_below_its_bar_is_an_exit_status(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_set(folder / "mnist")
    row = IMAGE_ROWS["lenet5"]
    for bar, epochs, status, met in ((0.5, 200, 0, "yes"), (1.01, 1, 1, "no")):
        monkeypatch.setitem(accuracy.ROWS, "lenet5", row._replace(bar=bar, epochs=epochs))
        assert accuracy.main(["--rows", "lenet5"]) == status
        (found,) = rows_of(capsys.readouterr().out)
        assert found["met"] == met


def test_missing_data_are_said_and_the_other_rows_trained(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_set(folder / "mnist")
    rows = ["--rows", "lenet5,fashion"]
    assert accuracy.main([*rows, "--quick"]) == 0
    report = capsys.readouterr().out
    assert [row["row"] for row in rows_of(report)] == ["lenet5"]
    assert f"- fashion: there is no folder {str(folder / 'fashion-mnist')!r}" in report
    assert "https://github.com/zalandoresearch/fashion-mnist" in report


def test_an_unknown_row_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        accuracy.main(["--rows", "lenet5,alexnet"])
    assert end.value.code == 2
    assert "--rows: alexnet: choose from mnist_convnet, lenet5, fashion" in capsys.readouterr().err
