"""Frames and series of other libraries as arrays of numbers.

NumPy makes an array of each, but of objects where columns are of several types or booleans are
missing. So columns are read one by one, and what is missing is a NaN.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal, InvalidOperation
from numbers import Real
from typing import Any

import numpy as np

from jitnet.arrays import Array
from jitnet.quoting import shortened

NUMBERS = "biuf"
"""NumPy's letters for the kinds of types that are real numbers."""

PLAIN = (bool, np.bool_, Real, Decimal)
"""Types of objects that are numbers."""


@contextmanager
def in_range(name: str) -> Iterator[None]:
    """Refuse objects whose numbers no floating-point type holds, where they are converted within.

    Whole numbers of hundreds of digits are such, and the decimal module's signalling NaN.
    """
    try:
        yield
    except (OverflowError, InvalidOperation) as error:
        raise ValueError(
            f"{name} must hold numbers that fit into float64: {shortened(str(error))}"
        ) from error


def as_array(values: Any) -> Array:
    """A frame's columns side by side, a series, or whatever else NumPy makes an array of."""
    if isinstance(values, np.ndarray):
        return np.asarray(values) if values.dtype != object else _read(values)  # of no subclass
    columns = _columns(values)
    if columns is None:
        return _read(values)
    arrays = [_read(column) for column in columns]
    for array in arrays:
        if array.dtype.kind not in NUMBERS:
            return array  # its type is what is to be said of the frame
    return np.column_stack(arrays)


def _columns(values: Any) -> list[Any] | None:
    """The columns of a frame of pandas', Polars' or Arrow's kind, where they are several types."""
    if len(getattr(values, "shape", ())) != 2:
        return None
    if hasattr(values, "itercolumns"):
        columns, types = list(values.itercolumns()), values.schema.types
    elif hasattr(values, "iter_columns"):
        columns, types = list(values.iter_columns()), values.dtypes
    elif hasattr(values, "items"):
        columns, types = [column for _, column in values.items()], values.dtypes
    else:
        return None
    plain = all(isinstance(kind, np.dtype) and kind.kind in NUMBERS for kind in types)
    return None if plain and len(set(types)) == 1 else columns


def _read(column: Any) -> Array:
    """An array, of numbers where a column's objects are such or are missing."""
    array = np.asarray(column)
    if array.dtype != object or not hasattr(column, "__array__"):
        return array
    if hasattr(column, "isna"):  # pandas has missing values of several kinds
        array = column.to_numpy(dtype=object, na_value=None)
    kinds = set(map(type, array.ravel())) - {type(None)}
    if not all(issubclass(kind, PLAIN) for kind in kinds):
        return array
    return array.astype(np.float64)  # None becomes NaN
