"""Measure how near products and whole steps come to the register tile's own speed, on one core.

    python benchmarks/shares.py                     the tables, some three minutes
    python benchmarks/shares.py --output shares.md
    python benchmarks/shares.py --quick             a smoke test

A core changes its speed from one moment to the next, so each product is measured between two runs
of the tile on operands that are packed and near, and is given as a share of their speed: the median
of some turns, by the CPU's time and not the wait for it. Before anything is timed, it must agree
with NumPy. A convolution of one channel has next to nothing to multiply: it is measured between two
runs of a copy instead, by the bytes that it has to read or write once.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Callable, Sequence
from datetime import date
from importlib.metadata import version
from pathlib import Path
from time import process_time, thread_time
from typing import NamedTuple

from jitnet.study.roofs import arithmetic_roof
from jitnet.tables import markdown_table
from peer_models.jitnet_layers import make_model
from race.machine import description
from race.report import network, number
from share_cases import (
    DTYPE,
    ConvolutionProducts,
    DenseProducts,
    PooledConvolution,
    Size,
    Window,
)
from share_references import Copying, Reference, Tile
from workloads import WORKLOADS, Workload, make_data

TURNS, QUICK_TURNS = 15, 1
STEP_FLOPS = 4e9
"""Work of some steps: some tenths of a second."""

SIZES = (
    Size(256, 784, 512, 0.85, 0.80),
    Size(256, 512, 512, 0.85, 0.80),
    Size(512, 1024, 2048, 0.85, 0.82),
    Size(512, 256, 256, 0.85, 0.80),
    Size(128, 784, 128, 0.80, 0.70),
    Size(100, 300, 300, 0.80, 0.70),
)

WINDOWS = (
    Window(128, (13, 13, 32), 3, 64, 0.80),
    Window(32, (12, 12, 6), 5, 16, 0.65),
)
POOLED = Window(128, (28, 28, 1), 3, 32, 0.50)
"""Of one channel: a sum is so short that memory bounds it."""

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

WINDOW_NOTES = """\
Shares of the tile's own speed, counted as above, by the operations of the definition: by Winograd's
way there are fewer, and a share may be more than one.
"""

POOLED_NOTES = """\
A convolution of one channel with biases, relu and max pooling of 2 × 2, forward, beside what memory
allows: the bytes that have to be read or written once over its time, as a share of the bytes that a
copy of arrays as large reads and writes in the same moment. Of two layers, one after the other,
these are the images, what the convolution makes of them, and what the pool makes of that. They are
one node here, which writes but what the pool makes, and which place had it: it computes more than
it moves.
"""


class Shares(NamedTuple):
    """What part of the tile's speed each product has; packing's part of their time."""

    forward: float
    backward: float
    gradient: float
    packing: float


def measure(layer: DenseProducts | ConvolutionProducts, reference: Reference, turns: int) -> Shares:
    """The shares of a layer: medians of some turns."""
    layer.check()
    whole, some = layer.flops * layer.seen, layer.flops * layer.batch
    forward = share(layer.forward, whole, reference, turns)
    backward = share(layer.backward, whole, reference, turns)
    gradient = share(layer.gradient, some, reference, turns)
    products = whole / forward + whole / backward + some / gradient
    packing = whole / share(layer.pack, whole, reference, turns) / products
    return Shares(forward, backward, gradient, packing)


def share(run: Callable[[int], None], work: int, reference: Reference, turns: int) -> float:
    """The speed of a run over the reference's before and after it."""
    times = reference.amount // work + 1
    figures = []
    for _ in range(turns):
        before = reference.rate()
        began = thread_time()
        run(times)
        rate = work * times / (thread_time() - began)
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


def row(name: str, found: Shares, product_bar: float, gradient_bar: float) -> list[str]:
    """A row of a table of products."""
    return [
        name,
        against(found.forward, product_bar),
        against(found.backward, product_bar),
        against(found.gradient, gradient_bar),
        f"{found.packing:.1%}",
    ]


def pooled_shares(turns: int) -> list[float]:
    """A convolution of one channel and a pool: by two layers' bytes, and by those of one node."""
    layer = PooledConvolution(POOLED)
    layer.check()
    moved = layer.bytes_apart, layer.bytes
    return [share(layer.forward, count, Copying(count), turns) for count in moved]


def render(turns: int) -> str:
    """The whole report."""
    reference, rows, rates = Tile(), [], []
    reference.rate()  # compiles
    for size in SIZES:
        found = measure(DenseProducts(size), reference, turns)
        rates.append(reference.rate())
        name = f"{size.batch} × {size.n_in} × {size.n_out}"
        rows.append(row(name, found, size.product_bar, size.gradient_bar))
    windows = [
        row(str(window), measure(ConvolutionProducts(window), reference, turns), *[window.bar] * 2)
        for window in WINDOWS
    ]
    steps = [
        [job.name, network(job), against(step_share(job, reference, turns), STEPS[job.name])]
        for job in WORKLOADS
        if job.name in STEPS
    ]
    apart, joined = pooled_shares(turns)
    peak, rate = arithmetic_roof(1, DTYPE) / 1e9, statistics.median(rates) / 1e9
    header = ["forward", "backward", "weights' gradient", "packing"]
    where = (
        f"{description()}; FMA peak of a core {number(peak)} GFLOP/s, the tile's own speed "
        f"{number(rate)}. numba {version('numba')}, NumPy {version('numpy')}; {date.today()}; "
        f"medians of {turns} turns."
    )
    sections = {
        "The products of a dense layer": (NOTES, ["batch × in × out", *header], rows),
        "The products of a convolution": (WINDOW_NOTES, ["batch, window, image", *header], windows),
        "A convolution of one channel": (
            POOLED_NOTES,
            ["batch, window, image", "of two layers' bytes", "of its own bytes"],
            [[str(POOLED), against(apart, POOLED.bar), f"{joined:.2f}"]],
        ),
        "Steps": (STEP_NOTES, ["workload", "network, batch, optimiser", "share"], steps),
    }
    parts = [
        f"## {title}\n\n{notes}\n{markdown_table(head, body)}"
        for title, (notes, head, body) in sections.items()
    ]
    return "\n".join([f"# Shares of the tile\n\n{where}\n", *parts])


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
