"""Estimators take sparse rows as they are, with the results of dense ones."""

from typing import Any

import numpy as np
import pytest
import scipy.sparse

import jitnet as jn

Array = np.ndarray[Any, Any]
KINDS = {"classifier": jn.MLPClassifier, "regressor": jn.MLPRegressor}
SETTINGS: dict[str, dict[str, Any]] = {
    "adam": {},
    "sgd": {"solver": "sgd", "learning_rate": "adaptive"},
    "lbfgs": {"solver": "lbfgs", "alpha": 1, "max_iter": 20},
    "early stopping": {"early_stopping": True},
    "no hidden layer": {"hidden_layer_sizes": ()},
    "a whole batch": {"batch_size": 400},
    "in order": {"shuffle": False},
}
each_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
QUIET = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.fixture
def table(rng: np.random.Generator) -> tuple[Any, Array, Array]:
    """Sparse rows, classes, and weights of examples."""
    X = scipy.sparse.random(400, 150, 0.05, format="csr", random_state=3)
    return X, (X.toarray()[:, :75].sum(1) > 1.8).astype(int), rng.random(400) + 0.5


@QUIET
@each_kind
@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_fits_are_those_of_dense_rows(
    kind: Any, settings: dict[str, Any], table: tuple[Any, Array, Array]
) -> None:
    X, y, weight = table
    given = {"random_state": 0, "max_iter": 6} | settings
    ours, dense = (kind(**given).fit(each, y, weight) for each in (X, X.toarray()))
    assert ours.n_iter_ == dense.n_iter_
    rtol = 1e-6 if "lbfgs" in given.values() else 1e-9  # a search goes on from its roundings
    np.testing.assert_allclose(ours.loss_, dense.loss_, rtol=rtol)
    for name in ("loss_curve_", "validation_scores_"):
        if getattr(dense, name, None) is not None:
            np.testing.assert_allclose(getattr(ours, name), getattr(dense, name), rtol=rtol)
    for a, b in zip(ours.coefs_, dense.coefs_, strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-4 if rtol > 1e-9 else 1e-9)
    method = "predict_proba" if hasattr(dense, "predict_proba") else "predict"
    for model in (ours, dense):
        found, expected = (getattr(model, method)(each) for each in (X, X.toarray()))
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-15)


@each_kind
def test_parts_are_taken_in_turns_sparse_and_dense(
    kind: Any, table: tuple[Any, Array, Array]
) -> None:
    X, y, _ = table
    mixed, dense = kind(random_state=0), kind(random_state=0)
    for model, parts in ((mixed, (X, X.toarray(), X)), (dense, (X.toarray(),) * 3)):
        for part in parts:
            model.partial_fit(part, y, **({"classes": [0, 1]} if kind is jn.MLPClassifier else {}))
    np.testing.assert_allclose(mixed.loss_curve_, dense.loss_curve_, rtol=1e-9)
    np.testing.assert_allclose(mixed.coefs_[0], dense.coefs_[0], rtol=0, atol=1e-9)


@QUIET
def test_class_weights_and_given_validation_sets_work_as_for_dense_rows(
    table: tuple[Any, Array, Array],
) -> None:
    X, y, _ = table
    curves = []
    for each in (X, X.toarray()):
        model = jn.MLPClassifier(class_weight="balanced", random_state=0, max_iter=4)
        model.fit(each[:300], y[:300], X_val=each[300:], y_val=y[300:])
        curves.append(model.validation_loss_curve_)
    np.testing.assert_allclose(curves[0], curves[1], rtol=1e-9)


@QUIET
def test_no_rows_are_made_dense(
    table: tuple[Any, Array, Array], monkeypatch: pytest.MonkeyPatch
) -> None:
    X, y, _ = table

    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("rows are made dense")

    for name in ("toarray", "todense"):
        monkeypatch.setattr(scipy.sparse.csr_matrix, name, refuse)
    matrix = scipy.sparse.csr_matrix(X)
    for settings in SETTINGS.values():
        jn.MLPClassifier(**{"max_iter": 2} | settings).fit(matrix, y).predict(matrix)


@pytest.mark.parametrize("dense", [False, True], ids=["sparse", "dense"])
def test_a_diverged_fit_leaves_the_estimator_as_it_was(
    dense: bool, table: tuple[Any, Array, Array]
) -> None:
    X, y = table[0].toarray() if dense else table[0], table[1].astype(float)
    model = jn.MLPRegressor(random_state=0, max_iter=3, tol=0, n_iter_no_change=1000)
    with pytest.warns(match="reached"):
        model.fit(X, y)
    before, curve = [array.copy() for array in model.coefs_], list(model.loss_curve_)
    expected = model.predict(X)
    model.set_params(solver="sgd", learning_rate_init=1e30)
    calls: tuple[Any, ...] = (lambda: model.fit(X, y), lambda: model.partial_fit(X, y * 1e300))
    for call in calls:
        with pytest.raises(ValueError, match="non-finite"):
            call()
        np.testing.assert_array_equal(model.predict(X), expected)
        assert model.loss_curve_ == curve
        for array, kept in zip(model.coefs_, before, strict=True):
            np.testing.assert_array_equal(array, kept)
