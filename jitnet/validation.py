"""What a user gives, checked once and before any kernel: shapes, types and finite numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from jitnet.kernels.panels import SOURCES
from jitnet.layers import Dense
from jitnet.losses.table import LOSSES
from jitnet.memory import Array

NUMBERS = "biuf"
"""NumPy's letters for the kinds of types that are real numbers."""

CHUNK_ELEMENTS = 1 << 20
"""Elements that are looked at together, so that a file on disk never has to fit into memory."""


def check_inputs(X: ArrayLike, n_features: int | None, dtype: Any, *, name: str = "X") -> Array:
    """Examples as an array of a type that the kernels read, copied only to change its type.

    Any layout is left as it is: C or Fortran order, strides, read-only, memory-mapped.
    """
    array = _as_numbers(X, name)
    if array.ndim != 2:
        hint = "reshape(-1, 1) makes one feature of it, reshape(1, -1) one example"
        raise ValueError(
            f"{name} must have the shape (n_samples, n_features), got {array.shape}"
            + (f"; {hint}" if array.ndim == 1 else "")
        )
    if 0 in array.shape:
        raise ValueError(f"{name} must have examples and features, got the shape {array.shape}")
    if n_features is not None and array.shape[1] != n_features:
        raise ValueError(f"{name} must have {n_features} features, got {array.shape[1]}")
    _check_finite(array, dtype, name)
    return array if array.dtype in SOURCES else _converted(array)


def check_targets(
    y: ArrayLike, n_samples: int, n_outputs: int, loss: str, dtype: Any, *, name: str = "y"
) -> tuple[Array, bool]:
    """Targets (n_samples, n_outputs) in the model's type, or (n_samples, 1) of class labels.

    Returns the array and whether it holds labels.
    """
    array = _as_numbers(y, name)
    if array.shape[:1] != (n_samples,):
        raise ValueError(
            f"{name} must have a target for each of the {n_samples} examples, got the shape "
            f"{array.shape}"
        )
    if array.ndim == 1:
        array = array[:, np.newaxis]
    labels = loss == "softmax_crossentropy" and array.ndim == 2 and array.shape[1] == 1
    if array.ndim != 2 or not (labels or array.shape[1] == n_outputs):
        classes = " or (n_samples,) of labels" if loss == "softmax_crossentropy" else ""
        raise ValueError(
            f"{name} must have the shape (n_samples, {n_outputs}){classes}, as the last layer has "
            f"{n_outputs} units; got {np.shape(y)}"
        )
    _check_finite(array, dtype, name)
    _check_range(array, n_outputs, loss, labels, name)
    return _cast(array, dtype), labels


def check_weights(sample_weight: ArrayLike | None, n_samples: int, dtype: Any) -> Array:
    """Weights (n_samples,) in the model's type; ones where none are given."""
    if sample_weight is None:
        return np.ones(n_samples, dtype)
    weights = _as_numbers(sample_weight, "sample_weight")
    if weights.shape != (n_samples,):
        raise ValueError(f"sample_weight must have the shape ({n_samples},), got {weights.shape}")
    _check_finite(weights, dtype, "sample_weight")
    if weights.min() < 0:
        raise ValueError(f"sample_weight must not be negative, got {weights.min()}")
    check_total(weights, dtype, "sample_weight")
    return _cast(weights, dtype)


def check_total(weights: Array, dtype: Any, name: str) -> None:
    """Refuse weights by whose sum nothing can be divided: it is taken in the model's type."""
    with np.errstate(over="ignore"):
        total = _cast(weights, dtype).sum()
    if total == 0 or not np.isfinite(total):
        raise ValueError(f"{name} must have a positive, finite sum, got {total}")


def check_parameters(
    weights: Any, layers: Sequence[Dense], n_features: int | None, dtype: Any
) -> list[Array]:
    """Weights and biases as arrays of the model's type, of the shapes that the layers have.

    Where ``n_features`` is not known yet, W1 says it.
    """
    if not isinstance(weights, Sequence):
        kind = type(weights).__name__
        raise TypeError(f"weights must be a list of arrays [W1, b1, …], got a {kind}")
    names = [f"weights[{place}]" for place in range(len(weights))]
    arrays = [_as_numbers(array, name) for array, name in zip(weights, names, strict=True)]
    if n_features is None:
        if not arrays or arrays[0].ndim != 2 or not arrays[0].size:
            raise ValueError("weights must begin with W1 of the shape (n_features, units)")
        n_features = len(arrays[0])
    expected: list[tuple[int, ...]] = []
    n_in = n_features
    for layer in layers:
        expected += [(n_in, layer.units)] + [(layer.units,)] * layer.bias
        n_in = layer.units
    given = [array.shape for array in arrays]
    if given != expected:
        raise ValueError(f"weights must have the shapes {expected}, got {given}")
    for array, name in zip(arrays, names, strict=True):
        _check_finite(array, dtype, name)
    return [_cast(array, dtype) for array in arrays]


def to_floats(array: Array, name: str) -> Array:
    """Numbers of any type as float32 or float64: what is reckoned of them needs their room."""
    _check_kind(array, name)
    if array.dtype in (np.float32, np.float64):
        return array
    _check_finite(array, np.dtype(np.float64), name)
    return _cast(array, np.float64)


def _check_kind(array: Array, name: str) -> None:
    if array.dtype.kind not in NUMBERS:
        raise TypeError(
            f"{name} must hold real numbers, got the type {array.dtype}; convert it first, for "
            "instance with np.asarray(…, dtype=np.float32)"
        )


def _as_numbers(values: ArrayLike, name: str) -> Array:
    if hasattr(values, "toarray"):
        raise TypeError(f"{name} must not be a sparse matrix; pass what its toarray() returns")
    if np.ma.is_masked(values):
        raise ValueError(
            f"{name} must not have masked values; leave such rows out, or fill them with filled()"
        )
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise ValueError(
            f"{name} must be an array, or lists of numbers of one length: {error}"
        ) from error
    _check_kind(array, name)
    return array


def _converted(array: Array) -> Array:
    """The array in a type that the kernels read and that loses nothing they could keep."""
    if array.dtype == np.bool_:
        return array.view(np.uint8)
    if array.dtype.kind in "iu":
        return array.astype(np.float64 if array.dtype.itemsize > 2 else np.float32)
    return _cast(array, np.float32 if array.dtype.itemsize <= 4 else np.float64)


def _cast(array: Array, dtype: Any) -> Array:
    """The array in a type, contiguous; what is too small for it becomes zero."""
    with np.errstate(over="ignore", under="ignore"):
        return np.ascontiguousarray(array, dtype)


def _check_finite(array: Array, dtype: Any, name: str) -> None:
    """Refuse what is not finite in the model's type, chunk by chunk along the longer stride."""
    if array.dtype.kind != "f":
        return
    rows = array.T if array.ndim == 2 and abs(array.strides[0]) < abs(array.strides[1]) else array
    step = max(1, CHUNK_ELEMENTS // max(1, rows[0].size))
    narrower = array.dtype.itemsize > np.dtype(dtype).itemsize
    for start in range(0, len(rows), step):
        chunk = rows[start : start + step]
        finite = np.isfinite(_cast(chunk, dtype) if narrower else chunk)
        if not finite.all():
            bad = chunk[~finite][0]
            if np.isfinite(bad):
                raise ValueError(f"{name} must fit into {dtype}, but contains {bad}; scale it down")
            raise ValueError(
                f"{name} must be finite, but contains {bad}; leave it out or fill it in, for "
                "instance with np.nan_to_num"
            )


def _check_range(array: Array, n_outputs: int, loss: str, labels: bool, name: str) -> None:
    if labels:
        if array.dtype.kind == "f" and (array != np.rint(array)).any():
            raise ValueError(f"{name} must hold whole class labels, got {array.dtype} fractions")
        low, high = array.min(), array.max()
        if low < 0 or high >= n_outputs:
            raise ValueError(
                f"{name} must hold class labels from 0 to {n_outputs - 1}, as the last layer has "
                f"{n_outputs} units; got {low} to {high}"
            )
        return
    if LOSSES[loss].classifies and (array.min() < 0 or array.max() > 1):
        raise ValueError(
            f"{name} must lie between 0 and 1 for {loss}, got {array.min()} to {array.max()}"
        )
    if loss == "softmax_crossentropy":
        sums = array.sum(axis=1, dtype=np.float64)
        if (abs(sums - 1.0) > 1e-3).any():
            raise ValueError(
                f"each row of {name} must sum to 1 for softmax_crossentropy, got sums from "
                f"{sums.min():g} to {sums.max():g}"
            )
    if loss == "poisson" and array.min() < 0:
        raise ValueError(f"{name} must not be negative for poisson, got {array.min()}")
