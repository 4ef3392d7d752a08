"""Examples as the engine takes them: inputs, targets, weights, and which of them take part."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from jitnet.arrays import Array
from jitnet.engine import Engine
from jitnet.engine.steps.state import Data
from jitnet.sparse import SparseRows
from jitnet.validation import check_total


@dataclass
class Examples:
    """Examples with their targets and weights, and which of them take part.

    Parameters
    ----------
    X : ndarray or SparseRows of shape (n_samples, n_features)
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

    X: Array | SparseRows
    targets: Array
    labels: bool
    weights: Array | None
    rows: Array
    offsets: Array | None = None

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
        """The examples in an order, ``examples`` of them an epoch."""
        data = engine.data(
            self.X,
            self._typed(self.targets, engine),
            self.labels,
            self._weights(engine),
            uniform=self.weights is None,
            rows=order,
        )
        return data._replace(examples=examples)

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
