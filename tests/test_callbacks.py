"""What a callback is told, and what it may do to the model that is being fitted."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import jitnet as jn
from training_state import state_of

X = np.linspace(-1.0, 1.0, 120).reshape(40, 3)
Y = X[:, 0] * X[:, 1]


def new_model() -> jn.Sequential:
    return jn.Sequential([jn.Dense(4, activation="tanh"), jn.Dense(1)], loss="mse")


def fit(model: jn.Sequential, epochs: int, *callbacks: jn.Callback) -> dict[str, list[float]]:
    return model.fit(X, Y, epochs=epochs, batch_size=16, callbacks=callbacks)


class Diary(jn.Callback):
    """Writes down what it is told."""

    def __init__(self) -> None:
        self.told: list[Any] = []

    def on_fit_begin(self, model: jn.Sequential, n_epochs: int) -> None:
        self.told.append(("begin", n_epochs, len(model.get_weights())))

    def on_epoch_end(self, model: jn.Sequential, epoch: int, logs: dict[str, float]) -> None:
        assert model.history["loss"][-1] == logs["loss"]
        self.told.append((epoch, logs))

    def on_fit_end(self, model: jn.Sequential) -> None:
        self.told.append("end")


class AfterEpoch(jn.Callback):
    """Does something after each epoch, and stops where that is True."""

    def __init__(self, act: Callable[[jn.Sequential, int], Any]) -> None:
        self.act = act

    def on_epoch_end(self, model: jn.Sequential, epoch: int, logs: dict[str, float]) -> bool | None:
        return self.act(model, epoch) is True


def test_a_callback_is_told_of_the_beginning_each_epoch_and_the_end() -> None:
    diary = Diary()
    history = fit(new_model(), 3, diary)
    epochs = [(epoch + 1, {"loss": loss}) for epoch, loss in enumerate(history["loss"])]
    assert diary.told == [("begin", 3, 4), *epochs, "end"]


def test_listening_changes_no_bit() -> None:
    alone, heard = new_model(), new_model()
    assert fit(alone, 5) == fit(heard, 5, Diary())
    assert state_of(alone) == state_of(heard)


def test_any_iterable_of_callbacks_is_heard() -> None:
    diary = Diary()
    listeners: Any = iter([diary])
    new_model().fit(X, Y, epochs=2, callbacks=listeners)
    assert len(diary.told) == 4


def test_one_callback_that_says_so_stops_the_fit_and_all_hear_of_it() -> None:
    diary, model, other = Diary(), new_model(), new_model()
    fit(model, 10, AfterEpoch(lambda model, epoch: epoch == 2), diary)
    assert len(model.history["loss"]) == 2
    assert diary.told[-1] == "end"
    fit(other, 2)
    assert state_of(model) == state_of(other)


def test_what_a_callback_raises_ends_the_fit_and_the_model_goes_on() -> None:
    def fail(model: jn.Sequential, epoch: int) -> None:
        if epoch == 2:
            raise OSError("the disk is full")

    model, other = new_model(), new_model()
    with pytest.raises(OSError, match="the disk is full"):
        fit(model, 10, AfterEpoch(fail))
    assert len(model.history["loss"]) == 2
    fit(model, 1)
    fit(other, 3)
    assert state_of(model) == state_of(other)


def test_a_callback_may_evaluate_and_predict() -> None:
    many = np.concatenate([X] * 200)

    def look(model: jn.Sequential, epoch: int) -> None:
        model.evaluate(many, np.concatenate([Y] * 200))
        model.predict(X[:1])
        model.gradients(X, Y)

    model, other = new_model(), new_model()
    assert fit(model, 4, AfterEpoch(look)) == fit(other, 4)
    assert state_of(model) == state_of(other)


def test_a_callback_may_set_weights() -> None:
    first, model, other = new_model().build(3), new_model(), new_model()
    weights = first.get_weights()
    fit(model, 2, AfterEpoch(lambda model, epoch: model.set_weights(weights)))
    assert [a.tobytes() for a in model.get_weights()] == [a.tobytes() for a in weights]
    for _ in range(2):
        fit(other, 1)
        other.set_weights(weights)
    assert state_of(model) == state_of(other)


def test_a_callback_may_train() -> None:
    def train_more(model: jn.Sequential, epoch: int) -> None:
        model.partial_fit(X[:10], Y[:10], batch_size=5)

    model, other = new_model(), new_model()
    history = fit(model, 3, AfterEpoch(train_more))
    losses = []
    for _ in range(3):
        losses += fit(other, 1)["loss"]
        other.partial_fit(X[:10], Y[:10], batch_size=5)
    assert history == {"loss": losses}
    assert model.history is history
    assert state_of(model) == state_of(other)


def test_a_callback_may_keep_a_copy() -> None:
    kept: list[jn.Sequential] = []
    model, other = new_model(), new_model()
    fit(model, 3, AfterEpoch(lambda model, epoch: kept.append(copy.deepcopy(model))))
    fit(other, 2)
    assert state_of(kept[1]) == state_of(other)
    assert state_of(kept[2]) == state_of(model)
