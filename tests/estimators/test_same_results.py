"""The same random_state gives scikit-learn's own losses, coefficients, splits and stops."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

sklearn = pytest.importorskip("sklearn", reason="the estimators are for scikit-learn")

from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine  # noqa: E402
from sklearn.exceptions import ConvergenceWarning  # noqa: E402
from sklearn.neural_network import MLPClassifier, MLPRegressor  # noqa: E402
from sklearn.preprocessing import StandardScaler  # noqa: E402

import jitnet as jn  # noqa: E402
from jitnet.arrays import Array  # noqa: E402

FULL_BATCH = 1e-8
"""Over 200 iterations; rounding in another order is all that differs."""
MINI_BATCH = 1e-6
"""Over 20 epochs."""

OURS: dict[type, Any] = {MLPClassifier: jn.MLPClassifier, MLPRegressor: jn.MLPRegressor}


def digits() -> tuple[Array, Array]:
    X, y = jn.datasets.load_digits()
    return StandardScaler().fit_transform(X.astype(float)), y


def cancer() -> tuple[Array, Array]:
    X, y = load_breast_cancer(return_X_y=True)
    return StandardScaler().fit_transform(X), y


def wine() -> tuple[Array, Array]:
    X, y = load_wine(return_X_y=True)
    return StandardScaler().fit_transform(X), np.array(["red", "white", "rosé"])[y]


def diabetes() -> tuple[Array, Array]:
    X, y = load_diabetes(return_X_y=True)
    return StandardScaler().fit_transform(X), (y - y.mean()) / y.std()


def several_outputs() -> tuple[Array, Array]:
    X, y = diabetes()
    return X, np.column_stack([y, X[:, 2] * X[:, 3], np.sin(y)])


def several_labels() -> tuple[Array, Array]:
    X, y = diabetes()
    return X, np.column_stack([y > 0, X[:, 2] > 0.5, X[:, 3] + y > 0]).astype(int)


def counts() -> tuple[Array, Array]:
    X, y = diabetes()
    return X, np.floor(np.exp(y))


def pair(kind: type, X: Array, y: Array, **parameters: Any) -> tuple[Any, Any]:
    """Both classes, fitted with the same parameters."""
    sample_weight = parameters.pop("sample_weight", None)
    fitted = []
    for each in (OURS[kind], kind):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            fitted.append(each(**parameters).fit(X, y, sample_weight))
    return fitted[0], fitted[1]


def assert_same(ours: Any, theirs: Any, tolerance: float) -> None:
    """The same course of training, number by number, relative to the greatest."""
    assert ours.n_iter_ == theirs.n_iter_
    assert ours.t_ == theirs.t_
    assert ours.out_activation_ == theirs.out_activation_
    np.testing.assert_allclose(ours.loss_, theirs.loss_, rtol=tolerance)
    if hasattr(theirs, "loss_curve_"):
        np.testing.assert_allclose(ours.loss_curve_, theirs.loss_curve_, rtol=tolerance)
    both = (*ours.coefs_, *ours.intercepts_), (*theirs.coefs_, *theirs.intercepts_)
    for a, b in zip(*both, strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=tolerance * np.abs(b).max())


TASKS = {
    "digits": (MLPClassifier, digits),
    "cancer": (MLPClassifier, cancer),
    "wine": (MLPClassifier, wine),
    "several labels": (MLPClassifier, several_labels),
    "diabetes": (MLPRegressor, diabetes),
    "several outputs": (MLPRegressor, several_outputs),
}


@pytest.mark.parametrize("solver", ["adam", "sgd"])
@pytest.mark.parametrize("task", TASKS)
def test_a_full_batch_gives_the_same_to_1e_8_over_200_iterations(task: str, solver: str) -> None:
    kind, load = TASKS[task]
    X, y = load()
    rate = {"adam": 1e-3, "sgd": 0.01}[solver]
    ours, theirs = pair(
        kind, X, y, solver=solver, learning_rate_init=rate, batch_size=len(X), max_iter=200,
        n_iter_no_change=200, random_state=3,
    )  # fmt: skip
    assert_same(ours, theirs, FULL_BATCH)


@pytest.mark.parametrize("activation", ["identity", "logistic", "tanh", "relu"])
@pytest.mark.parametrize("task", ["wine", "several outputs"])
def test_each_activation_gives_the_same(task: str, activation: str) -> None:
    kind, load = TASKS[task]
    X, y = load()
    ours, theirs = pair(
        kind, X, y, hidden_layer_sizes=(30, 20), activation=activation, batch_size=len(X),
        max_iter=200, random_state=0,
    )  # fmt: skip
    assert_same(ours, theirs, FULL_BATCH)


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize(
    "parameters",
    [
        {"solver": "adam", "batch_size": 50},
        {"solver": "adam"},
        {"solver": "adam", "shuffle": False, "alpha": 1.0},
        {"solver": "adam", "beta_1": 0.5, "beta_2": 0.9, "epsilon": 1e-3},
        {"solver": "sgd", "momentum": 0.5, "nesterovs_momentum": False},
        {"solver": "sgd", "momentum": 0.0},
        {"solver": "sgd", "learning_rate": "invscaling", "power_t": 0.2},
        {"solver": "sgd", "learning_rate": "adaptive", "tol": 0.05, "n_iter_no_change": 1},
    ],
    ids=lambda parameters: " ".join(f"{k}={v}" for k, v in parameters.items()),
)
def test_batches_give_the_same_to_1e_6_over_20_epochs(
    task: str, parameters: dict[str, Any]
) -> None:
    kind, load = TASKS[task]
    X, y = load()
    rate = {"adam": 1e-3, "sgd": 0.01}[parameters["solver"]]
    ours, theirs = pair(
        kind, X, y, **{"max_iter": 20, "learning_rate_init": rate, "random_state": 7} | parameters
    )
    assert_same(ours, theirs, MINI_BATCH)


@pytest.mark.parametrize("task", TASKS)
def test_weighted_examples_give_the_same(task: str, rng: np.random.Generator) -> None:
    kind, load = TASKS[task]
    X, y = load()
    weights = rng.uniform(0.1, 3, len(X))
    ours, theirs = pair(kind, X, y, sample_weight=weights, max_iter=20, random_state=1)
    assert_same(ours, theirs, MINI_BATCH)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_poisson_reports_half_the_deviance(
    weighted: bool, solver: str, rng: np.random.Generator
) -> None:
    X, y = counts()
    weights = rng.uniform(0.1, 3, len(X)) if weighted else None
    ours, theirs = pair(
        MLPRegressor, X, y, loss="poisson", solver=solver, sample_weight=weights, max_iter=20,
        random_state=1,
    )  # fmt: skip
    assert_same(ours, theirs, MINI_BATCH)
    np.testing.assert_allclose(ours.predict(X), theirs.predict(X), rtol=1e-5)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("task", TASKS)
def test_early_stopping_holds_out_scores_and_stops_the_same(
    task: str, weighted: bool, rng: np.random.Generator
) -> None:
    kind, load = TASKS[task]
    X, y = load()
    weights = rng.uniform(0.1, 3, len(X)) if weighted else None
    ours, theirs = pair(
        kind, X, y, early_stopping=True, n_iter_no_change=3, learning_rate_init=0.003,
        sample_weight=weights, random_state=5,
    )  # fmt: skip
    assert theirs.n_iter_ < theirs.max_iter  # it stopped
    assert_same(ours, theirs, 1e-5)  # some more epochs than the 20 of the bar
    np.testing.assert_allclose(ours.validation_scores_, theirs.validation_scores_, rtol=1e-6)
    np.testing.assert_allclose(ours.best_validation_score_, theirs.best_validation_score_)


@pytest.mark.parametrize("task", ["wine", "cancer", "several labels", "several outputs"])
def test_lbfgs_searches_the_same_way(task: str) -> None:
    kind, load = TASKS[task]
    X, y = load()
    ours, theirs = pair(kind, X, y, solver="lbfgs", max_iter=15, alpha=0.1, random_state=0)
    assert_same(ours, theirs, MINI_BATCH)


def test_a_generator_that_is_shared_is_left_where_scikit_learn_leaves_it() -> None:
    X, y = wine()
    for batch_size in (50, len(X)):
        drawn = []
        for kind in (jn.MLPClassifier, MLPClassifier):
            generator = np.random.RandomState(0)
            model = kind(random_state=generator, batch_size=batch_size, max_iter=300, tol=1e-2)
            model.fit(X, y)
            assert model.n_iter_ < 300
            drawn.append(generator.randint(1 << 30))
        assert drawn[0] == drawn[1]


@pytest.mark.parametrize("early_stopping", [False, True])
def test_warm_starts_and_partial_fits_go_on_the_same_way(early_stopping: bool) -> None:
    X, y = digits()
    for solver in ("adam", "sgd"):
        warm = []
        for kind in (jn.MLPClassifier, MLPClassifier):
            model = kind(
                solver=solver, warm_start=True, max_iter=3, learning_rate="invscaling",
                random_state=0, early_stopping=early_stopping,
            )  # fmt: skip
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)
                warm.append(model.fit(X, y).fit(X, y))
        assert_same(warm[0], warm[1], MINI_BATCH)
        parts = []
        for kind in (jn.MLPClassifier, MLPClassifier):
            model = kind(solver=solver, learning_rate="invscaling", random_state=0)
            model.partial_fit(X[:1000], y[:1000], classes=np.arange(10))
            parts.append(model.partial_fit(X[1000:], y[1000:]).partial_fit(X, y))
        assert_same(parts[0], parts[1], MINI_BATCH)


@pytest.mark.parametrize("task", TASKS)
def test_sparse_inputs_give_the_same(task: str) -> None:
    import scipy.sparse

    kind, load = TASKS[task]
    X, y = load()
    sparse = scipy.sparse.csc_matrix(np.where(np.abs(X) > 0.5, X, 0))
    ours, theirs = pair(kind, sparse, y, max_iter=20, random_state=2)
    assert_same(ours, theirs, MINI_BATCH)
    np.testing.assert_allclose(ours.score(sparse, y), theirs.score(sparse, y), rtol=1e-6)


@pytest.mark.parametrize("kind", [MLPClassifier, MLPRegressor])
@pytest.mark.parametrize("weights", ["of both signs", "negative"])
def test_with_weights_whose_sum_is_negative(kind: type, weights: str) -> None:
    X, y = wine() if kind is MLPClassifier else diabetes()
    w = -np.ones(len(X))
    if weights == "of both signs":
        w[::3] = 0.5
    ours, theirs = pair(kind, X, y, sample_weight=w, max_iter=10, batch_size=20, random_state=0)
    assert_same(ours, theirs, MINI_BATCH)
