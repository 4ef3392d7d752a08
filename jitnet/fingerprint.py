"""A fingerprint of a fit's data, by which a checkpoint knows them again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

import numpy as np

from jitnet.arrays import Array
from jitnet.engine.data import Rows
from jitnet.examples import Examples
from jitnet.several import Several
from jitnet.sparse import SparseRows

WHOLE_BYTES = 1 << 30
"""Bytes of an array up to which all of them count; of a longer one rows at equal distances do."""
ROWS_AT_ONCE = 1 << 12


def fingerprint(parts: Iterable[Examples | None]) -> str:
    """A digest of examples: of the numbers, their types and shapes, the order, and the weights."""
    digest = hashlib.blake2b(digest_size=16)
    for examples in parts:
        if examples is None:
            continue
        chosen, rows = examples.chosen, examples.rows
        if isinstance(rows, SparseRows) and chosen is not None:
            _add(digest, arrays_of(rows[chosen]), None)
        else:
            _add(digest, arrays_of(rows), chosen)
        _add(digest, [examples.targets, examples.weights], chosen)
    return digest.hexdigest()


def _add(digest: Any, arrays: Iterable[Array], chosen: Array | None) -> None:
    """Take the chosen rows of some arrays into a digest; all where none are chosen."""
    for array in arrays:
        count = len(array) if chosen is None else len(chosen)
        digest.update(f"{array.dtype.str}{(count, *array.shape[1:])}".encode())
        of_row = array.nbytes // max(1, len(array))
        step = -(-count * of_row // WHOLE_BYTES) or 1
        for first in range(0, count, ROWS_AT_ONCE * step):
            places = slice(first, first + ROWS_AT_ONCE * step, step)
            rows = array[places if chosen is None else chosen[places]]
            digest.update(np.ascontiguousarray(rows).view(np.uint8).data)


def arrays_of(rows: Rows) -> list[Array]:
    """The arrays that inputs are made of."""
    if isinstance(rows, SparseRows):
        return [rows.indptr, rows.indices, rows.numbers]
    if isinstance(rows, Several):
        return [*rows.arrays, *(lengths for lengths in rows.lengths if lengths is not None)]
    return [rows]
