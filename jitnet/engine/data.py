"""Examples as the compiled loop reads them: where they lie, and how they are laid out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from jitnet.arrays import Array
from jitnet.engine.steps import span as s
from jitnet.engine.steps.state import Data
from jitnet.kernels.panels import SOURCES
from jitnet.sparse import SparseRows

if TYPE_CHECKING:
    from jitnet.engine.engine import Engine

NO_LABELS, NO_INDPTR = np.zeros(0, np.int32), np.zeros(0, np.int64)


def data_of(
    engine: Engine,
    X: Array | SparseRows,
    targets: Array,
    labels: bool,
    weights: Array,
    uniform: bool,
    rows: Array | None,
) -> Data:
    """Examples as the compiled loop reads them; X stays where and as it is (see `Engine.data`)."""
    order = np.arange(len(X)) if rows is None else rows
    inputs = _sparse_inputs(engine, X) if isinstance(X, SparseRows) else _dense_inputs(engine, X)
    return Data(
        **inputs,
        targets=np.require(targets, requirements=["C", "A", "W"]),
        labels=_labels(engine, targets) if labels else NO_LABELS,
        weights=np.require(weights, requirements=["C", "A", "W"]),
        uniform=uniform,
        examples=len(order),
        order=order,
    )


def _dense_inputs(engine: Engine, X: Array) -> dict[str, Any]:
    """The parts of `Data` that say where X lies."""
    owner = X[:0, 0].view(np.uint8)
    owner.flags.writeable = False
    return {
        "address": X.ctypes.data,
        "row_step": X.strides[0],
        "column_step": X.strides[1],
        "source": SOURCES.index(X.dtype),
        "owner": owner,
        "multiplications": engine.all_multiplications,
        "by_twin": False,
        "indptr": NO_INDPTR,
        "indices": NO_LABELS,
        "numbers": np.zeros(0, engine.dtype),
    }


def _sparse_inputs(engine: Engine, X: SparseRows) -> dict[str, Any]:
    """The same parts for sparse rows; by its twin, a node multiplies their numbers alone."""
    nodes = engine.nodes
    numbers = np.require(X.numbers, engine.dtype, ["C", "A", "W"])
    by_twin = X.is_mostly_zeros and nodes.reader.sparse is not None
    left_out = engine.n_features - len(numbers) / len(X) if by_twin else 0.0
    products = engine.all_multiplications - int(left_out * nodes.units(nodes.first + 1))
    return _dense_inputs(engine, numbers[:, np.newaxis]) | {
        "multiplications": max(1, products),
        "by_twin": by_twin,
        "indptr": X.indptr,
        "indices": X.indices,
        "numbers": numbers,
    }


def _labels(engine: Engine, targets: Array) -> Array:
    """Class labels as a copy that nobody else can change: they are places in memory."""
    labels = targets[:, 0].astype(np.int32)
    if labels.min() < 0 or labels.max() >= engine.n_outputs:
        raise ValueError(f"labels must be from 0 to {engine.n_outputs - 1}, they were changed")
    return labels


def words_of(data: Data) -> Array:
    """The words of a span that say where the data lie."""
    words = np.zeros(len(s.WORDS), np.int64)
    words[s.ADDRESS], words[s.ROW_STEP] = data.address, data.row_step
    words[s.COLUMN_STEP] = data.column_step
    for place, array in (
        (s.ORDER, data.order),
        (s.TARGETS, data.targets),
        (s.LABELS, data.labels),
        (s.SAMPLE_WEIGHTS, data.weights),
        (s.INDPTR, data.indptr),
        (s.INDICES, data.indices),
        (s.NUMBERS, data.numbers),
    ):
        words[place], words[place + 1] = array.ctypes.data, array.size
    return words
