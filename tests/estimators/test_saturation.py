"""Sigmoids that are rounded to 0 or 1 hide nothing: z decides, and shares are taken in logs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="the estimators are for scikit-learn")

from scipy.special import expit

import jitnet as jn
from jitnet.arrays import Array

LOGITS = np.array([[40.0, 800.0, 60.0], [-800.0] * 3, [-800.0, -801.0, -900.0], [1.0, 2.0, -3.0]])


def saying_its_inputs(y: Array, **parameters: Any) -> Any:
    """A classifier whose z are its inputs."""
    n_outputs = 1 if y.ndim == 1 and len(np.unique(y)) == 2 else 3
    X = np.random.default_rng(0).normal(size=(len(y), n_outputs))
    given: dict[str, Any] = {
        "hidden_layer_sizes": (),
        "solver": "sgd",
        "tol": 1e9,
        "n_iter_no_change": 1,
    }
    model = jn.MLPClassifier(**given | parameters).fit(X, y)
    model.coefs_[0][:], model.intercepts_[0][:] = np.eye(n_outputs), 0
    return model


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_each_class_against_the_others(dtype: str) -> None:
    model = saying_its_inputs(np.arange(30) % 3, loss="binary_crossentropy", dtype=dtype)
    assert model.predict(LOGITS).tolist() == [1, 0, 0, 1]
    np.testing.assert_array_equal(
        model.predict(LOGITS), model.decision_function(LOGITS).argmax(axis=1)
    )
    probabilities = model.predict_proba(LOGITS)
    tolerance = 1e-6 if dtype == "float32" else 1e-12
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=tolerance)
    np.testing.assert_allclose(probabilities[1], 1 / 3, rtol=tolerance)
    below = np.exp([0.0, -1.0, -100.0])  # far below zero σ(z) is eᶻ
    np.testing.assert_allclose(probabilities[2], below / below.sum(), rtol=1e-4, atol=1e-43)
    shares = expit(LOGITS[3]) / expit(LOGITS[3]).sum()
    np.testing.assert_allclose(probabilities[3], shares, rtol=tolerance)


def test_labels() -> None:
    labels = np.random.default_rng(1).integers(0, 2, (30, 3))
    model = saying_its_inputs(labels, dtype="float32")
    z = np.array([[1e-9, -1e-9, 800.0], [-800.0, 0.0, 1e-30]])
    assert model.predict(z).tolist() == [[1, 0, 1], [0, 0, 1]]


def test_two_classes() -> None:
    model = saying_its_inputs(np.arange(30) % 2, dtype="float32")
    z = np.array([[1e-9], [-1e-9], [800.0], [-800.0]])
    assert model.predict(z).tolist() == [1, 0, 1, 0]
    np.testing.assert_array_equal(model.predict(z), model.decision_function(z) > 0)


def test_early_stopping_scores_what_predict_decides() -> None:
    model = saying_its_inputs(
        np.arange(30) % 3,
        loss="binary_crossentropy",
        learning_rate_init=1e-30,
        early_stopping=True,
        warm_start=True,
    )
    X = np.tile([40.0, 800.0, 60.0], (10, 1))
    model.fit(X[:3], [0, 1, 2], X_val=X, y_val=np.full(10, 1))
    assert model.predict(X).tolist() == [1] * 10
    assert model.validation_scores_[-1] == 1.0


@pytest.mark.parametrize("loss", ["log_loss", "softmax_crossentropy", "binary_crossentropy"])
@pytest.mark.parametrize("classes", [2, 3])
def test_a_sequential_gives_the_probabilities(classes: int, loss: str) -> None:
    rng = np.random.default_rng(2)
    X, y = rng.normal(size=(60, 4)) * 5, np.arange(60) % classes
    for preset in (None, "tabular"):
        model = jn.MLPClassifier(
            (5,), loss=loss, preset=preset, tol=1e9, n_iter_no_change=1, random_state=0,
            dtype="float64",
        ).fit(X, y)  # fmt: skip
        probabilities = model.predict_proba(X)
        same = model.to_sequential().predict(X)
        np.testing.assert_allclose(same, probabilities[:, -same.shape[1] :], rtol=1e-12)
        assert same.shape[1] in (1, classes)
