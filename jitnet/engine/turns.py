"""Waiting for a network's turn, and copies of what training changes, made within one."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from jitnet.arrays import Array
from jitnet.kernels.cache import compilation
from jitnet.kernels.intrinsics import at
from jitnet.kernels.jit import njit
from jitnet.kernels.panels import pointer_like
from jitnet.kernels.turn import ALONE, DOOR, SHUT, give_back, new_turn, take_turn

SHORT_LOOKS = 20
"""Looks that only let other threads go first, before those that take LOOK_SECONDS."""
WORD_BYTES = 8
"""What arrays of a state are whole numbers of."""
LOOK_SECONDS, REST_SECONDS = 2e-4, 1e-3
"""How often a thread looks whether it can have its turn, and how long one rests that has had a turn
while others wait, so that they see it free."""


class State(NamedTuple):
    """All that training changes."""

    parameters: Array
    moments: Array
    powers: Array  # βᵗ of each of the optimiser's decays β
    clock: Array  # (2,) of int64: epochs and steps so far
    states: Array  # in which the last batch has left its examples (`Nodes.state_size`)


class Turns:
    """The turns of the threads that work on one network.

    Attributes
    ----------
    word : ndarray
        What compiled code takes a turn by (`jitnet.kernels.turn`).
    """

    def __init__(self) -> None:
        self.word = new_turn()
        self._asked_for = False
        self._last: tuple[State, State, Array] | None = None  # a fit's copies are alike

    def take(self, work: Callable[[], Any]) -> None:
        """Call ``work`` until it has had its turn, which it says."""
        if self._asked_for:
            self._asked_for = False
            time.sleep(REST_SECONDS)
        for looks in itertools.count():
            if self.word[0] < ALONE and not DOOR[SHUT] and work():
                return
            self._asked_for = True
            time.sleep(0.0 if looks < SHORT_LOOKS else LOOK_SECONDS)

    def copy(self, target: State, source: State) -> None:
        """Copy a state, or those of its arrays that are not empty, while nobody changes it."""
        last = self._last
        if last is None or last[0] is not target or last[1] is not source:
            last = self._last = target, source, _places_of(target, source)
        places = last[2]
        if not _compiled:
            with compilation():
                copy_words(DOOR, new_turn(), places[:0])
            _compiled.append(None)
        self.take(lambda: copy_words(DOOR, self.word, places))


_compiled: list[None] = []


def _places_of(target: State, source: State) -> Array:
    return np.array(
        [
            (to.ctypes.data, array.ctypes.data, array.nbytes // WORD_BYTES)
            for to, array in zip(target, source, strict=True)
        ]
    )


@njit(entry=True)
def copy_words(door: Any, turn: Any, places: Any) -> bool:
    """Copy words of 8 bytes within a turn; whether it could be had.

    Reads ``places``, whose rows are the address to copy to, the one to copy from and the number.
    """
    if not take_turn(door, turn, ALONE):
        return False
    for row in range(places.shape[0]):
        to = pointer_like(at(places, 0), places[row, 0])
        source = pointer_like(at(places, 0), places[row, 1])
        for i in range(places[row, 2]):
            to[i] = source[i]
    give_back(door, turn, ALONE)
    return True
