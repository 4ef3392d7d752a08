"""Whose turn it is to work on a network: known to compiled code alone.

An exception may come between any two lines of Python: an interrupt, a signal's handler that raises,
memory that is not there. Compiled code sees none of them. So a turn is taken and given back within
one compiled call, and nothing that Python does, or leaves undone, can leave it taken.

The door is the process's: while it is shut, no turn is given and those who have one end it. A fork
waits behind it, so that a child finds all networks as they were after a whole step, and all turns
free.
"""

from __future__ import annotations

import os
import time
from typing import Any

import numpy as np

from jitnet.kernels.jit import njit
from jitnet.kernels.team import LINE, atomic_add, atomic_load

SHUT, INSIDE = 0, LINE
"""The words of the door: how many want it shut, and how many threads are at work behind it."""

ALONE, AMONG_READERS = np.int64(1 << 32), np.int64(1)
"""The two kinds of turn: one that excludes all others, one that excludes only those."""

MORE, LESS = np.int64(1), np.int64(-1)

LOOK_SECONDS = 2e-4

DOOR = np.zeros(2 * LINE, np.int64)


def new_turn() -> np.ndarray[Any, np.dtype[np.int64]]:
    """The word of a network that nobody works on."""
    return np.zeros(LINE, np.int64)


@njit
def take_turn(door: Any, turn: Any, kind: int) -> Any:
    """Take a turn of a kind; return whether it was free."""
    atomic_add(door, INSIDE, 1)
    if atomic_add(door, SHUT, 0) == 0:
        others = atomic_add(turn, 0, kind)
        if others == 0 or (others < ALONE and kind < ALONE):
            return True
        atomic_add(turn, 0, -kind)
    atomic_add(door, INSIDE, -1)
    return False


@njit
def give_back(door: Any, turn: Any, kind: int) -> None:
    """Give back a turn that was taken."""
    atomic_add(turn, 0, -kind)
    atomic_add(door, INSIDE, -1)


@njit
def count_in(door: Any, change: int) -> None:
    """Count a helper of who has a turn among those at work, or no longer."""
    atomic_add(door, INSIDE, change)


@njit
def is_shut(door: Any) -> Any:
    """Whether those who have a turn are to end it."""
    return atomic_load(door, SHUT) > 0


def _shut() -> None:
    """Wait until nobody is at work."""
    DOOR[SHUT] += 1
    time.sleep(0.0)  # what was written is seen by all before the next look
    while DOOR[INSIDE]:
        time.sleep(LOOK_SECONDS)


def _open() -> None:
    DOOR[SHUT] = max(0, DOOR[SHUT] - 1)


def _clear() -> None:
    DOOR[:] = 0


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_shut, after_in_parent=_open, after_in_child=_clear)
