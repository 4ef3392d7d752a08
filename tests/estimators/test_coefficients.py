"""Coefficients set by hand predict and are trained on, before a fit as after one."""

from __future__ import annotations

import copy
import gc
import pickle
import signal
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="the estimators are for scikit-learn")

from sklearn import neural_network
from sklearn.preprocessing import LabelBinarizer

import jitnet as jn
from jitnet.arrays import Array

X = np.random.default_rng(0).normal(size=(6000, 4))


def coefficients(units: tuple[int, ...], dtype: Any = float) -> tuple[list[Array], list[Array]]:
    rng = np.random.default_rng(1)
    pairs = list(pairwise(units))
    return [rng.normal(size=pair).astype(dtype) for pair in pairs], [
        rng.normal(size=size).astype(dtype) for _, size in pairs
    ]


def by_hand(kind: Any, units: tuple[int, ...], out: str, classes: Any = None) -> Any:
    model = kind(hidden_layer_sizes=units[1:-1], activation="tanh")
    model.coefs_, model.intercepts_ = coefficients(units)
    model.n_layers_, model.n_outputs_, model.out_activation_ = len(units), units[-1], out
    if classes is not None:
        model._label_binarizer = LabelBinarizer().fit(classes)
        model.classes_ = model._label_binarizer.classes_
    return model


CASES: dict[str, tuple[str, tuple[Any, ...]]] = {
    "two classes": ("MLPClassifier", ((4, 5, 1), "logistic", ["no", "yes"])),
    "three classes": ("MLPClassifier", ((4, 5, 3, 3), "softmax", [1, 5, 7])),
    "labels": ("MLPClassifier", ((4, 5, 3), "logistic", np.eye(3, dtype=int))),
    "a value": ("MLPRegressor", ((4, 5, 1), "identity")),
    "values": ("MLPRegressor", ((4, 2), "identity")),
}


@pytest.mark.parametrize("case", CASES)
def test_they_predict_before_a_fit_as_in_scikit_learn(case: str) -> None:
    kind, named = CASES[case]
    theirs, ours = (by_hand(getattr(m, kind), *named) for m in (neural_network, jn))
    for model in (ours, copy.deepcopy(ours), pickle.loads(pickle.dumps(ours))):
        for rows in (1, 500, 6000):
            given = X[:rows]
            if kind == "MLPRegressor":
                np.testing.assert_allclose(model.predict(given), theirs.predict(given), rtol=1e-9)
                continue
            np.testing.assert_array_equal(model.predict(given), theirs.predict(given))
            probabilities = theirs.predict_proba(given)
            np.testing.assert_allclose(model.predict_proba(given), probabilities, rtol=1e-9)
    assert ours.to_sequential().predict(X).shape == (6000, named[0][-1])


@pytest.mark.parametrize("case", CASES)
def test_what_is_not_said_beside_them_is_what_a_fit_would_say(case: str) -> None:
    kind, (units, out, *classes) = CASES[case]
    model = getattr(jn, kind)(hidden_layer_sizes=units[1:-1], activation="tanh")
    model.coefs_, model.intercepts_ = coefficients(units)
    if classes:
        model.classes_ = LabelBinarizer().fit(classes[0]).classes_
        if case == "labels":
            model.out_activation_ = out
    np.testing.assert_array_equal(
        model.predict(X), by_hand(getattr(jn, kind), *CASES[case][1]).predict(X)
    )
    assert (model.n_layers_, model.n_outputs_, model.out_activation_) == (
        len(units),
        units[-1],
        out,
    )


@pytest.mark.parametrize("method", ["partial_fit", "fit"])
def test_they_are_trained_on(method: str) -> None:
    y = X[:200, 0]
    model = jn.MLPRegressor(
        hidden_layer_sizes=(5,), warm_start=True, learning_rate_init=1e-9, tol=10.0
    )
    model.set_params(n_iter_no_change=1)
    model.coefs_, model.intercepts_ = coefficients((4, 5, 1))
    getattr(model, method)(X[:200], y)
    for coef, given in zip(model.coefs_, coefficients((4, 5, 1))[0], strict=True):
        np.testing.assert_allclose(coef, given, atol=1e-6)
        assert (coef != given).any()
    assert len(model.loss_curve_) == model.n_iter_


def test_other_layers_may_take_the_place_of_a_fits() -> None:
    model = jn.MLPRegressor(hidden_layer_sizes=(5,), tol=10.0, n_iter_no_change=1).fit(
        X[:200], X[:200, 0]
    )
    model.coefs_, model.intercepts_ = coefficients((4, 7, 2, 1))
    hidden = X
    for coef, intercept in zip(model.coefs_[:-1], model.intercepts_[:-1], strict=True):
        hidden = np.maximum(hidden @ coef + intercept, 0)
    expected = hidden @ model.coefs_[-1] + model.intercepts_[-1]
    np.testing.assert_allclose(model.predict(X), expected.ravel(), rtol=1e-9, atol=1e-9)


def test_the_type_is_theirs() -> None:
    model = jn.MLPRegressor(hidden_layer_sizes=(5,))
    model.coefs_, model.intercepts_ = coefficients((4, 5, 1), np.float32)
    assert model.predict(X.astype(np.float32)).dtype == np.float32
    assert model.coefs_[0].dtype == np.float32


def test_those_that_do_not_fit_are_refused() -> None:
    model = jn.MLPRegressor(hidden_layer_sizes=(5,))
    model.coefs_, model.intercepts_ = coefficients((4, 5, 1))
    for rows in (1, 5000):
        with pytest.raises(ValueError, match="X has 3 features"):
            model.predict(X[:rows, :3])
    for place, wrong in ((0, np.ones((4, 6))), (1, np.ones(5))):
        other = jn.MLPRegressor(hidden_layer_sizes=(5,))
        other.coefs_, other.intercepts_ = coefficients((4, 5, 1))
        other.coefs_[place] = wrong
        with pytest.raises(ValueError, match="coefs_ must be arrays"):
            other.predict(X)


class Interrupt(jn.Callback):
    """Ctrl-C at the end of an epoch."""

    def on_epoch_end(self, model: Any, epoch: int, logs: dict[str, float]) -> bool:
        if epoch == 3:
            signal.raise_signal(signal.SIGINT)
        return False


def test_an_interrupted_lbfgs_leaves_its_last_iteration() -> None:
    given: dict[str, Any] = {"solver": "lbfgs", "random_state": 0, "hidden_layer_sizes": (5,)}
    y = np.sin(3 * X[:500, 0])
    model = jn.MLPRegressor(callbacks=[Interrupt()], **given)
    with pytest.warns(UserWarning, match="Training interrupted by user"):
        model.fit(X[:500], y)
    with pytest.warns(UserWarning, match="lbfgs failed to converge"):
        same = jn.MLPRegressor(max_iter=3, **given).fit(X[:500], y)
    assert model.n_iter_ == 3
    assert model.loss_ == same.loss_
    np.testing.assert_array_equal(model.coefs_[0], same.coefs_[0])


def test_another_solver_goes_on_from_lbfgs() -> None:
    y = X[:200, 0]
    model = jn.MLPRegressor(solver="lbfgs", tol=0.1).fit(X[:200], y)
    assert len(model.set_params(solver="adam").partial_fit(X[:200], y).loss_curve_) == 1


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="the system has no timer's signal")
def test_an_interrupt_in_the_middle_of_an_iteration_leaves_the_one_before() -> None:
    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    class AfterTheThird(jn.Callback):
        def on_epoch_end(self, model: Any, epoch: int, logs: dict[str, float]) -> None:
            if epoch == 3:
                signal.setitimer(signal.ITIMER_REAL, 0.02)

    y = np.random.default_rng(2).normal(size=6000)
    model = jn.MLPRegressor(
        hidden_layer_sizes=(200, 200),
        solver="lbfgs",
        max_iter=10**6,
        max_fun=10**6,
        tol=0,
        callbacks=[AfterTheThird()],
    )
    before = signal.signal(signal.SIGALRM, interrupt)
    gc.disable()  # what a collection's callbacks raise is lost, and JAX's is one of them
    try:
        with pytest.warns(UserWarning, match="Training interrupted by user"):
            model.fit(X, y)
    finally:
        gc.enable()
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert model.n_iter_ >= 3
    loss = ((model.predict(X) - y) ** 2).mean() / 2
    penalty = 0.5 * model.alpha * sum((coef**2).sum() for coef in model.coefs_) / 6000
    np.testing.assert_allclose(model.loss_, loss + penalty, rtol=1e-9)


def test_probabilities_need_no_classes() -> None:
    model = jn.MLPClassifier(hidden_layer_sizes=(5,))
    model.coefs_, model.intercepts_ = coefficients((4, 5, 3))
    probabilities = model.predict_proba(X[:20])
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0, rtol=1e-12)
    assert probabilities.shape == (20, 3)
