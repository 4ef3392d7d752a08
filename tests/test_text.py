"""``jitnet train text`` learns a file's text, and ``jitnet generate`` goes on with it."""

from pathlib import Path

import numpy as np
import pytest

import jitnet as jn
from jitnet.cli import main
from jitnet.datasets import cut_stream

pytest.importorskip("safetensors", reason="a model is written with safetensors")

RHYME = "a rose is a rose is a rose\n"
SMALL = ["--hidden", "24", "--batch-size", "8", "--steps", "16", "--epochs", "30"]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with a text of one rhyme."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rhyme.txt").write_text(RHYME * 200, "utf-8")
    return tmp_path


@pytest.mark.parametrize("network", ["lstm", "gru", "rnn"])
def test_it_learns_a_rhyme_and_goes_on_with_it(
    network: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", "text", "rhyme.txt", "--network", network, *SMALL]) == 0
    shown = capsys.readouterr()
    held_out = float(shown.out.split("held-out loss")[1].split()[0])
    assert held_out < 0.35, "a character in ten is not certain"
    assert shown.err.count("after epoch") == 5
    write = ["generate", "rhyme.safetensors", "--prompt", "a rose is", "--length", "80"]
    assert main([*write, "--temperature", "0.1", "--seed", "3"]) == 0
    assert capsys.readouterr().out.startswith("a rose is a rose")


def test_a_run_is_repeated_by_the_file_that_it_writes(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["train", "text", "rhyme.txt", *SMALL[:-1], "2", "--quiet"])
    first = (here / "rhyme.safetensors").read_bytes()
    (here / "rhyme.safetensors").unlink()
    main(["train", "--config", "rhyme.run.toml"])
    assert (here / "rhyme.safetensors").read_bytes() == first


def test_a_model_is_kept_though_what_is_held_out_cannot_be_looked_at(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def without_memory(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr(jn.Sequential, "evaluate", without_memory)
    with pytest.raises(MemoryError):
        main(["train", "text", "rhyme.txt", *SMALL[:-1], "1", "--quiet", "--debug"])
    assert jn.load(here / "rhyme.safetensors").classes[0] == "\n"


def test_a_fit_goes_on_from_its_checkpoints(here: Path) -> None:
    options = ["train", "text", "rhyme.txt", *SMALL[:-1], "2", "--quiet"]
    main([*options, "--output", "unbroken.safetensors"])
    main([*options, "--checkpoints", "kept"])
    main([*options, "--checkpoints", "kept", "--resume", "--output", "resumed.safetensors"])
    weights = [
        jn.load(here / f"{name}.safetensors").get_weights() for name in ("unbroken", "resumed")
    ]
    for one, two in zip(*weights, strict=True):
        np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"aaaa" * 4000, "one character only"),
        (b"too short", "is too short"),
        (b"text" * 4000 + b"\xff", "no text in UTF-8: byte 16000 is 255"),
        (None, "No such file"),
    ],
)
def test_a_file_that_is_no_text_is_said_in_a_line(
    content: bytes | None, said: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if content is not None:
        (here / "other.txt").write_bytes(content)
    with pytest.raises(SystemExit) as end:
        main(["train", "text", "other.txt"])
    assert end.value.code == 2
    assert said in capsys.readouterr().err
    assert not (here / "other.safetensors").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["text"], "needs the file of a text"),
        (["text", "rhyme.txt", "--network", "cnn"], "there are: lstm, gru, rnn"),
        (["text", "rhyme.txt", "--target", "x"], "--target: it is for a table's file"),
        (["digits", "rhyme.txt"], "argument FILE: it is for text"),
        (["digits", "--steps", "3"], "--steps: it is for text"),
    ],
)
def test_options_of_something_else_are_refused(
    arguments: list[str], said: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        main(["train", *arguments])
    assert end.value.code == 2
    assert said in capsys.readouterr().err


def letters() -> jn.Sequential:
    layers = [jn.Embedding(3, 4), jn.GRU(8, return_sequences=True), jn.Dense(3)]
    model = jn.Sequential(layers, "softmax_crossentropy").build(10)
    model.classes = ("a", "b", "c")
    return model


def test_characters_are_drawn_by_their_probabilities() -> None:
    model = letters()
    weights = [0.0 * w for w in model.get_weights()]
    weights[-1] = np.log([0.2, 0.5, 0.3])  # the output's biases alone
    model.set_weights(weights)
    text = "".join(jn.generate(model, "a", 20_000, seed=4))
    shares = [text.count(letter) / len(text) for letter in "abc"]
    # four deviations of a share of 20,000 draws
    np.testing.assert_allclose(shares, [0.2, 0.5, 0.3], atol=4 * 0.5 / 20_000**0.5)
    cold = "".join(jn.generate(model, "a", 1000, temperature=0.01, seed=4))
    assert cold == "b" * 1000
    assert "".join(jn.generate(model, "a", 50, seed=7)) == "".join(
        jn.generate(model, "a", 50, seed=7)
    )


def test_what_a_model_does_not_know_is_said() -> None:
    with pytest.raises(ValueError, match="does not know 'x', 'y'"):
        jn.generate(letters(), "abxy")
    with pytest.raises(ValueError, match="needs a prompt"):
        jn.generate(letters(), "")
    with pytest.raises(ValueError, match="temperature"):
        jn.generate(letters(), "a", temperature=0.0)
    with pytest.raises(TypeError, match="seed must be a whole number"):
        jn.generate(letters(), "a", seed="x" * 5000)  # type: ignore[arg-type]
    model = jn.Sequential([jn.Dense(2)], "softmax_crossentropy").build(3)
    with pytest.raises(ValueError, match="none of characters"):
        jn.generate(model, "a")


def test_a_stream_is_cut_into_pieces_that_go_on_in_the_next_batch() -> None:
    X, y = cut_stream(np.arange(100), steps=4, batch_size=3)
    assert X.shape == y.shape == (24, 4)
    np.testing.assert_array_equal(y, X + 1)
    for before, after in zip(np.split(X, 8), np.split(X, 8)[1:], strict=False):
        np.testing.assert_array_equal(after[:, 0], before[:, -1] + 1)
    features = np.arange(100.0).reshape(50, 2)
    assert cut_stream(features, 4, 3)[0].shape == (12, 4, 2)
    with pytest.raises(ValueError, match="needs a sequence of 13 at least, got 12"):
        cut_stream(np.arange(12), 4, 3)


def test_what_a_model_predicts_without_probabilities_is_refused() -> None:
    layers = [jn.Embedding(2, 2), jn.GRU(2, return_sequences=True), jn.Dense(2)]
    model = jn.Sequential(layers, loss="mse").build(4)
    model.classes = ("a", "b")
    model.set_weights([np.full(array.shape, -1.0) for array in model.get_weights()])
    with pytest.raises(ValueError, match="no probabilities of characters"):
        list(jn.generate(model, "a", 3, seed=0))
