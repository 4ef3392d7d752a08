"""X as it comes to an estimator, checked and scaled for its network."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse
from sklearn.utils.validation import validate_data

from jitnet.estimators.tabular import dtype_of, fit_scaler
from jitnet.frames import in_range
from jitnet.sparse import check_sparse, sparse_rows
from jitnet.validation import FILL, check_fits, check_kinds

SMALL_SIZE = 1 << 12
"""Elements of an input that needs no more than a look: scikit-learn's validation takes 100 µs, the
prediction of a row 25."""

TYPES: dict[str, Any] = {"accept_sparse": ["csr", "csc"], "dtype": (np.float64, np.float32)}
"""What scikit-learn's validation makes of X."""


def checked(estimator: Any, X: Any) -> Any:
    """X as scikit-learn's validation passes it; a small array needs no more than a look."""
    plain = (
        type(X) is np.ndarray
        and X.ndim == 2
        and X.dtype in (np.float32, np.float64)
        and X.shape[0] > 0
        and X.shape[1] == getattr(estimator, "n_features_in_", None)
        and not hasattr(estimator, "feature_names_in_")
    )
    if plain and X.size <= SMALL_SIZE and np.isfinite(X).all():
        return X
    check_kinds(X, "X")
    check_sparse(X, "X")
    with in_range("X"):
        return validate_data(estimator, X, reset=False, **TYPES)


def take_in(estimator: Any, X: Any, *, anew: bool) -> Any:
    """Inputs of the type to compute with, sparse ones by rows; the preset's are scaled."""
    if scipy.sparse.issparse(X):
        X = X.tocsr()
    if estimator.preset is not None and anew:
        estimator._scaler = fit_scaler(X, "X")
    elif anew:
        estimator._scaler = None
    if estimator._scaler is not None:
        if estimator._scaler.with_mean and scipy.sparse.issparse(X):  # zeros are moved
            X = X.toarray()
        X = estimator._scaler.transform(X)
    chosen = dtype_of(estimator)
    dtype = np.dtype(chosen or X.dtype) if anew else estimator._bound().design.dtype
    if estimator._scaler is not None or X.dtype.itemsize > dtype.itemsize:
        check_fits(X.data if scipy.sparse.issparse(X) else X, dtype, "X", FILL)
    X = X if chosen is None else X.astype(chosen, copy=False)
    return sparse_rows(X, "X") if scipy.sparse.issparse(X) else X
