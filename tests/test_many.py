"""Many networks train side by side, each to the bits that it has alone."""

from __future__ import annotations

import signal
import threading
import tracemalloc
from typing import Any

import numpy as np
import pytest

import jitnet as jn
from team_sizes import many_cores
from training_state import state_of

X = np.random.default_rng(1).normal(size=(500, 6)).astype(np.float32)
Y = X[:, 0] * X[:, 1]


def network(seed: int, units: int = 8, rate: float = 1e-2) -> jn.Sequential:
    layers = [jn.Dense(units, "tanh"), jn.Dense(1)]
    return jn.Sequential(layers, "mse", jn.Adam(rate), seed=seed)


def networks(count: int = 7) -> list[jn.Sequential]:
    return [network(seed, units=3 + seed) for seed in range(count)]


@pytest.mark.parametrize("n_threads", [1, 2, 5, None])
def test_each_has_the_bits_that_it_has_alone(n_threads: int | None) -> None:
    options: dict[str, Any] = {"epochs": 4, "batch_size": 32, "validation_data": (X[:50], Y[:50])}
    alone = networks()
    histories = [model.fit(X, Y, **options) for model in alone]
    models = networks()
    fits = jn.fit_many(models, X, Y, n_threads=n_threads, **options)
    assert [fit.model for fit in fits] == models
    assert [fit.history for fit in fits] == histories
    assert [state_of(model) for model in models] == [state_of(model) for model in alone]
    assert all(fit.error is None for fit in fits)


def test_as_many_train_at_a_time_as_there_are_threads_for() -> None:
    at_work, most = set(), []

    class Count(jn.Callback):
        def on_epoch_end(self, model: Any, epoch: int, logs: dict[str, float]) -> None:
            at_work.add(threading.get_ident())
            most.append(len(at_work))

    jn.fit_many(networks(), X, Y, n_threads=3, callbacks=lambda place: [Count()])
    assert len(at_work) <= 3
    assert len(most) == 70


def test_each_is_on_one_thread() -> None:
    with many_cores(4) as sizes:
        jn.fit_many([network(seed, 256) for seed in range(4)], X, Y, epochs=2)
    assert set(sizes) == {1}


def test_each_stops_by_callbacks_of_its_own() -> None:
    class StopAt(jn.Callback):
        def __init__(self, epoch: int) -> None:
            self.epoch = epoch

        def on_epoch_end(self, model: Any, epoch: int, logs: dict[str, float]) -> bool:
            return epoch == self.epoch

    fits = jn.fit_many(networks(), X, Y, callbacks=lambda place: [StopAt(1 + place)])
    assert [len(fit.history["loss"]) for fit in fits] == [1, 2, 3, 4, 5, 6, 7]


def test_one_that_fails_leaves_the_others() -> None:
    models = [network(0), network(1, rate=1e38), network(2)]
    fits = jn.fit_many(models, X, Y, epochs=3)
    assert isinstance(fits[1].error, FloatingPointError)
    assert fits[0].error is fits[2].error is None
    assert state_of(models[2]) == state_of(trained(network(2)))


def trained(model: jn.Sequential) -> jn.Sequential:
    model.fit(X, Y, epochs=3)
    return model


def test_an_interrupt_ends_all_and_each_is_as_one_that_ended_there() -> None:
    class Interrupt(jn.Callback):
        def on_epoch_end(self, model: Any, epoch: int, logs: dict[str, float]) -> None:
            if epoch == 3:
                signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    models = networks(3)
    watched: list[list[jn.Callback]] = [[Interrupt()], [jn.Callback()], [jn.Callback()]]
    options: dict[str, Any] = {"batch_size": None}  # a step is an epoch
    with pytest.raises(KeyboardInterrupt):
        jn.fit_many(models, X, Y, epochs=10**6, callbacks=lambda place: watched[place], **options)
    ended = [len(model.history.get("loss", [])) for model in models]
    assert ended[0] >= 3
    for model, alone, epochs in zip(models, networks(3), ended, strict=True):
        if epochs:  # it may have been stopped before its turn came
            alone.fit(X, Y, epochs=epochs, **options)
            assert state_of(model) == state_of(alone)


def test_what_a_callback_raises_ends_its_own_network() -> None:
    class Odd(jn.Callback):
        def on_epoch_end(self, model: Any, epoch: int, logs: dict[str, float]) -> None:
            raise LookupError("odd")

    fits = jn.fit_many(networks(3), X, Y, callbacks=lambda place: [Odd()] * (place == 1))
    assert [type(fit.error) for fit in fits] == [type(None), LookupError, type(None)]


@pytest.mark.parametrize(
    ("models", "words"),
    [
        ([], "at least one Sequential"),
        (None, "at least one Sequential"),
        ([network(0), 5], r"models\[1\] must be a Sequential, got 5"),
        ([network(0)] * 2, r"models\[0\] is in the list twice|models\[1\] is in the list twice"),
    ],
)
def test_what_are_no_models_is_refused(models: Any, words: str) -> None:
    with pytest.raises((TypeError, ValueError), match=words):
        jn.fit_many(models, X, Y)


def test_bad_examples_are_refused_before_any_work() -> None:
    models = networks(2)
    with pytest.raises(ValueError, match="must be finite"):
        jn.fit_many(models, X * np.nan, Y)
    assert state_of(models[0]) is None


def test_the_progress_is_the_mean_over_all(capsys: pytest.CaptureFixture[str]) -> None:
    jn.fit_many(networks(3), X, Y, epochs=5, progress=True)
    assert "5/5" in capsys.readouterr().err


@pytest.fixture(scope="module")
def ensemble() -> jn.Ensemble:
    made = jn.Ensemble([network(seed) for seed in range(5)])
    made.fit(X, Y, epochs=5)
    return made


def test_an_ensemble_predicts_the_mean_and_says_how_far_its_members_lie_apart(
    ensemble: jn.Ensemble,
) -> None:
    each = np.stack([model.predict(X) for model in ensemble.models])
    np.testing.assert_array_equal(ensemble.predict_each(X), each)
    np.testing.assert_array_equal(ensemble.predict(X), each.mean(axis=0))
    np.testing.assert_array_equal(ensemble.deviation(X), each.std(axis=0))
    low, middle, high = ensemble.quantiles(X, (0.0, 0.5, 1.0))
    np.testing.assert_array_equal(low, each.min(axis=0))
    np.testing.assert_array_equal(middle, np.median(each, axis=0))
    np.testing.assert_array_equal(high, each.max(axis=0))


def test_a_member_that_fails_predicts_no_more() -> None:
    ensemble = jn.Ensemble([network(0), network(1, rate=1e38)])
    fits = ensemble.fit(X, Y, epochs=3)
    assert fits[1].error is not None
    np.testing.assert_array_equal(ensemble.predict(X), fits[0].model.predict(X))


def test_an_ensemble_that_is_not_trained_says_so() -> None:
    with pytest.raises(jn.NotFittedError, match="call fit first"):
        jn.Ensemble(networks()).predict(X)


def test_an_ensemble_all_of_which_fails_says_so() -> None:
    ensemble = jn.Ensemble([network(seed, rate=1e38) for seed in range(2)])
    with pytest.raises(FloatingPointError, match="all members have failed"):
        ensemble.fit(X, Y, epochs=3)


def test_64_networks_take_the_memory_of_those_at_work_and_not_64_times_that_of_one() -> None:
    rows = np.zeros((500_000, 6), np.float32)
    targets = rows[:, 0].copy()

    def grown(count: int) -> int:
        """Bytes that are held at once while so many networks are trained."""
        models = [network(seed) for seed in range(count)]
        tracemalloc.reset_peak()
        before, _ = tracemalloc.get_traced_memory()
        options: dict[str, Any] = {"epochs": 1, "batch_size": 256, "n_threads": 2}
        jn.fit_many(models, rows, targets, **options)
        return tracemalloc.get_traced_memory()[1] - before

    tracemalloc.start()
    try:
        grown(2)  # what is loaded once is there
        one, many = grown(1), grown(64)
    finally:
        tracemalloc.stop()
    assert one > 12 * len(rows)  # an order, and weights, of each of the rows
    assert many < 64 / 4 * one  # what each is made of, and the orders of two at work
