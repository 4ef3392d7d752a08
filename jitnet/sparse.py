"""Rows of a sparse matrix (CSR), recognised by their attributes, as the kernels read them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from jitnet.arrays import Array

MOSTLY = 8
"""How many times as many elements as numbers are mostly zeros. At 1,000 columns and 100 units an
epoch with 8 % of the numbers there took half of the time of dense rows, with 25 % twice."""


@dataclass(frozen=True)
class SparseRows:
    """Rows of which only the numbers that are there are kept.

    Indices and where rows begin are copies, as they are places in memory: nobody else can change
    them once they are checked.

    Parameters
    ----------
    indptr : ndarray of shape (n_samples + 1,) of int64
        Where each row begins in the others, and where the last one ends.
    indices : ndarray of int32
        The columns, ascending in each row; the numbers of one that comes twice are added up.
    numbers : ndarray
        The numbers.
    n_features : int
        Columns.
    taking_part : ndarray of int, optional
        The rows that are trained on or predicted for; all by default.
    """

    indptr: Array
    indices: Array
    numbers: Array
    n_features: int
    taking_part: Array | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """Examples and features."""
        return len(self), self.n_features

    @property
    def numbers_of_row(self) -> float:
        """The numbers of a row, on average over those that take part."""
        rows = self.taking_part
        if rows is None:
            return len(self.numbers) / len(self)
        return int((self.indptr[rows + 1] - self.indptr[rows]).sum()) / len(rows)

    @property
    def is_mostly_zeros(self) -> bool:
        """Whether it pays to multiply its numbers one by one, rather than whole rows by tiles."""
        return self.numbers_of_row * MOSTLY <= self.n_features

    @property
    def dtype(self) -> np.dtype[Any]:
        """The numbers' type."""
        return self.numbers.dtype

    def __len__(self) -> int:
        """Examples."""
        return len(self.indptr) - 1

    def astype(self, dtype: Any) -> SparseRows:
        """The rows with their numbers in a type; what is too small for it becomes zero."""
        with np.errstate(under="ignore"):
            return replace(self, numbers=self.numbers.astype(dtype, copy=False))

    def taking(self, rows: Array) -> SparseRows:
        """The same arrays, of which some rows take part."""
        return replace(self, taking_part=rows)

    def __getitem__(self, rows: Array) -> SparseRows:
        """Some rows, by their numbers."""
        starts, counts = self.indptr[rows], np.diff(self.indptr)[rows]
        indptr = np.concatenate([[0], np.cumsum(counts)])
        places = np.arange(indptr[-1]) + np.repeat(starts - indptr[:-1], counts)
        return SparseRows(indptr, self.indices[places], self.numbers[places], self.n_features)


def is_sparse(X: Any) -> bool:
    """Whether an object looks like a sparse matrix that can be had by rows."""
    return hasattr(X, "toarray") and hasattr(X, "tocsr")


def check_sparse(X: Any, name: str) -> None:
    """Refuse a sparse matrix that leads out of its arrays: SciPy's compiled code would follow it.

    Whatever is no such matrix is none of its business.

    Raises
    ------
    ValueError
        If its arrays are none of a matrix of its shape.
    """
    kind = getattr(X, "format", None)
    if not is_sparse(X) or not isinstance(kind, str):
        return
    what = f"{name} is no {kind.upper()} matrix"
    if kind in ("csr", "csc"):
        shape = X.shape if kind == "csr" else X.shape[::-1]
        _check_compressed(X.indptr, X.indices, X.data, shape, what)
    elif kind == "coo":
        for indices, size in zip((X.row, X.col), X.shape, strict=True):
            _check_indices(np.asarray(indices), size, what)
    elif hasattr(X, "check_format"):
        try:
            X.check_format(full_check=True)
        except ValueError as error:
            raise ValueError(f"{what} of the shape {X.shape}: {error}") from error


def _check_compressed(indptr: Any, indices: Any, numbers: Any, shape: Any, what: str) -> None:
    """Refuse what is none of the arrays of a matrix that is compressed along its first axis."""
    indptr, indices, numbers = np.asarray(indptr), np.asarray(indices), np.asarray(numbers)
    count, size = shape
    if indptr.shape != (count + 1,) or indices.ndim != 1 or numbers.ndim != 1:
        raise ValueError(f"{what} of the shape {shape}: see its indptr")
    if indptr.dtype.kind not in "iu" or indices.dtype.kind not in "iu":
        raise ValueError(f"{what}: its indices must be whole numbers")
    end = int(indptr[-1])
    if indptr[0] != 0 or (indptr[1:] < indptr[:-1]).any() or end > min(len(indices), len(numbers)):
        raise ValueError(f"{what}: its indptr must ascend from 0 to its numbers")
    _check_indices(indices[:end], size, what)


def _check_indices(indices: Array, size: int, what: str) -> None:
    if len(indices) and not (indices.min() >= 0 and indices.max() < size):
        raise ValueError(f"{what}: its indices must be from 0 to {size - 1}")


def sparse_rows(X: Any, name: str) -> SparseRows:
    """The rows of a sparse matrix of two axes, once they are known to be what they say.

    Raises
    ------
    ValueError
        If they are none of a matrix of its shape.
    """
    check_sparse(X, name)
    rows = X if getattr(X, "format", "") == "csr" else X.tocsr()
    numbers, indices, indptr = np.asarray(rows.data), np.array(rows.indices), np.array(rows.indptr)
    what = f"{name} is no CSR matrix"
    _check_compressed(indptr, indices, numbers, rows.shape, what)  # nobody changes the copies
    size = int(indptr[-1])
    typed = indices[:size].astype(np.int32, copy=False)
    return _sorted(SparseRows(indptr.astype(np.int64), typed, numbers[:size], rows.shape[1]))


def _sorted(rows: SparseRows) -> SparseRows:
    """Rows whose indices ascend."""
    ascends = rows.indices[1:] >= rows.indices[:-1]
    starts = rows.indptr[1:-1]
    ascends[starts[(starts > 0) & (starts < len(rows.indices))] - 1] = True
    if ascends.all():
        return rows
    owners = np.repeat(np.arange(len(rows)), np.diff(rows.indptr))
    order = np.lexsort((rows.indices, owners))
    return SparseRows(rows.indptr, rows.indices[order], rows.numbers[order], rows.n_features)
