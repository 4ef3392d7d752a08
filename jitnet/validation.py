"""What a user gives, checked once and before any kernel: shapes, types and finite numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from jitnet.arrays import Array
from jitnet.engine.nodes import Nodes
from jitnet.frames import NUMBERS, as_array, in_range
from jitnet.hints import as_numbers
from jitnet.kernels.panels import SOURCES
from jitnet.layers.layer import Shape
from jitnet.losses.table import LOSSES
from jitnet.optimizers import Optimizer
from jitnet.quoting import quoted, shortened
from jitnet.shapes import example_shape, is_alike, rows_of, takes
from jitnet.sparse import SparseRows, is_sparse, sparse_rows

TEXT = "UST"
"""NumPy's letters for the kinds of types that are text."""

FILL = " or fill in its column's median, as scikit-learn's SimpleImputer(strategy='median') does"
"""What to do about a number that is missing in a table."""

CHUNK_ELEMENTS = 1 << 20
"""Elements that are looked at together, so that a file on disk never has to fit into memory."""

FEW_ELEMENTS = 1 << 12
"""Elements whose sum of squares is looked at before they are: where that is finite, so are all of
them. A check of 784 numbers takes 0.9 µs so, and 2.2 otherwise."""


RowsOfCount = Callable[[int], slice]
"""Some rows of so many; ``slice`` itself is all of them."""


class Inputs(NamedTuple):
    """Examples as rows that the kernels read, and the shape of one, as the model knows it."""

    rows: Array | SparseRows
    shape: Shape
    given: Shape
    """The shape of the array that the rows are made of."""


def check_inputs(
    X: ArrayLike,
    shape: Shape | None,
    dtype: Any,
    *,
    name: str = "X",
    looked_at: RowsOfCount = slice,
) -> Inputs:
    """Examples, of a shape if it is known, as rows of a type that the kernels read.

    They are copied only to change their type, or where the numbers of an example do not lie at one
    stride. Any other layout is left as it is: C or Fortran order, strides, read-only,
    memory-mapped. Sparse matrices become `SparseRows`. Of so many rows those ``looked_at``, by
    default all, are read, and must be finite.
    """
    array: Any = X if is_sparse(X) else as_numbers_of(X, name)
    own = example_shape(array.shape, shape, name)
    if is_sparse(array):
        return Inputs(_checked_rows(array, dtype, name), own, array.shape)
    rows = rows_of(array)
    check_fits(rows[looked_at(len(rows))], dtype, name, FILL if array.ndim == 2 else "")
    return Inputs(rows if rows.dtype in SOURCES else _converted(rows), own, array.shape)


def _checked_rows(X: Any, dtype: Any, name: str) -> SparseRows:
    """The rows of a sparse matrix, whose numbers are finite in the model's type."""
    _check_kind(X, name)
    rows = sparse_rows(X, name)
    check_fits(rows.numbers, dtype, name, FILL)
    return rows.astype(dtype)


def check_targets(
    y: ArrayLike, n_samples: int, output: Shape, loss: str, dtype: Any, *, name: str = "y"
) -> tuple[Array, bool]:
    """Targets (n_samples, n_outputs) in the model's type, or (n_samples, 1) of class labels.

    They are given in the shape of the output, or as rows. Returns the array and whether it holds
    labels.
    """
    array, n_outputs, last = as_numbers_of(y, name), math.prod(output), output[-1]
    if array.shape[:1] != (n_samples,):
        raise ValueError(
            f"{name} must have a target for each of the {n_samples} examples, got the shape "
            f"{array.shape}"
        )
    if array.ndim == 1:
        array = array[:, np.newaxis]
    steps = output[:-1] or (1,)
    labels = LOSSES[loss].takes_labels and array.shape[1:] in (steps, (*steps, 1))
    if labels or (len(output) > 1 and is_alike(array.shape[1:], output)):
        array = rows_of(array)
    if array.ndim != 2 or not (labels or array.shape[1] == n_outputs):
        of_labels = ", ".join(map(str, ("n_samples", *output[:-1]))) + "," * (len(output) == 1)
        classes = f" or ({of_labels}) of labels" if LOSSES[loss].takes_labels else ""
        shape = ", ".join(map(str, ("n_samples", *output)))
        units = f"has {n_outputs} units" if len(output) == 1 else f"gives the shape {output}"
        raise ValueError(
            f"{name} must have the shape ({shape}){classes}, as the last layer {units}; got "
            f"{np.shape(y)}"
        )
    check_fits(array, dtype, name)
    _check_range(array if labels else array.reshape(-1, last), last, loss, labels, name)
    return _cast(array, dtype), labels


def check_weights(
    sample_weight: ArrayLike | None,
    n_samples: int,
    dtype: Any,
    *,
    times: int = 1,
    name: str = "sample_weight",
) -> Array:
    """Weights (n_samples,), or of time steps, in the model's type; ones where none are given."""
    if sample_weight is None:
        return np.ones(n_samples, dtype)
    weights = as_numbers_of(sample_weight, name)
    if weights.shape != (n_samples,) and (times == 1 or weights.shape != (n_samples, times)):
        steps = f" or ({n_samples}, {times}), one for each time step" if times > 1 else ""
        raise ValueError(f"{name} must have the shape ({n_samples},){steps}, got {weights.shape}")
    check_fits(weights, dtype, name)
    if weights.min() < 0:
        raise ValueError(f"{name} must not be negative, got {weights.min()}")
    check_total(weights, dtype, name)
    return _cast(weights, dtype)


def check_total(weights: Array, dtype: Any, name: str) -> None:
    """Refuse weights by whose sum nothing can be divided: it is taken in the model's type."""
    with np.errstate(over="ignore"):
        total = _cast(weights, dtype).sum()
    info = np.finfo(dtype)
    low, high = info.tiny / info.eps, info.max * info.eps  # room for what is divided
    if not low <= abs(total) <= high:
        raise ValueError(
            f"{name} must have a positive, finite sum, got {total}; in {np.dtype(dtype)} it may be "
            f"from {low:.0e} to {high:.0e}: divide them by their mean"
        )


def check_parameters(
    weights: Any, nodes_of: Callable[[Shape], Nodes], shape: Shape | None, dtype: Any
) -> list[Array]:
    """Weights and biases as arrays of the model's type, of the shapes that the layers have.

    Where the shape of an example is not known yet, it is the first array's first axis.
    """
    if not isinstance(weights, Sequence):
        kind = type(weights).__name__
        raise TypeError(f"weights must be a list of arrays [W1, b1, …], got a {kind}")
    names = [f"weights[{place}]" for place in range(len(weights))]
    arrays = [as_numbers_of(array, name) for array, name in zip(weights, names, strict=True)]
    if shape is None:
        if not arrays or not arrays[0].ndim or not arrays[0].size:
            raise ValueError("weights must begin with W1 of the shape (n_features, units)")
        shape = (len(arrays[0]),)
        if not takes(nodes_of, shape):
            raise ValueError(
                "weights do not say what shape the layers take; call build(shape) before"
            )
    parameters = [row.parameter for row in nodes_of(shape).parameters]
    expected = [parameter.shape for parameter in parameters]
    given = [array.shape for array in arrays]
    if given != expected:
        raise ValueError(f"weights must have the shapes {expected}, got {given}")
    for array, name, parameter in zip(arrays, names, parameters, strict=True):
        check_fits(array, dtype, name)
        if parameter.least is not None and array.min() < parameter.least:
            said = f"{parameter.name}, must be at least {parameter.least:g}"
            raise ValueError(f"{name}, {said}, but contains {array.min():g}")
    return [_cast(array, dtype) for array in arrays]


def check_epsilon(optimizer: Optimizer, dtype: np.dtype[Any]) -> None:
    """Refuse an ε that is zero in the model's type: it is there to keep a quotient finite."""
    epsilon = getattr(optimizer, "epsilon", 1.0)
    kept = _cast(np.asarray(epsilon), dtype)
    if not 0 < kept < np.inf:
        bounds = "above 0" if kept == 0 else "finite"
        raise ValueError(f"epsilon must be {bounds} in {dtype}, got {quoted(epsilon)}")


def check_kinds(values: Any, name: str) -> None:
    """Refuse what scikit-learn would convert though its type, or a column's, is none of numbers.

    Its perceptrons train on times and on text that reads as numbers, and raise these errors when
    they are to predict from them. Objects are looked at one by one where they are converted.
    """
    dtypes = getattr(values, "dtypes", None)
    if dtypes is None:
        dtypes = [getattr(values, "dtype", None)]
        if isinstance(values, list | tuple):
            with suppress(ValueError):  # lists of several lengths
                dtypes = [np.asarray(values).dtype]
    for dtype in dtypes if np.iterable(dtypes) else [dtypes]:
        kind = getattr(dtype, "kind", "m" if _is_temporal(dtype) else "O")
        if kind not in NUMBERS + "O" + "c":
            error = _not_numbers(name, dtype)
            raise ValueError(error) if kind in TEXT else error


def _is_temporal(dtype: Any) -> bool:
    """Whether Polars says so of a type."""
    return hasattr(dtype, "is_temporal") and bool(dtype.is_temporal())


def _not_numbers(name: str, dtype: Any) -> TypeError:
    return TypeError(f"{name} must hold real numbers, got the type {dtype}; {as_numbers(dtype)}")


def to_floats(array: Array, name: str) -> Array:
    """Numbers of any type as float32 or float64: what is reckoned of them needs their room."""
    _check_kind(array, name)
    if array.dtype in (np.float32, np.float64):
        return array
    check_fits(array, np.dtype(np.float64), name)
    return _cast(array, np.float64)


def _check_kind(array: Array, name: str) -> None:
    if array.dtype.kind not in NUMBERS:
        raise _not_numbers(name, array.dtype)


def as_numbers_of(values: ArrayLike, name: str) -> Array:
    """An array of numbers, of any shape."""
    if type(values) is np.ndarray and values.dtype.kind in NUMBERS:
        return values  # at once: a single row's prediction takes some microseconds
    if hasattr(values, "toarray"):
        raise TypeError(f"{name} must not be a sparse matrix; pass what its toarray() returns")
    if np.ma.is_masked(values):
        raise ValueError(
            f"{name} must not have masked values; leave such rows out, or fill them with filled()"
        )
    try:
        with in_range(name):
            array = as_array(values)
    except ValueError as error:
        raise ValueError(
            f"{name} must be an array, or lists of numbers of one length: {shortened(str(error))}"
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


def check_fits(array: Array, dtype: Any, name: str, fill: str = "") -> None:
    """Refuse what is not finite in the model's type, chunk by chunk along the longer stride.

    The error ends with what else to do than to leave it out.
    """
    if array.dtype.kind != "f" or not array.size:
        return
    narrower = array.dtype.itemsize > np.dtype(dtype).itemsize
    if array.size <= FEW_ELEMENTS and not narrower and math.isfinite(np.vdot(array, array)):
        return
    rows = array.T if array.ndim == 2 and abs(array.strides[0]) < abs(array.strides[1]) else array
    step = max(1, CHUNK_ELEMENTS // max(1, rows[0].size))
    for start in range(0, len(rows), step):
        chunk = rows[start : start + step]
        finite = np.isfinite(_cast(chunk, dtype) if narrower else chunk)
        if not finite.all():
            bad = chunk[~finite][0]
            if np.isfinite(bad):
                raise ValueError(f"{name} must fit into {dtype}, but contains {bad}; scale it down")
            raise ValueError(f"{name} must be finite, but contains {bad}; leave it out{fill}")


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
    least, most = LOSSES[loss].least, LOSSES[loss].most
    if most is not None and (array.min() < (least or 0.0) or array.max() > most):
        raise ValueError(
            f"{name} must lie between {least or 0:g} and {most:g} for {loss}, got {array.min()} "
            f"to {array.max()}"
        )
    if LOSSES[loss].takes_labels:
        sums = array.sum(axis=1, dtype=np.float64)
        if (abs(sums - 1.0) > 1e-3).any():
            raise ValueError(
                f"each row of {name} must sum to 1 for softmax_crossentropy, got sums from "
                f"{sums.min():g} to {sums.max():g}"
            )
    if least is not None and array.min() < least:
        raise ValueError(f"{name} must not be negative for {loss}, got {array.min()}")
