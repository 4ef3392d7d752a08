"""Memory between pages that nobody may touch: who reads or writes beyond an array ends the process.

Within `guarded` all of a model's memory lies so: each array of a batch's values by itself, and its
parameters, gradients and moments. Arrays end where the page behind them begins, or begin where the
one before them ends.
"""

from __future__ import annotations

import ctypes
import math
import mmap
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import numpy as np

from jitnet import memory
from jitnet.arrays import Array
from jitnet.engine import places
from jitnet.engine.few import FewRows

PAGE = mmap.PAGESIZE
BEHIND, BEFORE = "behind", "before"

_protect = None if sys.platform == "win32" else ctypes.CDLL(None, use_errno=True).mprotect


def region(size: int, guards: list[int]) -> Any:
    """Zeroed bytes, of which the pages that begin at some places cannot be touched."""
    assert _protect is not None
    found = np.frombuffer(mmap.mmap(-1, size), np.uint8)
    for start in guards:
        address, length = ctypes.c_void_p(found.ctypes.data + start), ctypes.c_size_t(PAGE)
        if _protect(address, length, 0) != 0:
            raise OSError(ctypes.get_errno(), "a page cannot be protected")
    return found


def pages(size: int) -> int:
    """Bytes of the pages that have room for so many."""
    return -(-max(size, 1) // PAGE) * PAGE


def guarded_zeros(side: str, shape: Any, dtype: Any) -> Array:
    """Zeros between two pages that cannot be touched, at one of them."""
    kind = np.dtype(dtype)
    size = math.prod(shape if isinstance(shape, tuple) else (shape,)) * kind.itemsize
    room = pages(size)
    memory = region(room + 2 * PAGE, [0, PAGE + room])
    start = PAGE if side == BEFORE else PAGE + room - size
    array: Array = memory[start : start + size].view(kind).reshape(shape)
    return array


def guarded_copy(side: str, array: Any) -> Any:
    """A copy of an array, or of each of a tuple, that lies so."""
    if isinstance(array, tuple):
        return tuple(guarded_copy(side, one) for one in array)
    copy = guarded_zeros(side, array.shape, array.dtype)
    copy[...] = array
    return copy


def taker_of(side: str) -> tuple[type, list[Any]]:
    """A class that takes places of arrays with a page between each two, and its last instances."""

    class Taker(places._Taker):
        guards: list[int]

        def __init__(self, unit: int, apart: int) -> None:
            super().__init__(unit, apart)
            self.itemsize = memory.APART_BYTES // apart
            self.guards = [0]
            self.place = PAGE // self.itemsize
            last.append(self)

        def elements(self, count: int) -> int:
            first = self.place * self.itemsize
            size = count * self.itemsize
            room = pages(size)
            self.guards.append(first + room)
            self.place = (first + room + PAGE) // self.itemsize
            return (first if side == BEFORE else first + room - size) // self.itemsize

    last: list[Any] = []
    return Taker, last


@contextmanager
def guarded(side: str) -> Iterator[None]:
    """Have models that are made within keep all numbers in guarded memory."""
    taker, takers = taker_of(side)
    guards: dict[int, list[int]] = {}
    place_batch, place_few = places.place_batch, places.place_few

    def zeros(shape: Any, dtype: Any, place: int = 0) -> Array:
        return guarded_zeros(side, shape, dtype)

    def noted(place: Any) -> Any:
        def placed(*arguments: Any) -> Any:
            found = place(*arguments)
            guards[found.size] = takers.pop().guards
            return found

        return placed

    def values(self: Any, dtype: Any) -> Array:
        size = self.size * np.dtype(dtype).itemsize
        found: Array = region(size, guards[self.size]).view(dtype)
        return found

    def room(self: FewRows) -> Array:
        return values(self.places, self.dtype)

    changes: list[Any] = [
        mock.patch.object(places, "_Taker", taker),
        mock.patch.object(places.Places, "values", values),
        mock.patch.object(FewRows, "room", room),
    ]
    for name, real, new in (
        ("zeros", memory.zeros, zeros),
        ("place_batch", place_batch, noted(place_batch)),
        ("place_few", place_few, noted(place_few)),
    ):
        for module in list(sys.modules.values()):
            if (
                getattr(module, "__name__", "").startswith("jitnet")
                and vars(module).get(name) is real
            ):
                changes.append(mock.patch.object(module, name, new))
    for change in changes:
        change.start()
    try:
        yield
    finally:
        for change in reversed(changes):
            change.stop()
