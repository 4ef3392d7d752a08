"""Every rung of every problem gives the numbers of the plain loops; what disagrees is an error."""

import os
import subprocess
import sys
from typing import Any

import numba
import numpy as np
import pytest

from jitnet.activations import ACTIVATIONS
from jitnet.study import ladder
from jitnet.study.ladder import Disagreement, climb, compare, complete_size, difference
from jitnet.study.matmul import vectorized as vectorized_matmul
from jitnet.study.problem import Problem
from jitnet.study.problems import PROBLEMS, RUNGS, get_problem

each_problem = pytest.mark.parametrize("name", PROBLEMS)
each_dtype = pytest.mark.parametrize("dtype", ["float32", "float64"])


@pytest.fixture
def matmul() -> Problem:
    return get_problem("matmul")


@pytest.fixture
def short_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Timings that nobody reads need not be exact."""
    monkeypatch.setattr(ladder, "TURN_SECONDS", 1e-4)


def test_each_activation_is_a_problem() -> None:
    assert set(ACTIVATIONS) <= set(PROBLEMS)


@each_dtype
@each_problem
@pytest.mark.parametrize("threads", [1, 2])
def test_the_rungs_agree_at_ragged_sizes(name: str, dtype: str, threads: int) -> None:
    problem = get_problem(name)
    size = dict(zip(problem.sizes, (37, 13, 5), strict=False))
    _, errors = compare(problem, size, RUNGS, dtype, threads)
    assert set(errors) == set(RUNGS)
    assert errors["loops"] == 0


@each_problem
def test_the_rungs_agree_where_every_size_is_one(name: str) -> None:
    problem = get_problem(name)
    compare(problem, dict.fromkeys(problem.sizes, 1), RUNGS, "float64", 2)


@pytest.mark.parametrize("inputs", [5, 70])
@pytest.mark.parametrize("units", [6, 70])
@pytest.mark.parametrize("m", [20, 600])
def test_a_dense_layer_agrees_whatever_runs_along_its_lanes(
    m: int, inputs: int, units: int
) -> None:
    size = {"m": m, "inputs": inputs, "units": units}
    compare(get_problem("dense"), size, ("vectorized", "tiled"), "float64", 2)


@pytest.mark.parametrize("name", ["logistic_regression", "shallow_network", "deep_network"])
def test_steps_of_gradient_descent_build_on_one_another(name: str) -> None:
    problem = get_problem(name)
    size = dict.fromkeys(problem.sizes, 5)
    inputs = ladder.make_inputs(problem, size, "float64")
    runs = {rung: ladder.start(problem, rung, inputs, 1) for rung in RUNGS}
    third = runs["loops"](3)
    assert difference(third, runs["loops"](1)) > 1e-3
    for rung in RUNGS:
        assert difference(runs[rung](3), third) < 1e-12, rung


@pytest.mark.parametrize("name", ["logistic_regression", "shallow_network", "dense"])
def test_the_parallel_rung_gives_the_same_bits_for_any_number_of_threads(name: str) -> None:
    problem = get_problem(name)
    inputs = ladder.make_inputs(problem, problem.sizes, "float32")
    run = ladder.start(problem, "parallel", inputs, 2)
    results = []
    for threads in (1, 2):
        with ladder.numba_threads(threads):
            results.append(run(1))
    assert difference(*results) == 0


def test_a_rung_that_disagrees_is_an_error(
    matmul: Problem, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slightly_wrong(A: Any, B: Any) -> Any:
        C = A @ B
        C[0, 0] += 1e-9 * np.abs(C).max()
        return C

    monkeypatch.setattr(vectorized_matmul, "multiply", slightly_wrong)
    with pytest.raises(
        Disagreement, match=r"n = 8, float64: the rung vectorized differs from loops"
    ):
        list(climb(matmul, {"n": 8}, dtype="float64"))


def test_a_rung_that_gives_nan_disagrees(matmul: Problem, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vectorized_matmul, "multiply", lambda A, B: A * np.nan)
    with pytest.raises(Disagreement, match="vectorized"):
        list(climb(matmul, {"n": 4}))


@pytest.mark.usefixtures("short_turns")
def test_a_rung_is_checked_against_the_loops_though_they_are_not_asked_for(
    matmul: Problem, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vectorized_matmul, "multiply", lambda A, B: B @ A)
    with pytest.raises(Disagreement, match="vectorized differs from loops"):
        list(climb(matmul, {"n": 8}, rungs=["vectorized"]))
    monkeypatch.undo()
    assert [timing.rung for timing in climb(matmul, {"n": 8}, rungs=["vectorized"])] == [
        "vectorized"
    ]


@pytest.mark.usefixtures("short_turns")
def test_a_timing_says_how_fast_and_how_far_off(matmul: Problem) -> None:
    timings = list(climb(matmul, {"n": 16}, threads=2))
    assert [timing.rung for timing in timings] == list(RUNGS)
    first = timings[0].seconds
    assert first is not None
    for timing in timings:
        assert timing.seconds is not None
        assert timing.seconds > 0
        assert timing.size == {"n": 16}
        assert timing.speedup == pytest.approx(first / timing.seconds)
        assert timing.gflops == pytest.approx(2 * 16**3 / timing.seconds / 1e9)
        assert timing.skipped is None


@pytest.mark.usefixtures("short_turns")
def test_loops_that_would_take_too_long_are_skipped_with_the_reason(
    matmul: Problem, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ladder, "LOOPS_SECONDS", 1e-2)
    loops, vectorized, *_ = climb(matmul, {"n": 64}, rungs=["loops", "vectorized", "tiled"])
    assert loops.seconds is None
    assert loops.skipped is not None
    assert "a step would take about" in loops.skipped
    assert vectorized.seconds is not None
    assert vectorized.speedup is None


def test_a_problem_too_large_for_the_loops_is_still_checked_against_them(
    matmul: Problem, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ladder, "LOOPS_SECONDS", 1e-2)
    monkeypatch.setattr(vectorized_matmul, "multiply", lambda A, B: B @ A)
    with pytest.raises(Disagreement, match="vectorized differs from loops"):
        list(climb(matmul, {"n": 64}))


@pytest.mark.usefixtures("short_turns")
def test_the_callers_threads_are_left_as_they_were(matmul: Problem) -> None:
    before = numba.get_num_threads()
    list(climb(matmul, {"n": 4}, threads=1))
    assert numba.get_num_threads() == before


def test_an_unknown_problem_lists_those_there_are() -> None:
    with pytest.raises(ValueError, match=r"no problem 'sorting'; there are: logistic_regression, "):
        get_problem("sorting")


def test_an_unknown_rung_lists_those_there_are(matmul: Problem) -> None:
    with pytest.raises(ValueError, match=r"no rung 'gpu'; there are: loops, vectorized, compiled"):
        list(climb(matmul, rungs=["gpu"]))


def test_an_unknown_size_lists_those_there_are() -> None:
    with pytest.raises(ValueError, match=r"dense has no size 'n'; it has: m=256, inputs=64"):
        complete_size(get_problem("dense"), {"n": 3})


@pytest.mark.parametrize("n", [0, -1])
def test_a_size_below_one_is_refused(matmul: Problem, n: int) -> None:
    with pytest.raises(ValueError, match="n must be at least 1"):
        complete_size(matmul, {"n": n})


def test_a_size_that_would_fill_the_memory_is_refused(matmul: Problem) -> None:
    with pytest.raises(ValueError, match="n = 1,000,000 would take 22352 GiB and more; at most 4"):
        complete_size(matmul, {"n": 1_000_000})


CLIMB = """
import threading
from jitnet.study.ladder import climb
from jitnet.study.problems import get_problem

def go():
    found.append(len(list(climb(get_problem("relu"), {"m": 50}, rungs=["parallel"], threads=2))))

found = []
"""


def in_a_new_process(program: str, **environment: str) -> str:
    command = [sys.executable, "-W", "error", "-c", CLIMB + program]
    done = subprocess.run(command, env=os.environ | environment, capture_output=True, text=True)
    assert done.returncode == 0, f"{done.returncode}: {done.stderr}"
    return done.stdout.strip()


def test_two_threads_may_climb_at_once_under_numbas_own_threads() -> None:
    program = """
threads = [threading.Thread(target=go) for _ in range(2)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(found)
"""
    assert in_a_new_process(program, NUMBA_THREADING_LAYER="workqueue") == "[1, 1]"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_child_is_told_why_it_cannot_climb() -> None:
    program = """
import os, warnings
go()
warnings.simplefilter("ignore")  # Python warns of forks beside threads
if os.fork() == 0:
    try:
        go()
    except RuntimeError as error:
        print(error, flush=True)
    os._exit(0)
os.wait()
"""
    assert "start processes by spawn or forkserver" in in_a_new_process(program)
