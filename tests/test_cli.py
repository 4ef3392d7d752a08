"""The command line trains real digits, and answers a mistake with one line."""

import io
import os
import re
import sys
from pathlib import Path

import numpy as np
import pytest

import jitnet as jn
from jitnet.cli import main, train_digits


class InterruptedStream(io.StringIO):
    """A stream in whose first line Ctrl-C is pressed."""

    def write(self, text: str) -> int:
        first = self.tell() == 0
        length = super().write(text)
        if first:
            raise KeyboardInterrupt
        return length


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def figures(text: str) -> dict[str, str]:
    """The printed table: its first column and the word after it."""
    rows = [(line[:16].strip(), line[16:].split()) for line in text.splitlines()]
    return {name: words[0] for name, words in rows}


def test_training_shows_progress_and_ends_in_an_accuracy_and_a_model(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("safetensors", reason="a model is written with safetensors")
    assert main(["train", "digits"]) == 0
    shown = capsys.readouterr()
    assert "epoch 40/40  loss " in shown.err
    printed = figures(shown.out)
    assert float(printed["test accuracy"]) >= 0.965
    assert float(printed["training time"]) > 0
    loss, least = re.findall(r"\d\.\d{4}", shown.out.split("training loss")[1])[:2]
    assert least == "0.5003", "the entropy of 0.91 and nine times 0.01"
    assert float(least) < float(loss) < float(least) + 0.05
    assert float(printed["images/second"].replace(",", "")) > 0
    assert printed["model"] == "digits.safetensors"
    X, y = jn.datasets.load_digits()
    held_out = jn.datasets.every_nth_of_each_class(y)
    loaded = jn.load(here / "digits.safetensors").predict(X[held_out] / 16)
    accuracy = np.mean(loaded.argmax(axis=1) == y[held_out])
    assert f"{accuracy:.4f}" == printed["test accuracy"]


def test_mean_accuracy_over_five_stratified_folds() -> None:
    X, y = jn.datasets.load_digits()
    X /= 16
    folds = jn.datasets.stratified_folds(y)
    accuracies = [
        train_digits(X[folds != k], y[folds != k]).evaluate(X[folds == k], y[folds == k])[
            "accuracy"
        ]
        for k in range(5)
    ]
    print(f"mean accuracy over five folds {np.mean(accuracies):.4f}")
    assert np.mean(accuracies) >= 0.975


def test_quiet_training_writes_no_progress_and_obeys_its_options(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("safetensors", reason="a model is written with safetensors")
    options = "--hidden 16,8 --epochs 2 --batch-size 100 --seed 3 --output small.safetensors"
    assert main(["train", "digits", "--quiet", *options.split()]) == 0
    shown = capsys.readouterr()
    assert shown.err == ""
    assert "64-16-8-10, 2 epochs, batches of 100" in shown.out
    assert [path.name for path in here.iterdir()] == ["small.safetensors"]
    shapes = [array.shape for array in jn.load("small.safetensors").get_weights()]
    assert shapes == [(64, 16), (16,), (16, 8), (8,), (8, 10), (10,)]


@pytest.mark.skipif(os.name != "posix", reason="devices and links as POSIX has them")
def test_the_output_may_be_a_device_or_a_link(here: Path) -> None:
    pytest.importorskip("safetensors", reason="a model is written with safetensors")
    (here / "link").symlink_to("model.safetensors")
    for name in ("/dev/null", "link"):
        assert main(["train", "digits", "--quiet", "--epochs", "1", "--output", name]) == 0
    assert Path("/dev/null").is_char_device()
    assert (here / "link").is_symlink()
    assert jn.load("model.safetensors").predict(np.zeros((1, 64))).shape == (1, 10)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("", "required: COMMAND"),
        ("train", "required: DATA"),
        ("train letters", "there is no data set 'letters'; there are: digits"),
        ("train digits --epochs 0", "--epochs: expected at least 1, got 0"),
        ("train digits --epochs many", "--epochs: expected a whole number, got 'many'"),
        ("train digits --hidden 64,,8", "--hidden: expected a whole number, got ''"),
        ("train digits --learning-rate nan", "--learning-rate: expected a positive number"),
        ("train digits --seed -1", "--seed: expected at least 0, got -1"),
        ("train digits --threads 1000000", "threads"),
        ("train digits --output nowhere/model", "must be a file in a folder that can be written"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(
    here: Path, capsys: pytest.CaptureFixture[str], arguments: str, message: str
) -> None:
    with pytest.raises(SystemExit) as end:
        main([*arguments.split(), "--quiet"] if arguments else [])
    assert end.value.code == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not list(here.iterdir())


def test_an_interrupt_is_one_line_and_exit_code_130(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = InterruptedStream()
    monkeypatch.setattr(sys, "stderr", stream)
    assert main(["train", "digits", "--epochs", "2"]) == 130
    assert stream.getvalue().splitlines()[-1] == "jitnet: interrupted"


def test_without_safetensors_an_output_is_refused_before_any_work(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "safetensors", None)
    with pytest.raises(SystemExit) as end:
        main(["train", "digits", "--output", "model.safetensors"])
    assert end.value.code == 2
    shown = capsys.readouterr()
    assert "pip install 'jitnet[cli]'" in shown.err
    assert shown.out == ""


def test_without_safetensors_training_says_so_first_and_writes_nothing(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "safetensors", None)
    assert main(["train", "digits", "--epochs", "1", "--quiet"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("The model will not be written")
    assert lines[-1].startswith("images/second")
    assert not list(here.iterdir())


def test_the_version_is_said_everywhere_alike(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["--version"])
    assert end.value.code == 0
    assert capsys.readouterr().out == f"jitnet {jn.__version__}\n"
    main(["info"])
    assert figures(capsys.readouterr().out)["jitnet"] == jn.__version__


def test_info_names_versions_the_cpu_and_the_threads(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["info"]) == 0
    printed = figures(capsys.readouterr().out)
    assert printed["numpy"] == np.__version__
    assert int(printed["lanes"]) in (4, 8, 16)
    assert int(printed["threads"]) >= 1
    assert printed["cache"]
