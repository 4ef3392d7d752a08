"""How long a step takes."""

from __future__ import annotations

import time

from jitnet.study.problem import Run

TURN_SECONDS, TURNS = 0.03, 5
SETTLE_SECONDS = 0.15
"""How long the threads of a rung before, NumPy's above all, wait busily for more to do."""


def time_a_step(run: Run) -> float:
    """Seconds of a step, the least of some turns, each of as many steps as a clock can measure."""
    time.sleep(SETTLE_SECONDS)
    times, seconds = 1, 0.0
    while True:
        began = time.perf_counter()
        run(times)
        seconds = time.perf_counter() - began
        if seconds >= TURN_SECONDS / 2:
            break
        times = max(2 * times, int(times * TURN_SECONDS / max(seconds, 1e-7)))
    best = seconds / times
    for _ in range(TURNS if seconds < 1 else 0):
        began = time.perf_counter()
        run(times)
        best = min(best, (time.perf_counter() - began) / times)
    return best
