"""Room in memory: where arrays begin, and what keeps a mapped file open."""

from __future__ import annotations

import mmap
from typing import Any

import numpy as np

from jitnet.arrays import Array

ALIGNMENT = 32
"""Elements that a parameter starts at multiples of."""

PAGE_BYTES, APART_BYTES = 4096, 512
"""Where arrays that a loop reads side by side begin: each APART_BYTES further on in its page.

A vector that lies across two lines of the cache costs an Adam update a tenth of its time. 4K
aliasing: a load waits for the store before it where the two lie at the same place of their pages.
With one array 64 bytes further on than another, elu's backward loop took twice as long. And with
all arrays at the same place of their pages a core's cache often cannot tell two of them apart: Adam
then took up to twice as long, depending on where the system had put the process.
"""


def zeros(shape: int | tuple[int, ...], dtype: Any, place: int = 0) -> Array:
    """Zeros that begin ``place`` times APART_BYTES into a page of memory."""
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    room = np.zeros(size + 2 * PAGE_BYTES, np.uint8)
    start = -room.ctypes.data % PAGE_BYTES + place * APART_BYTES % PAGE_BYTES
    array: Array = room[start : start + size].view(dtype).reshape(shape)
    return array


def apart(count: int, dtype: Any) -> int:
    """Elements from an array of ``count`` elements to the next: whole pages and APART_BYTES."""
    itemsize = np.dtype(dtype).itemsize
    pages = -(-count * itemsize // PAGE_BYTES) * PAGE_BYTES
    return int((pages + APART_BYTES) // itemsize)


def keep_open(array: Array) -> memoryview | None:
    """What keeps the mapped file that an array lies in from being closed, as long as it is held."""
    base: Any = array
    while isinstance(base, np.ndarray):
        base = base.base
    return memoryview(base) if isinstance(base, mmap.mmap) else None


def aligned(count: int) -> int:
    """The multiple of ALIGNMENT that has room for ``count`` elements."""
    return -(-count // ALIGNMENT) * ALIGNMENT
