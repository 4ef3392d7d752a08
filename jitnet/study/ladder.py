"""Climbs the ladder: checks every rung against the first, then times them.

Nothing is timed that has not given the same numbers before.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any, NamedTuple

import numba
import numpy as np

from jitnet.kernels.cache import compilation
from jitnet.study.problem import Array, Inputs, Outputs, Problem, Run, Size
from jitnet.study.problems import RUNGS

SEED = 0
LOOPS = RUNGS[0]
LOOPS_FLOPS, LOOPS_NUMBERS = 1.5e7, 2e7
"""Operations a second of plain Python loops, and numbers that they read or write, about."""
LOOPS_SECONDS = 3.0
"""What the loops may take for a step; a size they would take longer for is not waited for."""
MOST_BYTES = 4 << 30
TURN_SECONDS, TURNS = 0.03, 5
ULPS = 100
"""Rounding errors of a sum of n terms grow like √n; a rung may be off by ULPS · √n · ε of the
greatest number in an array."""


class Timing(NamedTuple):
    """What a rung did at a size.

    Parameters
    ----------
    problem, size, rung : str, dict, str
        What was run.
    seconds : float or None
        The time of a step, or None where the rung was skipped.
    speedup : float or None
        How many times faster than the first rung, or None where that was skipped.
    gflops : float or None
        10⁹ operations a second.
    max_error : float or None
        The greatest difference from the first rung that ran, relative to the greatest number of
        the array.
    skipped : str or None
        Why the rung was not run.
    """

    problem: str
    size: dict[str, int]
    rung: str
    seconds: float | None
    speedup: float | None
    gflops: float | None
    max_error: float | None
    skipped: str | None


class Disagreement(ArithmeticError):
    """A rung gives other numbers than the first."""


def complete_size(problem: Problem, size: Mapping[str, int]) -> dict[str, int]:
    """The problem's size where nothing else is given.

    Raises
    ------
    ValueError
        If the problem has no such size, or one is below 1 or takes too much memory.
    """
    for name, value in size.items():
        if name not in problem.sizes:
            known = ", ".join(f"{name}={value}" for name, value in problem.sizes.items())
            raise ValueError(f"{problem.name} has no size {name!r}; it has: {known}")
        if value < 1:
            raise ValueError(f"{name} must be at least 1, got {value}")
    complete = {**problem.sizes, **size}
    needed = 8 * problem.traffic(complete)
    if needed > MOST_BYTES:
        raise ValueError(
            f"{describe(complete)} would take {needed / 2**30:.0f} GiB and more; at most "
            f"{MOST_BYTES >> 30} GiB are allowed"
        )
    return complete


def describe(size: Size) -> str:
    """``m = 1,000, features = 20``."""
    return ", ".join(f"{name} = {value:,}" for name, value in size.items())


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
        Threads of the parallel and the tiled rung; NumPy's are its own.

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
    complete = complete_size(problem, size or {})
    ordered = [rung for rung in RUNGS if rung in rungs]
    runs, errors, too_large = _agreeing_runs(problem, complete, ordered, dtype, threads)
    first: float | None = None
    for rung in ordered:
        if rung not in runs:
            yield Timing(problem.name, complete, rung, None, None, None, None, too_large)
            continue
        with numba_threads(threads):
            seconds = time_a_step(runs[rung])
        first = seconds if rung == LOOPS else first
        yield Timing(
            problem=problem.name,
            size=complete,
            rung=rung,
            seconds=seconds,
            speedup=first / seconds if first else None,
            gflops=problem.flops(complete) / seconds / 1e9,
            max_error=errors[rung],
            skipped=None,
        )


def check_rungs(rungs: Sequence[str]) -> None:
    """Raise a ValueError that lists the rungs, if one is unknown."""
    for rung in rungs:
        if rung not in RUNGS:
            raise ValueError(f"there is no rung {rung!r}; there are: {', '.join(RUNGS)}")


def _agreeing_runs(
    problem: Problem, size: dict[str, int], rungs: Sequence[str], dtype: str, threads: int
) -> tuple[dict[str, Run], dict[str, float], str | None]:
    """A run of each rung, checked against the loops; their errors; why the loops are not there.

    Where a step would take the loops too long, all are checked at a size that they can do, and
    against one another at this.
    """
    seconds = loops_seconds(problem, size)
    others = [rung for rung in rungs if rung != LOOPS]
    if seconds <= LOOPS_SECONDS:
        runs, errors = compare(problem, size, (LOOPS, *others), dtype, threads)
        return {rung: runs[rung] for rung in rungs}, errors, None
    small = dict(size)
    while loops_seconds(problem, small) > LOOPS_SECONDS / 10:
        largest = max(small, key=lambda name: small[name])
        small[largest] = small[largest] // 2
    compare(problem, small, (LOOPS, *others), dtype, threads)
    runs, errors = compare(problem, size, others, dtype, threads)
    return runs, errors, f"a step would take about {_duration(seconds)}"


def loops_seconds(problem: Problem, size: Size) -> float:
    """About what a step takes on the first rung."""
    return problem.flops(size) / LOOPS_FLOPS + problem.traffic(size) / LOOPS_NUMBERS


def compare(
    problem: Problem, size: Size, rungs: Sequence[str], dtype: str, threads: int
) -> tuple[dict[str, Run], dict[str, float]]:
    """A run of each rung, and the error of its first step against that of the first of them.

    Raises
    ------
    Disagreement
        If one differs by more than rounding explains.
    """
    inputs = make_inputs(problem, size, dtype)
    allowed = ULPS * float(np.finfo(dtype).eps) * max(size.values()) ** 0.5
    runs: dict[str, Run] = {}
    errors: dict[str, float] = {}
    reference: Outputs = ()
    for rung in rungs:
        runs[rung] = start(problem, rung, inputs, threads)
        with numba_threads(threads):
            outputs = _first_step(rung, runs[rung])
        reference = reference or outputs
        errors[rung] = difference(outputs, reference)
        if not errors[rung] <= allowed:
            raise Disagreement(
                f"{problem.name}, {describe(size)}, {dtype}: the rung {rung} differs from "
                f"{rungs[0]} by {errors[rung]:.1e}, and rounding explains {allowed:.1e}"
            )
    return runs, errors


def make_inputs(problem: Problem, size: Size, dtype: str) -> Inputs:
    """The same random numbers for every rung, in the dtype."""
    inputs = problem.inputs(size, np.random.default_rng(SEED))
    return tuple(_as_dtype(array, dtype) for array in inputs)


def start(problem: Problem, rung: str, inputs: Inputs, threads: int) -> Run:
    """A rung's run: it takes so many steps from the inputs, and returns what the last one gave."""
    module = import_module(f"{problem.package}.{rung}")
    if rung == "tiled":
        run: Run = module.start(threads, *inputs)
        return run
    return problem.repeat(module, tuple(map(_as_lists, inputs)) if rung == LOOPS else inputs)


def time_a_step(run: Run) -> float:
    """Seconds of a step, the least of some turns, each of as many steps as a clock can measure."""
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


def difference(outputs: Outputs, reference: Outputs) -> float:
    """The greatest difference, relative to the greatest number of its array; NaN if one is."""
    errors = []
    for found, expected in zip(_flat(outputs), _flat(reference), strict=True):
        scale = max(float(np.abs(expected).max()), float(np.finfo(np.float32).tiny))
        errors.append(float(np.abs(found - expected).max()) / scale)
    return float(np.max(errors))


def _first_step(rung: str, run: Run) -> Outputs:
    if rung in ("compiled", "parallel"):
        with compilation():
            return run(1)
    return run(1)


_one_at_a_time = threading.Lock()
_launched_by = 0


@contextmanager
def numba_threads(threads: int) -> Iterator[None]:
    """Numba's threads within, and the caller's setting again behind.

    Numba's threading layers end the process where two threads launch parallel code at once, or a
    forked child does after its parent.
    """
    global _launched_by
    with _one_at_a_time:
        _launched_by = _launched_by or os.getpid()
        if _launched_by != os.getpid():
            raise RuntimeError(
                "a forked process cannot run Numba's parallel code after its parent has: start "
                "processes by spawn or forkserver"
            )
        before = numba.get_num_threads()
        numba.set_num_threads(min(threads, numba.config.NUMBA_NUM_THREADS))
        try:
            yield
        finally:
            numba.set_num_threads(before)


def _as_dtype(value: Any, dtype: str) -> Any:
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return [_as_dtype(part, dtype) for part in value]
    if np.ndim(value):
        return np.ascontiguousarray(value, dtype)
    return np.dtype(dtype).type(value)


def _as_lists(value: Any) -> Any:
    """Nested lists of Python's own floats."""
    if isinstance(value, list):
        return [_as_lists(part) for part in value]
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value


def _flat(outputs: Any) -> Iterator[Array]:
    """The arrays of outputs, one after the other; a matrix may be a list of rows."""
    for value in outputs:
        if isinstance(value, list) and not _is_rows(value):
            yield from _flat(value)
        else:
            yield np.asarray(value, dtype=np.float64)


def _is_rows(value: list[Any]) -> bool:
    """Whether a list is a vector, or a matrix of rows, rather than a list of arrays."""
    first = value[0]
    return not isinstance(first, np.ndarray) and not (
        isinstance(first, list) and isinstance(first[0], list)
    )


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:,.0f} minutes"
