"""scikit-learn's perceptrons become models, and models these, with the same predictions."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

import jitnet as jn
from exported import filled
from jitnet.arrays import Array

pytest.importorskip("sklearn", reason="scikit-learn is an extra: jitnet[sklearn]")

from sklearn.exceptions import NotFittedError
from sklearn.neural_network import MLPClassifier, MLPRegressor

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

ATOL = 1e-12
"""Sums in another order, in float64, of numbers of about 1."""

TARGETS: dict[str, Array] = {
    "two classes": np.arange(30) % 2,
    "three classes": np.array(["a", "b", "c"])[np.arange(30) % 3],
    "labels": np.stack([np.arange(30) % 2, np.arange(30) // 2 % 2, np.arange(30) // 4 % 2], axis=1),
}


@pytest.fixture
def X(rng: np.random.Generator) -> Array:
    return rng.normal(size=(30, 4))


@pytest.mark.parametrize("kind", TARGETS)
@pytest.mark.parametrize("activation", ["identity", "logistic", "tanh", "relu"])
def test_a_fitted_classifier_goes_there_and_back(kind: str, activation: str, X: Array) -> None:
    y = TARGETS[kind]
    mlp = MLPClassifier((6, 5), activation, max_iter=3, random_state=0).fit(X, y)
    model = jn.from_sklearn(mlp, seed=4)
    expected = mlp.predict_proba(X)
    found = model.predict(X)
    shown = np.hstack([1 - found, found]) if kind == "two classes" else found
    np.testing.assert_allclose(shown, expected, atol=ATOL)
    back = jn.to_sklearn(model)
    np.testing.assert_allclose(back.predict_proba(X), expected, atol=ATOL)
    numbers = np.searchsorted(mlp.classes_, mlp.predict(X)) if y.ndim == 1 else mlp.predict(X)
    np.testing.assert_array_equal(back.predict(X), numbers)


@pytest.mark.parametrize("loss", ["squared_error", "poisson"])
@pytest.mark.parametrize("outputs", [1, 3])
def test_a_fitted_regressor_goes_there_and_back(loss: str, outputs: int, X: Array) -> None:
    y = np.abs(X[:, :outputs])
    y = y.ravel() if outputs == 1 else y
    mlp = MLPRegressor(hidden_layer_sizes=(7,), loss=loss, max_iter=3, random_state=0).fit(X, y)
    model = jn.from_sklearn(mlp)
    expected = mlp.predict(X)
    np.testing.assert_allclose(model.predict(X).reshape(expected.shape), expected, atol=ATOL)
    np.testing.assert_allclose(jn.to_sklearn(model).predict(X), expected, atol=ATOL)


def test_float32_stays_float32(X: Array) -> None:
    mlp = MLPRegressor(hidden_layer_sizes=(7,), max_iter=3).fit(X.astype(np.float32), X[:, 0])
    assert jn.from_sklearn(mlp).dtype == np.float32
    assert jn.to_sklearn(jn.from_sklearn(mlp)).coefs_[0].dtype == np.float32


@pytest.mark.parametrize("loss", ["mae", "huber", "quantile", "mse"])
def test_other_losses_predict_the_same_values(loss: str, rng: np.random.Generator) -> None:
    layers = [jn.Dense(5, bias=False), jn.Activation("relu"), jn.Dropout(0.5), jn.Dense(1)]
    model, X = filled(layers, 4, rng, loss=loss, dtype="float64")
    np.testing.assert_allclose(jn.to_sklearn(model).predict(X), model.predict(X)[:, 0], atol=ATOL)


def test_a_network_without_hidden_layers_is_one(rng: np.random.Generator) -> None:
    model, X = filled([jn.Dense(3)], 4, rng, loss="softmax_crossentropy", dtype="float64")
    np.testing.assert_allclose(jn.to_sklearn(model).predict_proba(X), model.predict(X), atol=ATOL)


def test_an_estimator_of_a_model_is_scored_cloned_and_trained_further(X: Array) -> None:
    y = TARGETS["two classes"]
    model = jn.Sequential([jn.Dense(8, "tanh"), jn.Dense(1)], "binary_crossentropy")
    model.fit(X, y, epochs=3)
    mlp = jn.to_sklearn(model)
    assert mlp.score(X, y) == model.evaluate(X, y)["accuracy"]
    before = [coef.copy() for coef in mlp.coefs_]
    for _ in range(2):
        mlp.partial_fit(X, y)
    change = np.abs(mlp.coefs_[0] - before[0]).max()
    assert 0 < change < 0.01, "two steps of Adam at 0.001 from where the model was"
    np.testing.assert_array_equal(model.get_weights()[0], before[0])


@pytest.mark.parametrize(
    ("layers", "named"),
    [
        ([jn.Dense(3, "gelu"), jn.Dense(1)], r"the model has \['gelu', 'identity'\]"),
        ([jn.Dense(3, "tanh"), jn.Dense(3, "relu"), jn.Dense(1)], "one activation for all"),
        ([jn.Dense(1, "tanh")], "none for the last one"),
        ([jn.Dense(3), jn.BatchNorm(), jn.Dense(1)], r"have no BatchNorm\(momentum"),
        ([jn.Activation("tanh"), jn.Dense(1)], "have no Activation"),
        ([jn.Dropout(0.5)], "one Dense layer at least"),
    ],
)
def test_what_there_is_not_is_named(layers: Sequence[Any], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        jn.to_sklearn(jn.Sequential(layers, "mse").build(2))


def test_a_dense_layer_at_each_time_step_is_no_perceptron() -> None:
    model = jn.Sequential([jn.Dense(3), jn.Dense(1)], "mse").build((5, 2))
    with pytest.raises(ValueError, match=r"have no Dense\(units=3, .* at each step of \(5, 2\)"):
        jn.to_sklearn(model)


def test_only_fitted_perceptrons_of_scikit_learn_are_taken() -> None:
    with pytest.raises(NotFittedError):
        jn.from_sklearn(MLPRegressor())
    with pytest.raises(TypeError, match="MLPClassifier or MLPRegressor, got Dense"):
        jn.from_sklearn(jn.Dense(1))
    with pytest.raises(jn.NotFittedError):
        jn.to_sklearn(jn.Sequential([jn.Dense(1)], "mse"))


def test_several_inputs_are_refused() -> None:
    layers: Any = [jn.Branches([[], [jn.Dense(2)]]), jn.Dense(1)]
    shapes: Any = [(3,), (4,)]
    with pytest.raises(ValueError, match="perceptrons have no Branches"):
        jn.to_sklearn(jn.Sequential(layers, "mse").build(shapes))
