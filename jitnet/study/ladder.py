"""Climbs the ladder: checks every rung against the first, then times them.

Nothing is timed that has not given the same numbers before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from typing import NamedTuple

from jitnet.study import sizes
from jitnet.study.agreement import LOOPS, compare
from jitnet.study.problem import Problem, Run
from jitnet.study.problems import RUNGS
from jitnet.study.thread_limits import numba_threads
from jitnet.study.timing import time_a_step
from jitnet.threads import available_threads


class Timing(NamedTuple):
    """The measurements of a rung at a size.

    Parameters
    ----------
    problem, size, rung : str, dict, str
        What was run.
    seconds : float or None
        The median time of a step, or None where the rung was skipped.
    spread : float or None
        Half the distance between the quartiles, as a share of the median.
    speedup : float or None
        How many times faster than the first rung, or None where that was skipped.
    gflops : float or None
        10⁹ operations a second.
    max_error : float or None
        How far off the loops it is, relative to the greatest number of an array, or to the way a
        step of gradient descent has gone; where the loops were skipped, how far off the first rung
        that ran, and None for that one.
    skipped : str or None
        Why the rung was not run.
    """

    problem: str
    size: dict[str, int]
    rung: str
    seconds: float | None
    spread: float | None
    speedup: float | None
    gflops: float | None
    max_error: float | None
    skipped: str | None


def climb(
    problem: Problem,
    size: Mapping[str, int] | None = None,
    *,
    rungs: Sequence[str] = RUNGS,
    dtype: str = "float32",
    threads: int = 1,
) -> Iterator[Timing]:
    """Check the rungs of a problem against the first, then time one after the other.

    Parameters
    ----------
    problem : Problem
        One of `jitnet.study.problems`.
    size : mapping of str to int, optional
        What differs from the problem's own size.
    rungs : sequence of str
        Those to run, of `RUNGS`.
    dtype : str
        ``"float32"`` or ``"float64"``, but for the loops, whose numbers are Python's.
    threads : int
        Threads of the parallel and, where a step is long enough for a team, of the tiled rung;
        NumPy's are its own.

    Yields
    ------
    Timing
        One a rung, in their order.

    Raises
    ------
    Disagreement
        If a rung differs from the first by more than rounding explains.
    ValueError
        If a rung or a size is unknown or makes no sense.

    Examples
    --------
    >>> from jitnet.study.problems import get_problem
    >>> [timing.rung for timing in climb(get_problem("matmul"), {"n": 4}, rungs=["loops"])]
    ['loops']
    """
    check_rungs(rungs)
    check_threads(threads)
    complete = sizes.complete_size(problem, size or {})
    ordered = [rung for rung in RUNGS if rung in rungs]
    too_slow = sizes.too_slow(problem, complete, threads)
    runs, errors = _agreeing_runs(problem, complete, ordered, dtype, threads, too_slow)
    first: float | None = None
    for rung in ordered:
        if rung in too_slow:
            yield _skipped(problem, complete, rung, too_slow[rung])
            continue
        with numba_threads(threads) if rung == "parallel" else nullcontext():
            seconds, spread = time_a_step(runs[rung])
        first = seconds if rung == LOOPS else first
        yield Timing(
            problem=problem.name,
            size=complete,
            rung=rung,
            seconds=seconds,
            spread=spread,
            speedup=first / seconds if first else None,
            gflops=problem.flops(complete) / seconds / 1e9,
            max_error=errors.get(rung),
            skipped=None,
        )


def _skipped(problem: Problem, size: dict[str, int], rung: str, reason: str) -> Timing:
    return Timing(problem.name, size, rung, None, None, None, None, None, reason)


def check_rungs(rungs: Sequence[str]) -> None:
    """Raise a ValueError that lists the rungs, if one is unknown."""
    for rung in rungs:
        if rung not in RUNGS:
            raise ValueError(f"there is no rung {rung!r}; there are: {', '.join(RUNGS)}")


def check_threads(threads: int) -> None:
    """Raise a ValueError if there are fewer cores."""
    if not 1 <= threads <= available_threads():
        raise ValueError(f"threads must be from 1 to {available_threads()}, got {threads}")


def _agreeing_runs(
    problem: Problem,
    size: dict[str, int],
    rungs: Sequence[str],
    dtype: str,
    threads: int,
    too_slow: Mapping[str, str],
) -> tuple[dict[str, Run], dict[str, float]]:
    """A run of each rung that is fast enough, checked against the loops, and their errors.

    Where a step would take the loops too long, all are checked at a size that they can do, and
    against one another at this.
    """
    others = [rung for rung in rungs if rung != LOOPS]
    if LOOPS not in too_slow:
        return compare(problem, size, (LOOPS, *others), dtype, threads)
    small = sizes.within_reach_of_loops(problem, size)
    compare(problem, small, (LOOPS, *others), dtype, threads)
    fast = [rung for rung in others if rung not in too_slow]
    runs, errors = compare(problem, size, fast, dtype, threads)
    return runs, {rung: error for rung, error in errors.items() if rung != fast[0]}
