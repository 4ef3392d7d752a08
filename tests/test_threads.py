"""Models train from any threads and forked children, with the bits they would have alone."""

from __future__ import annotations

import _thread
import os
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numba
import numpy as np
import pytest
import threadpoolctl

import jitnet as jn
from jitnet import threads
from jitnet.engine.pace import Pace
from jitnet.threads import available_threads, run_team, run_team_apart
from training_state import state_of

X = np.random.default_rng(1).normal(size=(3000, 20)).astype(np.float32)
Y = X[:, 0] * X[:, 1]


def new_model(units: int = 32, n_threads: int | None = 2) -> jn.Sequential:
    layers = [jn.Dense(units, activation="tanh"), jn.Dense(units, activation="relu"), jn.Dense(1)]
    return jn.Sequential(layers, loss="mse", n_threads=n_threads)


def fit(model: jn.Sequential, epochs: int = 3) -> jn.Sequential:
    model.fit(X, Y, epochs=epochs)
    return model


def at_once(works: list[Callable[[], Any]]) -> list[Any]:
    """What functions return that run on a thread each, all begun at the same moment."""
    results: list[Any] = [None] * len(works)
    gate = threading.Barrier(len(works))

    def run(place: int) -> None:
        gate.wait()
        results[place] = works[place]()

    running = [threading.Thread(target=run, args=(place,)) for place in range(len(works))]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    return results


@pytest.mark.parametrize("n_threads", [1, 2, 3, 4, 16])
def test_any_number_of_workers_that_really_run_gives_the_same_bits(
    n_threads: int, with_cores: Callable[[int], list[int]]
) -> None:
    expected = state_of(fit(new_model(n_threads=1)))
    sizes = with_cores(n_threads)
    for _ in range(50):  # a team begins without those who come late
        assert state_of(fit(new_model(n_threads=n_threads))) == expected
        if n_threads in sizes:
            break
    assert n_threads in sizes


@pytest.mark.parametrize("n_threads", [256, None])
def test_there_are_no_more_workers_than_cores(n_threads: int | None) -> None:
    assert state_of(fit(new_model(n_threads=n_threads))) == state_of(fit(new_model(n_threads=1)))


def test_models_train_in_several_threads_at_once() -> None:
    sizes = [32, 32, 48, 16, 7, 32]
    models = [new_model(units) for units in sizes]
    at_once([partial(fit, model) for model in models])
    for model, units in zip(models, sizes, strict=True):
        assert state_of(model) == state_of(fit(new_model(units)))


def test_one_model_predicts_in_several_threads_at_once() -> None:
    model = fit(new_model())
    parts = [X, X[1:], X[2500:], X[2990:]]
    expected = [model.predict(part).tobytes() for part in parts]
    figures = [model.evaluate(part, Y[-len(part) :]) for part in parts]

    def ask(first: int) -> bool:
        rounds = [(first + turn) % len(parts) for turn in range(60)]
        return all(
            model.predict(parts[i]).tobytes() == expected[i]
            and model.evaluate(parts[i], Y[-len(parts[i]) :]) == figures[i]
            for i in rounds
        )

    assert at_once([partial(ask, first) for first in range(4)]) == [True] * 4


def test_a_model_that_trains_may_be_asked_by_another_thread() -> None:
    model, alone = fit(new_model(), 1), fit(new_model(), 41)
    ended = threading.Event()

    def ask() -> int:
        turns = 0
        while not ended.is_set():
            model.predict(X[: 1 + 97 * turns % 3000])
            turns += 1
        return turns

    def train() -> None:
        fit(model, 40)
        ended.set()

    turns, _ = at_once([ask, train])
    assert turns > 0
    assert state_of(model) == state_of(alone)


@pytest.mark.filterwarnings("ignore:os.fork:RuntimeWarning")  # JAX's, which a race has loaded
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_child_trains_after_its_parent_has() -> None:
    model, expected = fit(new_model()), state_of(fit(new_model(), 6))
    child = os.fork()
    if child == 0:
        os._exit(0 if state_of(fit(model)) == expected else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert state_of(fit(model)) == expected


LAYERS = """
import os, sys, threading
import numba, numpy as np
import jitnet as jn

@numba.njit(parallel=True)
def total(x):
    s = 0.0
    for i in numba.prange(x.size):
        s += x[i]
    return s

try:
    total(np.ones(10))
except ValueError:  # this layer is not there
    print("missing")
    sys.exit()

X = np.linspace(-1, 1, 6000).reshape(1500, 4).astype(np.float32)

def train(weights):
    layers = [jn.Dense(32, activation="tanh"), jn.Dense(1)]
    model = jn.Sequential(layers, loss="mse", n_threads=2)
    model.fit(X, X[:, 0], epochs=5)
    weights.append(model.get_weights()[0].tobytes())

weights = []
train(weights)
running = [threading.Thread(target=train, args=(weights,)) for _ in range(3)]
for thread in running:
    thread.start()
for thread in running:
    thread.join()
if hasattr(os, "fork"):
    child = os.fork()
    if child == 0:
        train(weights)
        os._exit(0 if len(set(weights)) == 1 and len(weights) == 5 else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
assert total(np.ones(10)) == 10.0
assert len(set(weights)) == 1 and len(weights) == 4
print("trained under", numba.threading_layer())
"""


@pytest.mark.parametrize("layer", ["workqueue", "omp", "tbb"])
def test_threads_and_forked_children_train_under_every_threading_layer(layer: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", LAYERS],
        env=os.environ | {"NUMBA_THREADING_LAYER": layer},
        capture_output=True,
        text=True,
        check=False,
    )
    if ended.stdout == "missing\n":
        pytest.skip(f"this machine has no {layer}")
    assert (ended.stdout, ended.returncode) == (f"trained under {layer}\n", 0), ended.stderr


def test_tests_that_train_run_in_workers_of_xdist() -> None:
    pytest.importorskip("xdist")
    chosen = [
        "-k",
        "twice_in_one_process or one_to_sixteen",
        str(Path(__file__).with_name("test_bits.py")),
    ]
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n", "2", "-p", "no:cacheprovider", *chosen],
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stdout


def test_numbas_own_number_of_threads_stays_as_it_was() -> None:
    found = numba.get_num_threads()
    try:
        numba.set_num_threads(1)
        fit(new_model())
        assert numba.get_num_threads() == 1
    finally:
        numba.set_num_threads(found)


V1, V2 = "4:cpu,cpuacct:/app/web", "0::/app/web"


@pytest.mark.parametrize(
    ("line", "files", "expected"),
    [
        (V2, {"cpu.max": "50000 100000"}, 1),
        (V2, {"app/web/cpu.max": "50000 100000"}, 1),
        (V2, {"app/web/cpu.max": "max 100000", "app/cpu.max": "100000 100000"}, 1),
        (V2, {"cpu.max": "max 100000"}, None),
        (V2, {"cpu.max": "10000000 100000"}, None),
        (V2, {"other/cpu.max": "50000 100000"}, None),
        (V1, {"cpu,cpuacct/cpu.cfs_quota_us": "50000"}, 1),
        (V1, {"cpu,cpuacct/app/web/cpu.cfs_quota_us": "-1"}, None),
        (V1, {"cpu,cpuacct/app/web/cpu.cfs_quota_us": "90000"}, 1),
        ("3:cpuset:/", {"cpuset/cpu.cfs_quota_us": "90000"}, None),
    ],
)
def test_a_containers_share_of_the_cores_counts(
    line: str,
    files: dict[str, str],
    expected: int | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cores = available_threads()
    own = tmp_path / "own"
    own.write_text(f"12:pids:/\n{line}\n")
    monkeypatch.setattr(threads, "OWN_CGROUPS", own)
    monkeypatch.setattr(threads, "CGROUPS", tmp_path)
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
        (tmp_path / name).with_name("cpu.cfs_period_us").write_text("100000")
    assert available_threads() == (expected or cores)


@pytest.mark.parametrize("of_model", [1, 4, None])
def test_a_call_may_have_threads_of_its_own(
    of_model: int | None, with_cores: Callable[[int], list[int]]
) -> None:
    sizes = with_cores(4)
    model = new_model(n_threads=of_model)
    calls: list[Callable[[int], Any]] = [
        lambda n: model.fit(X, Y, epochs=1, n_threads=n),
        lambda n: model.partial_fit(X, Y, n_threads=n),
        lambda n: model.predict(X, n_threads=n),
        lambda n: model.evaluate(X, Y, n_threads=n),
        lambda n: model.gradients(X, Y, n_threads=n),
    ]
    for call in calls:
        sizes.clear()
        call(1)
        assert set(sizes) == {1}
        for _ in range(50):  # a team begins without those who come late
            call(3)
            if 3 in sizes:
                break
        assert max(sizes) == 3
        assert model.n_threads == of_model


@pytest.mark.parametrize("bad", [0, -1, 1.5, "2", True, 257])
def test_a_call_refuses_what_is_no_number_of_threads(bad: Any) -> None:
    model = fit(new_model())
    before = state_of(model)
    for call in (model.fit, model.evaluate, model.gradients):
        with pytest.raises((TypeError, ValueError), match="n_threads must be"):
            call(X, Y, n_threads=bad)
    with pytest.raises((TypeError, ValueError), match="n_threads must be"):
        model.predict(X, n_threads=bad)
    assert state_of(model) == before


def test_a_team_is_the_calling_thread_as_its_host_and_others() -> None:
    members: dict[int, int] = {}
    gate = threading.Barrier(3)

    def work(wanted: int, team: Any) -> str:
        gate.wait()
        members[threading.get_ident()] = wanted
        gate.wait()
        return "done"

    assert run_team(3, work, None) == "done"
    assert sorted(members.values()) == [0, 0, 3]
    assert members[threading.get_ident()] == 3


def test_what_a_host_of_its_own_raises_is_raised() -> None:
    def work(wanted: int, team: Any) -> None:
        assert threading.current_thread() is not threading.main_thread()
        raise MemoryError("no room")

    with pytest.raises(MemoryError, match="no room"):
        run_team_apart(1, work, None, stop=list)


@pytest.mark.parametrize("size", [1, 2, 8])
@pytest.mark.parametrize("interrupts", [1, 3])
def test_interrupts_at_any_time_stop_a_team_that_can_be_stopped(size: int, interrupts: int) -> None:
    asked: list[None] = []
    ended: list[bool] = []

    def stop() -> None:
        asked.append(None)

    def work(wanted: int, team: Any) -> None:
        if wanted:
            for _ in range(interrupts):
                _thread.interrupt_main()
                time.sleep(0.0)
            while not asked:
                time.sleep(0.0)
        ended.append(True)

    with pytest.raises(KeyboardInterrupt):
        run_team_apart(size, work, None, stop)
    assert ended


def test_a_thread_helps_one_team_after_the_other() -> None:
    members: set[int] = set()
    gate = threading.Barrier(2)

    def work(wanted: int, team: Any) -> None:
        gate.wait()
        members.add(threading.get_ident())

    for _ in range(50):
        run_team(2, work, None)
    assert len(members) <= 10  # now and then one is late


def test_a_helper_that_is_not_called_ends() -> None:
    helpers = threads.Helpers()
    helpers.call(list, threads.Back())
    ends = time.monotonic() + 10 * threads.IDLE_SECONDS
    while helpers._idle and time.monotonic() < ends:
        time.sleep(threads.IDLE_SECONDS / 10)
    assert not helpers._idle


def test_a_helper_keeps_nothing_of_its_last_team_alive() -> None:
    class Work:
        def __call__(self, wanted: int, team: Any) -> None: ...

    work = Work()
    gone = weakref.ref(work)
    run_team(2, work, None)
    del work
    assert gone() is None


def test_who_limits_threads_in_a_usual_way_is_obeyed(monkeypatch: pytest.MonkeyPatch) -> None:
    cores = available_threads()
    with threadpoolctl.threadpool_limits(1):
        assert available_threads() == 1
    assert available_threads() == cores
    monkeypatch.setenv("OMP_NUM_THREADS", "1,4")
    assert available_threads() == 1
    monkeypatch.setenv("OMP_NUM_THREADS", "many")
    assert available_threads() == cores
    monkeypatch.delenv("OMP_NUM_THREADS")
    found = numba.get_num_threads()
    try:
        numba.set_num_threads(1)
        assert available_threads() == 1
    finally:
        numba.set_num_threads(found)


def test_a_limit_holds_for_the_fit_within_it(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []

    def noted(size: int, *rest: Any) -> Any:
        sizes.append(size)
        return run_team(size, *rest)

    monkeypatch.setattr("jitnet.engine.engine.run_team", noted)
    model = new_model(n_threads=None if available_threads() == 1 else 2)
    with threadpoolctl.threadpool_limits(1):
        fit(model)
    assert set(sizes) == {1}
    sizes.clear()
    fit(model)
    assert max(sizes) == min(2, available_threads())


def paced(team: float, alone: float, slices: int = 500) -> list[int]:
    """The threads of each slice, where a step takes a team and one thread so many seconds."""
    pace, chosen = Pace(2, 1), []
    for _ in range(slices):
        chosen.append(pace.threads)
        pace.note(team if pace.threads == 2 else alone, 1)
    return chosen


def test_the_pace_keeps_what_is_faster_and_tries_the_other_now_and_then() -> None:
    for slower, faster in [(1, paced(0.1, 0.2)), (2, paced(0.2, 0.1))]:
        assert 2 <= faster.count(slower) <= 60
        assert faster[-250:].count(slower) >= 1


def test_the_pace_leaves_a_team_that_becomes_slow_at_once() -> None:
    pace = Pace(2, 1)
    for seconds, chosen in [(0.1, 1), (0.2, 2), (0.11, 2), (0.3, 1)]:
        pace.note(seconds, 100)
        assert pace.threads == chosen


def test_a_trial_is_short() -> None:
    pace, trials = Pace(2, 1000), []
    for _ in range(100):
        steps = pace.steps
        if pace.threads == 1:
            trials.append(steps)
        pace.note(steps * (1e-4 if pace.threads == 2 else 2e-4), steps)
    assert trials
    assert max(trials) * 1e-4 <= Pace.TRIAL_SECONDS


def test_a_trial_by_a_long_step_waits_until_it_weighs_little() -> None:
    pace, team, alone = Pace(2, 1), 0.0, 0.0
    while not alone:
        team += 0.1
        pace.note(0.1, 1)
        alone += 0.2 * (pace.threads == 1)
    assert alone <= 0.15 * team


def test_the_pace_of_one_thread_is_one() -> None:
    pace = Pace(1, 1)
    for seconds in [0.1, 5.0, 0.1] * 20:
        pace.note(seconds, 1)
        assert pace.threads == 1
