"""What hunts share: cases without end, drawn at random, each by a seed and a number of its own."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

Rng = np.random.Generator
EVERY = 10.0
"""Seconds after which a hunt says which case it is at."""


class Tally(NamedTuple):
    """What was tried: cases, and faults that were put in the way."""

    cases: int = 1
    faults: int = 0


class Lost(Exception):
    """A case in which something is wrong."""


Run = Callable[[float, int, int], Tally]
"""``run(seconds, seed, first)`` tries cases from number ``first`` on until the time is over."""


class Hunt(NamedTuple):
    """A property of the library, tried on cases without end.

    Parameters
    ----------
    run : callable
        It raises where something is wrong.
    short : float
        Seconds that show that the hunt runs.
    long : float
        Seconds after which its figures mean something.
    mended : sequence of str
        What it has found so far; each is mended, and a test of its own in the suite.
    needs : str
        A package without which it is passed over; the extra ``fuzz`` has it.
    """

    run: Run
    short: float
    long: float
    mended: tuple[str, ...] = ()
    needs: str = ""


def drawn(case: Callable[[Rng], Tally]) -> Run:
    """A hunt's run of cases that ``case(rng)`` draws and tries, one after the other.

    A case in which something is wrong is said with its seed and number, by which it can be tried
    again. A process that crashes has said some cases before where it was.
    """

    def run(seconds: float, seed: int, first: int) -> Tally:
        began = said = time.monotonic()
        number, total = first, Tally(0, 0)
        while number == first or time.monotonic() - began < seconds:
            if time.monotonic() - said > EVERY:
                print(f"--seed {seed} --first {number}", file=sys.stderr, flush=True)
                said = time.monotonic()
            try:
                tally = case(np.random.default_rng([seed, number]))
            except Exception as error:
                raise Lost(f"--seed {seed} --first {number}: {error!r}") from error
            total = Tally(total.cases + tally.cases, total.faults + tally.faults)
            number += 1
        return total

    return run
