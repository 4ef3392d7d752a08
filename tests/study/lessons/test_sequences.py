"""Sequences: what is forgotten and what is kept, and how far gradients come."""

from collections.abc import Callable

import numpy as np
import pytest

from jitnet.study.lessons.lesson import Result
from jitnet.study.lessons.sequences import (
    EARLY,
    KINDS,
    TEST,
    _network,
    gradient_norms,
    marked_symbols,
)

Lesson = Callable[[str], Result]


def test_every_kind_remembers_what_is_a_few_steps_ago(lesson: Lesson) -> None:
    for by_length in lesson("sequences").numbers["accuracy"].values():
        assert min(by_length["5"] + by_length["10"]) > 0.95


def test_only_gates_remember_what_is_50_steps_ago(lesson: Lesson) -> None:
    accuracy = lesson("sequences").numbers["accuracy"]
    assert max(accuracy["SimpleRNN"]["50"]) < 0.5
    assert min(accuracy["LSTM"]["50"]) > 0.9
    assert min(accuracy["LSTM, gates open"]["50"]) > 0.9


def test_100_steps_are_too_many_where_gates_are_not_open(lesson: Lesson) -> None:
    accuracy = lesson("sequences").numbers["accuracy"]
    assert max(max(accuracy[name]["100"]) for name in ("SimpleRNN", "GRU", "LSTM")) < 0.5


def test_gradients_vanish_unless_gates_are_open(lesson: Lesson) -> None:
    norms = lesson("sequences").numbers["gradient_norms"]
    for name in ("SimpleRNN", "GRU", "LSTM"):
        assert norms[name][50] < 1e-2
        assert norms[name][90] < 1e-2 * norms[name][50]
    assert min(norms["LSTM, gates open"]) > 0.1


def test_trained_input_gates_open_at_the_mark_and_forget_gates_keep(lesson: Lesson) -> None:
    gates = lesson("sequences").numbers["gates"]
    assert gates["input_at_mark"] > 1.2 * gates["input_elsewhere"]
    assert gates["kept"] > 0.98


@pytest.mark.parametrize("name", KINDS)
def test_gradients_are_the_slopes_of_the_loss(name: str) -> None:
    length, nudge = EARLY, 1e-5
    X, y = marked_symbols(TEST, length, 1)
    model = _network(name, length, 0, "float64")
    slopes = np.empty_like(X)
    for place in np.ndindex(X.shape[1:]):
        losses = []
        for step in (nudge, -nudge):
            moved = X.copy()
            moved[:, *place] += step
            losses.append(-np.log(model.predict(moved)[np.arange(TEST), y]))
        slopes[:, *place] = (losses[0] - losses[1]) / (2 * nudge)
    norms = np.linalg.norm(slopes.transpose(1, 0, 2).reshape(length, -1), axis=1)[::-1]
    # central differences of 1e-5 are good for some eight digits
    np.testing.assert_allclose(gradient_norms(name, length), norms / norms[0], rtol=1e-6)
