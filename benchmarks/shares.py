"""Measure how near products and whole steps come to the register tile's own speed, on one core.

    python benchmarks/shares.py                     the tables, some two minutes
    python benchmarks/shares.py --output shares.md
    python benchmarks/shares.py --quick             a smoke test

A core changes its speed from one moment to the next, so each product is measured between two runs
of the tile on operands that are packed and near, and is given as a share of their speed: the median
of some turns, by the CPU's time and not the wait for it. Before anything is timed, it must agree
with NumPy.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Callable, Sequence
from datetime import date
from importlib.metadata import version
from pathlib import Path
from time import process_time, thread_time
from typing import Any, NamedTuple

import numpy as np

import jitnet as jn
from jitnet.kernels.intrinsics import at
from jitnet.kernels.jit import njit
from jitnet.kernels.matmul import TALL, multiply_rows
from jitnet.kernels.panels import panel_width
from jitnet.layers import dense
from jitnet.memory import zeros
from jitnet.study.blocks import BACKWARD, FORWARD, GRADIENTS, PREPARE, Blocks
from jitnet.study.roofs import arithmetic_roof
from jitnet.tables import markdown_table
from peer_models.jitnet_layers import make_model
from race.machine import description
from race.report import network, number
from workloads import WORKLOADS, Workload, make_data

DTYPE = "float32"
TURNS, QUICK_TURNS = 15, 1
RUN_FLOPS = 4e8
"""Work of a run: some milliseconds."""
STEP_FLOPS = 4e9
"""Work of some steps: some tenths of a second."""
TOLERANCE = 1e-4
"""Relative to the greatest number: float32 sums of a thousand terms."""

ZERO, ONE, HEIGHT = np.int64(0), np.int64(1), np.int64(len(TALL))


class Size(NamedTuple):
    """A layer on a batch, and the least shares that are asked of it."""

    batch: int
    n_in: int
    n_out: int
    product_bar: float
    gradient_bar: float


SIZES = (
    Size(256, 784, 512, 0.85, 0.80),
    Size(256, 512, 512, 0.85, 0.80),
    Size(512, 1024, 2048, 0.85, 0.82),
    Size(512, 256, 256, 0.85, 0.80),
    Size(128, 784, 128, 0.80, 0.70),
    Size(100, 300, 300, 0.80, 0.70),
)

STEPS = {"mnist512": 0.79, "wide": 0.78, "tabular": 0.76, "mnist128": 0.71, "higgs": 0.68}
"""Workloads, and the least share of the tile's speed that is asked of a whole step."""

STEP_NOTES = """\
A whole step of training on one thread: the operations of its matrix products in its time, as a
share of the tile's own speed. The time has all else in it: gathering the batch, activations, the
loss, Adam, packing.
"""

NOTES = """\
Shares of the tile's own speed, one core, float32; then packing the weights, as a share of the time
that the three products take. The weights' gradient turns one of its sides itself. A batch is
counted by the panels that it fills, also where the last one has lanes left; its gradient, which
leaves them out, by its examples.
"""


@njit(entry=True)
def tile(times: int, C: Any, A: Any, B: Any) -> None:
    """Tile after tile C = A B, all in the first level of the cache, so many times."""
    depth = A.shape[0]
    rows, width, add = C.shape[0], C.shape[1], times < ZERO
    for _ in range(times):
        c, a, b = at(C, ZERO), at(A, ZERO), at(B, ZERO)
        multiply_rows(
            c, a, b, width, ZERO, ONE, HEIGHT, ZERO, ZERO, depth, depth, width, add, ZERO, rows
        )


class Reference:
    """The tile on operands that are packed and near."""

    def __init__(self) -> None:
        width, depth, tiles = panel_width(DTYPE), 256, 4
        self.arguments = (
            zeros((tiles * len(TALL), width), DTYPE),
            zeros((depth, len(TALL)), DTYPE, 1),
            zeros((depth, width), DTYPE, 2),
        )
        flops = 2 * tiles * len(TALL) * width * depth
        self.times = int(RUN_FLOPS // flops) + 1
        self.flops = flops * self.times

    def rate(self) -> float:
        """Its floating-point operations a second, now."""
        began = thread_time()
        tile(self.times, *self.arguments)
        return self.flops / (thread_time() - began)


class Layer:
    """A dense layer on a batch, and the runs of its kernels."""

    def __init__(self, size: Size) -> None:
        batch, n_in, n_out, *_ = size
        width, rng = panel_width(DTYPE), np.random.default_rng(7)
        self.blocks = Blocks(jn.Dense(n_out), (n_in,), batch, DTYPE)
        shapes = {"X": (n_in, batch), "dY": (n_out, batch), "weight": (n_in, n_out)}
        self.given = {name: rng.normal(size=shape) for name, shape in shapes.items()}
        self.blocks.write(**self.given)
        self.batch, self.seen = batch, -(-batch // width) * width
        self.flops = 2 * n_in * n_out
        self.pack = self.blocks.runs(PREPARE)
        self.forward = self.blocks.runs(FORWARD)
        self.backward = self.blocks.runs(BACKWARD)
        self.gradient = self.blocks.runs(GRADIENTS, kernel=dense.dense_weight_backward)

    def check(self) -> None:
        """Raise an AssertionError where a kernel does not agree with NumPy."""
        for run in (self.pack, self.forward, self.backward, self.gradient):
            run(1)
        X, dY, W = (self.given[name] for name in ("X", "dY", "weight"))
        for name, expected in (("Y", W.T @ X), ("dX", W @ dY), ("dweight", X @ dY.T)):
            bound = TOLERANCE * np.abs(expected).max()
            np.testing.assert_allclose(self.blocks.read(name), expected, rtol=0, atol=bound)


class Shares(NamedTuple):
    """What part of the tile's speed each product has; packing's part of their time."""

    forward: float
    backward: float
    gradient: float
    packing: float


def measure(size: Size, reference: Reference, turns: int) -> Shares:
    """The shares of a size: medians of some turns."""
    layer = Layer(size)
    layer.check()
    whole, some = layer.flops * layer.seen, layer.flops * size.batch
    forward = share(layer.forward, whole, reference, turns)
    backward = share(layer.backward, whole, reference, turns)
    gradient = share(layer.gradient, some, reference, turns)
    products = whole / forward + whole / backward + some / gradient
    packing = whole / share(layer.pack, whole, reference, turns) / products
    return Shares(forward, backward, gradient, packing)


def share(run: Callable[[int], None], flops: int, reference: Reference, turns: int) -> float:
    """The speed of a run over the tile's before and after it."""
    times = int(RUN_FLOPS // flops) + 1
    figures = []
    for _ in range(turns):
        before = reference.rate()
        began = thread_time()
        run(times)
        rate = flops * times / (thread_time() - began)
        figures.append(2 * rate / (before + reference.rate()))
    return statistics.median(figures)


def step_share(job: Workload, reference: Reference, turns: int) -> float:
    """The share of a whole step of training, the median of some turns."""
    job = job.shortened(max(2, int(STEP_FLOPS / job.step_flops)))
    model = make_model(job, n_threads=1)
    data = make_data(job)

    def run() -> None:
        model.fit(data.X, data.y, epochs=1, batch_size=job.batch, progress=False)

    run()
    figures = []
    for _ in range(turns):
        before = reference.rate()
        began = process_time()
        run()
        rate = job.step_flops * job.steps / (process_time() - began)
        figures.append(2 * rate / (before + reference.rate()))
    return statistics.median(figures)


def against(figure: float, bar: float) -> str:
    """A share beside its bar."""
    return f"{figure:.2f} {'≥' if round(figure, 2) >= bar else '**<**'} {bar:.2f}"


def render(turns: int) -> str:
    """The whole report."""
    reference, rows, rates = Reference(), [], []
    reference.rate()  # compiles
    for size in SIZES:
        found = measure(size, reference, turns)
        rates.append(reference.rate())
        rows.append(
            [
                f"{size.batch} × {size.n_in} × {size.n_out}",
                against(found.forward, size.product_bar),
                against(found.backward, size.product_bar),
                against(found.gradient, size.gradient_bar),
                f"{found.packing:.1%}",
            ]
        )
    steps = [
        [job.name, network(job), against(step_share(job, reference, turns), STEPS[job.name])]
        for job in WORKLOADS
        if job.name in STEPS
    ]
    peak, rate = arithmetic_roof(1, DTYPE) / 1e9, statistics.median(rates) / 1e9
    header = ["batch × in × out", "forward", "backward", "weights' gradient", "packing"]
    where = (
        f"{description()}; FMA peak of a core {number(peak)} GFLOP/s, the tile's own speed "
        f"{number(rate)}. numba {version('numba')}, NumPy {version('numpy')}; {date.today()}; "
        f"medians of {turns} turns."
    )
    products = f"## The products of a dense layer\n\n{NOTES}\n{markdown_table(header, rows)}"
    whole = markdown_table(["workload", "network, batch, optimiser", "share"], steps)
    return f"# Shares of the tile\n\n{where}\n\n{products}\n## Steps\n\n{STEP_NOTES}\n{whole}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the report."""
    parser = argparse.ArgumentParser(description="Compare a layer's products with the tile.")
    parser.add_argument("--turns", type=int, default=TURNS, help=f"of each (default: {TURNS})")
    parser.add_argument("--quick", action="store_true", help="a turn of each: a smoke test")
    parser.add_argument("--output", type=Path, help="write the table to this file as well")
    options = parser.parse_args(arguments)
    report = render(QUICK_TURNS if options.quick else options.turns)
    print(report)
    if options.output is not None:
        options.output.write_text(report, encoding="utf-8")


if __name__ == "__main__":
    main()
