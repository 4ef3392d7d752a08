"""The time of a step, and its spread."""

from __future__ import annotations

import time
from typing import NamedTuple

import numpy as np

from jitnet.study.problem import Run

TURN_SECONDS, TURNS = 0.03, 9
MAX_SECONDS = 2.0
"""No turn begins after so long."""
SETTLE_SECONDS = 0.15
"""How long the last rung's threads, NumPy's above all, spin before they sleep."""
TRIES = 3
"""The fastest of so many calls says how many steps a turn has: in the first, threads may wait for a
core for milliseconds."""


class StepTime(NamedTuple):
    """The time of a step over some turns.

    Parameters
    ----------
    seconds : float
        The median time of a step.
    spread : float or None
        Half the distance between the turns' quartiles, as a share of the median; None where there
        was time for too few turns.
    """

    seconds: float
    spread: float | None


def time_a_step(run: Run) -> StepTime:
    """Time some turns, each of as many steps as a clock can measure."""
    time.sleep(SETTLE_SECONDS)
    began = time.perf_counter()
    steps, seconds = _steps_a_turn(run)
    turns = [seconds]
    while len(turns) < TURNS and time.perf_counter() - began < MAX_SECONDS:
        turns.append(_seconds_a_step(run, steps))
    low, median, high = np.quantile(turns, (0.25, 0.5, 0.75)).tolist()
    return StepTime(median, (high - low) / (2 * median) if len(turns) > 2 else None)


def _steps_a_turn(run: Run) -> tuple[int, float]:
    """How many steps a turn has, and what one of them takes."""
    steps = 1
    while True:
        seconds = _seconds_a_step(run, steps)
        for _ in range(TRIES - 1):
            if seconds * steps < MAX_SECONDS / TRIES:
                seconds = min(seconds, _seconds_a_step(run, steps))
        if seconds * steps >= TURN_SECONDS / 2:
            return steps, seconds
        steps = max(2 * steps, int(TURN_SECONDS / max(seconds, 1e-9)))


def _seconds_a_step(run: Run, steps: int) -> float:
    began = time.perf_counter()
    run(steps)
    return (time.perf_counter() - began) / steps
