"""Options in a file, and the file that repeats a run."""

from pathlib import Path

import pytest

from jitnet.cli import build_parser, main
from jitnet.configuration import configuration, with_configuration
from tabular.frames import mixed


def test_what_a_run_writes_repeats_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    mixed(200).drop("price").write_csv("houses.csv")
    line = "train houses.csv --target dear --hidden 16,8 --epochs 2 --seed 3 --quiet --output a.st"
    assert main([*line.split(), "--ordinal", "grade=low,middle,high"]) == 0
    first = Path("a.st").read_bytes()
    assert main(["train", "--config", "a.run.toml"]) == 0
    assert Path("a.st").read_bytes() == first


def test_a_run_with_checkpoints_is_repeated_without_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    mixed(200).drop("price").write_csv("houses.csv")
    line = "train houses.csv --target dear --hidden 4 --epochs 2 --output a.st --checkpoints kept"
    assert main([*line.split(), "--resume"]) == 0
    assert "'kept' has no checkpoints yet: the training begins anew" in capsys.readouterr().out
    first = Path("a.st").read_bytes()
    assert main(["train", "--config", "a.run.toml"]) == 0
    assert Path("a.st").read_bytes() == first


def test_every_option_of_a_command_goes_through_the_file(tmp_path: Path) -> None:
    parser = build_parser()
    words = [
        "train", "some file.csv", "--epochs", "3", "--hidden", "8,4", "--learning-rate", "0.01",
        "--target", 'a "quoted" näme', "--task", "regression", "--drop", "x,y", "--no-header",
        "--ordinal", "size=s,m,l", "--ordinal", "grade=low,high", "--test", "0.3",
        "--validation", "others.csv", "--ensemble", "2", "--search", "7",
        "--image-size", "28x32", "--data", "elsewhere", "--group=-x",
    ]  # fmt: skip
    options = parser.parse_args(words)
    path = tmp_path / "run.toml"
    path.write_text(configuration(options, options.parser), encoding="utf-8")
    again = parser.parse_args(with_configuration(["train", "--config", str(path)]))
    assert vars(again) == vars(options)


def test_the_command_line_counts_more_than_the_file(tmp_path: Path) -> None:
    path = tmp_path / "run.toml"
    path.write_text('input = "a.csv"\nepochs = 3\ntarget = "y"\n')
    words = with_configuration(["train", "b.csv", "--config", str(path), "--epochs", "5"])
    options = build_parser().parse_args(words)
    assert (options.name, options.epochs, options.target) == ("b.csv", 5, "y")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("epochs = ", "run.toml': Invalid value"),
        ("[train]\nepochs = 3", "'train' is a table, not a value"),
        ('["\\n"]', r"'\n' is the name of no option"),
        ("ordinal = [[]]", "'ordinal' must be a list of lists, each a column and its values"),
        ('ordinal = [["a", "b"], "c"]', "'ordinal' must be a list of lists"),
        ("hidden = [{a = 1}]", "'hidden' must be a value, a list of values or a list of such"),
        ("epoch = 3", "unrecognized arguments: --epoch=3"),
        ("epochs = 'many'", "--epochs: expected a whole number, got 'many'"),
    ],
)
def test_a_mistake_in_the_file_gets_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str, message: str
) -> None:
    path = tmp_path / "run.toml"
    path.write_text(content)
    with pytest.raises(SystemExit) as end:
        main(["train", "digits", f"--config={path}"])
    assert end.value.code == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_a_file_that_is_not_there_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["train", "--config", "none.toml"], ["train", "digits", "--config"]):
        with pytest.raises(SystemExit):
            main(words)
    error = capsys.readouterr().err
    assert "argument --config: 'none.toml': No such file" in error
    assert "argument --config: expected a file" in error


def test_the_names_in_the_file_are_those_of_the_options() -> None:
    options = build_parser().parse_args(["train", "digits", "--batch-size", "8"])
    assert "batch-size = 8" in configuration(options, options.parser)


def test_a_file_without_an_end_is_not_read_to_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "long.toml"
    path.write_text("# nothing\n" * 200_000)
    with pytest.raises(SystemExit) as end:
        main(["train", "--config", str(path)])
    assert end.value.code == 2
    assert "it has more than 1,048,576 bytes" in capsys.readouterr().err
