"""Waiting for a network's turn, and copies of what training changes, made within one."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from jitnet.kernels.cache import compilation
from jitnet.kernels.intrinsics import at
from jitnet.kernels.jit import njit
from jitnet.kernels.turn import ALONE, DOOR, SHUT, give_back, new_turn, take_turn
from jitnet.memory import Array

SHORT_LOOKS = 20
"""Looks that only let other threads go first, before those that take LOOK_SECONDS."""
LOOK_SECONDS, REST_SECONDS = 2e-4, 1e-3
"""How often a thread looks whether it can have its turn, and how long one rests that has had a turn
while others wait, so that they see it free."""


class State(NamedTuple):
    """All that training changes."""

    parameters: Array
    first_moment: Array
    second_moment: Array
    powers: Array  # (2,): β₁ᵗ and β₂ᵗ
    clock: Array  # (2,) of int64: epochs and steps so far


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
        arguments = (DOOR, self.word, target, source)
        dtype = target.parameters.dtype
        if dtype not in _compiled:
            with compilation():
                copy_state(DOOR, new_turn(), target, target)
            _compiled.add(dtype)
        self.take(lambda: copy_state(*arguments))


_compiled: set[np.dtype[Any]] = set()


@njit(entry=True)
def copy_state(door: Any, turn: Any, target: Any, source: Any) -> bool:
    """Copy one state onto another within a turn; whether it could be had."""
    if not take_turn(door, turn, ALONE):
        return False
    _copy(target.parameters, source.parameters)
    _copy(target.first_moment, source.first_moment)
    _copy(target.second_moment, source.second_moment)
    _copy(target.powers, source.powers)
    _copy(target.clock, source.clock)
    give_back(door, turn, ALONE)
    return True


@njit
def _copy(target: Any, source: Any) -> None:
    t, s = at(target, 0), at(source, 0)
    for i in range(target.size):
        t[i] = s[i]
