"""Examples as the compiled loop reads them: where they lie, and how they are laid out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from jitnet.arrays import Array
from jitnet.engine.order import ALL_ROWS
from jitnet.engine.steps import span as s
from jitnet.engine.steps.gather import ADDRESS, COLUMN_STEP, INPUT_WORDS, LENGTHS, ROW_STEP
from jitnet.engine.steps.state import Data
from jitnet.several import Several
from jitnet.sparse import SparseRows

if TYPE_CHECKING:
    from jitnet.engine.engine import Engine

Rows = Array | Several | SparseRows
"""Examples of all kinds of inputs, as rows."""

NO_LABELS, NO_INDPTR = np.zeros(0, np.int32), np.zeros(0, np.int64)


def data_of(
    engine: Engine,
    X: Rows,
    targets: Array,
    labels: bool,
    weights: Array,
    uniform: bool,
    rows: Array | None,
) -> Data:
    """Examples as the compiled loop reads them; X stays where and as it is (see `Engine.data`)."""
    order = np.arange(count_of(X)) if rows is None else rows.copy()  # shuffling writes it
    inputs = _sparse_inputs(engine, X) if isinstance(X, SparseRows) else _dense_inputs(engine, X)
    step_weights = np.require(weights, requirements=["C", "A", "W"])
    if step_weights.ndim > 1:
        weights = step_weights.sum(axis=1)
    return Data(
        **inputs,
        targets=np.require(targets, requirements=["C", "A", "W"]),
        labels=_labels(engine, targets) if labels else NO_LABELS,
        step_weights=step_weights.reshape(-1),
        weights=np.require(weights, requirements=["C", "A", "W"]),
        uniform=uniform,
        examples=len(order),
        order=order,
        rows=ALL_ROWS if rows is None else rows,
    )


def count_of(X: Rows) -> int:
    """Examples of all kinds of inputs."""
    return X.count if isinstance(X, Several) else len(X)


def _dense_inputs(engine: Engine, X: Array | Several) -> dict[str, Any]:
    """The parts of `Data` that say where X lies."""
    several = X if isinstance(X, Several) else Several((X,), (None,))
    words = np.zeros((len(several.arrays), INPUT_WORDS), np.int64)
    owners = []
    for row, array, lengths in zip(words, several.arrays, several.lengths, strict=True):
        owner = array[:0, 0].view(np.uint8)
        owner.flags.writeable = False
        owners.append(owner)
        row[ADDRESS] = array.ctypes.data
        row[ROW_STEP], row[COLUMN_STEP] = array.strides
        if lengths is not None:
            owners.append(lengths)
            row[LENGTHS] = lengths.ctypes.data
    return {
        "inputs": words,
        "sources": tuple(array.dtype for array in several.arrays),
        "owners": tuple(owners),
        "multiplications": engine.cost.multiplications,
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
    left_out = engine.n_features - X.numbers_of_row if by_twin else 0.0
    products = engine.cost.multiplications - int(left_out * nodes.n_out(nodes.first))
    return _dense_inputs(engine, numbers[:, np.newaxis]) | {
        "sources": (),
        "multiplications": max(1, products),
        "by_twin": by_twin,
        "indptr": X.indptr,
        "indices": X.indices,
        "numbers": numbers,
    }


def _labels(engine: Engine, targets: Array) -> Array:
    """Class labels as a copy that nobody else can change: they are places in memory."""
    labels = targets.reshape(-1).astype(np.int32)
    classes = engine.n_outputs // engine.nodes.times
    if labels.min() < 0 or labels.max() >= classes:
        raise ValueError(f"labels must be from 0 to {classes - 1}, they were changed")
    return labels


def words_of(data: Data) -> Array:
    """The words of a span that say where the data lie."""
    words = np.zeros(len(s.WORDS), np.int64)
    for place, array in (
        (s.INPUTS, data.inputs),
        (s.ORDER, data.order),
        (s.TARGETS, data.targets),
        (s.LABELS, data.labels),
        (s.SAMPLE_WEIGHTS, data.step_weights),
        (s.INDPTR, data.indptr),
        (s.INDICES, data.indices),
        (s.NUMBERS, data.numbers),
    ):
        words[place], words[place + 1] = array.ctypes.data, array.size
    return words
