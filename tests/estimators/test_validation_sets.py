"""What a fit is judged by while it goes on: a score that is a number, of examples that count."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="the estimators are for scikit-learn")

from sklearn import neural_network
from sklearn.exceptions import ConvergenceWarning

import jitnet as jn
from jitnet.arrays import Array

FAST: dict[str, Any] = {"hidden_layer_sizes": (8,), "max_iter": 5, "random_state": 0, "tol": 0.0}
KINDS: dict[str, Any] = {"classifier": jn.MLPClassifier, "regressor": jn.MLPRegressor}

pytestmark = pytest.mark.filterwarnings("ignore:Stochastic Optimizer")


@pytest.fixture
def X(rng: np.random.Generator) -> Array:
    return rng.normal(size=(200, 4))


def targets(kind: str, X: Array) -> Array:
    return np.arange(200) % 3 if kind == "classifier" else X[:, 0] * 3


@pytest.mark.parametrize("early_stopping", [True, False])
@pytest.mark.parametrize("kind", KINDS)
def test_one_example_is_too_few_to_validate_on(kind: str, early_stopping: bool, X: Array) -> None:
    y = targets(kind, X)
    model = KINDS[kind](early_stopping=early_stopping, **FAST)
    with pytest.raises(ValueError, match=r"The validation set is too small\. X_val has 1 example"):
        model.fit(X, y, X_val=X[:1], y_val=y[:1])
    model.fit(X, y, X_val=X[:2], y_val=y[:2])
    assert np.isfinite(model.validation_scores_).all()


def test_targets_that_do_not_vary_validate_no_regressor(X: Array) -> None:
    model = jn.MLPRegressor(early_stopping=True, **FAST)
    with pytest.raises(ValueError, match="y_val has one value throughout"):
        model.fit(X, X[:, 0], X_val=X, y_val=np.ones(200))
    model.set_params(early_stopping=False).fit(X, X[:, 0], X_val=X, y_val=np.ones(200))
    classifier = jn.MLPClassifier(early_stopping=True, **FAST)
    classifier.fit(X, np.arange(200) % 3, X_val=X, y_val=np.ones(200, int))


def test_targets_without_a_weight_validate_no_regressor(X: Array) -> None:
    model = jn.MLPRegressor(early_stopping=True, **FAST)
    weights = np.r_[1.0, np.zeros(19)]
    with pytest.raises(ValueError, match="y_val has one value throughout"):
        model.fit(X, X[:, 0], X_val=X[:20], y_val=X[:20, 0], sample_weight_val=weights)


def test_targets_to_validate_on_fit_into_the_type_that_is_computed_in(X: Array) -> None:
    single, y = X.astype(np.float32), X[:, 0]
    with pytest.raises(ValueError, match="y_val must fit into float32"):
        jn.MLPRegressor(**FAST).fit(single, y, X_val=single, y_val=y * 1e39)


@pytest.mark.parametrize("kind", KINDS)
def test_both_parts_of_a_split_need_weights(kind: str, X: Array) -> None:
    y = targets(kind, X)
    model = KINDS[kind](early_stopping=True, **FAST)
    said = []
    for row in range(200):  # it is in one part, so that the other has no weight
        with pytest.raises(
            ValueError, match=r"must have a positive, finite sum, got 0.0"
        ) as caught:
            model.fit(X, y, np.arange(200) == row)
        said.append(str(caught.value))
    assert sum("examples that are held out" in words for words in said) == 180
    assert sum("examples to train on" in words for words in said) == 20


@pytest.mark.parametrize("kind", KINDS)
def test_a_given_set_needs_weights(kind: str, X: Array) -> None:
    y = targets(kind, X)
    model = KINDS[kind](**FAST)
    with pytest.raises(ValueError, match="at least one non-zero"):
        model.fit(X, y, X_val=X, y_val=y, sample_weight_val=np.zeros(200))
    single, tiny = X.astype(np.float32), np.full(200, 1e-46)
    with pytest.raises(ValueError, match="sample_weight_val must have a positive, finite sum"):
        model.fit(single, y, X_val=single, y_val=y, sample_weight_val=tiny)
    with pytest.raises(ValueError, match="sample_weight_val must be given together with X_val"):
        model.fit(X, y, sample_weight_val=np.ones(200))


@pytest.mark.parametrize("kind", KINDS)
def test_a_fit_that_diverges_while_it_is_validated_keeps_the_best(kind: str, X: Array) -> None:
    y = targets(kind, X)
    model = KINDS[kind](
        solver="sgd", learning_rate_init=1e200, activation="identity", early_stopping=True, **FAST
    )
    with pytest.warns(ConvergenceWarning, match=r"diverged in epoch \d.*learning_rate_init"):
        model.fit(X * 1e3, y)
    assert np.isnan(model.validation_scores_[-1])
    assert np.isnan(model.loss_)
    assert len(model.loss_curve_) == len(model.validation_scores_) == model.n_iter_
    assert np.isfinite(model.predict_proba(X) if kind == "classifier" else model.predict(X)).all()
    with pytest.raises(ValueError, match="non-finite parameter weights"):
        model.set_params(early_stopping=False).fit(X * 1e3, y)


def test_a_fit_that_no_score_followed_says_so(X: Array) -> None:
    y = X[:, 0] * 3
    model = jn.MLPRegressor(early_stopping=True, **FAST)
    with pytest.warns(ConvergenceWarning, match="no epoch had a validation score that is a number"):
        model.fit(X, y, X_val=np.full((2, 4), 1.7e308), y_val=y[:2])
    assert np.isnan(model.validation_scores_).all()


def test_a_class_with_one_member_is_named_as_by_scikit_learn(X: Array) -> None:
    said = []
    for kind in (jn.MLPClassifier, neural_network.MLPClassifier):
        with pytest.raises(ValueError, match="too few members are") as caught:
            kind(early_stopping=True, **FAST).fit(X, np.arange(200) == 7)
        said.append(str(caught.value))
    assert said[0] == said[1]
