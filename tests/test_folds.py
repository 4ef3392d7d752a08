"""Cross-validation: the bits of networks trained alone, folds by classes, and nothing left over."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import jitnet as jn
from team_sizes import many_cores
from training_state import state_of

RNG = np.random.default_rng(1)
X = RNG.normal(size=(300, 6)).astype(np.float32)
VALUES = X[:, 0] * X[:, 1]
LABELS = np.r_[np.zeros(240, int), np.ones(50, int), np.full(10, 2)]
CODES = RNG.integers(0, 7, (300, 5))


def regressor() -> jn.Sequential:
    return jn.Sequential([jn.Dense(8, "tanh"), jn.Dense(1)], "mse", jn.Adam(1e-2))


def classifier() -> jn.Sequential:
    return jn.Sequential([jn.Dense(8, "relu"), jn.Dense(3)], "softmax_crossentropy")


def diverging() -> jn.Sequential:
    return jn.Sequential([jn.Dense(8, "tanh"), jn.Dense(1)], "mse", jn.Adam(1e38))


@pytest.mark.parametrize("n_threads", [1, 3, None])
def test_each_fold_is_a_network_trained_alone_on_the_other_rows(n_threads: int | None) -> None:
    weights = RNG.uniform(0.5, 2.0, 300)
    options: dict[str, Any] = {"epochs": 4, "batch_size": 32}
    found = jn.cross_validate(
        regressor, X, VALUES, folds=3, sample_weight=weights, n_threads=n_threads, **options
    )
    for fit, scores, left_out in found.folds:
        rows = np.setdiff1d(np.arange(300), left_out)
        alone = regressor()
        history = alone.fit(X[rows], VALUES[rows], sample_weight=weights[rows], **options)
        assert state_of(fit.model) == state_of(alone)
        assert fit.history == history
        own = X[left_out], VALUES[left_out]
        assert scores == alone.evaluate(*own, sample_weight=weights[left_out])


def test_each_example_is_left_out_once_by_a_draw_that_the_seed_says() -> None:
    def drawn(seed: int) -> list[list[int]]:
        found = jn.cross_validate(regressor, X, VALUES, folds=4, epochs=1, seed=seed)
        return [fold.left_out.tolist() for fold in found.folds]

    first = drawn(0)
    assert sorted(row for rows in first for row in rows) == list(range(300))
    assert [len(rows) for rows in first] == [75] * 4
    assert first == drawn(0) != drawn(1)


@pytest.mark.parametrize("columns", [False, True])
def test_each_fold_has_its_share_of_each_class(columns: bool) -> None:
    y = np.eye(3)[LABELS] if columns else LABELS
    found = jn.cross_validate(classifier, X, y, folds=5, epochs=1)
    for fold in found.folds:
        assert np.bincount(LABELS[fold.left_out]).tolist() == [48, 10, 2]
        assert set(fold.scores) == {"loss", "accuracy"}


def test_of_a_class_with_fewer_examples_than_folds_none_is_left_out() -> None:
    found = jn.cross_validate(classifier, X, LABELS, folds=11, epochs=1)
    left_out = np.concatenate([fold.left_out for fold in found.folds])
    assert np.bincount(LABELS[left_out], minlength=3).tolist() == [240, 50, 0]


def test_folds_may_be_given_and_those_below_zero_are_always_learned() -> None:
    folds = np.where(np.arange(300) < 100, -1, np.arange(300) % 2 * 7)
    found = jn.cross_validate(regressor, X, VALUES, folds=folds, epochs=1)
    assert [fold.left_out[0] for fold in found.folds] == [100, 101]
    assert [len(fold.left_out) for fold in found.folds] == [100, 100]


def inputs(kind: str) -> tuple[Any, Any]:
    """Examples of a kind, and a network for them."""
    sparse = pytest.importorskip("scipy.sparse")
    plain = [jn.Dense(4, "tanh"), jn.Dense(1)]
    branches = jn.Branches([[jn.Dense(3)], [jn.Embedding(7, 2), jn.GRU(2)]])
    return {
        "frame": (pl.DataFrame(X), plain),
        "list": (X.tolist(), plain),
        "sparse": (sparse.csc_matrix(X * (X > 1)), plain),
        "mostly zeros": (sparse.csr_matrix(X * (X > 1.5)), plain),
        "images": (X.reshape(300, 3, 2, 1), [jn.Conv2D(2, 2), jn.Flatten(), jn.Dense(1)]),
        "several": ((X, CODES), [branches, jn.Dense(1)]),
    }[kind]


@pytest.mark.parametrize("kind", ["frame", "list", "sparse", "mostly zeros", "images", "several"])
def test_examples_may_be_all_that_a_fit_takes(kind: str) -> None:
    given, layers = inputs(kind)
    lengths = (None, CODES[:, 0] % 5 + 1) if kind == "several" else None

    def made() -> jn.Sequential:
        return jn.Sequential(layers, "mse")

    found = jn.cross_validate(made, given, VALUES, folds=2, epochs=1, lengths=lengths)
    fit, scores, left_out = found.folds[0]
    rows = np.setdiff1d(np.arange(300), left_out)
    part: Any = {
        "frame": lambda rows: X[rows],
        "list": lambda rows: X[rows],
        "sparse": lambda rows: given.tocsr()[rows],
        "mostly zeros": lambda rows: given[rows],
        "images": lambda rows: given[rows],
        "several": lambda rows: (X[rows], CODES[rows]),
    }[kind]
    own = [None if lengths is None else (None, lengths[1][r]) for r in (rows, left_out)]
    alone = made()
    alone.fit(part(rows), VALUES[rows], epochs=1, lengths=own[0])
    assert state_of(fit.model) == state_of(alone)
    assert scores == alone.evaluate(part(left_out), VALUES[left_out], lengths=own[1])


def test_a_fold_goes_on_from_a_checkpoint_as_a_fit_of_its_rows(tmp_path: Path) -> None:
    class Fails(jn.Callback):
        def __init__(self, at: int) -> None:
            self.at = at

        def on_epoch_end(self, model: Any, epoch: int, logs: dict[str, float]) -> None:
            if epoch == self.at:
                raise OSError("no power")

    def callbacks(place: int, at: int = 2) -> list[jn.Callback]:
        return [jn.Checkpoint(tmp_path / str(place)), Fails(at)]

    folds = np.arange(300) % 3
    with pytest.raises(OSError, match="no power"):
        jn.cross_validate(regressor, X, VALUES, folds=folds, epochs=4, callbacks=callbacks)
    unbroken, resumed = regressor(), regressor()
    own = X[folds != 1], VALUES[folds != 1]
    unbroken.fit(*own, epochs=4)
    resumed.fit(*own, epochs=4, callbacks=callbacks(1, at=-1), resume=tmp_path / "1")
    assert state_of(resumed) == state_of(unbroken)
    with pytest.raises(ValueError, match="of another fit"):
        regressor().fit(
            X[folds != 2],
            VALUES[folds != 2],
            epochs=4,
            callbacks=callbacks(1),
            resume=tmp_path / "1",
        )


def test_means_and_deviations_are_those_of_the_folds() -> None:
    found = jn.cross_validate(classifier, X, LABELS, folds=3, epochs=2)
    values = [fold.scores["accuracy"] for fold in found.folds]
    np.testing.assert_array_equal(found.scores["accuracy"], values)
    assert found.mean["accuracy"] == np.mean(values)
    assert found.deviation["accuracy"] == np.std(values)
    shown = f"accuracy {np.mean(values):.4f} ± {np.std(values):.4f}"
    assert repr(found).startswith("3 folds: loss ")
    assert repr(found).endswith(shown)


def test_a_fold_that_fails_leaves_the_others() -> None:
    models = iter([regressor(), diverging(), regressor()])
    found = jn.cross_validate(lambda: next(models), X, VALUES, folds=3, epochs=2)
    assert isinstance(found.folds[1].fit.error, FloatingPointError)
    assert np.isnan(found.scores["loss"]).tolist() == [False, True, False]
    assert np.isnan(found.mean["loss"])


def test_what_all_folds_fail_by_is_raised() -> None:
    with pytest.raises(FloatingPointError, match="the loss became NaN"):
        jn.cross_validate(diverging, X, VALUES, epochs=2)


def test_each_fold_has_callbacks_of_its_own_and_one_thread() -> None:
    class StopAt(jn.Callback):
        def __init__(self, epoch: int) -> None:
            self.epoch = epoch

        def on_epoch_end(self, model: Any, epoch: int, logs: dict[str, float]) -> bool:
            return epoch == self.epoch

    with many_cores(4) as sizes:
        found = jn.cross_validate(
            lambda: jn.Sequential([jn.Dense(2048, "tanh"), jn.Dense(1)], "mse"),
            X,
            VALUES,
            batch_size=None,
            folds=3,
            n_threads=2,
            callbacks=lambda place: [StopAt(1 + place)],
        )
    assert [len(fold.fit.history["loss"]) for fold in found.folds] == [1, 2, 3]
    assert set(sizes) == {1}


def test_rows_are_read_where_they_lie() -> None:
    large = np.zeros((200_000, 60), np.float32)
    targets = large[:, 0].copy()
    options: dict[str, Any] = {"epochs": 1, "batch_size": 1024, "n_threads": 1}

    def most(work: Callable[[], Any]) -> float:
        work()  # what is loaded once is there
        tracemalloc.start()
        try:
            work()
            return tracemalloc.get_traced_memory()[1] / large.nbytes
        finally:
            tracemalloc.stop()

    def alone() -> list[jn.Sequential]:
        models = [regressor() for _ in range(5)]
        for model in models:
            model.fit(large, targets, **options)
            model.evaluate(large[::5], targets[::5])
        return models

    folds = most(lambda: jn.cross_validate(regressor, large, targets, folds=5, **options))
    assert folds - most(alone) < 0.25  # the numbers of rows, 5 times 8 bytes for 60 times 4


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ({"make_model": regressor()}, TypeError, "must be a function that makes a Sequential"),
        ({"make_model": lambda: 5}, TypeError, "must make a Sequential, got 5"),
        ({"folds": 1}, ValueError, "folds must be at least 2"),
        ({"folds": 301}, ValueError, "300 examples are too few for 301 folds"),
        ({"folds": [0, 1]}, ValueError, "one for each of the 300 examples"),
        ({"folds": np.zeros(300, int)}, ValueError, "some to learn from"),
        ({"folds": np.full(300, -1)}, ValueError, "some examples out"),
        ({"X": X * np.nan}, ValueError, "X must be finite"),
        ({"epochs": 0}, ValueError, "epochs must be at least 1"),
        (
            {"folds": np.arange(300) % 3, "sample_weight": np.arange(300) % 3 == 1},
            ValueError,
            "sample_weight in fold 0 must have a positive, finite sum",
        ),
        ({"callbacks": [jn.EarlyStopping()]}, TypeError, "a function of a network's place"),
        ({"cv": 5}, TypeError, "cross_validate takes no argument 'cv'"),
    ],
)
def test_what_does_not_fit_is_refused(given: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        jn.cross_validate(**{"make_model": regressor, "X": X, "y": VALUES} | given)


def test_a_network_that_is_not_new_is_refused() -> None:
    model = regressor()
    with pytest.raises(ValueError, match="must make a network anew at each call"):
        jn.cross_validate(lambda: model, X, VALUES)
