"""The page on a training holds what it should, and nothing from elsewhere."""

from pathlib import Path

import polars as pl
import pytest

import jitnet as jn
from jitnet.cli import main
from jitnet.report.html import table
from jitnet.report.table_page import write_report
from jitnet.tabular.boosting import boosted_scores
from pages import written
from tabular.frames import mixed


@pytest.fixture
def model() -> jn.TableModel:
    return jn.TableModel("dear", epochs=4).fit(mixed(400).drop("price"))


def test_it_has_scores_curves_columns_and_what_was_unseen(
    tmp_path: Path, model: jn.TableModel
) -> None:
    test = mixed(200, seed=1).with_columns(pl.lit("<zebra>").alias("colour"))
    write_report(tmp_path / "report.html", model, test)
    page = written(tmp_path / "report.html")
    text = " | ".join(page.text)
    scores = model.evaluate(test)
    assert f"{scores.main[1]:.4f} | accuracy" in text
    for title in ("Which columns matter", "Training", "Columns", "Unseen, missing, left out"):
        assert title in text
    assert "<zebra>: 200 rows" in text
    assert page.tags.count("img") == 4  # confusion, calibration, importance, curves


def test_what_gradient_boosting_reaches_stands_beside(tmp_path: Path, model: jn.TableModel) -> None:
    test = mixed(200, seed=1).drop("price")
    boosting = boosted_scores(model.table, mixed(400), test)
    write_report(tmp_path / "report.html", model, test, boosting=boosting)
    text = " | ".join(written(tmp_path / "report.html").text)
    ours, theirs = model.evaluate(test).figures["accuracy"], boosting.figures["accuracy"]
    assert ours != theirs
    assert f"accuracy | {ours:.4g} | {theirs:.4g}" in text


def test_it_needs_no_other_file_and_runs_no_script(tmp_path: Path, model: jn.TableModel) -> None:
    write_report(tmp_path / "report.html", model, mixed(100, seed=1))
    page = written(tmp_path / "report.html")
    assert page.addresses
    assert all(address.startswith("data:image/") for address in page.addresses)
    assert "script" not in page.tags


def test_what_users_have_written_is_escaped() -> None:
    assert "<script>" not in table(["<script>"], [["<script>"]])


def test_a_number_has_a_report_too(tmp_path: Path) -> None:
    model = jn.TableModel("price", epochs=2).fit(mixed(300).drop("dear"))
    write_report(tmp_path / "report.html", model, mixed(100, seed=1))
    assert "RMSE of the mean" in written(tmp_path / "report.html").text


def test_from_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    mixed(300).drop("price").write_csv("houses.csv")
    line = "train houses.csv --target dear --epochs 2 --quiet --report a.html --plot curves.png"
    assert main([*line.split(), "--baseline"]) == 0
    assert main(["report", "houses.safetensors", "houses.csv", "--output", "b.html"]) == 0
    assert Path("curves.png").read_bytes().startswith(b"\x89PNG")
    for name in ("a.html", "b.html"):
        text = written(tmp_path / name).text
        assert "Training" in text
        assert ("gradient boosting" in text) == (name == "a.html")  # the second learns nothing
    with pytest.raises(SystemExit):
        main(["train", "houses.csv", "--target", "dear", "--report", "a.pdf"])
    assert "argument --report: 'a.pdf' must be a .html file" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("houses.csv --target dear", {"curves", "confusion", "calibration", "importance"}),
        (
            "pairs.csv --target dear",
            {"curves", "confusion", "calibration", "regions", "importance"},
        ),
        ("rents.csv --target price", {"curves", "predicted", "importance"}),
        ("digits", {"curves", "confusion", "calibration", "mistakes", "filters"}),
    ],
)
def test_a_folder_gets_all_pictures_that_suit(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    line: str,
    names: set[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    mixed(300).drop("price").write_csv("houses.csv")
    mixed(300).drop("dear").write_csv("rents.csv")
    mixed(300).select("size", "price", "dear").write_csv("pairs.csv")
    assert main(["train", *line.split(), "--epochs", "2", "--quiet", "--plot", "drawn"]) == 0
    assert {path.stem for path in Path("drawn").iterdir()} == names
    assert "pictures        drawn: curves" in capsys.readouterr().out
