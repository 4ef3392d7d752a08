"""Every rung of every problem gives the numbers of the plain loops; what disagrees is an error."""

import os
import subprocess
import sys
from typing import Any

import numba
import numpy as np
import pytest

from jitnet.activations import ACTIVATIONS
from jitnet.losses import LOSSES
from jitnet.study import agreement, sizes, timing
from jitnet.study.agreement import Disagreement, compare, difference
from jitnet.study.engine import team_size
from jitnet.study.ladder import climb
from jitnet.study.matmul import tiled as tiled_matmul
from jitnet.study.matmul import vectorized as vectorized_matmul
from jitnet.study.problem import Problem
from jitnet.study.problems import PROBLEMS, RUNGS, get_problem
from jitnet.study.sizes import complete_size
from jitnet.study.thread_limits import numba_threads
from jitnet.threads import PARALLEL_FLOPS

each_problem = pytest.mark.parametrize("name", PROBLEMS)
each_dtype = pytest.mark.parametrize("dtype", ["float32", "float64"])


@pytest.fixture
def matmul() -> Problem:
    return get_problem("matmul")


@pytest.fixture
def short_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Timings that nobody reads need not be exact."""
    monkeypatch.setattr(timing, "TURN_SECONDS", 1e-4)
    monkeypatch.setattr(timing, "SETTLE_SECONDS", 0)


def test_each_activation_and_each_loss_is_a_problem() -> None:
    assert set(ACTIVATIONS) | set(LOSSES) <= set(PROBLEMS)


@each_dtype
@each_problem
@pytest.mark.parametrize("threads", [1, 2])
def test_the_rungs_agree_at_ragged_sizes(name: str, dtype: str, threads: int) -> None:
    problem = get_problem(name)
    size = {**problem.sizes, **dict(zip(problem.sizes, (37, 13, 5), strict=False))}
    _, errors = compare(problem, size, RUNGS, dtype, threads)
    assert set(errors) == set(RUNGS)
    assert errors["loops"] == 0


@each_problem
def test_the_rungs_agree_where_every_size_is_the_least(name: str) -> None:
    problem = get_problem(name)
    least = {**dict.fromkeys(problem.sizes, 1), **problem.least}
    compare(problem, least, RUNGS, "float64", 2)


@pytest.mark.parametrize("inputs", [5, 70])
@pytest.mark.parametrize("units", [6, 70])
@pytest.mark.parametrize("m", [20, 600])
def test_a_dense_layer_agrees_whatever_runs_along_its_lanes(
    m: int, inputs: int, units: int
) -> None:
    size = {"m": m, "inputs": inputs, "units": units}
    compare(get_problem("dense"), size, ("vectorized", "tiled"), "float64", 2)


@pytest.mark.parametrize("f", [1, 2, 3, 5])
@pytest.mark.parametrize("stride", [1, 2, 3])
def test_a_convolution_agrees_however_its_windows_lie(f: int, stride: int) -> None:
    size = {"m": 18, "channels": 2, "filters": 3, "side": 6, "f": f, "stride": stride}
    compare(get_problem("conv2d"), size, RUNGS, "float64", 2)


@pytest.mark.parametrize("units", [1, 70])
@pytest.mark.parametrize("time", [1, 2, 30])
@pytest.mark.parametrize("name", ["lstm", "gru"])
def test_a_recurrent_layer_agrees_however_many_steps_and_units_it_has(
    name: str, time: int, units: int
) -> None:
    size = {"m": 37, "time": time, "inputs": 3, "units": units}
    compare(get_problem(name), size, ("vectorized", "tiled"), "float64", 2)


def test_an_embedding_agrees_where_each_index_occurs_often() -> None:
    size = {"m": 70, "time": 9, "vocabulary": 2, "units": 40}
    compare(get_problem("embedding"), size, RUNGS, "float64", 2)


@pytest.mark.parametrize("name", ["logistic_regression", "shallow_network", "deep_network"])
def test_steps_of_gradient_descent_build_on_one_another(name: str) -> None:
    problem = get_problem(name)
    size = dict.fromkeys(problem.sizes, 5)
    inputs = agreement.make_inputs(problem, size, "float64")
    runs = {rung: agreement.start(problem, size, rung, inputs, 1) for rung in RUNGS}
    third = runs["loops"](3)
    assert difference(third, runs["loops"](1)) > 1e-3
    for rung in RUNGS:
        assert difference(runs[rung](3), third) < 1e-12, rung


@pytest.mark.parametrize(
    "name",
    ["logistic_regression", "shallow_network", "dense", "conv2d", "lstm", "gru", "embedding"],
)
def test_the_parallel_rung_gives_the_same_bits_for_any_number_of_threads(name: str) -> None:
    problem = get_problem(name)
    inputs = agreement.make_inputs(problem, problem.sizes, "float32")
    run = agreement.start(problem, problem.sizes, "parallel", inputs, 2)
    results = []
    for threads in (1, 2):
        with numba_threads(threads):
            results.append(run(1))
    assert difference(results[0], results[1]) == 0


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


@each_dtype
@pytest.mark.parametrize("name", ["logistic_regression", "shallow_network", "deep_network"])
@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_a_rung_that_takes_a_shorter_step_disagrees(name: str, share: float, dtype: str) -> None:
    problem = get_problem(name)

    def shorter(rung: Any, *given: Any) -> Any:
        alpha = given[-1] * (share if rung.__name__.endswith("vectorized") else 1)
        return problem.step(rung, *given[:-1], alpha)

    with pytest.raises(Disagreement, match="vectorized"):
        compare(problem._replace(step=shorter), problem.sizes, ("loops", "vectorized"), dtype, 1)


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
    assert [found.rung for found in timings] == list(RUNGS)
    first = timings[0].seconds
    assert first is not None
    for found in timings:
        assert found.seconds is not None
        assert found.seconds > 0
        assert found.size == {"n": 16}
        assert found.speedup == pytest.approx(first / found.seconds)
        assert found.gflops == pytest.approx(2 * 16**3 / found.seconds / 1e9)
        assert found.skipped is None


@pytest.mark.usefixtures("short_turns")
def test_loops_that_would_take_too_long_are_skipped_with_the_reason(
    matmul: Problem, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sizes, "LOOPS_SECONDS", 1e-2)
    loops, vectorized, tiled = climb(matmul, {"n": 64}, rungs=["loops", "vectorized", "tiled"])
    assert loops.seconds is None
    assert loops.skipped is not None
    assert "a step would take about" in loops.skipped
    assert vectorized.seconds is not None
    assert vectorized.speedup is None
    assert vectorized.max_error is None, "it is compared with nothing at this size"
    assert tiled.max_error is not None


def test_a_problem_too_large_for_the_loops_is_still_checked_against_them(
    matmul: Problem, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sizes, "LOOPS_SECONDS", 1e-2)
    monkeypatch.setattr(vectorized_matmul, "multiply", lambda A, B: B @ A)
    with pytest.raises(Disagreement, match="vectorized differs from loops"):
        list(climb(matmul, {"n": 64}))


@pytest.mark.usefixtures("short_turns")
def test_the_callers_threads_are_left_as_they_were(matmul: Problem) -> None:
    before = numba.get_num_threads()
    list(climb(matmul, {"n": 4}, threads=1))
    assert numba.get_num_threads() == before


@pytest.mark.parametrize(("n", "team"), [(4, 1), (256, 2)])
def test_the_tiled_rung_takes_a_team_where_the_engine_does(
    n: int, team: int, matmul: Problem, monkeypatch: pytest.MonkeyPatch
) -> None:
    teams = []

    def start(threads: int, *inputs: Any) -> Any:
        teams.append(threads)
        return kept(threads, *inputs)

    kept = tiled_matmul.start
    monkeypatch.setattr(tiled_matmul, "start", start)
    compare(matmul, {"n": n}, ("vectorized", "tiled"), "float32", 2)
    assert teams == [team]


def test_a_team_is_for_as_many_operations_as_in_the_engine() -> None:
    assert team_size(3, PARALLEL_FLOPS) == 3
    assert team_size(3, PARALLEL_FLOPS - 1) == 1


@pytest.mark.usefixtures("short_turns")
def test_compiled_loops_that_would_take_minutes_are_skipped_with_the_reason(
    matmul: Problem, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sizes, "LOOPS_SECONDS", 1e-2)
    monkeypatch.setattr(sizes, "COMPILED_SECONDS", 1e-3)
    found = {timing.rung: timing for timing in climb(matmul, {"n": 80}, threads=2)}
    assert [rung for rung in RUNGS if found[rung].skipped] == ["loops", "compiled", "parallel"]
    assert "a step would take about" in str(found["compiled"].skipped)
    assert found["tiled"].max_error is not None, "it is compared with NumPy's"


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


def test_fewer_numbers_than_can_be_normalised_are_refused() -> None:
    with pytest.raises(ValueError, match="units must be at least 3, got 2"):
        complete_size(get_problem("layer_norm"), {"units": 2})
    with pytest.raises(ValueError, match="m must be at least 3, got 2"):
        complete_size(get_problem("batch_norm"), {"m": 2})


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("matmul", {"n": 1_000_000}),
        ("shallow_network", {"units": 1_000_000_000}),
        ("shallow_network", {"m": 1_000_000, "units": 100_000}),
        ("deep_network", {"m": 100_000, "layers": 1000}),
        ("logistic_regression", {"features": 1_000_000_000}),
        ("relu", {"m": 1_000_000_000}),
        ("softmax_crossentropy", {"m": 1_000_000_000}),
        ("layer_norm", {"m": 1_000_000_000}),
        ("batch_norm", {"m": 1_000_000_000}),
        ("conv2d", {"m": 1_000_000}),
        ("conv2d", {"side": 10_000}),
        ("maxpool2d", {"side": 100_000}),
        ("lstm", {"time": 1_000_000}),
        ("gru", {"units": 100_000}),
        ("embedding", {"vocabulary": 100_000_000}),
        ("dense", {"inputs": 100_000, "units": 100_000}),
    ],
)
def test_a_size_that_would_fill_the_memory_is_refused(name: str, size: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"would take [0-9]+ GiB; at most 4 GiB are allowed"):
        complete_size(get_problem(name), size)


@pytest.mark.parametrize("threads", [0, 1000])
def test_more_threads_than_cores_are_refused(matmul: Problem, threads: int) -> None:
    with pytest.raises(ValueError, match=f"threads must be from 1 to [0-9]+, got {threads}"):
        list(climb(matmul, threads=threads))


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
