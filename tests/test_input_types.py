"""Numbers of every type mean the same, whatever the path that their amount takes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import jitnet as jn
from input_types import DTYPES, NOT_NUMBERS, small_numbers

FEATURES = 4
ROWS = (1, 3, 1023, 1024, 1025, 20_000)
"""One, few, on both sides of 4,096 elements, and many."""

BITS = small_numbers((ROWS[-1], FEATURES))


def model(loss: str, outputs: int, dtype: str = "float32") -> jn.Sequential:
    layers = [jn.Dense(5, activation="tanh"), jn.Dense(outputs)]
    return jn.Sequential(layers, loss=loss, dtype=dtype).build(FEATURES)


@pytest.mark.parametrize("rows", ROWS)
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_predictions_and_losses_are_of_the_numbers(dtype: Any, rows: int) -> None:
    plain = BITS[:rows].astype(np.float32)
    given = np.asarray(BITS[:rows], dtype)
    labels, values = plain[:, 0], plain[:, 1]
    for each, y in ((model("softmax_crossentropy", 3), labels), (model("mse", 1), values)):
        np.testing.assert_array_equal(each.predict(given), each.predict(plain))
        expected = each.evaluate(plain, y, sample_weight=y + 1)
        typed = each.evaluate(given, np.asarray(y, dtype), sample_weight=y + 1)
        assert typed == expected


@pytest.mark.parametrize("loss", ["softmax_crossentropy", "binary_crossentropy", "mse"])
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_a_fit_is_of_the_numbers(dtype: Any, loss: str) -> None:
    plain = BITS[:300].astype(np.float32)
    weights = plain[:, 3]
    trained = []
    for kind in (np.dtype(np.float32), dtype):
        each = model(loss, 2 if loss == "softmax_crossentropy" else 1)
        each.fit(
            np.asarray(plain, kind),
            np.asarray(plain[:, 1], kind),
            sample_weight=np.asarray(weights, kind),
            epochs=2,
        )
        trained.append([array.tobytes() for array in each.get_weights()])
    assert trained[0] == trained[1]


@pytest.mark.parametrize("kind", NOT_NUMBERS)
def test_what_is_no_number_is_refused_everywhere(kind: str) -> None:
    each, X, y = model("mse", 1), BITS[:20].astype(float), BITS[:20, 0].astype(float)
    other = [array.astype("q").astype(NOT_NUMBERS[kind]) for array in (X, y)]
    with pytest.raises(TypeError, match="X must hold real numbers"):
        each.fit(other[0], y)
    for rows in (1, 20):
        with pytest.raises(TypeError, match="X must hold real numbers"):
            each.predict(other[0][:rows])
    with pytest.raises(TypeError, match="X of validation_data must hold real numbers"):
        each.fit(X, y, validation_data=(other[0], y))
    with pytest.raises(TypeError, match="y must hold real numbers"):
        each.evaluate(X, other[1])
    with pytest.raises(TypeError, match="sample_weight must hold real numbers"):
        each.fit(X, y, sample_weight=other[1])
    with pytest.raises(TypeError, match="sample_weight of validation_data must hold real numbers"):
        each.fit(X, y, validation_data=(X, y, other[1]))


def test_numbers_that_vanish_or_overflow_in_the_models_type_are_refused() -> None:
    each, X, y = model("mse", 1), BITS[:20].astype(float), BITS[:20, 0].astype(float)
    with pytest.raises(ValueError, match="sample_weight must have a positive, finite sum"):
        each.fit(X, y, sample_weight=np.full(20, 1e-46))
    with pytest.raises(ValueError, match="sample_weight of validation_data must have a positive"):
        each.fit(X, y, validation_data=(X, y, np.full(20, 1e-46)))
    for rows in (1, 20):
        with pytest.raises(ValueError, match="X must fit into float32"):
            each.predict(X[:rows] + 1e300)
    with pytest.raises(ValueError, match="y must fit into float32"):
        each.evaluate(X, y + 1e300)


def test_a_validation_set_may_be_weighted() -> None:
    each, X, y = model("mse", 1), BITS[:100].astype(float), BITS[:100, 0].astype(float)
    weights = np.arange(100.0)
    for given in ((X, y, weights), [X, y, weights]):
        history = each.fit(X, y, epochs=1, validation_data=given)
        assert history["val_loss"] == [each.evaluate(X, y, sample_weight=weights)["loss"]]
    history = each.fit(X, y, epochs=1, validation_data=(X, y, None))
    assert history["val_loss"] == [each.evaluate(X, y)["loss"]]


def test_objects_that_are_numbers_are_those_numbers(rng: np.random.Generator) -> None:
    X = rng.normal(size=(20, 3)).round(3)
    losses = [
        jn.Sequential([jn.Dense(1)], "mse").fit(given, target, epochs=2)["loss"]
        for given, target in [(X, X[:, 0]), (X.astype(object), X[:, 0].astype(object))]
    ]
    assert losses[0] == losses[1]


@pytest.mark.parametrize(("dtype", "weight"), [("float32", 1e36), ("float32", 1e-36)])
def test_weights_by_whose_sum_nothing_can_be_divided_are_refused(
    dtype: str, weight: float, rng: np.random.Generator
) -> None:
    X, model = rng.normal(size=(20, 3)), jn.Sequential([jn.Dense(1)], "mse", dtype=dtype)
    weights = np.full(20, weight)
    with pytest.raises(ValueError, match=r"positive, finite sum.*divide them by their mean"):
        model.fit(X, X[:, 0], sample_weight=weights)
    model.fit(X, X[:, 0], sample_weight=weights / weights.mean())
