"""The preset chooses its penalty, and its epoch, by the loss of held-out examples."""

from __future__ import annotations

import statistics
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="the estimators are for scikit-learn")

from sklearn.metrics import log_loss

import jitnet as jn
from jitnet.estimators.penalties import PATH, is_better, stages_of

STRONGEST, WEAKEST = PATH[0][0], PATH[-1][0]


@pytest.mark.parametrize("epochs", [1, 2, 3, 10, 26, 100])
def test_the_stages_share_all_epochs_from_the_strongest_penalty_on(epochs: int) -> None:
    stages = stages_of(epochs)
    assert sum(stage.epochs for stage in stages) == epochs
    assert all(stage.epochs > 0 for stage in stages)
    alphas = [stage.alpha for stage in stages]
    assert alphas == sorted(alphas, reverse=True)


def test_better_is_more_than_chance(rng: np.random.Generator) -> None:
    before = rng.normal(1.0, 0.5, 10)
    assert is_better(before - 0.01, before)  # each part by the same
    assert not is_better(before, before)
    assert not is_better(before + 0.01, before)
    assert not is_better(before - 0.01 * np.array([1, -1] * 5), before)
    assert not is_better(np.full(10, np.nan), before)
    taken = [is_better(before + rng.normal(size=10), before) for _ in range(2000)]
    # of Student's t with 9 degrees of freedom, 3.8 % are above 2; four deviations of 2,000 draws
    assert abs(np.mean(taken) - 0.038) < 0.017


@pytest.mark.parametrize("rows", [500, 3000])
def test_noise_gets_the_strongest_penalty_and_a_clear_signal_the_weakest(
    rows: int, rng: np.random.Generator
) -> None:
    X = rng.normal(size=(rows, 5)).astype(np.float32)
    noise = jn.MLPClassifier(preset="tabular", random_state=0).fit(X, rng.integers(0, 2, rows))
    assert noise.alpha_ == STRONGEST
    signal = np.sin(3 * X[:, 0]) * X[:, 1] + X[:, 2]
    assert jn.MLPRegressor(preset="tabular", random_state=0).fit(X, signal).alpha_ == WEAKEST


def test_few_examples_are_all_fitted_once_the_penalty_is_known(rng: np.random.Generator) -> None:
    X = rng.normal(size=(500, 5))
    y = rng.integers(0, 2, 500)
    model = jn.MLPClassifier(preset="tabular", random_state=0).fit(X, y)
    assert model.n_iter_ == stages_of(26)[0].epochs == len(model.loss_curve_)
    assert model.t_ == 500 * model.n_iter_
    assert model.validation_scores_ is None
    again = jn.MLPClassifier(preset="tabular", random_state=0).fit(X, y)
    np.testing.assert_array_equal(model.coefs_[0], again.coefs_[0])


def test_without_weights_to_hold_out_the_strongest_penalty_is_taken(
    rng: np.random.Generator,
) -> None:
    X = rng.normal(size=(500, 5))
    model = jn.MLPRegressor(preset="tabular", random_state=0)
    assert model.fit(X, X[:, 0], np.arange(500) == 77).alpha_ == STRONGEST
    assert model.fit(X[:5], X[:5, 0]).alpha_ == STRONGEST


def test_a_given_penalty_is_kept(rng: np.random.Generator) -> None:
    X = rng.normal(size=(500, 5))
    model = jn.MLPRegressor(preset="tabular", alpha=0.5, random_state=0).fit(X, X[:, 0])
    assert not hasattr(model, "alpha_")
    assert model.n_iter_ == 26
    np.testing.assert_array_equal(model._network.engine.l2[0::2], 0.5)


def test_more_training_goes_on_by_the_chosen_penalty(rng: np.random.Generator) -> None:
    X, y = rng.normal(size=(500, 5)), rng.integers(0, 2, 500)
    model = jn.MLPClassifier(preset="tabular", random_state=0, warm_start=True).fit(X, y)
    model.partial_fit(X, y)
    np.testing.assert_array_equal(model._network.engine.l2[0::2], STRONGEST)
    model.fit(X, y)
    np.testing.assert_array_equal(model._network.engine.l2[0::2], STRONGEST)


@pytest.mark.parametrize("alpha", [0.0001, 0.001])
def test_the_epoch_of_the_least_loss_is_kept(alpha: float, rng: np.random.Generator) -> None:
    X = rng.normal(size=(600, 5))
    y = (X[:, 0] + rng.normal(size=600) > 0).astype(int)
    model = jn.MLPClassifier(preset="tabular", label_smoothing=1e-12, alpha=alpha, random_state=0)
    model.fit(X[:400], y[:400], X_val=X[400:], y_val=y[400:])
    kept = log_loss(y[400:], model.predict_proba(X[400:]))
    if alpha == WEAKEST:  # the default: a penalty is chosen, and so an epoch of those before
        assert kept in [pytest.approx(loss, rel=1e-5) for loss in model.validation_loss_curve_]
    else:
        assert kept == pytest.approx(min(model.validation_loss_curve_), rel=1e-5)
        assert np.argmin(model.validation_loss_curve_) + 1 < model.n_iter_
    scores = model.validation_scores_
    assert model.best_validation_score_ == model.score(X[400:], y[400:])
    assert model.best_validation_score_ in scores


def test_callbacks_hear_of_the_fit_that_is_kept_alone(rng: np.random.Generator) -> None:
    class Heard(jn.Callback):
        def __init__(self) -> None:
            self.begun: list[int] = []
            self.epochs: list[int] = []

        def on_fit_begin(self, model: Any, n_epochs: int) -> None:
            self.begun.append(n_epochs)

        def on_epoch_end(self, model: Any, epoch: int, logs: dict[str, float]) -> bool:
            self.epochs.append(epoch)
            return False

    X = rng.normal(size=(500, 5))
    heard = Heard()
    jn.MLPRegressor(preset="tabular", callbacks=[heard], random_state=0).fit(X, X[:, 0])
    assert heard.begun == [heard.epochs[-1]]
    assert heard.epochs == list(range(1, heard.epochs[-1] + 1))


def test_real_tables_reach_their_bars() -> None:
    pytest.importorskip("pandas", reason="the tables are read with pandas")
    from data_folder import data_folder
    from preset import TASKS, contenders, score

    if not data_folder().is_dir():
        pytest.skip("JITNET_DATA, the folder of the real data sets, is not set")
    for name, task in TASKS.items():
        reached = []
        for seed, (X, X_test, y, y_test) in enumerate(task.splits()):
            model = contenders(task.classify, seed, len(X))["preset"].fit(X, y)
            reached.append(score(model.predict(X_test), y_test, classify=task.classify))
        mean = statistics.mean(reached)
        if task.classify:
            # in five tests of 200 examples each, chance alone is 0.014
            error = (mean * (1 - mean) / 1000) ** 0.5 if name == "german credit" else 0.0
            assert mean >= task.bar - error, name
        else:
            assert mean <= task.bar, name
