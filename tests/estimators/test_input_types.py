"""What the estimators take as examples, targets and weights, at fit and at predict alike."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="the estimators are for scikit-learn")

import scipy.sparse
from sklearn import neural_network

import jitnet as jn
from input_types import DTYPES, NOT_NUMBERS, small_numbers

FEATURES = 4
ROWS = (1, 3, 1023, 1024, 1025, 20_000)
"""One, few, on both sides of 4,096 elements, and many."""
BITS = small_numbers((ROWS[-1], FEATURES))
FAST: dict[str, Any] = {
    "hidden_layer_sizes": (5,),
    "n_iter_no_change": 1,
    "tol": 10.0,
    "random_state": 0,
}
X, y = BITS[:200].astype(float), BITS[:200, 0] + 2.0 * BITS[:200, 1]
PRESETS = (None, "tabular")


@pytest.mark.parametrize("rows", ROWS)
@pytest.mark.parametrize("preset", PRESETS)
def test_predictions_are_of_the_numbers(preset: str | None, rows: int) -> None:
    classifier = jn.MLPClassifier(preset=preset, **FAST).fit(X, y)
    regressor = jn.MLPRegressor(preset=preset, **FAST).fit(X, y)
    methods = [
        classifier.predict,
        classifier.predict_proba,
        classifier.decision_function,
        regressor.predict,
    ]
    expected = [method(BITS[:rows].astype(float)) for method in methods]
    for dtype in DTYPES:
        for method, values in zip(methods, expected, strict=True):
            given = method(np.asarray(BITS[:rows], dtype))
            if preset and dtype == np.float32:  # it is scaled in its own type
                np.testing.assert_allclose(given, values, rtol=1e-5, atol=1e-6)
            else:
                np.testing.assert_array_equal(given, values)


@pytest.mark.parametrize("kind", [jn.MLPClassifier, jn.MLPRegressor])
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_a_fit_is_of_the_numbers(dtype: Any, kind: Any) -> None:
    bits, weights = BITS[:200, 0], BITS[:200, 3]
    plain = kind(dtype="float64", **FAST).fit(X, bits, weights)
    typed = [np.asarray(array, dtype) for array in (X, bits, weights)]
    model = kind(dtype="float64", **FAST).fit(*typed)
    assert model.loss_curve_ == plain.loss_curve_


@pytest.mark.parametrize("kind", ["MLPClassifier", "MLPRegressor"])
@pytest.mark.parametrize("what", NOT_NUMBERS)
def test_what_scikit_learn_does_not_predict_from_is_neither_fitted_nor_predicted(
    what: str, kind: str
) -> None:
    given = X.astype("q").astype(NOT_NUMBERS[what])
    theirs = getattr(neural_network, kind)(**FAST).fit(X, y)
    ours = getattr(jn, kind)(**FAST).fit(X, y)
    with pytest.raises((TypeError, ValueError)) as caught:
        theirs.predict(given)
    error = TypeError if isinstance(caught.value, TypeError) else ValueError
    for rows in (1, 200):
        with pytest.raises(error):
            ours.predict(given[:rows])
    with pytest.raises(error):
        getattr(jn, kind)(**FAST).fit(given, y)
    if what in ("text", "bytes"):
        with pytest.raises(error):
            getattr(jn, kind)(**FAST).fit(given.tolist(), y)
    with pytest.raises(error):
        ours.fit(X, y, X_val=given, y_val=y)


@pytest.mark.parametrize("what", NOT_NUMBERS)
def test_targets_that_are_no_numbers_raise_scikit_learns_kind_of_error(what: str) -> None:
    given = y.astype("q").astype(NOT_NUMBERS[what])
    with pytest.raises((TypeError, ValueError)) as caught:
        neural_network.MLPRegressor(**FAST).fit(X, given)
    error = TypeError if isinstance(caught.value, TypeError) else ValueError
    for preset in PRESETS:
        with pytest.raises(error):
            jn.MLPRegressor(preset=preset, **FAST).fit(X, given)


@pytest.mark.parametrize("what", ["times", "spans of time", "text", "bytes", "complex numbers"])
def test_weights_are_numbers(what: str) -> None:
    with pytest.raises((TypeError, ValueError)):
        jn.MLPRegressor(**FAST).fit(X, y, np.ones(200, "q").astype(NOT_NUMBERS[what]))


@pytest.mark.parametrize("what", ["times", "text"])
def test_classes_need_not_be_numbers(what: str) -> None:
    classes = y.astype("q").astype(NOT_NUMBERS[what])
    assert set(jn.MLPClassifier(**FAST).fit(X, classes).predict(X)) <= set(classes)


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_frames_of_times_are_refused(library: str) -> None:
    frames: Any = pytest.importorskip(library, reason=f"{library} is not installed")
    times = np.arange(200).astype("M8[ns]")
    for frame in (frames.DataFrame({"a": times}), frames.DataFrame({"a": times, "b": y})):
        with pytest.raises(TypeError, match=r"real number"):
            jn.MLPRegressor(**FAST).fit(frame, y)


@pytest.mark.filterwarnings("ignore:overflow encountered in cast")
@pytest.mark.parametrize("preset", PRESETS)
def test_numbers_too_large_for_the_type_are_refused(preset: str | None) -> None:
    single = jn.MLPRegressor(dtype="float32", preset=preset, **FAST)
    with pytest.raises(ValueError, match="y must fit into float32"):
        single.fit(X, y * 1e100)
    if preset is None:
        with pytest.raises(ValueError, match="X must fit into float32"):
            single.fit(X * 1e100, y)
    single.fit(X, y)
    for rows in (1, 200):
        with pytest.raises(ValueError, match="X must fit into float32"):
            single.predict(X[:rows] + 1e100)
    if preset is None:
        with pytest.raises(ValueError, match="X must fit into float32"):
            single.predict(scipy.sparse.csr_matrix(X + 1e100))
    with pytest.raises(ValueError, match=r"too large for dtype\('float64'\)"):
        jn.MLPRegressor(**FAST).fit(X + np.longdouble("1e400"), y)
    with pytest.raises(ValueError, match=r"must fit into float64|too large"):
        jn.MLPRegressor(**FAST).fit(X, y + np.longdouble("1e400"))


@pytest.mark.parametrize("kind", [jn.MLPClassifier, jn.MLPRegressor])
def test_numbers_too_small_for_the_type_are_refused(kind: Any) -> None:
    single = X.astype(np.float32)
    for early_stopping in (False, True):
        model = kind(early_stopping=early_stopping, **FAST)
        with pytest.raises(ValueError, match="must have a positive, finite sum, got 0"):
            model.fit(single, y, np.full(200, 1e-46))
        with pytest.raises(ValueError, match="must have a positive, finite sum, got inf"):
            model.fit(single, y, np.full(200, 1e38))
    with pytest.raises(ValueError, match="epsilon must be above 0 in float32"):
        kind(epsilon=1e-60, **FAST).fit(single, y)
