"""Checkpoints, and fits that go on from them to the bits of an unbroken one."""

import json
import logging
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy

import jitnet as jn
from hunting import Tally
from hunts.kills import bits, case, fit
from jitnet.io.model_file import read_model, write_model
from training_state import state_of

X = np.linspace(-1.0, 1.0, 900).reshape(300, 3)
Y = X[:, 0] * X[:, 1]


def new_model(**settings: Any) -> jn.Sequential:
    return jn.Sequential([jn.Dense(4, "tanh"), jn.Dropout(0.1), jn.Dense(1)], "mse", **settings)


def train(
    model: jn.Sequential, epochs: int, *callbacks: jn.Callback, X: Any = X, **settings: Any
) -> jn.Sequential:
    model.fit(X, Y, epochs=epochs, batch_size=32, callbacks=callbacks, progress=False, **settings)
    return model


class StopAt(jn.Callback):
    """Stops after an epoch of its own accord, as a power cut would."""

    def __init__(self, epoch: int) -> None:
        self.epoch = epoch

    def on_epoch_end(self, model: Any, epoch: int, logs: dict[str, float]) -> None:
        if epoch == self.epoch:
            raise KeyboardInterrupt


def broken(folder: Path, epochs: int, at: int, **settings: Any) -> None:
    """Train until something ends the process' work, with checkpoints."""
    with pytest.raises(KeyboardInterrupt):
        train(new_model(), epochs, jn.Checkpoint(folder, **settings), StopAt(at))


def resumed(folder: Path, epochs: int, **settings: Any) -> jn.Sequential:
    callbacks = [jn.Checkpoint(folder, **settings), StopAt(-1)]
    return train(new_model(), epochs, *callbacks, resume=folder)


def test_a_resumed_fit_ends_in_the_bits_of_an_unbroken_one(tmp_path: Path) -> None:
    unbroken = train(new_model(), 9)
    broken(tmp_path, 9, at=5)
    model = resumed(tmp_path, 9)
    assert state_of(model) == state_of(unbroken)
    assert model.history == unbroken.history


@pytest.mark.parametrize("threads", [1, 2])
def test_from_every_checkpoint_of_a_fit_with_everything(
    tmp_path: Path, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jitnet.callbacks.checkpoint.KEPT", 10**6)
    unbroken = bits(fit(None, 3, threads))
    assert bits(fit(tmp_path / "all", 3, threads)) == unbroken
    checkpoints = sorted((tmp_path / "all").glob("step-*"))
    steps = [int(path.stem.removeprefix("step-")) for path in checkpoints]
    assert any(step % 79 for step in steps), "no checkpoint is in the middle of an epoch"
    for place in range(0, len(checkpoints), max(1, len(checkpoints) // 10)):
        folder = tmp_path / str(place)
        folder.mkdir()
        shutil.copy(checkpoints[place], folder)
        assert bits(fit(folder, 3, threads)) == unbroken


def test_a_fit_that_is_disturbed_at_any_moment_goes_on_to_the_same_bits() -> None:
    total, number = Tally(0, 0), 0
    while total.faults < 4:
        tally = case(np.random.default_rng([5, number]))
        total, number = Tally(total.cases + tally.cases, total.faults + tally.faults), number + 1


def test_an_ended_fit_that_is_resumed_does_nothing_more(tmp_path: Path) -> None:
    model = train(new_model(), 3, jn.Checkpoint(tmp_path))
    again = train(new_model(), 3, jn.Checkpoint(tmp_path), resume=tmp_path)
    assert state_of(again) == state_of(model)
    assert again.history == model.history


def test_a_fit_may_go_on_for_more_epochs_than_were_asked_for(tmp_path: Path) -> None:
    train(new_model(), 3, jn.Checkpoint(tmp_path))
    longer = train(new_model(), 5, jn.Checkpoint(tmp_path), resume=tmp_path)
    assert state_of(longer) == state_of(train(new_model(), 5))


def test_a_fit_that_a_callback_has_stopped_stays_stopped(tmp_path: Path) -> None:
    def stopped() -> Sequence[jn.Callback]:
        return [jn.EarlyStopping("loss", patience=1, min_delta=1e9), jn.Checkpoint(tmp_path)]

    model = train(new_model(), 20, *stopped())
    assert len(model.history["loss"]) == 2
    again = train(new_model(), 20, *stopped(), resume=tmp_path)
    assert again.history == model.history
    assert bits(again) == bits(model)


def test_the_patience_goes_on_where_it_was(tmp_path: Path) -> None:
    def callbacks(at: int, folder: Path) -> list[jn.Callback]:
        stopping = jn.EarlyStopping("loss", patience=4, min_delta=1e-3)
        return [stopping, jn.Checkpoint(folder), StopAt(at)]

    unbroken = train(new_model(), 40, *callbacks(-1, tmp_path / "a"))
    end = len(unbroken.history["loss"])
    assert end < 40
    with pytest.raises(KeyboardInterrupt):
        train(new_model(), 40, *callbacks(end - 1, tmp_path / "b"))
    folder = tmp_path / "b"
    assert bits(train(new_model(), 40, *callbacks(-1, folder), resume=folder)) == bits(unbroken)


def test_two_checkpoints_and_the_best_model_are_kept(tmp_path: Path) -> None:
    model = train(new_model(), 6, jn.Checkpoint(tmp_path))
    steps = [f"step-{10 * epoch:09d}.safetensors" for epoch in (5, 6)]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["best.safetensors", *steps]
    losses = model.history["loss"]
    best = jn.load(tmp_path / "best.safetensors")
    again = train(new_model(), int(np.argmin(losses)) + 1)
    assert [a.tolist() for a in best.get_weights()] == [a.tolist() for a in again.get_weights()]


def test_every_few_epochs(tmp_path: Path) -> None:
    broken(tmp_path, 9, at=8, every_epochs=3)
    steps = sorted(path.name for path in tmp_path.glob("step-*"))
    assert steps == ["step-000000030.safetensors", "step-000000060.safetensors"]


def test_every_few_steps(tmp_path: Path) -> None:
    broken(tmp_path, 9, at=4, every_steps=7)
    steps = sorted(path.name for path in tmp_path.glob("step-*"))
    assert steps == ["step-000000028.safetensors", "step-000000035.safetensors"]
    assert state_of(resumed(tmp_path, 9, every_steps=7)) == state_of(train(new_model(), 9))


def test_a_damaged_last_checkpoint_leaves_the_one_before(tmp_path: Path) -> None:
    broken(tmp_path, 9, at=5)
    last = max(tmp_path.glob("step-*"))
    content = bytearray(last.read_bytes())
    content[-3] ^= 1  # a bit of the last tensor, which no reader of the form would see
    last.write_bytes(content)
    with pytest.raises(ValueError, match="its content is not what its digest says"):
        jn.load(last)
    assert state_of(resumed(tmp_path, 9)) == state_of(train(new_model(), 9))


def test_a_checkpoint_is_a_model_too(tmp_path: Path) -> None:
    train(new_model(), 2, jn.Checkpoint(tmp_path))
    loaded = jn.load(max(tmp_path.glob("step-*")))
    np.testing.assert_array_equal(loaded.predict(X), train(new_model(), 2).predict(X))


def test_it_says_where_it_goes_on(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    broken(tmp_path, 9, at=5)
    with caplog.at_level(logging.WARNING, "jitnet"):
        new_model().fit(
            X, Y, epochs=9, batch_size=32, resume=tmp_path,
            callbacks=[jn.Checkpoint(tmp_path), StopAt(-1)],
        )  # fmt: skip
    assert "going on after 4 of 9 epochs" in caplog.text


def test_no_fit_resumes_silently(tmp_path: Path) -> None:
    train(new_model(), 2, jn.Checkpoint(tmp_path))
    model = new_model()
    with pytest.raises(ValueError, match="has checkpoints of another fit"):
        train(model, 2, jn.Checkpoint(tmp_path))
    with pytest.raises(jn.NotFittedError):
        model.get_weights()


def test_a_folder_that_cannot_be_made_leaves_the_model_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    model = new_model()
    with pytest.raises(OSError, match="file"):
        train(model, 1, jn.Checkpoint(tmp_path / "file" / "below"))
    assert state_of(model) is None


def test_a_resumed_fit_writes_into_no_other_fits_folder(tmp_path: Path) -> None:
    train(new_model(), 2, jn.Checkpoint(tmp_path / "a"))
    train(new_model(), 6, jn.Checkpoint(tmp_path / "b"))
    with pytest.raises(ValueError, match=r"b' has checkpoints of another fit"):
        train(new_model(), 4, jn.Checkpoint(tmp_path / "b"), resume=tmp_path / "a")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"seed": 1}, "its seed is 0, not 1"),
        ({"optimizer": jn.SGD()}, "its optimizer is"),
        ({"dtype": "float64"}, "its dtype is float32, not float64"),
    ],
)
def test_another_models_checkpoint_is_refused(
    tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    train(new_model(), 2, jn.Checkpoint(tmp_path))
    with pytest.raises(ValueError, match=message):
        train(new_model(**change), 4, jn.Checkpoint(tmp_path), resume=tmp_path)


def test_other_data_settings_or_callbacks_are_refused(tmp_path: Path) -> None:
    train(new_model(), 2, jn.Checkpoint(tmp_path))
    other = X.copy()
    other[123, 1] += 1e-9
    checkpoint = jn.Checkpoint(tmp_path)
    changes: dict[str, dict[str, Any]] = {
        "its data were others": {"X": other},
        "its shuffle is True, not False": {"shuffle": False},
    }
    for message, settings in changes.items():
        with pytest.raises(ValueError, match=message):
            train(new_model(), 4, checkpoint, resume=tmp_path, **settings)
    with pytest.raises(ValueError, match="2 epochs are behind it, and 1 are asked for"):
        train(new_model(), 1, checkpoint, resume=tmp_path)
    with pytest.raises(ValueError, match=r"its callbacks is \['Checkpoint'\], not \[\]"):
        train(new_model(), 4, resume=tmp_path)
    with pytest.raises(ValueError, match="its batch_size is 32, not 30"):
        new_model().fit(X, Y, epochs=4, batch_size=30, callbacks=[checkpoint], resume=tmp_path)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Any]:
    """The tensors and the description of a checkpoint after one epoch, without the digest."""
    folder = tmp_path_factory.mktemp("checkpoints")
    train(new_model(), 1, jn.EarlyStopping("loss"), jn.Checkpoint(folder))
    content = max(folder.glob("step-*")).read_bytes()
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    description = json.loads(header["__metadata__"]["jitnet"])
    del description["digest"]
    return safetensors.numpy.load(content), description


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("counters", [1]),
        ("counters", [0] * 7),
        ("counters", [1, 2**60, 0, 0, 0, 0, 0]),
        ("counters", ["x"] * 7),
        ("sums", [0.0]),
        ("sums", [float("nan")] * 4),
        ("done", -1),
        ("done", 2**40),
        ("done", 5),
        ("epochs_done", 0.5),
        ("epochs_done", "x"),
        ("history", {}),
        ("history", {"loss": []}),
        ("history", {"loss": [1.0], "more": [1.0]}),
        ("stopped", "no"),
        ("callbacks", 5),
        ("callbacks", [["EarlyStopping", {}], ["Checkpoint", {}]]),
        ("callbacks", [["EarlyStopping", {"best": "x", "best_epoch": 1}], ["Checkpoint", {}]]),
    ],
)
def test_a_checkpoint_that_makes_no_sense_is_refused_and_changes_nothing(
    name: str, value: Any, tmp_path: Path, checkpoint: Any
) -> None:
    tensors, description = checkpoint
    text = json.dumps(description | {"fit": description["fit"] | {name: value}})
    file = tmp_path / "step-000000010.safetensors"
    file.write_bytes(safetensors.numpy.save(tensors, {"jitnet": text}))
    model = new_model().build(3)
    before = state_of(model)
    with pytest.raises(ValueError, match="is no model file of jitnet's, or damaged: "):
        train(model, 4, jn.EarlyStopping("loss"), jn.Checkpoint(tmp_path), resume=file)
    assert state_of(model) == before


def test_best_weights_of_other_shapes_are_refused_before_the_fit(
    tmp_path: Path, checkpoint: Any
) -> None:
    tensors, description = checkpoint
    file = tmp_path / "step-000000010.safetensors"
    others = tensors | {"callbacks.0.0": tensors["callbacks.0.0"][:1]}
    file.write_bytes(safetensors.numpy.save(others, {"jitnet": json.dumps(description)}))
    with pytest.raises(ValueError, match="the best weights must have the shapes"):
        train(new_model(), 4, jn.EarlyStopping("loss"), jn.Checkpoint(tmp_path), resume=file)


def test_what_is_no_checkpoint_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="there is no checkpoint in"):
        train(new_model(), 2, resume=tmp_path)
    train(new_model(), 1).save(tmp_path / "model.safetensors")
    with pytest.raises(ValueError, match="is a model, not a checkpoint of a fit"):
        train(new_model(), 2, resume=tmp_path / "model.safetensors")


def test_what_makes_no_sense_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="one of every_epochs, every_steps and every_minutes"):
        jn.Checkpoint(tmp_path, every_epochs=1, every_steps=2)
    with pytest.raises(ValueError, match="every_minutes must be"):
        jn.Checkpoint(tmp_path, every_minutes=0.0)


def test_what_fails_to_resume_leaves_the_model_as_it_was(tmp_path: Path) -> None:
    train(new_model(), 2, jn.Checkpoint(tmp_path))
    path = max(tmp_path.glob("step-*"))
    description, tensors = read_model(path)
    name = next(name for name in tensors if name.startswith("second_moment"))
    tensors[name] = tensors[name][:-1]
    write_model(path, description, tensors)
    model = train(new_model(), 1)
    before = state_of(model)
    with pytest.raises(ValueError, match="second_moment"):
        train(model, 4, jn.Checkpoint(tmp_path), resume=path)
    assert state_of(model) == before


def test_batches_that_do_not_fit_are_refused_before_a_callback_hears_of_the_fit() -> None:
    class Begun(jn.Callback):
        begun = False

        def on_fit_begin(self, model: Any, n_epochs: int) -> None:
            self.begun = True

    callback = Begun()
    model = jn.Sequential([jn.Dense(4), jn.BatchNorm(), jn.Dense(1)], "mse")
    with pytest.raises(ValueError, match="batch"):
        model.fit(X, Y, batch_size=1, callbacks=[callback], progress=False)
    assert not callback.begun
