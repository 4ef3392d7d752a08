"""Examples as the engine takes them, dense or sparse."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import scipy.sparse

from jitnet.arrays import Array
from jitnet.engine import Engine
from jitnet.steps.state import Data
from jitnet.validation import check_total

DENSE_BYTES = 64 << 20
"""Bytes that rows of a sparse matrix may take while they are dense."""


def dense_rows(X: Any, rows: Array | slice) -> Array:
    """Some rows of a sparse matrix."""
    dense: Array = X[rows].toarray()
    return dense


def rows_at_once(X: Any, least: int) -> int:
    """Rows of a sparse matrix to make dense together: the multiple of ``least`` that fits."""
    fitting = int(DENSE_BYTES // (max(1, X.shape[1]) * 8))
    return max(least, fitting // least * least)


@dataclass
class Examples:
    """Examples with their targets and weights, and which of them take part.

    Parameters
    ----------
    X : ndarray or CSR matrix of shape (n_samples, n_features)
        Inputs.
    targets : ndarray of shape (n_samples, n_outputs), or (n_samples, 1) of class labels
        Targets.
    labels : bool
        Whether the targets are class labels.
    weights : ndarray of shape (n_samples,) or None
        Weights.
    rows : ndarray of int
        Those that take part.
    offsets : ndarray of shape (n_samples,) or None
        What the reported loss adds to that of each example.
    """

    X: Any
    targets: Array
    labels: bool
    weights: Array | None
    rows: Array
    offsets: Array | None = None

    @property
    def is_sparse(self) -> bool:
        """Whether X is a sparse matrix."""
        return bool(scipy.sparse.issparse(self.X))

    def part(self, rows: Array) -> Examples:
        """The same examples, of which others take part."""
        return replace(self, rows=rows)

    def counting_targets(self) -> Array:
        """The targets of those that take part and have a weight."""
        rows = self.rows if self.weights is None else self.rows[self.weights[self.rows] != 0]
        return self.targets[rows]

    def check_weights(self, engine: Engine, name: str) -> None:
        """Refuse weights of those that take part whose sum cannot be divided by."""
        if self.weights is not None:
            check_total(self.weights[self.rows], engine.dtype, name)

    def data(self, engine: Engine, order: Array, examples: int) -> Data:
        """Dense examples in an order, ``examples`` of them an epoch."""
        data = engine.data(
            self.X,
            self._typed(self.targets, engine),
            self.labels,
            self._weights(engine),
            uniform=self.weights is None,
            rows=order,
        )
        return data._replace(examples=examples)

    def pieces(self, engine: Engine, order: Array, least: int) -> Iterator[tuple[Data, int]]:
        """The examples in an order; where X is sparse, in pieces of some times ``least`` rows."""
        if not self.is_sparse:
            yield self.data(engine, order, len(order)), len(order)
            return
        step = rows_at_once(self.X, least)
        for start in range(0, len(order), step):
            rows = order[start : start + step]
            weights = None if self.weights is None else self.weights[rows]
            X = dense_rows(self.X, rows)
            piece = Examples(X, self.targets[rows], self.labels, weights, np.arange(len(rows)))
            yield piece.data(engine, piece.rows, len(rows)), len(rows)

    def inputs(self, least: int) -> Iterator[Array]:
        """The inputs of those that take part, dense; where X is sparse, some rows at a time."""
        if not self.is_sparse:
            yield self.X[self.rows]
            return
        step = rows_at_once(self.X, least)
        for start in range(0, len(self.rows), step):
            yield dense_rows(self.X, self.rows[start : start + step])

    def offset(self, order: Array, batch: int) -> float:
        """What the offsets add to an epoch's reported loss: their mean over its batches."""
        if self.offsets is None:
            return 0.0
        weights = np.ones(len(self.offsets)) if self.weights is None else self.weights
        starts = np.arange(0, len(order), batch)
        totals = np.add.reduceat(weights[order] * self.offsets[order], starts)
        sizes = np.diff(starts, append=len(order))
        return float(totals / np.add.reduceat(weights[order], starts) @ sizes) / len(order)

    def _typed(self, array: Array, engine: Engine) -> Array:
        return np.ascontiguousarray(array, engine.dtype)

    def _weights(self, engine: Engine) -> Array:
        if self.weights is None:
            return np.ones(len(self.targets), engine.dtype)
        return self._typed(self.weights, engine)
