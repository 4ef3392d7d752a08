"""The command line from a table's file to predictions, and the line that each mistake gets."""

import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import jitnet as jn
from jitnet.cli import main
from real_data import data_file
from tabular.frames import mixed


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with tables, and models of them."""
    monkeypatch.chdir(tmp_path)
    mixed(600).drop("price").write_csv("houses.csv")
    mixed(200, seed=1).drop("price").write_csv("others.csv")
    return tmp_path


@pytest.fixture
def model(here: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """A trained model's file."""
    assert main(["train", "houses.csv", "--target", "dear", "--epochs", "5", "--quiet"]) == 0
    capsys.readouterr()
    return here / "houses.safetensors"


def refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """The one line that a mistake gets, with exit code 2."""
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 2
    line = capsys.readouterr().err
    assert line.count("\n") == 1
    assert "Traceback" not in line
    return line


def test_a_table_is_trained_with_nothing_but_the_target(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", "houses.csv", "--target", "dear", "--quiet"]) == 0
    shown = capsys.readouterr().out
    assert "rows            480 to learn from, 120 held out" in shown
    assert "target          dear, 2 classes: no, yes" in shown
    assert "1 of numbers, 2 of categories, 1 of ordered values, 1 of dates" in shown
    accuracy = float(shown.split("accuracy        ")[1].split(",")[0])
    assert accuracy > 0.8
    assert jn.load("houses.safetensors").table.target.name == "dear"


def test_cross_validation_scores_each_fold(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = "train houses.csv --target dear --cross-validate 3 --epochs 2 --quiet"
    assert main(line.split()) == 0
    shown = capsys.readouterr().out
    values = [float(row.split()[-1]) for row in shown.splitlines() if row.startswith("fold ")]
    assert len(values) == 3
    mean = float(shown.split("3 folds")[1].split()[1])
    np.testing.assert_allclose(mean, np.mean(values), atol=1e-4)  # four digits are shown


def test_folds_side_by_side_have_the_scores_of_folds_one_after_the_other(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = "train houses.csv --target dear --cross-validate 3 --epochs 2 --ensemble 2"
    found = []
    for threads in ("1", "2"):
        assert main([*line.split(), "--threads", threads]) == 0
        shown, progress = capsys.readouterr()
        found.append([row for row in shown.splitlines() if "fold" in row])
        assert progress.count("epoch 2/2") == 2  # once for all folds, and once for the model
    assert len(found[0]) == 4
    assert found[0] == found[1]


def test_rows_of_a_group_are_held_out_together(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    frame = pl.read_csv("houses.csv").with_columns(owner=pl.int_range(600) // 60)
    frame.write_csv("owners.csv")
    for more in ("", " --cross-validate 2", " --drop owner"):
        line = f"train owners.csv --target dear --group owner --epochs 1 --quiet{more}"
        assert main(line.split()) == 0
        shown = capsys.readouterr().out
        assert "480 to learn from, 120 held out" in shown
    assert "owner" not in {column.name for column in jn.load("owners.safetensors").table.columns}


def test_boosting_is_scored_beside_it(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = "train houses.csv --target dear --baseline --epochs 1 --quiet"
    assert main(line.split()) == 0
    assert "boosting        accuracy 0." in capsys.readouterr().out


def test_unseen_and_missing_values_are_said(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mixed(50).with_columns(pl.lit("zebra").alias("colour")).write_csv("test.csv")
    line = "train houses.csv --target dear --test test.csv --epochs 1 --quiet"
    assert main(line.split()) == 0
    shown = capsys.readouterr().out
    assert "not seen before colour: zebra, in 50 rows" in shown
    assert "missing         size in 3 rows" in shown


def test_a_file_is_predicted_in_its_order(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    expected = jn.load(model).predict(mixed(200, seed=1)).tolist()
    assert main(["predict", str(model), "others.csv"]) == 0
    assert capsys.readouterr().out.split() == ["dear", *expected]
    for output in ("said.csv", "said.parquet"):
        line = ["predict", str(model), "others.csv", "--output", output, "--probabilities"]
        assert main(line) == 0
        read = pl.read_csv if output.endswith("csv") else pl.read_parquet
        said = read(output)
        assert said["dear"].to_list() == expected
        assert said.columns[1:] == ["probability of no", "probability of yes"]


def test_a_parquet_file_is_predicted_as_the_same_rows_of_text(
    model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mixed(200, seed=1).write_parquet("others.parquet")
    for name in ("others.csv", "others.parquet"):
        assert main(["predict", str(model), name, "--probabilities"]) == 0
    text = capsys.readouterr().out
    assert text[: len(text) // 2] == text[len(text) // 2 :]


def test_a_file_is_predicted_piece_by_piece(
    model: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["predict", str(model), "others.csv", "--output", "whole.csv"]) == 0
    monkeypatch.setattr("jitnet.inference.rows.ROWS_AT_ONCE", 7)
    assert main(["predict", str(model), "others.csv", "--output", "pieces.csv"]) == 0
    assert Path("whole.csv").read_text() == Path("pieces.csv").read_text()


def test_a_model_is_scored_on_a_file(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", str(model), "others.csv"]) == 0
    shown = capsys.readouterr().out
    accuracy = jn.load(model).evaluate(mixed(200, seed=1)).accuracy
    assert f"accuracy        {accuracy:.4f}" in shown


def test_info_says_what_a_model_takes_and_gives(
    model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["info", str(model)]) == 0
    shown = capsys.readouterr().out
    assert "predicts        dear, 2 classes: no, yes" in shown
    assert "colour  categories" in shown
    assert "Dense, relu" in shown


def test_a_model_without_a_table_takes_numbers(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    network = jn.Sequential([jn.Dense(2)], loss="mse").build(3)
    network.save("plain.safetensors")
    X = np.arange(12.0).reshape(4, 3)
    pl.DataFrame(X, schema=["a", "b", "c"]).write_csv("numbers.csv")
    assert main(["predict", "plain.safetensors", "numbers.csv", "--output", "said.csv"]) == 0
    np.testing.assert_allclose(pl.read_csv("said.csv").to_numpy(), network.predict(X), rtol=1e-6)
    pl.DataFrame({"a": [1.0]}).write_csv("few.csv")
    message = refused(["predict", "plain.safetensors", "few.csv"], capsys)
    assert "takes 3 numbers a row, and there are 1 columns" in message


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("train houses.csv", "argument --target: which column is to be predicted?"),
        ("train houses.csv --target cost", "houses.csv': there is no column 'cost'"),
        ("train houses.csv --target dear --drop cost", "there is no column 'cost'"),
        ("train nothing.csv --target dear", "there is no file 'nothing.csv'"),
        ("train digits --target dear", "argument --target: it is for a table's file"),
        ("train houses.csv --target dear --network cnn", "argument --network: it is for images"),
        ("train houses.csv --target dear --test 1.5", "a number between 0 and 1, got '1.5'"),
        ("train houses.csv --target dear --test none.csv", "'none.csv' cannot be read"),
        ("train houses.csv --target dear --split 80,20", "three numbers such as 70,15,15"),
        ("train houses.csv --target dear --split 8,1,0", "three numbers such as 70,15,15"),
        (
            "train houses.csv --target dear --split 8,1,1 --test others.csv",
            "argument --split: it goes without --test and --validation",
        ),
        ("train houses.csv --target dear --ordinal grade", "argument --ordinal: expected a column"),
        ("train houses.csv --target dear --task regression", "'no' is no number"),
        ("predict others.csv others.csv", "'others.csv' is no model file"),
        ("predict none.safetensors others.csv", "'none.safetensors' cannot be read"),
        ("evaluate others.csv others.csv", "'others.csv' is no model file"),
    ],
)
def test_a_mistake_gets_one_line(
    here: Path, capsys: pytest.CaptureFixture[str], line: str, message: str
) -> None:
    assert message in refused(line.split(), capsys)
    assert sorted(path.name for path in here.iterdir()) == ["houses.csv", "others.csv"]


def test_a_split_is_the_shares_of_validation_and_test(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = ["train", "houses.csv", "--target", "dear", "--epochs", "2", "--quiet"]
    models = []
    for options in (["--split", "60,20,20"], ["--test", "0.2", "--validation", "0.25"]):
        assert main([*line, *options]) == 0
        shown = capsys.readouterr().out
        models.append((jn.load("houses.safetensors").predict(pl.read_csv("others.csv")), shown))
    assert models[0][0].tolist() == models[1][0].tolist()
    rows = [
        next(row for row in shown.splitlines() if row.startswith("rows")) for _, shown in models
    ]
    assert rows[0] == rows[1]


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("size", "abc", "row 151, column 'size': 'abc' is no number"),
        ("sold", "soon", "row 151, column 'sold': 'soon' is no date"),
    ],
)
def test_a_wrong_value_is_named_and_no_output_is_left(
    model: Path, capsys: pytest.CaptureFixture[str], column: str, value: str, message: str
) -> None:
    frame = pl.read_csv("others.csv", infer_schema=False)
    frame[150, column] = value
    frame.write_csv("wrong.csv")
    line = ["predict", str(model), "wrong.csv", "--output", "said.csv"]
    assert f"'wrong.csv': {message}" in refused(line, capsys)
    assert not Path("said.csv").exists()


@pytest.mark.parametrize(
    ("values", "text"),
    [
        (["01230", "99999"], ["01230", "99999"]),
        (["True", "False"], ["True", "False"]),
        ([" a", " ?"], [" a", " ?"]),
    ],
)
def test_predict_reads_a_file_as_train_does(
    here: Path, capsys: pytest.CaptureFixture[str], values: list[str], text: list[str]
) -> None:
    lines = [f"{text[k % 2]},{k % 7 / 7},{'ab'[k % 2]}" for k in range(120)]
    Path("codes.csv").write_text("\n".join(["code,x,y", *lines]))
    line = "train codes.csv --target y --epochs 30 --quiet"
    options = ["--categorical", "code"] if values[0].isdigit() else []
    assert main([*line.split(), *options]) == 0
    capsys.readouterr()
    assert main(["predict", "codes.safetensors", "codes.csv"]) == 0
    said = capsys.readouterr().out.split()[1:]
    assert said == ["ab"[k % 2] for k in range(120)]


@pytest.mark.parametrize("command", ["predict", "evaluate", "report"])
def test_without_polars_the_command_that_installs_it_is_named(
    model: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    command: str,
) -> None:
    monkeypatch.setitem(sys.modules, "polars", None)
    assert "pip install 'jitnet[table]'" in refused([command, str(model), "others.csv"], capsys)


def test_a_row_that_ends_too_early_is_not_predicted(
    model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("short.csv").write_text(Path("others.csv").read_text() + "1.0,red\n")
    message = refused(["predict", str(model), "short.csv", "--output", "said.csv"], capsys)
    assert "row 201 has 2 fields, but there are 6 columns" in message
    assert not Path("said.csv").exists()


def test_a_model_is_kept_though_its_test_rows_cannot_be_scored(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    frame = mixed(60, seed=2).drop("price")
    frame.with_columns(dear=pl.lit("perhaps")).write_csv("test.csv")
    line = "train houses.csv --target dear --epochs 1 --quiet --test test.csv"
    assert "'perhaps' is none of the classes" in refused(line.split(), capsys)
    assert jn.load("houses.safetensors").networks
    frame.drop("size").write_csv("test.csv")
    Path("houses.safetensors").unlink()
    assert "'test.csv': there is no column 'size'" in refused(line.split(), capsys)
    assert not Path("houses.safetensors").exists(), "it is said before any work"


def test_a_missing_column_is_named(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mixed(20).drop("size").write_csv("fewer.csv")
    for command in ("predict", "evaluate"):
        message = refused([command, str(model), "fewer.csv"], capsys)
        assert "'fewer.csv': there is no column 'size'" in message


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (["0.5,no", "1,yes"], "'few.csv': 2 rows cannot be cut so that 20% are held out"),
        (["1,no", "1,yes"] * 20, "'few.csv': no column to learn from is left: a: every value is 1"),
    ],
)
def test_what_cannot_be_learned_from_is_said_with_the_files_name(
    here: Path, capsys: pytest.CaptureFixture[str], rows: list[str], message: str
) -> None:
    Path("few.csv").write_text("\n".join(["a,y", *rows]))
    assert message in refused(["train", "few.csv", "--target", "y"], capsys)
    assert not Path("few.safetensors").exists()


def test_a_file_that_is_not_there_is_a_mistake(
    model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for line in ("predict {} none.csv", "evaluate {} none.csv", "predict {} none.npz"):
        assert "'none." in refused(line.format(model).split(), capsys)


@pytest.mark.parametrize("command", ["predict", "report"])
def test_no_command_writes_over_its_own_input(
    model: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    before = Path("others.csv").read_bytes()
    Path("same.csv").symlink_to("others.csv")
    for output in ("others.csv", str(Path("others.csv").resolve()), "same.csv"):
        line = [command, str(model), "others.csv", "--output", output]
        assert f"{output!r} is the input itself" in refused(line, capsys)
    line = ["train", "others.csv", "--target", "dear", "--output", "others.csv"]
    assert "'others.csv' is the input itself" in refused(line, capsys)
    assert Path("others.csv").read_bytes() == before


def test_checkpoints_need_a_folder(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = "train houses.csv --target dear --checkpoints"
    for place in ("others.csv", "others.csv/in"):
        assert f"{place!r} cannot be made a folder" in refused([*line.split(), place], capsys)


def test_adult_is_learned_as_well_as_published_perceptrons_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """0.852 is published for tuned perceptrons."""
    monkeypatch.chdir(tmp_path)
    path = data_file("adult/adult.data.gz")
    assert main(["train", str(path), "--no-header", "--target", "column_15", "--quiet"]) == 0
    shown = capsys.readouterr().out
    assert float(shown.split("accuracy        ")[1].split(",")[0]) > 0.857


def test_training_goes_on_from_its_checkpoints(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = "train houses.csv --target dear --epochs 4 --ensemble 2 --quiet --checkpoints kept"
    assert main([*line.split(), "--output", "whole.safetensors"]) == 0
    for folder in ("network-1", "network-2"):
        assert list((here / "kept" / folder).glob("step-*"))
    message = refused(line.split(), capsys)
    assert "argument --checkpoints: 'kept' has checkpoints; --resume goes on" in message
    (here / "kept" / "network-2").rename(here / "lost")  # the second was never begun
    assert main([*line.split(), "--resume", "--output", "resumed.safetensors"]) == 0
    assert Path("whole.safetensors").read_bytes() == Path("resumed.safetensors").read_bytes()
    message = refused(["train", "houses.csv", "--target", "dear", "--resume"], capsys)
    assert "argument --resume: it needs --checkpoints FOLDER" in message
