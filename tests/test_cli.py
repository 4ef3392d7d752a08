"""The command line trains real digits, and answers a mistake with one line."""

import io
import os
import re
import sys
from pathlib import Path

import numpy as np
import pytest

import jitnet as jn
from idx_files import bars, write_set
from jitnet.cli import main
from jitnet.train.jobs import JOBS
from jitnet.train.training import train


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
    return {name: words[0] for name, words in rows if words}


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


def mean_accuracy_over_folds(network: str) -> float:
    """That of a network of the embedded digits' over five stratified folds."""
    X, y = jn.datasets.load_digits()
    X /= 16
    folds = jn.datasets.stratified_folds(y)
    chosen = JOBS["digits"].networks[network]
    accuracies = [
        train(chosen, X[folds != k], y[folds != k]).evaluate(X[folds == k], y[folds == k])[
            "accuracy"
        ]
        for k in range(5)
    ]
    mean = float(np.mean(accuracies))
    print(f"{network}: mean accuracy over five folds {mean:.4f}")
    return mean


def test_mean_accuracy_over_five_stratified_folds() -> None:
    perceptron = mean_accuracy_over_folds("mlp")
    assert perceptron >= 0.975
    assert mean_accuracy_over_folds("cnn") >= perceptron


def test_the_digits_convnet_reads_no_fewer_of_the_held_out_ones(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("safetensors", reason="a model is written with safetensors")
    accuracies = []
    for network in ("mlp", "cnn"):
        assert main(["train", "digits", "--quiet", "--network", network]) == 0
        shown = capsys.readouterr().out
        accuracies.append(float(figures(shown)["test accuracy"]))
    assert "64-8×8×1-conv64-pool-conv128-pool-10, 20 epochs, batches of 32" in shown
    assert accuracies[1] >= accuracies[0]
    X, _ = jn.datasets.load_digits()
    assert jn.load(here / "digits.safetensors").predict(X / 16).shape == (1797, 10)


def test_a_convnet_may_have_hidden_dense_layers(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = "--quiet --network cnn --hidden 16,8 --epochs 1"
    assert main(["train", "digits", *options.split()]) == 0
    assert "pool-16-8-10, 1 epoch, batches" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "network", "layers"),
    [
        ("mnist", "cnn", "28×28-conv32-pool-conv64-pool-10, 8 epochs, batches of 20"),
        ("fashion", "cnn", "28×28-conv32-pool-conv64-pool-128-10, 8 epochs, batches of 20"),
        ("mnist", "mlp", "28×28-512-512-10, 8 epochs, batches of 20"),
    ],
)
def test_images_of_a_users_train_a_model_that_takes_them_as_they_are(
    name: str, network: str, layers: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("safetensors", reason="a model is written with safetensors")
    write_set(here / "files")
    options = ["--data", "files", "--epochs", "8", "--batch-size", "20", "--quiet"]
    assert main(["train", name, *options, "--network", network]) == 0
    shown = capsys.readouterr().out
    assert shown.splitlines()[0].split() == f"{name} 60 images to train on, 30 held out".split()
    assert layers in shown
    printed = figures(shown)
    assert printed["model"] == f"{name}.safetensors"
    X, y = bars(30)
    accuracy = jn.load(here / f"{name}.safetensors").evaluate(X, y)["accuracy"]
    assert f"{accuracy:.4f}" == printed["test accuracy"]
    assert accuracy == 1


@pytest.mark.parametrize(("name", "folder"), [("mnist", "mnist"), ("fashion", "fashion-mnist")])
def test_without_a_folder_images_come_from_jitnet_data_and_go_through_convolutions(
    name: str,
    folder: str,
    here: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    write_set(here / folder)
    monkeypatch.setenv("JITNET_DATA", str(here))
    assert main(["train", name, "--epochs", "1", "--quiet"]) == 0
    assert "conv32" in capsys.readouterr().out


def test_without_any_folder_it_is_said_where_the_files_are_to_be_had(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("JITNET_DATA", raising=False)
    for name, address, licence in (
        ("mnist", "https://ossci-datasets.s3.amazonaws.com/mnist/", "CC BY-SA 3.0"),
        ("fashion", "https://github.com/zalandoresearch/fashion-mnist", "MIT"),
    ):
        with pytest.raises(SystemExit) as end:
            main(["train", name])
        assert end.value.code == 2
        error = capsys.readouterr().err
        assert error.count("\n") == 1
        for part in ("argument --data", "JITNET_DATA", address, licence):
            assert part in error


def test_a_damaged_file_is_named(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = write_set(here / "files")
    damaged = files / "t10k-labels-idx1-ubyte.gz"
    damaged.write_bytes(damaged.read_bytes()[:-9])
    with pytest.raises(SystemExit) as end:
        main(["train", "mnist", "--data", "files"])
    assert end.value.code == 2
    shown = capsys.readouterr()
    assert f"argument --data: {Path('files', damaged.name)} is damaged" in shown.err
    assert shown.out == ""


def test_help_has_all_data_sets_and_networks_in_lines_that_fit_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit) as end:
        main(["train", "--help"])
    assert end.value.code == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 100
    table = [line.split() for line in lines[-6:]]
    assert table[0] == ["digits", "mlp", "256", "40", "32", "0.005"]
    assert [row[0] for row in table] == ["digits", "cnn", "mnist", "mlp", "fashion", "mlp"]


def test_quiet_training_writes_no_progress_and_obeys_its_options(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("safetensors", reason="a model is written with safetensors")
    options = "--hidden 16,8 --epochs 2 --batch-size 100 --seed 3 --output small.safetensors"
    assert main(["train", "digits", "--quiet", *options.split()]) == 0
    shown = capsys.readouterr()
    assert shown.err == ""
    assert "64-16-8-10, 2 epochs, batches of 100" in shown.out
    assert sorted(path.name for path in here.iterdir()) == ["small.run.toml", "small.safetensors"]
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
        (
            "train letters",
            "no file 'letters', and no data set of that name; the data sets are digits, mnist",
        ),
        ("train digits --epochs 0", "--epochs: expected at least 1, got 0"),
        ("train digits --epochs many", "--epochs: expected a whole number, got 'many'"),
        ("train digits --hidden 64,,8", "--hidden: expected a whole number, got ''"),
        ("train digits --learning-rate nan", "--learning-rate: expected a positive number"),
        ("train digits --seed -1", "--seed: expected at least 0, got -1"),
        ("train digits --threads 1000000", "threads"),
        ("train digits --network rnn", "there is no network 'rnn'; there are: mlp, cnn"),
        ("train digits --data .", "--data: the digits come with jitnet"),
        ("train mnist --data nowhere", "--data: there is no folder 'nowhere'; MNIST's files are"),
        ("train fashion --data .", "there is no train-images-idx3-ubyte, packed (.gz) or not, in"),
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


@pytest.mark.parametrize("debug", [False, True])
def test_what_nobody_has_foreseen_is_a_line_but_for_who_debugs(
    here: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    debug: bool,
) -> None:
    def fails(options: object) -> int:
        raise RuntimeError("two\nlines")

    monkeypatch.setattr("jitnet.train.images.train_images", fails)
    if debug:
        with pytest.raises(RuntimeError, match="two"):
            main(["train", "digits", "--debug"])
    else:
        assert main(["train", "digits"]) == 1
        assert capsys.readouterr().err == "jitnet: RuntimeError: two lines (--debug shows where)\n"
