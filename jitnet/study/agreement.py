"""Do the rungs agree? Only then is it worth anything to time them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import Any

import numpy as np

from jitnet.kernels.cache import compilation
from jitnet.study.engine import team_size
from jitnet.study.problem import Array, Inputs, Outputs, Problem, Run, Size
from jitnet.study.problems import RUNGS
from jitnet.study.sizes import describe
from jitnet.study.thread_limits import numba_threads

SEED = 0
LOOPS = RUNGS[0]
ULPS = 100
"""Rounding errors of a sum of n terms grow like √n; a rung may be off by ULPS · √n · ε of the
greatest number in an array, or of the way that a step has moved it."""


class Disagreement(ArithmeticError):
    """A rung gives other numbers than the first."""


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
    epsilon = float(np.finfo(dtype).eps)
    allowed = ULPS * epsilon * max(size.values()) ** 0.5
    runs: dict[str, Run] = {}
    errors: dict[str, float] = {}
    reference: Outputs = ()
    for rung in rungs:
        runs[rung] = start(problem, size, rung, inputs, threads)
        outputs = _first_step(rung, runs[rung], threads)
        reference = reference or outputs
        errors[rung] = difference(outputs, reference, problem.origin(inputs), epsilon)
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


def start(problem: Problem, size: Size, rung: str, inputs: Inputs, threads: int) -> Run:
    """A rung's run: it takes so many steps from the inputs, and returns what the last one gave."""
    module = import_module(f"{problem.package}.{rung}")
    if rung == "tiled":
        fits = problem.feed is not None  # and a fit chooses its team by itself
        team = threads if fits else team_size(threads, problem.flops(size))
        run: Run = module.start(team, *inputs)
        return run
    return problem.repeat(module, tuple(map(_as_lists, inputs)) if rung == LOOPS else inputs)


def difference(
    outputs: Outputs, reference: Outputs, origin: Outputs | None = None, epsilon: float = 0.0
) -> float:
    """The greatest difference between arrays, relative to the greatest number of the reference's.

    Where there is an ``origin``, parameters before a step, what counts is the way from there: the
    difference is relative to the longest, and a rounding of the parameters themselves is allowed.
    NaN where a number is.
    """
    expected = list(_flat(reference))
    start = [np.zeros(()) for _ in expected] if origin is None else list(_flat(origin))
    errors = []
    for found, wanted, before in zip(_flat(outputs), expected, start, strict=True):
        rounding = 0.0 if origin is None else epsilon * float(np.abs(wanted).max())
        scale = max(float(np.abs(wanted - before).max()), float(np.finfo(np.float32).tiny))
        off = float(np.abs(found - wanted).max())
        errors.append(np.maximum(0.0, off - rounding) / scale)
    return float(np.max(errors))


def _first_step(rung: str, run: Run, threads: int) -> Outputs:
    if rung == "parallel":
        with numba_threads(threads), compilation():
            return run(1)
    if rung == "compiled":
        with compilation():
            return run(1)
    return run(1)


def _as_dtype(value: Any, dtype: str) -> Any:
    if isinstance(value, str | int):
        return value
    if isinstance(value, list):
        return [_as_dtype(part, dtype) for part in value]
    if np.ndim(value):
        return np.ascontiguousarray(value, None if value.dtype.kind == "i" else dtype)
    return np.dtype(dtype).type(value)


def _as_lists(value: Any) -> Any:
    """Nested lists of Python's own floats."""
    if isinstance(value, list):
        return [_as_lists(part) for part in value]
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value


def _flat(outputs: Any) -> Iterator[Array]:
    """The arrays of outputs, one after the other; an array may be nested lists."""
    for value in outputs:
        if isinstance(value, list) and not _is_array(value):
            yield from _flat(value)
        else:
            yield np.asarray(value, dtype=np.float64)


MATRICES = 3
"""How deeply a list of matrices is nested."""


def _is_array(value: list[Any]) -> bool:
    """Whether nested lists are a vector, a matrix or images, rather than a list of arrays."""
    first: Any = value
    depth = 0
    while isinstance(first, list):
        first, depth = first[0], depth + 1
    return not isinstance(first, np.ndarray) and depth != MATRICES
