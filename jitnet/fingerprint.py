"""A fingerprint of a fit's data, by which a checkpoint knows them again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np

from jitnet.arrays import Array
from jitnet.engine.data import Rows
from jitnet.several import Several
from jitnet.sparse import SparseRows
from jitnet.validation import Examples

WHOLE_BYTES = 1 << 30
"""Bytes of an array up to which all of them count; of a longer one rows at equal distances do."""
ROWS_AT_ONCE = 1 << 12


def fingerprint(parts: Iterable[Examples | None]) -> str:
    """A digest of examples: of the numbers, their types and shapes, the order, and the weights."""
    digest = hashlib.blake2b(digest_size=16)
    for examples in parts:
        for array in _arrays(examples):
            digest.update(f"{array.dtype.str}{array.shape}".encode())
            step = -(-array.nbytes // WHOLE_BYTES) or 1
            for first in range(0, len(array), ROWS_AT_ONCE * step):
                rows = array[first : first + ROWS_AT_ONCE * step : step]
                digest.update(np.ascontiguousarray(rows).view(np.uint8).data)
    return digest.hexdigest()


def _arrays(examples: Examples | None) -> list[Array]:
    if examples is None:
        return []
    return [*arrays_of(examples.rows), examples.targets, examples.weights]


def arrays_of(rows: Rows) -> list[Array]:
    """The arrays that inputs are made of."""
    if isinstance(rows, SparseRows):
        return [rows.indptr, rows.indices, rows.numbers]
    if isinstance(rows, Several):
        return [*rows.arrays, *(lengths for lengths in rows.lengths if lengths is not None)]
    return [rows]
