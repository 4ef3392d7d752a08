"""Bad input is refused before any work, and a failed fit leaves an earlier one as it was."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="the estimators are for scikit-learn")

from sklearn import neural_network

import jitnet as jn
from jitnet.arrays import Array


@pytest.fixture
def fitted(rng: np.random.Generator) -> tuple[Any, Array, Array]:
    X = rng.normal(size=(200, 5))
    y = (X[:, 0] > 0).astype(int)
    model = jn.MLPClassifier(tol=0.1, random_state=0, warm_start=True)
    return model.fit(X, y), X, y


def assert_unchanged(model: Any, before: Any, X: Array) -> None:
    assert vars(model).keys() == vars(before).keys()
    assert model.loss_curve_ == before.loss_curve_
    assert model.n_iter_ == before.n_iter_
    np.testing.assert_array_equal(model.predict_proba(X), before.predict_proba(X))
    for a, b in zip(model.coefs_, before.coefs_, strict=True):
        np.testing.assert_array_equal(a, b)


BAD: dict[str, tuple[Callable[[Array, Array], tuple[Any, ...]], str]] = {
    "NaN": (lambda X, y: (np.where(X > 2, np.nan, X), y), "Input X contains NaN"),
    "features": (lambda X, y: (X[:, :3], y), "X has 3 features, but MLPClassifier is expecting 5"),
    "classes": (lambda X, y: (X, y + 5), r"classes.* \[5 6\]"),
    "weights": (lambda X, y: (X, y, np.ones(3)), r"sample_weight.shape == \(3,\)"),
    "diverging": (lambda X, y: (X * 1e200, y), "non-finite parameter weights"),
}
"""Examples that cannot be fitted, and what is said about them."""


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
@pytest.mark.parametrize("bad", BAD)
def test_nothing_is_lost(bad: str, method: str, fitted: tuple[Any, Array, Array]) -> None:
    model, X, y = fitted
    before = copy.deepcopy(model)
    spoil, message = BAD[bad]
    with pytest.raises(ValueError, match=message):
        getattr(model, method)(*spoil(X, y))
    assert_unchanged(model, before, X)


def test_an_error_in_a_callback_leaves_all_as_it_was(fitted: tuple[Any, Array, Array]) -> None:
    class Broken(jn.Callback):
        def on_epoch_end(self, model: Any, epoch: int, logs: dict[str, float]) -> bool:
            if epoch == 3:
                raise RuntimeError("broken")
            return False

    model, X, y = fitted
    model.set_params(callbacks=[Broken()], tol=0.0)
    before = copy.deepcopy(model)
    with pytest.raises(RuntimeError, match="broken"):
        model.fit(X, y)
    assert_unchanged(model, before, X)


def test_an_interrupt_keeps_what_was_learned(fitted: tuple[Any, Array, Array]) -> None:
    class Interrupt(jn.Callback):
        def on_epoch_end(self, model: Any, epoch: int, logs: dict[str, float]) -> bool:
            if epoch == 3:
                raise KeyboardInterrupt
            return False

    _, X, y = fitted
    model = jn.MLPClassifier(callbacks=[Interrupt()])
    with pytest.warns(UserWarning, match="Training interrupted by user"):
        model.fit(X, y)
    assert model.n_iter_ == 3
    assert model.predict(X).shape == (200,)


@pytest.mark.parametrize(
    "parameters",
    [
        {"hidden_layer_sizes": -1},
        {"hidden_layer_sizes": (4, 0)},
        {"solver": "hadoken"},
        {"alpha": -1},
        {"batch_size": 0},
        {"learning_rate_init": 0},
        {"max_iter": 0},
        {"momentum": 2},
        {"validation_fraction": 1},
        {"beta_1": 1},
        {"epsilon": -1},
        {"n_iter_no_change": -1},
        {"early_stopping": "yes"},
    ],
    ids=str,
)
def test_what_scikit_learn_refuses_is_refused_in_its_words(
    parameters: dict[str, Any], fitted: tuple[Any, Array, Array]
) -> None:
    _, X, y = fitted
    messages = []
    for kind in (jn.MLPClassifier, neural_network.MLPClassifier):
        with pytest.raises(ValueError, match=next(iter(parameters))) as caught:
            kind(**parameters).fit(X, y)
        messages.append(str(caught.value))
    ours, theirs = (message.split(". Got")[0].split(" must be ")[0] for message in messages)
    assert ours == theirs


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"hidden_layer_sizes": (2.5,)}, "whole numbers"),
        ({"loss": "mse"}, "'loss' parameter"),
        ({"preset": "images"}, "'preset' parameter"),
        ({"dtype": "float16"}, "'dtype' parameter"),
        ({"n_threads": 0}, "'n_threads' parameter"),
        ({"label_smoothing": 1.0}, "'label_smoothing' parameter"),
    ],
    ids=str,
)
def test_what_is_ours_is_refused_clearly(
    parameters: dict[str, Any], message: str, fitted: tuple[Any, Array, Array]
) -> None:
    _, X, y = fitted
    with pytest.raises(ValueError, match=message):
        jn.MLPClassifier(**parameters).fit(X, y)


def test_other_layers_do_not_start_warm(fitted: tuple[Any, Array, Array]) -> None:
    model, X, y = fitted
    with pytest.raises(ValueError, match="without warm_start"):
        model.set_params(hidden_layer_sizes=(3,)).fit(X, y)


def test_lbfgs_has_no_partial_fit() -> None:
    for kind in (jn.MLPClassifier, jn.MLPRegressor):
        assert hasattr(kind(), "partial_fit")
        assert not hasattr(kind(solver="lbfgs"), "partial_fit")


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_the_same_warnings_come_in_the_same_situations(
    solver: str, fitted: tuple[Any, Array, Array]
) -> None:
    _, X, y = fitted
    heard = []
    for kind in (jn.MLPClassifier, neural_network.MLPClassifier):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            model = kind(max_iter=3, batch_size=1000, solver=solver, random_state=0)
            model.fit(X, y[:, np.newaxis])
        heard.append([(w.category, str(w.message)) for w in caught])
    assert heard[0] == heard[1]
    assert len(heard[0]) >= 2
