"""What processes under ``mpiexec`` do together: ``python rank_jobs.py JOB FOLDER ARGUMENTS``.

Each writes what it returns, or what it raised, into a file of its own in the folder.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numba
import numpy as np
from mpi4py import MPI

import jitnet as jn
import own_definitions
from drawing import draw_given, draw_network, picker, train
from jitnet.engine.order import shuffle_again
from jitnet.ranks.agreement import in_all
from jitnet.ranks.layout import Layout
from jitnet.tabular.mapped_rows import fit_mapped_file
from jitnet.tabular.row_groups import RowGroups
from jitnet.threads import asked_for
from team_sizes import many_cores
from training_state import state_of

COMMUNICATOR = MPI.COMM_WORLD
RANK, SIZE = COMMUNICATOR.rank, COMMUNICATOR.size
NUMBA = numba.__version__
X = np.random.default_rng(1).normal(size=(500, 6)).astype(np.float32)
Y = (X[:, 0] * X[:, 1] > 0).astype(np.int64)


def digest(model: jn.Sequential) -> str:
    """A digest of all that training has changed."""
    return hashlib.sha256(repr(state_of(model)).encode()).hexdigest()


def network(*layers: Any, seed: int = 0, **options: Any) -> jn.Sequential:
    """A small classifier."""
    inner = layers or (jn.Dense(16, "relu"), jn.BatchNorm())
    optimizer = options.pop("optimizer", None) or jn.Adam(1e-2)
    return jn.Sequential(
        [*inner, jn.Dense(2)], "softmax_crossentropy", optimizer, seed=seed, **options
    )


def fit(model: jn.Sequential, **options: Any) -> dict[str, Any]:
    """Fit with all ranks."""
    given: dict[str, Any] = {"epochs": 3, "batch_size": 128, "communicator": COMMUNICATOR}
    history = model.fit(options.pop("X", X), options.pop("y", Y), **(given | options))
    return {"digest": digest(model), "history": dict(history)}


def drawn_networks(first: str, count: str, n_threads: str = "1") -> list[Any]:
    """Networks drawn from the tables, with weights, lengths, and a short last batch."""
    found = []
    for seed in range(int(first), int(first) + int(count)):
        rng = np.random.default_rng(seed)
        network = draw_network(picker(rng))
        examples = int(rng.integers(200, 320))
        inputs, targets = network.inputs(rng, examples), network.targets(rng, examples)
        given = draw_given(network, picker(rng), rng, examples)
        options = {"epochs": 2, "batch_size": 150, "communicator": COMMUNICATOR}
        model = network.model(seed=5, n_threads=int(n_threads))
        with many_cores(int(n_threads)):
            losses = train(model, inputs, targets, given, options)
        found.append([digest(model), losses])
    return found


def one_step() -> list[Any]:
    """The weights after a step of all examples."""
    model = network(jn.Dense(16, "tanh"), jn.BatchNorm(), optimizer=jn.SGD(0.5), dtype="float64")
    fit(model, epochs=1, batch_size=None)
    return [array.tolist() for array in model.get_weights()]


def own_rows() -> dict[str, Any]:
    """A fit in which the rows of other ranks are no numbers."""
    layout = Layout(len(X), 128, 32, RANK, SIZE)
    own = np.full_like(X, np.nan)
    own[layout.own_rows] = X[layout.own_rows]
    return fit(network(), X=own)


def callbacks() -> dict[str, Any]:
    """A fit that a callback of the first rank ends, and whose rate it changes."""
    told = []

    class Told(jn.Callback):
        def on_epoch_end(self, model: Any, epoch: int, logs: dict[str, float]) -> bool:
            told.append(epoch)
            model.scale_learning_rate(0.5)
            return epoch == 4

    best = jn.EarlyStopping(patience=50)
    model = network()
    return fit(model, epochs=9, validation_data=(X, Y), callbacks=[best, Told()]) | {"told": told}


def error_in_callback() -> None:
    """A fit of which the first rank's callback fails."""

    class Fails(jn.Callback):
        def on_epoch_end(self, model: Any, epoch: int, logs: dict[str, float]) -> None:
            raise OSError("no room for the log")

    fit(network(), callbacks=[Fails()])


def checkpoints(folder: str, epochs: str) -> dict[str, Any]:
    """A fit with checkpoints, which goes on from those that there are."""
    there = COMMUNICATOR.bcast(any(Path(folder).glob("step-*")) if RANK == 0 else None)
    kept = jn.Checkpoint(folder, every_steps=3)
    return fit(network(), epochs=int(epochs), callbacks=[kept], resume=folder if there else None)


def killed(folder: str) -> None:
    """A fit of which a rank dies in the second epoch."""
    processes = COMMUNICATOR.allgather(os.getpid())

    class Checkpoint(jn.Checkpoint):
        def on_epoch_end(self, model: Any, epoch: int, logs: dict[str, float]) -> None:
            super().on_epoch_end(model, epoch, logs)
            if epoch == 2:
                os.kill(processes[1], signal.SIGKILL)

    fit(network(), epochs=5, callbacks=[Checkpoint(folder, every_steps=3)])


def no_memory() -> None:
    """A fit of which one rank has no memory for an epoch's order."""

    def lay(self: Any, *_: Any, **__: Any) -> None:
        raise MemoryError("no room for an order")

    if RANK == 1:
        Layout.lay = lay  # type: ignore[method-assign]
    fit(network())


def diverges() -> dict[str, Any]:
    """A fit whose loss becomes infinite."""
    model = network(jn.Dense(16), optimizer=jn.SGD(1e30))
    try:
        fit(model)
    except FloatingPointError as error:
        return {"error": str(error), "digest": digest(model)}
    return {}


def row_groups_read(path: str) -> list[int]:
    """The row groups that a rank reads while a table's file is learned."""
    read = []
    pieces = RowGroups._pieces

    def noted(groups: RowGroups, group: int) -> Iterator[tuple[int, Any]]:
        for piece in pieces(groups, group):
            read.append(group)
            yield piece

    model = jn.TableModel("rich", epochs=1, batch_size=128)
    vars(sys.modules[RowGroups.__module__])["RowGroups"]._pieces = noted
    fit_mapped_file(model, Path(path), communicator=COMMUNICATOR)
    return sorted(set(read))


def forks() -> dict[str, Any]:
    """A fit while a thread of the second rank forks, again and again."""
    over = threading.Event()

    def fork() -> None:
        while not over.is_set():
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of threads beside a fork
                child = os.fork()
            if child == 0:
                os._exit(0)
            os.waitpid(child, 0)

    thread = threading.Thread(target=fork)
    if RANK == 1:
        thread.start()
    try:
        return fit(network(jn.Dense(64, "relu"), jn.BatchNorm()), epochs=200)
    finally:
        over.set()


def learned_table(path: str, folder: str, resume: str) -> str:
    """A table's model, with a checkpoint at each slice of steps."""
    vars(sys.modules["jitnet.tabular.training"])["CHECKPOINT_MINUTES"] = 1e-9
    model = jn.TableModel("rich", epochs=3, batch_size=128)
    kept: dict[str, Any] = {"checkpoints": Path(folder), "resume": bool(resume)}
    fit_mapped_file(model, Path(path), communicator=COMMUNICATOR, **kept)
    return digest(model.networks[0])


def threads() -> list[Any]:
    """What each rank takes where nobody says how many threads it may."""
    seen = []

    class Look(jn.Callback):
        def on_epoch_end(self, model: Any, epoch: int, logs: dict[str, float]) -> None:
            seen.append(asked_for(None))

    fit(network(), epochs=1, callbacks=[Look()])
    return seen


def differ(*whats: str) -> list[str]:
    """What is said of fits that the second rank calls with something else."""
    return [error_of(partial(fit_apart, what)) for what in whats]


def error_of(work: Callable[[], Any]) -> str:
    """What a mistake's error says; nothing, where there is none."""
    try:
        work()
    except ValueError as error:
        return str(error)
    return ""


def fit_apart(what: str) -> None:
    """A fit that the second rank calls with something else."""
    given: dict[str, dict[str, Any]] = {
        "X": {"X": X[:-1], "y": Y[:-1]},
        "features": {"X": X[:, :5]},
        "y": {"y": 1 - Y},
        "NaN": {"X": np.full_like(X, np.nan)},
        "epochs": {"epochs": 4},
        "batch_size": {"batch_size": 200},
        "sample_weight": {"sample_weight": np.arange(500) + 1.0},
        "callbacks": {"callbacks": [jn.EarlyStopping(monitor="loss")]},
    }
    others: dict[str, dict[str, Any]] = {
        "seed": {"seed": 1},
        "optimizer": {"optimizer": jn.SGD(0.1)},
        "dtype": {"dtype": "float64"},
        "loss": {"label_smoothing": 0.1},
    }
    numba.__version__ = "0.1" if what == "version" and RANK == 1 else NUMBA
    layer = jn.Dense(17 if what == "layers" and RANK == 1 else 16)
    model = network(layer, **others.get(what, {}) if RANK == 1 else {})
    if what == "weights":
        model.build(6).set_weights([w + RANK % 2 for w in model.get_weights()])
    fit(model, **given.get(what, {}) if RANK == 1 else {})


def full_disk() -> None:
    """Work that the system does not let the last rank do."""

    def work() -> None:
        if RANK == SIZE - 1:
            raise OSError(errno.ENOSPC, "No space left on device")

    in_all(COMMUNICATOR, work)


def refused() -> list[str]:
    """What is said of fits that no rank can do."""
    sequences = X[:256].reshape(-1, 3, 2)
    model = jn.Sequential([jn.LSTM(4, stateful=True), jn.Dense(2)], "softmax_crossentropy")
    stateful = partial(fit, model, X=sequences, y=Y[:256], shuffle=False)
    return [error_of(partial(fit, network(), batch_size=8)), error_of(stateful)]


JOBS = (
    callbacks, checkpoints, differ, diverges, drawn_networks, error_in_callback, forks,
    full_disk, killed, learned_table, no_memory, one_step, own_rows, refused, row_groups_read,
    threads,
)  # fmt: skip


def main() -> None:
    """Do a job, and write what came of it."""
    name, folder, *arguments = sys.argv[1:]
    job: Any = {job.__name__: job for job in JOBS}[name]
    shuffle_again(np.arange(2), 0, 0)
    try:
        with own_definitions.known():
            found: dict[str, Any] = {"result": job(*arguments)}
    except (FloatingPointError, ImportError, OSError, RuntimeError, TypeError, ValueError) as error:
        found = {"error": [type(error).__name__, str(error)]}
    Path(folder, f"{RANK}.json").write_text(json.dumps(found))


if __name__ == "__main__":
    main()
