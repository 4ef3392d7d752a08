"""The layers whose kernels `shares.py` times, each on a batch, and checked against NumPy."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

import jitnet as jn
from jitnet.arrays import Array
from jitnet.kernels.panels import panel_width
from jitnet.layers import Node, dense
from jitnet.layers.chain import chain
from jitnet.layers.layer import Layer, Shape
from jitnet.study.blocks import BACKWARD, FORWARD, GRADIENTS, PREPARE, Blocks

DTYPE = "float32"
TOLERANCE = 1e-4
"""Relative to the greatest number: float32 sums of a thousand terms."""


class Size(NamedTuple):
    """A layer on a batch, and the least shares that are asked of it."""

    batch: int
    n_in: int
    n_out: int
    product_bar: float
    gradient_bar: float


class Window(NamedTuple):
    """A convolution of a window inside of images, and the least share that is asked of it."""

    batch: int
    shape: tuple[int, int, int]
    side: int
    filters: int
    bar: float

    def __str__(self) -> str:
        """Batch, window and units, image."""
        height, across, channels = self.shape
        weights = f"{self.side} × {self.side} × {channels} → {self.filters}"
        return f"{self.batch}, {weights}, {height} × {across}"


class DenseProducts:
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
            agree(self.blocks.read(name), expected)


class ConvolutionProducts:
    """A convolution on a batch, and the runs of its kernels."""

    def __init__(self, window: Window) -> None:
        batch, shape, side, filters, _ = window
        self.window, rng = window, np.random.default_rng(7)
        self.blocks = Blocks(jn.Conv2D(filters, side), shape, batch, DTYPE)
        self.X = rng.normal(size=(batch, *shape))
        places = shape[0] - side + 1, shape[1] - side + 1
        self.dY = rng.normal(size=(batch, *places, filters))
        self.W = rng.normal(size=(side, side, shape[2], filters))
        self.blocks.write(X=units_of(self.X), dY=units_of(self.dY), weight=self.W)
        width = panel_width(DTYPE)
        self.batch, self.seen = batch, -(-batch // width) * width
        self.flops = 2 * self.W.size * places[0] * places[1]
        self.pack = self.blocks.runs(PREPARE)
        self.forward = self.blocks.runs(FORWARD)
        self.backward = self.blocks.runs(BACKWARD)
        self.gradient = self.blocks.runs(GRADIENTS)

    def check(self) -> None:
        """Raise an AssertionError where a kernel does not agree with NumPy."""
        for run in (self.pack, self.forward, self.backward, self.gradient):
            run(1)
        dX = np.zeros_like(self.X)
        for (i, j), part in zip(self._taps(), self._parts(dX), strict=True):
            part += self.dY @ self.W[i, j].T
        dW = [np.tensordot(part, self.dY, ([0, 1, 2], [0, 1, 2])) for part in self._parts(self.X)]
        agree(self.blocks.read("Y"), units_of(convolved(self.X, self.W)))
        agree(self.blocks.read("dX"), units_of(dX))
        agree(self.blocks.read("dweight"), np.reshape(dW, self.W.shape))

    def _taps(self) -> Iterator[tuple[int, int]]:
        side = self.window.side
        return product(range(side), range(side))

    def _parts(self, images: Array) -> Iterator[Array]:
        """What each of the window's places looks at."""
        _, height, across, _ = self.dY.shape
        return (images[:, i : i + height, j : j + across] for i, j in self._taps())


class Joined(Layer):
    """Two layers as the one node that networks make of them."""

    def __init__(self, *layers: Layer) -> None:
        self.layers = layers

    def node(self, shape: Shape, width: int) -> Node:
        """The first one's twin."""
        node, after = chain(self.layers, shape, width)
        assert node.join is not None
        twin = node.join(after)
        assert twin is not None
        return twin


class PooledConvolution:
    """A convolution with biases, relu and max pooling of 2 × 2, forward.

    Attributes
    ----------
    bytes : int
        What is read or written once: images, what the pool leaves of them, and which place that
        comes from, which the gradient needs.
    bytes_apart : int
        The same of a convolution and a pool one after the other: images, what the convolution makes
        of them, which the gradient needs, and what the pool makes of that.
    """

    def __init__(self, window: Window) -> None:
        batch, shape, side, filters, _ = window
        rng = np.random.default_rng(7)
        layers = jn.Conv2D(filters, side, activation="relu"), jn.MaxPool2D(2)
        self.blocks = Blocks(Joined(*layers), shape, batch, DTYPE)
        self.X = rng.normal(size=(batch, *shape))
        self.W, self.b = rng.normal(size=(side, side, shape[2], filters)), rng.normal(size=filters)
        self.blocks.write(X=units_of(self.X), weight=self.W, bias=self.b)
        height, across = shape[0] - side + 1, shape[1] - side + 1
        pooled, size = batch * filters * (height // 2) * (across // 2), np.dtype(DTYPE).itemsize
        self.bytes = (self.X.size + 2 * pooled) * size
        self.bytes_apart = (self.X.size + batch * filters * height * across + pooled) * size
        self.blocks.runs(PREPARE)(1)
        self.forward = self.blocks.runs(FORWARD)

    def check(self) -> None:
        """Raise an AssertionError where the kernels do not agree with NumPy."""
        self.forward(1)
        Y = np.maximum(convolved(self.X, self.W) + self.b, 0)
        m, height, across, filters = Y.shape
        windows = Y[:, : height // 2 * 2, : across // 2 * 2]
        windows = windows.reshape(m, height // 2, 2, across // 2, 2, filters)
        agree(self.blocks.read("Y"), units_of(windows.max((2, 4))))


def convolved(X: Array, W: Array) -> Array:
    """Images under a window of weights, inside."""
    windows = sliding_window_view(X, W.shape[:2], axis=(1, 2))
    return np.tensordot(windows, W, ([4, 5, 3], [0, 1, 2]))


def units_of(images: Array) -> Array:
    """Images as Blocks takes them: a unit a row, an example a column."""
    return images.reshape(len(images), -1).T


def agree(found: Array, expected: Array) -> None:
    """Raise an AssertionError where two arrays differ by more than rounding."""
    bound = TOLERANCE * np.abs(expected).max()
    np.testing.assert_allclose(found, expected, rtol=0, atol=bound)
