"""Models train and predict at once, in threads and processes of all kinds, with their own bits."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import multiprocessing
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import joblib
import numba
import numpy as np
import threadpoolctl

import jitnet as jn
import own_definitions
from drawing import Drawn, answers, draw_network, picker, train
from hunting import Hunt, Rng, Tally, drawn
from rows import bits_of
from team_sizes import sum_in_parallel

LAYERS = "workqueue", "omp", "tbb"
"""Numba's threading layers: one a process."""

AT_ONCE = 8
SEEDS = 400
"""Networks that the storms draw from; each is trained alone once."""
COUNT = 101


@functools.cache
def network_of(seed: int) -> tuple[Drawn, Any, Any]:
    """A network, and examples."""
    known_everywhere()
    rng = np.random.default_rng(seed)
    network = draw_network(picker(rng))
    return network, network.inputs(rng, COUNT), network.targets(rng, COUNT)


@functools.cache
def known_everywhere() -> None:
    """Have each process of a hunt know the own rows until it ends."""
    ROWS.enter_context(own_definitions.known())


ROWS = contextlib.ExitStack()


def trained(seed: int, n_threads: int | None) -> jn.Sequential:
    """A network of its own, trained."""
    network, X, y = network_of(seed)
    model = network.model(seed=3, n_threads=n_threads)
    train(model, X, y, {}, {"epochs": 2, "batch_size": 32 if seed % 2 else 64})
    return model


def work(seed: int, n_threads: int | None = 2) -> str:
    """The bits of a trained network."""
    _, X, y = network_of(seed)
    model = trained(seed, n_threads)
    found = answers(model, X, y, {"n_threads": n_threads})
    return bits_of(model, X, model.history.get("loss", []), found)


@functools.cache
def alone(seed: int) -> str:
    """The same of one thread, with nothing beside it."""
    return work(seed, 1)


def in_threads(seeds: Sequence[int]) -> list[str]:
    """A thread each, all begun at the same moment."""
    found: list[str] = [""] * len(seeds)
    gate = threading.Barrier(len(seeds))

    def run(place: int) -> None:
        gate.wait()
        found[place] = work(seeds[place])

    running = [threading.Thread(target=run, args=(place,)) for place in range(len(seeds))]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    return found


def in_a_pool(seeds: Sequence[int]) -> list[str]:
    """An executor's threads."""
    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(work, seeds))


def in_asyncio(seeds: Sequence[int]) -> list[str]:
    """The threads of an event loop."""

    async def gather() -> list[str]:
        return await asyncio.gather(*(asyncio.to_thread(work, seed) for seed in seeds))

    return asyncio.run(gather())


def by_joblib(backend: str) -> Callable[[Sequence[int]], list[str]]:
    """Workers of joblib's, processes or threads."""
    return lambda seeds: list(
        joblib.Parallel(n_jobs=2, backend=backend)(joblib.delayed(work)(seed) for seed in seeds)
    )


def in_processes(method: str) -> Callable[[Sequence[int]], list[str]]:
    """Processes of a start method, and threads in the first of them at the same time."""

    def run(seeds: Sequence[int]) -> list[str]:
        context = multiprocessing.get_context(method)
        with ProcessPoolExecutor(2, mp_context=context) as pool:
            return [*pool.map(work, seeds[2:]), *pool.submit(in_threads, seeds[:2]).result()]

    return lambda seeds: (found := run(seeds))[-2:] + found[:-2]


def by_one_model(seeds: Sequence[int]) -> list[str]:
    """One model that predicts in all threads at once; what is said is the seeds' own bits."""
    network, X, _ = network_of(seeds[0])
    model = trained(seeds[0], 2)
    expected = model.predict(X, n_threads=1).tobytes()

    def ask(turn: int) -> bool:
        return model.predict(X, n_threads=1 + turn % 3).tobytes() == expected

    with ThreadPoolExecutor(AT_ONCE) as pool:
        if not all(pool.map(ask, range(10 * AT_ONCE))):
            raise AssertionError(f"one model predicts other bits from several threads: {network}")
    return [alone(seed) for seed in seeds]


PLACES: dict[str, Callable[[Sequence[int]], list[str]]] = {
    "threads": in_threads,
    "an executor": in_a_pool,
    "asyncio": in_asyncio,
    "one model": by_one_model,
    "joblib's threads": by_joblib("threading"),
    "joblib's processes": by_joblib("loky"),
    **{method: in_processes(method) for method in multiprocessing.get_all_start_methods()},
}
OFTEN = 8
"""Places of processes take seconds to begin: the others come so many times as often."""


def settings() -> Any:
    """What others have set for their own threads."""
    blas = [(pool["filepath"], pool["num_threads"]) for pool in threadpoolctl.threadpool_info()]
    return numba.get_num_threads(), sorted(blas)


def case(rng: Rng) -> Tally:
    """Some networks at once, in a place."""
    pick = picker(rng)
    threads, processes = list(PLACES)[:5], list(PLACES)[5:]
    place = pick(threads if rng.integers(OFTEN) else processes)
    seeds = [int(seed) for seed in rng.integers(0, SEEDS, AT_ONCE)]
    right, before = [alone(seed) for seed in seeds], settings()
    found = PLACES[place](seeds)
    if found != right:
        wrong = [seed for seed, a, b in zip(seeds, found, right, strict=True) if a != b]
        raise AssertionError(f"{place}: networks {wrong} of {seeds} have other bits")
    if settings() != before:
        raise AssertionError(f"{place}: numba's or BLAS's threads are {settings()}, not {before}")
    if sum_in_parallel(np.ones(1000)) != 1000:
        raise AssertionError("numba's own parallel loop is wrong")
    return Tally(len(seeds))


def storm(seconds: float, seed: int, first: int) -> Tally:
    """Cases under the threading layer of this process."""
    sum_in_parallel(np.ones(10))
    return drawn(case)(seconds, seed, first)


COMMAND = """
import sys
from hunts.threads import storm
tally = storm(float(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
print(tally.cases)
"""


def run(seconds: float, seed: int, first: int) -> Tally:
    """A process for each threading layer that is there."""
    cases, layers = 0, [layer for layer in LAYERS if is_there(layer)]
    paths = [str(Path(__file__).parents[1]), *sys.path]
    for layer in layers:
        done = subprocess.run(
            [sys.executable, "-c", COMMAND, str(seconds / len(layers)), str(seed), str(first)],
            env=os.environ | {"NUMBA_THREADING_LAYER": layer, "PYTHONPATH": os.pathsep.join(paths)},
            stdout=subprocess.PIPE,
            text=True,
        )
        if done.returncode:
            raise AssertionError(f"under {layer} it ended with {done.returncode}")
        cases += int(done.stdout.split()[-1])
    return Tally(cases)


def is_there(layer: str) -> bool:
    """Whether Numba has a threading layer here."""
    command = "import numba, numpy\nnumba.njit(parallel=True)(lambda x: x + 1)(numpy.ones(9))"
    done = subprocess.run(
        [sys.executable, "-c", command],
        env=os.environ | {"NUMBA_THREADING_LAYER": layer},
        stderr=subprocess.DEVNULL,
    )
    return done.returncode == 0


HUNT = Hunt(run, short=40, long=600)
