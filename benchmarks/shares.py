"""Measure how near a dense layer's products come to the register tile's own speed, on one core.

    python benchmarks/shares.py                     the table, some twenty seconds
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
from time import thread_time
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jitnet.kernels.intrinsics import at
from jitnet.kernels.jit import njit
from jitnet.kernels.matmul import TALL, multiply_rows, packed_shape
from jitnet.kernels.panels import panel_width, room_size
from jitnet.layers import dense
from jitnet.memory import zeros
from jitnet.study.roofs import arithmetic_roof
from race.machine import description
from race.report import number, table

Array = NDArray[Any]

DTYPE = "float32"
TURNS, QUICK_TURNS = 15, 1
RUN_FLOPS = 4e8
"""Work of a run: some milliseconds."""
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

NOTES = """\
Shares of the tile's own speed, one core, float32; then packing the weights, as a share of the time
that the three products take. The weights' gradient turns one of its sides itself. A batch is
counted by the panels that it fills, also where the last one has lanes left; its gradient, which
leaves them out, by its examples.
"""

dense_forward = dense.dense_forward.serial
dense_backward = dense.dense_backward.serial
dense_weight_backward = dense.dense_weight_backward.serial
dense_pack = dense.dense_pack.serial


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


@njit(entry=True)
def forward(times: int, Y: Any, X: Any, weight: Any, packed: Any, bias: Any, turned: bool) -> None:
    """A layer's forward product, so many times."""
    for _ in range(times):
        dense_forward(Y, X, weight, packed, bias, turned, ZERO, X.shape[0], ZERO, Y.shape[1])


@njit(entry=True)
def backward(times: int, dX: Any, dY: Any, weight: Any, packed: Any, turned: bool) -> None:
    """A layer's backward product, so many times."""
    for _ in range(times):
        dense_backward(dX, dY, weight, packed, turned, ZERO, dY.shape[0], ZERO, dX.shape[1])


@njit(entry=True)
def gradient(
    times: int, dweight: Any, X: Any, dY: Any, rooms: Any, turned: bool, examples: int
) -> None:
    """The gradient of a layer's weights, so many times."""
    n_rows, width = X.shape[1], X.shape[2]
    blocks, add = (dY.shape[1] + width - 1) // width, times < ZERO
    for _ in range(times):
        dense_weight_backward(
            dweight, X, dY, rooms, turned, examples, ZERO, n_rows, ZERO, blocks, add
        )


@njit(entry=True)
def pack(times: int, packed: Any, weight: Any) -> None:
    """Packing a layer's weights, so many times."""
    for _ in range(times):
        dense_pack(packed, weight, ZERO, packed.shape[1] - 1)


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
    """The arrays of a dense layer on a batch, and the runs of its kernels."""

    def __init__(self, size: Size) -> None:
        batch, n_in, n_out, *_ = size
        width, rng = panel_width(DTYPE), np.random.default_rng(7)
        panels = -(-batch // width)
        self.X, self.dX = (
            zeros((panels, n_in, width), DTYPE),
            zeros((panels, n_in, width), DTYPE, 1),
        )
        self.Y, self.dY = (zeros((panels, n_out, width), DTYPE, place) for place in (2, 3))
        self.weight, self.dweight = (zeros(n_in * n_out, DTYPE, place) for place in (4, 5))
        self.packed, self.bias = zeros(packed_shape(n_in, n_out), DTYPE, 6), zeros(n_out, DTYPE)
        self.rooms = zeros((1, room_size(DTYPE)), DTYPE, 7)
        for array in (self.X, self.dY, self.weight, self.bias):
            array[:] = rng.normal(size=array.shape)
        self.dY.transpose(0, 2, 1).reshape(-1, n_out)[batch:] = 0
        self.batch, self.seen = batch, panels * width
        self.flops = 2 * n_in * n_out

    def pack(self, times: int) -> None:
        """Pack the weights."""
        pack(times, self.packed, self.weight)

    def forward(self, times: int) -> None:
        """Y = X W + b."""
        forward(times, self.Y, self.X, self.weight, self.packed, self.bias, False)

    def backward(self, times: int) -> None:
        """dX = dY Wᵀ."""
        backward(times, self.dX, self.dY, self.weight, self.packed, False)

    def gradient(self, times: int) -> None:
        """dW = Xᵀ dY."""
        gradient(times, self.dweight, self.X, self.dY, self.rooms, False, self.batch)

    def check(self) -> None:
        """Raise an AssertionError where a kernel does not agree with NumPy."""
        for run in (self.pack, self.forward, self.backward, self.gradient):
            run(1)
        X, dX, Y, dY = (a.transpose(0, 2, 1).reshape(self.seen, -1) for a in self.panels)
        W = self.weight.reshape(X.shape[1], -1)
        dW = self.dweight.reshape(W.shape)
        for found, expected in (
            (Y, X @ W + self.bias),
            (dX, dY @ W.T),
            (dW, X[: self.batch].T @ dY[: self.batch]),
        ):
            bound = TOLERANCE * np.abs(expected).max()
            np.testing.assert_allclose(found, expected, rtol=0, atol=bound)

    @property
    def panels(self) -> tuple[Array, ...]:
        """X, dX, Y and dY."""
        return self.X, self.dX, self.Y, self.dY


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
    peak, rate = arithmetic_roof(1, DTYPE) / 1e9, statistics.median(rates) / 1e9
    header = ["batch × in × out", "forward", "backward", "weights' gradient", "packing"]
    where = (
        f"{description()}; FMA peak of a core {number(peak)} GFLOP/s, the tile's own speed "
        f"{number(rate)}. numba {version('numba')}, NumPy {version('numpy')}; {date.today()}; "
        f"medians of {turns} turns."
    )
    return f"# The products of a dense layer\n\n{where}\n\n{NOTES}\n{table(header, rows)}"


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
