"""The callbacks that come with the library."""

import csv
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import jitnet as jn

X = np.linspace(-1.0, 1.0, 120).reshape(40, 3)
Y = X[:, 0] * X[:, 1]


def new_model(rate: float = 0.01, **settings: Any) -> jn.Sequential:
    layers = [jn.Dense(4, activation="tanh"), jn.Dense(1)]
    return jn.Sequential(layers, "mse", jn.Adam(rate), **settings)


def fit(model: jn.Sequential, epochs: int, *callbacks: jn.Callback, **settings: Any) -> jn.History:
    return model.fit(
        X, Y, epochs=epochs, batch_size=16, callbacks=callbacks, progress=False, **settings
    )


def told(callback: jn.Callback, losses: list[float], model: Any = None) -> list[bool]:
    """What a callback answers to validation losses."""
    callback.on_fit_begin(model, len(losses))
    return [
        bool(callback.on_epoch_end(model or new_model().build(3), epoch, {"val_loss": loss}))
        for epoch, loss in enumerate(losses, start=1)
    ]


def test_early_stopping_ends_the_fit_at_the_end_of_its_patience() -> None:
    stopping = jn.EarlyStopping(patience=2)
    assert told(stopping, [5, 4, 4.5, 3, 3.1, 3.2]) == [False] * 5 + [True]
    assert (stopping.best, stopping.best_epoch) == (3, 4)


def test_a_small_gain_does_not_count_below_min_delta() -> None:
    assert told(jn.EarlyStopping(patience=2, min_delta=0.1), [5, 4.95, 4.93]) == [
        False,
        False,
        True,
    ]


def test_an_accuracy_is_to_grow_and_a_nan_is_never_better() -> None:
    stopping = jn.EarlyStopping("accuracy", patience=9)
    stopping.on_fit_begin(None, 9)
    for epoch, accuracy in enumerate([0.5, 0.7, 0.6, float("nan")], start=1):
        stopping.on_epoch_end(new_model().build(3), epoch, {"accuracy": accuracy})
    assert stopping.best_epoch == 2


def test_the_best_weights_come_back() -> None:
    model = new_model(rate=0.3)
    validation = (X[::3], Y[::3] + 0.1)
    history = fit(model, 60, jn.EarlyStopping(patience=60), validation_data=validation)
    losses = history["val_loss"]
    assert min(losses) < losses[-1], "the last epoch would do, and this test says nothing"
    np.testing.assert_allclose(model.evaluate(*validation)["loss"], min(losses), rtol=1e-5)


def test_a_figure_that_the_fit_does_not_have_is_named_with_those_there_are() -> None:
    with pytest.raises(ValueError, match=r"monitor='val_loss' .* which are loss; give fit valid"):
        fit(new_model(), 2, jn.EarlyStopping())


def test_a_plateau_lowers_the_rate_and_waits_again() -> None:
    model = new_model(rate=0.08).build(3)
    told(jn.ReduceOnPlateau(patience=2, factor=0.5), [5, 5, 5, 4, 4, 4, 4, 4], model)
    assert model.learning_rate == 0.01  # after the epochs 3, 6 and 8


def test_a_rate_is_not_lowered_below_the_least() -> None:
    model = new_model(rate=0.08).build(3)
    told(jn.ReduceOnPlateau(patience=1, factor=0.5, min_rate=0.03), [5] * 9, model)
    assert model.learning_rate == 0.04


def test_a_lowered_rate_is_what_the_steps_take() -> None:
    models = [new_model(rate=rate).build(3) for rate in (0.08, 0.02)]
    models[0].scale_learning_rate(0.25)
    weights = []
    for model in models:
        fit(model, 3)
        weights.append(model.get_weights())
    for first, other in zip(*weights, strict=True):
        np.testing.assert_array_equal(first, other)


def test_a_lowered_rate_is_kept_in_copies_and_files(tmp_path: Path) -> None:
    import copy

    model = new_model(rate=0.08).build(3)
    model.scale_learning_rate(0.5)
    model.save(tmp_path / "model.safetensors")
    for other in (jn.load(tmp_path / "model.safetensors"), copy.deepcopy(model)):
        assert other.learning_rate == 0.04


def test_a_time_budget_ends_a_fit_in_the_middle_of_an_epoch() -> None:
    model = jn.Sequential([jn.Dense(512, "relu"), jn.Dense(512, "relu"), jn.Dense(1)], "mse")
    rng = np.random.default_rng(0)
    large, targets = rng.normal(size=(40_000, 64)).astype(np.float32), rng.normal(size=40_000)
    model.fit(large[:64], targets[:64], epochs=1, progress=False)  # kernels are loaded
    began = time.monotonic()
    model.fit(large, targets, epochs=1000, callbacks=[jn.TimeBudget(0.005)], progress=False)
    assert time.monotonic() - began < 20, "1000 epochs take minutes"


def test_a_fit_whose_time_was_over_goes_on_with_more_of_it(tmp_path: Path) -> None:
    def callbacks(minutes: float) -> list[jn.Callback]:
        return [jn.Checkpoint(tmp_path, every_epochs=10**6), jn.TimeBudget(minutes)]

    first = fit(new_model(), 3000, *callbacks(1e-4))
    assert 0 < len(first["loss"]) < 3000
    model = new_model()
    fit(model, 3000, *callbacks(10.0), resume=tmp_path)
    whole = new_model()
    assert model.history == fit(whole, 3000)


def test_a_refused_fit_leaves_the_log_as_it_is(tmp_path: Path) -> None:
    path, folder = tmp_path / "log.csv", tmp_path / "kept"
    callbacks = jn.CSVLogger(path), jn.Checkpoint(folder)
    fit(new_model(), 2, *callbacks)
    before = path.read_text()
    with pytest.raises(ValueError, match="has checkpoints of another fit"):
        fit(new_model(), 2, *callbacks)
    assert path.read_text() == before


def test_a_log_has_a_line_for_each_epoch(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    history = fit(new_model(), 4, jn.CSVLogger(path), validation_data=(X, Y))
    with path.open() as file:
        rows = list(csv.DictReader(file))
    assert [int(row["epoch"]) for row in rows] == [1, 2, 3, 4]
    assert [float(row["val_loss"]) for row in rows] == history["val_loss"]
    assert {float(row["learning_rate"]) for row in rows} == {0.01}


def test_the_log_of_a_resumed_fit_is_that_of_an_unbroken_one(tmp_path: Path) -> None:
    class Cut(jn.Callback):
        at = 5

        def on_epoch_end(self, model: Any, epoch: int, logs: dict[str, float]) -> None:
            if epoch == self.at:
                raise KeyboardInterrupt

    path, folder = tmp_path / "log.csv", tmp_path / "checkpoints"
    callbacks = jn.CSVLogger(path), jn.Checkpoint(folder, every_epochs=2), Cut()
    with pytest.raises(KeyboardInterrupt):
        fit(new_model(), 8, *callbacks)
    callbacks[2].at = -1
    fit(new_model(), 8, *callbacks, resume=folder)
    lines = path.read_text().splitlines()
    assert [line.split(",")[0] for line in lines[1:]] == [str(k) for k in range(1, 9)]


def test_tensorboard_reads_the_figures(tmp_path: Path) -> None:
    pytest.importorskip("tensorboardX")
    fit(new_model(), 3, jn.TensorBoard(tmp_path, histograms=True), validation_data=(X, Y))
    (events,) = tmp_path.glob("events.*")
    content = events.read_bytes()
    for tag in (b"loss/training", b"loss/validation", b"learning_rate", b"parameter_0"):
        assert tag in content


def test_a_callback_may_look_at_a_fit_between_its_steps() -> None:
    class Steps(jn.Callback):
        def __init__(self) -> None:
            self.seen: list[tuple[int, float]] = []

        def on_steps_end(self, model: Any, fit: Any) -> None:
            self.seen.append((fit.step, fit.epochs_done))

    steps = Steps()
    fit(new_model(), 3, steps)
    assert steps.seen[-1] == (9, 3.0)
    assert all(step == round(3 * done) for step, done in steps.seen)


def test_a_callback_may_be_called_every_few_steps() -> None:
    class Steps(jn.Callback):
        every_steps = 4

        def __init__(self) -> None:
            self.seen: list[int] = []

        def on_steps_end(self, model: Any, fit: Any) -> None:
            self.seen.append(fit.step)

    steps, alone, heard = Steps(), new_model(), new_model()
    assert fit(alone, 7) == fit(heard, 7, steps)
    assert {4, 8, 12, 16, 20} <= set(steps.seen)
    assert steps.seen == sorted(set(steps.seen))


def test_the_rate_finder_suggests_what_learns_and_leaves_the_model_alone() -> None:
    digits, labels = jn.datasets.load_digits()
    layers = [jn.Dense(32, "relu"), jn.Dense(10)]
    model = jn.Sequential(layers, "softmax_crossentropy").build(64)
    before = model.get_weights()
    found = jn.find_learning_rate(model, digits / 16, labels)
    for array, kept in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(array, kept)
    accuracies = []
    for rate in (found.suggestion, found.suggestion / 100):
        other = jn.Sequential(layers, "softmax_crossentropy", jn.Adam(rate))
        accuracies.append(other.fit(digits / 16, labels, epochs=3, progress=False)["accuracy"][-1])
    assert accuracies[0] > 0.9 > accuracies[1]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: jn.EarlyStopping(patience=0), "patience must be at least 1"),
        (lambda: jn.EarlyStopping(min_delta=-1.0), "min_delta must be"),
        (lambda: jn.ReduceOnPlateau(factor=1.0), "factor must be"),
        (lambda: jn.TimeBudget(0.0), "minutes must be"),
        (lambda: new_model().build(3).scale_learning_rate(0.0), "factor must be"),
        (lambda: jn.find_learning_rate(new_model(), X, Y, lowest=1.0), "highest must be"),
    ],
)
def test_what_makes_no_sense_is_refused(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()
