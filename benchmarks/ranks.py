"""One network trained by several ranks, and what that would take on a cluster.

python benchmarks/ranks.py --output benchmarks/RANKS.md
python benchmarks/ranks.py --quick                        a smoke test

A step of R ranks takes t + p / R + x: what every rank does alike, its share of what is divided, and
the exchange. Of a network of n bytes of gradients that is x = m(R) α + 2 n (R - 1) / (R β): m = 2
(R - 1) + ⌈log₂ R⌉ messages of α seconds, one after the other, and the bytes that a rank sends and
receives, β of them a second. α and β are measured without any training, t and p by one rank, and
what follows from them for two ranks is held against what two ranks take.

An exchange follows a step's work, though MPI could begin it before: what that would hide is
measured by an Alltoall that begins before work of three times its length, and is waited for behind.
"""

from __future__ import annotations

import argparse
import json
import math
import shutil
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import numpy as np

import jitnet as jn
from jitnet.ranks.exchange import Exchange
from jitnet.ranks.launch import MISSING
from jitnet.ranks.layout import Layout
from jitnet.tables import format_table
from race.machine import description

SECONDS, TURNS, TRIALS = 1.0, 3, 30
BYTES = 32 << 20
"""Of the examples."""
SIZES = 1 << 10, 1 << 21
"""Numbers that are exchanged to learn what a message takes, and what a byte does."""
CLUSTERS = {"10 Gb Ethernet": (30e-6, 1.1e9), "100 Gb InfiniBand": (2e-6, 11e9)}
"""Seconds a message and bytes a second, as such networks usually reach them."""
RANKS = 2, 4, 8


class Workload(NamedTuple):
    """A network, its examples' size, and a batch."""

    widths: tuple[int, ...]
    batch: int
    normalised: bool = False

    def model(self) -> jn.Sequential:
        """The network."""
        layers: list[jn.Layer] = []
        for units in self.widths[1:-1]:
            layers.append(jn.Dense(units, "relu"))
            if self.normalised:
                layers.append(jn.BatchNorm())
        layers.append(jn.Dense(self.widths[-1]))
        return jn.Sequential(layers, "mse", jn.Adam(1e-3), n_threads=1)

    @property
    def gradients(self) -> int:
        """How many there are."""
        return int(self.model().build(self.widths[0])._built().nodes.count)


WORKLOADS = {
    "small": Workload((28, 64, 64, 1), 256),
    "tabular": Workload((28, 256, 256, 256, 1), 1024),
    "normalised": Workload((28, 256, 256, 256, 1), 1024, normalised=True),
    "mnist512": Workload((784, 512, 512, 10), 1024),
    "wide": Workload((1024, 2048, 2048, 10), 2048),
}


def step_seconds(workload: Workload, seconds: float, communicator: Any = None) -> float:
    """Seconds a step, of a fit of about so many seconds."""
    rng, width = np.random.default_rng(0), workload.widths[0]
    batches = max(4, BYTES // (4 * width * workload.batch))
    X = rng.normal(size=(batches * workload.batch, width)).astype(np.float32)
    y = X[:, : workload.widths[-1]].copy()
    model, epochs, taken = workload.model(), 1, 0.0
    model.fit(X, y, epochs=2, batch_size=workload.batch, communicator=communicator)
    for _ in range(2):  # the first says how many epochs the second has
        began = time.perf_counter()
        model.fit(X, y, epochs=epochs, batch_size=workload.batch, communicator=communicator)
        taken = time.perf_counter() - began
        if communicator is not None:
            taken = communicator.bcast(taken)
        steps, epochs = batches * epochs, max(1, round(epochs * seconds / taken))
    return taken / steps


def exchange_seconds(communicator: Any, count: int) -> float:
    """Seconds of an exchange of so many gradients, without any step."""
    layout = Layout(512, 512, 32, communicator.rank, communicator.size)
    exchange = Exchange(communicator, layout, count, np.float32)
    exchange.attach(np.zeros(count, np.float32), np.zeros(0), {}, None)  # type: ignore[arg-type]
    taken = []
    for _ in range(TRIALS):
        communicator.Barrier()
        began = time.perf_counter()
        exchange.sum_gradients()
        taken.append(time.perf_counter() - began)
    return median(taken)


def hidden_share(communicator: Any, count: int) -> float:
    """The part of an Alltoall, an exchange's first half, that is hidden behind other work."""
    source, target = np.ones(count, np.float32), np.empty(count, np.float32)
    exchanged = median_seconds(communicator, lambda: communicator.Alltoall(source, target))
    work, began = np.ones(1 << 12), time.perf_counter()
    np.sin(work, out=work)
    turns = communicator.bcast(math.ceil(3 * exchanged / (time.perf_counter() - began)))

    def compute() -> None:
        for _ in range(turns):
            np.sin(work, out=work)

    def compute_behind() -> None:
        request = communicator.Ialltoall(source, target)
        compute()
        request.Wait()

    def compute_before() -> None:
        compute()
        communicator.Alltoall(source, target)

    saved = [
        median_seconds(communicator, compute_before) - median_seconds(communicator, compute_behind)
        for _ in range(5)
    ]
    return median(saved) / exchanged


def median_seconds(communicator: Any, work: Callable[[], Any]) -> float:
    """Seconds until the last rank has done some work."""
    taken = []
    for _ in range(TRIALS):
        communicator.Barrier()
        began = time.perf_counter()
        work()
        communicator.Barrier()
        taken.append(time.perf_counter() - began)
    return median(taken)


def as_rank(names: list[str], seconds: float) -> None:
    """Measure as one of the ranks; the first prints what was found."""
    from mpi4py import MPI

    world = MPI.COMM_WORLD
    found = {
        "exchange": [exchange_seconds(world, count) for count in SIZES],
        "hidden": hidden_share(world, SIZES[1]),
        "steps": {name: step_seconds(WORKLOADS[name], seconds, world) for name in names},
    }
    if world.rank == 0:
        print(json.dumps(found))


def measured(names: list[str], seconds: float, turns: int) -> dict[Any, Any]:
    """Medians of turns: a step alone, by one rank, and by two; and an exchange of two."""
    launcher = shutil.which("mpiexec", path=sysconfig.get_path("scripts"))
    launcher = launcher or shutil.which("mpiexec")
    if launcher is None:
        raise SystemExit(f"there is no mpiexec: {MISSING}")
    worker = [sys.executable, __file__, "--rank", *names, "--seconds", str(seconds)]
    found: dict[Any, Any] = {"alone": [], 1: [], 2: []}
    for _ in range(turns):
        found["alone"].append({name: step_seconds(WORKLOADS[name], seconds) for name in names})
        for ranks in (1, 2):
            command = [launcher, "-n", str(ranks), *worker]
            ended = subprocess.run(command, capture_output=True, text=True, check=True)
            found[ranks].append(json.loads(ended.stdout))
    return found


def page(found: dict[Any, Any], names: list[str]) -> str:
    """The figures as a page."""
    small, large = (median(turn["exchange"][k] for turn in found[2]) for k in range(2))
    # two ranks: m = 3 messages, and n bytes each
    rate = 4 * (SIZES[1] - SIZES[0]) / (large - small)
    message = max(0.0, small - 4 * SIZES[0] / rate) / 3
    hidden = median(turn["hidden"] for turn in found[2])
    rows, clusters = [], []
    for name in names:
        workload = WORKLOADS[name]
        alone = median(turn[name] for turn in found["alone"])
        one, two = (median(turn["steps"][name] for turn in found[ranks]) for ranks in (1, 2))
        n_bytes = 4 * workload.gradients
        model = Model(one, update_seconds(workload), n_bytes)
        expected = model.step(2, message, rate)
        network = "-".join(map(str, workload.widths)) + " normalised" * workload.normalised
        figures = [alone * 1e3, one * 1e3, two * 1e3, expected * 1e3]
        rows.append(
            (name, network, str(workload.batch), f"{n_bytes / 1e6:.2f}",
             *(f"{figure:.3f}" for figure in figures), f"{one / two:.2f}", f"{alone / two:.2f}")
        )  # fmt: skip
        for cluster, (alpha, beta) in CLUSTERS.items():
            gains = [f"{one / model.step(ranks, alpha, beta):.1f}" for ranks in RANKS]
            clusters.append((name, cluster, *gains))
    header = ("", "network", "batch", "MB", "alone", "1 rank", "2 ranks", "expected", "1 : 2",
              "alone : 2")  # fmt: skip
    table = format_table([header, *rows], left=2)
    outlook = format_table(
        [("", "network", *(f"{ranks} ranks" for ranks in RANKS)), *clusters], left=2
    )
    return (
        "# One network, several ranks\n\n"
        "Milliseconds a step, each rank with one thread; medians of turns. `alone` is a fit "
        "without a\ncommunicator, `expected` follows from one rank and from what an exchange "
        "takes, as\n`benchmarks/ranks.py` says.\n\n"
        f"`python benchmarks/ranks.py --output benchmarks/RANKS.md`, {description()}; "
        f"{date.today()}.\nA message between two processes took {message * 1e6:.0f} µs, and "
        f"{rate / 1e9:.1f} GB went from one to the other in a second.\nAn Alltoall that begins "
        f"before other work, and is waited for behind it, hid {hidden:.0%} of its time: ranks\n"
        f"that share memory copy what they send themselves.\n\n```\n{table}\n```\n\n"
        "A step of R ranks takes t + p / R + m α + 2 n (R - 1) / (R β) seconds: t is what every "
        "rank does\nalike, p what is divided, m = 2 (R - 1) + ⌈log₂ R⌉ messages of α seconds, and "
        "n bytes of gradients,\nof which β go in a second.\n\n"
        "What the same formula says of clusters, as times the speed of one rank, a rank a machine "
        f"or a core\n({_clusters()}):\n\n```\n{outlook}\n```\n\n"
        "It pays where computing a batch takes longer than sending the gradients twice: a larger "
        "batch has more\nto compute for the same bytes.\n"
    )


def _clusters() -> str:
    return ", ".join(
        f"{name}: {alpha * 1e6:.0f} µs a message, {beta / 1e9:.1f} GB/s"
        for name, (alpha, beta) in CLUSTERS.items()
    )


class Model(NamedTuple):
    """What a step takes: ``one`` rank's seconds, of which every rank has some alike."""

    one: float
    alike: float
    n_bytes: int

    def step(self, ranks: int, alpha: float, beta: float) -> float:
        """Seconds of a step of so many ranks."""
        messages = 2 * (ranks - 1) + math.ceil(math.log2(ranks))
        sent = 2 * self.n_bytes * (ranks - 1) / ranks
        divided = self.one - self.alike
        return self.alike + divided / ranks + messages * alpha + sent / beta


def update_seconds(workload: Workload) -> float:
    """Seconds of the optimiser's step, which every rank takes as a whole."""
    return step_seconds(workload._replace(batch=8), 0.2)


def main() -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="one small network, once")
    parser.add_argument("--output", type=Path, help="a file for the page")
    parser.add_argument("--rank", nargs="+", help=argparse.SUPPRESS)
    parser.add_argument("--seconds", type=float, default=SECONDS, help="of a fit")
    given = parser.parse_args()
    if given.rank:
        as_rank(given.rank, given.seconds)
        return 0
    names = ["small"] if given.quick else list(WORKLOADS)
    size = (0.1, 1) if given.quick else (given.seconds, TURNS)
    text = page(measured(names, *size), names)
    print(text)
    if given.output:
        given.output.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
