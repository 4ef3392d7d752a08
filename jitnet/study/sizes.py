"""Sizes of a problem: which there are, and which are too large."""

from __future__ import annotations

from collections.abc import Mapping

from jitnet.study.problem import Problem, Size

LOOPS_FLOPS, LOOPS_NUMBERS = 1.5e7, 2e7
"""About the operations a second of plain Python loops, and the numbers they read and write."""
COMPILED_FLOPS = 4e8
"""The same for a thread of compiled loops whose numbers come from main memory."""
LOOPS_SECONDS, COMPILED_SECONDS = 3.0, 10.0
"""The longest step of the loops, and of compiled ones: a rung that would take longer is skipped."""
MAX_BYTES = 4 << 30


def complete_size(problem: Problem, size: Mapping[str, int]) -> dict[str, int]:
    """The problem's size where nothing else is given.

    Raises
    ------
    ValueError
        If the problem has no such size, or one is too small or takes too much memory.
    """
    for name, value in size.items():
        if name not in problem.sizes:
            known = ", ".join(f"{name}={value}" for name, value in problem.sizes.items())
            raise ValueError(f"{problem.name} has no size {name!r}; it has: {known}")
        least = problem.least.get(name, 1)
        if value < least:
            raise ValueError(f"{name} must be at least {least}, got {value}")
    complete = {**problem.sizes, **size}
    needed = 8 * problem.numbers(complete)
    if needed > MAX_BYTES:
        raise ValueError(
            f"{describe(complete)} would take {needed / 2**30:.0f} GiB; at most "
            f"{MAX_BYTES >> 30} GiB are allowed"
        )
    return complete


def describe(size: Size) -> str:
    """``m = 1,000, features = 20``."""
    return ", ".join(f"{name} = {value:,}" for name, value in size.items())


def loops_seconds(problem: Problem, size: Size) -> float:
    """About what a step takes on the first rung."""
    return problem.flops(size) / LOOPS_FLOPS + problem.traffic(size) / LOOPS_NUMBERS


def compiled_seconds(problem: Problem, size: Size, threads: int) -> float:
    """About what a step takes on the rungs that are the first one's loops, compiled."""
    return problem.flops(size) / (COMPILED_FLOPS * threads)


def too_slow(problem: Problem, size: Size, threads: int) -> dict[str, str]:
    """The rungs that a step would take too long, and how long."""
    compiled, parallel = (compiled_seconds(problem, size, team) for team in (1, threads))
    rungs = {
        "loops": (loops_seconds(problem, size), LOOPS_SECONDS),
        "compiled": (compiled, COMPILED_SECONDS),
        "parallel": (parallel, COMPILED_SECONDS),
    }
    return {
        rung: f"a step would take about {_about(seconds)}"
        for rung, (seconds, most) in rungs.items()
        if seconds > most
    }


def within_reach_of_loops(problem: Problem, size: Size) -> dict[str, int]:
    """A smaller size, of which the loops take some tenths of a second at most."""
    small = dict(size)
    while loops_seconds(problem, small) > LOOPS_SECONDS / 10:
        largest = max(small, key=lambda name: small[name])
        small[largest] = max(problem.least.get(largest, 1), small[largest] // 2)
    return small


def _about(seconds: float) -> str:
    """A rough duration."""
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:,.0f} minutes"
