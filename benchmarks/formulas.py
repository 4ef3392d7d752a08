"""What the engine's kernels compute, in the course's orientation: by the study's rungs and NumPy.

Every layer of the table that runs anything has a row here, and every optimiser.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

import jitnet as jn
from jitnet.activations import ACTIVATIONS
from jitnet.kernels.panels import panel_width
from jitnet.layers import Layer, Node, Operation
from jitnet.layers.layer import Shape
from jitnet.layers.residual import residual_backward, residual_forward, shortcut_backward
from jitnet.optimizers import Optimizer
from jitnet.optimizers.table import OPTIMIZERS
from jitnet.study.batch_norm import vectorized as batch_norm
from jitnet.study.blocks import FORWARD, Activation, Blocks
from jitnet.study.conv2d import vectorized as conv2d

Array = NDArray[Any]
UNITS, SMALL_UNITS = 128, 8
RATE = 0.5

Given = Mapping[str, Any]
"""X, the parameters, dY, and D = m dY, of which the rungs' gradients are means."""
Outputs = Mapping[str, Callable[[Any, Given], Any]]
"""``outputs[name](rung, given)``: the array that kernels call so, by the functions of a rung."""


class Formulas(NamedTuple):
    """A layer, an example's shape, the folder of its rungs, if it has any, and its outputs.

    ``name`` is what its kernels are called by, where several layers share them.
    """

    layer: Layer
    shape: Shape
    rungs: str
    outputs: Outputs
    name: str = ""


DENSE: Outputs = {
    "Y": lambda rung, of: rung.dense_forward(of["X"], of["weight"], of["bias"]),
    "dX": lambda rung, of: rung.input_gradient(of["dY"], of["weight"]),
    "dweight": lambda rung, of: rung.weight_gradients(of["D"], of["X"])[0],
    "dbias": lambda rung, of: rung.weight_gradients(of["D"], of["X"])[1],
}
LAYER_NORM: Outputs = {
    "Y": lambda rung, of: rung.layer_norm_forward(of["X"], of["weight"], of["bias"]),
    "dX": lambda rung, of: rung.input_gradient(of["dY"], of["X"], of["weight"]),
    "dweight": lambda rung, of: rung.weight_gradients(of["D"], of["X"])[0],
}


@cache
def _mask(units: int, m: int) -> Array:
    """What dropout multiplies by: which units are silent is seen on ones."""
    blocks = Blocks(jn.Dropout(RATE), (units,), m, np.float32)
    blocks.write(X=np.ones((units, m)))
    blocks.runs(FORWARD)(1)
    return np.where(blocks.read("Y") > 0, np.float32(1 / (1 - RATE)), 0)


DROPOUT: Outputs = {
    "Y": lambda _, of: of["X"] * _mask(*of["X"].shape),
    "dX": lambda _, of: of["dY"] * _mask(*of["dY"].shape),
}


def _of_panels(function: Callable[[Array], Array], array: Array) -> Array:
    """A number a unit of each panel, as they lie there, and as `Blocks.read` gives them."""
    width = panel_width(np.float32)
    panels = []
    for first in range(0, array.shape[1], width):
        rows = np.zeros((-(-len(array) // width), width))
        rows.reshape(-1)[: len(array)] = function(array[:, first : first + width])
        panels.append(rows)
    return np.concatenate(panels, axis=1)[:, : array.shape[1]]


BATCH_NORM: Outputs = {
    "squares": lambda _, of: _of_panels(lambda X: X.shape[1] * X.var(1), of["X"]),
    "mean": lambda _, of: _of_panels(lambda _: of["X"].mean(1), of["X"]),
    "Y": lambda _, of: batch_norm.batch_norm_forward(of["X"], of["weight"], of["bias"]),
    "total": lambda _, of: _of_panels(lambda dY: dY.sum(1), of["dY"]),
    "mean_total": lambda _, of: of["dY"].mean(1),
    "dX": lambda _, of: batch_norm.input_gradient(of["dY"], of["X"], of["weight"]),
    "dweight": lambda _, of: batch_norm.weight_gradients(of["D"], of["X"])[0],
}


class Shortcut(Layer):
    """The end of a shortcut from its own input: Y = X + X."""

    def node(self, shape: Shape, width: int) -> Node:
        """A node of the kernels that stand behind a residual's layers."""
        forward, backward = Operation(residual_forward), Operation(residual_backward)
        return Node(shape, (forward,), (backward,), borrows={"S": (0, "X")})


class Split(Layer):
    """The beginning of a shortcut whose gradient is its own: dX = dY + dY."""

    def node(self, shape: Shape, width: int) -> Node:
        """A node of the kernel that stands before a residual's layers."""
        backward = Operation(shortcut_backward)
        return Node(shape, (), (backward,), in_place=True, borrows={"dS": (0, "dY")})


SHORTCUT: Outputs = {"Y": lambda _, of: 2 * of["X"], "dX": lambda _, of: of["dY"]}
SPLIT: Outputs = {"dX": lambda _, of: 2 * of["dY"]}
RESCALING: Outputs = {
    "Y": lambda _, of: of["X"] * np.float32(2.0) + np.float32(0.5),
    "dX": lambda _, of: of["dY"] * np.float32(2.0),
}


def _activation(name: str) -> Formulas:
    outputs: Outputs = {
        "Y": lambda rung, of: rung.activation_forward(of["X"], name),
        "dX": lambda rung, of: rung.activation_backward(of["dY"], of["X"], name),
    }
    return Formulas(Activation(name), (UNITS,), "activations", outputs, name)


def _pool(name: str, layer: Layer, shape: Shape, pool: Shape) -> Formulas:
    """A pool's windows of numbers that fill the shape, and one channel each."""
    *sizes, channels = shape
    counts = [size // along for size, along in zip(sizes, pool, strict=True)]
    apart = [n for pair in zip(counts, pool, strict=True) for n in pair]
    within = tuple(range(1, len(apart), 2))

    def windows(X: Array) -> Array:
        return X.reshape(*apart, channels, -1)

    def value(X: Array) -> Array:
        over = np.max if "max" in name else np.mean
        found: Array = over(windows(X), axis=within, keepdims=True)
        return found

    def gradient(X: Array, dY: Array) -> Array:
        shares = windows(X) == value(X) if "max" in name else 1 / np.prod(pool)
        each = np.expand_dims(dY.reshape(*counts, channels, -1), tuple(within))
        return np.broadcast_to(each * shares, windows(X).shape).reshape(X.shape)

    outputs: Outputs = {
        "Y": lambda _, of: value(of["X"]).reshape(-1, of["X"].shape[-1]),
        "dX": lambda _, of: gradient(of["X"], of["dY"]),
    }
    return Formulas(layer, shape, "", outputs, name)


@cache
def _shares(layer: Layer, shape: Shape, m: int) -> Array:
    """The share of each number of X in each of Y, (m, units, units), as it is seen on ones."""
    units = math.prod(shape)
    blocks = Blocks(layer, shape, m, np.float32)
    run = blocks.runs(FORWARD)
    found = np.empty((m, units, units), np.float32)
    for unit, one in enumerate(np.eye(units)):
        blocks.write(X=np.repeat(one[:, np.newaxis], m, axis=1))
        run(1)
        found[:, :, unit] = blocks.read("Y").T
    return found


def _moving(layer: Layer) -> Formulas:
    """A layer that moves images at random."""
    shape = 8, 8, 1

    def moved(X: Array, along: str) -> Array:
        found: Array = np.einsum(along, _shares(layer, shape, X.shape[1]), X)
        return found

    outputs: Outputs = {
        "Y": lambda _, of: moved(of["X"], "iyx,xi->yi"),
        "dX": lambda _, of: moved(of["dY"], "iyx,yi->xi"),
    }
    return Formulas(layer, shape, "", outputs)


def _convolution(name: str, layer: Layer, shape: Shape, taps: Shape) -> Formulas:
    """A convolution by the study's NumPy, of images, or of sequences as images of one row."""
    image = (*(1,) * (3 - len(shape)), *shape)
    kernel = (*(1,) * (2 - len(taps)), *taps, shape[-1], FILTERS)
    places = [size - along + 1 for size, along in zip(image, kernel[:2], strict=False)]

    def images(columns: Array, *sizes: int) -> Array:
        return np.ascontiguousarray(columns.T).reshape(-1, *sizes)

    def given(of: Given) -> tuple[Array, Array, Array]:
        """dZ, A_prev and W."""
        dZ = images(of["dY"], *places, FILTERS)
        return dZ, images(of["X"], *image), np.reshape(of["weight"].T, kernel)

    def columns(found: Array) -> Array:
        return found.reshape(len(found), -1).T

    def forward(_: Any, of: Given) -> Array:
        _, A_prev, W = given(of)
        return columns(conv2d.conv_forward(A_prev, W, of["bias"].T, 1, 0))

    def weight_gradient(_: Any, of: Given) -> Array:
        dW, _ = conv2d.weight_gradients(*given(of), 1, 0)
        return dW.reshape(-1, FILTERS).T

    outputs: Outputs = {
        "Y": forward,
        "dX": lambda _, of: columns(conv2d.input_gradient(*given(of), 1, 0)),
        "dweight": weight_gradient,
    }
    return Formulas(layer, shape, "", outputs, name)


FILTERS = 16
CONVOLUTIONS = (
    _convolution("conv_2d", jn.Conv2D(FILTERS, 3), (14, 14, 8), (3, 3)),
    _convolution("conv_1d", jn.Conv1D(FILTERS, 5), (128, 8), (5,)),
)
IMAGE, SEQUENCE = (26, 26, 8), (128, 8)
POOLS = (
    _pool("max_pool_2d", jn.MaxPool2D(), IMAGE, (2, 2)),
    _pool("max_pool_1d", jn.MaxPool1D(), SEQUENCE, (2,)),
    _pool("average_pool_2d", jn.AveragePool2D(), IMAGE, (2, 2)),
    _pool("average_pool_1d", jn.AveragePool1D(), SEQUENCE, (2,)),
    _pool("global_max_pool", jn.GlobalMaxPool(), IMAGE, (26, 26)),
    _pool("global_average_pool", jn.GlobalAveragePool(), IMAGE, (26, 26)),
)

FORMULAS = (
    Formulas(jn.Dense(UNITS), (UNITS,), "dense", DENSE),
    Formulas(jn.Dense(SMALL_UNITS), (SMALL_UNITS,), "dense", DENSE),
    Formulas(jn.LayerNorm(), (UNITS,), "layer_norm", LAYER_NORM),
    Formulas(jn.Dropout(RATE), (UNITS,), "", DROPOUT),
    Formulas(jn.Rescaling(2.0, 0.5), (UNITS,), "", RESCALING),
    Formulas(jn.BatchNorm(), (UNITS,), "", BATCH_NORM),
    Formulas(Shortcut(), (UNITS,), "", SHORTCUT),
    Formulas(Split(), (UNITS,), "", SPLIT),
    *map(_moving, (jn.RandomFlip(), jn.RandomRotation(15), jn.RandomShift(2))),
    *CONVOLUTIONS,
    *POOLS,
    *map(_activation, ACTIVATIONS),
)
"""Every layer of the table that runs anything, and every activation as a layer of its own."""

CHOSEN: dict[str, Optimizer] = {
    **{name.lower(): kind() for name, kind in OPTIMIZERS.items()},
    "momentum": jn.SGD(momentum=0.9),
    "nesterov": jn.SGD(momentum=0.9, nesterov=True),
}
"""Every optimiser of the table as it is by default, and SGD's other forms."""

STEPS: dict[str, Callable[[Any, Array, Array], Array]] = {
    "sgd": lambda o, w, g: g,
    "momentum": lambda o, w, g: g,
    "nesterov": lambda o, w, g: (1 + o.momentum) * g,
    "rmsprop": lambda o, w, g: g / (np.sqrt((1 - o.rho) * g * g) + o.epsilon),
    "adam": lambda o, w, g: g / (np.abs(g) + o.epsilon),
    "adamw": lambda o, w, g: g / (np.abs(g) + o.epsilon) + o.weight_decay * w,
}


def first_step(name: str, w: Array, g: Array) -> Array:
    """The parameters after an optimiser's first step, from w and the gradient g."""
    chosen: Any = CHOSEN[name]
    after: Array = w - chosen.learning_rate * STEPS[name](chosen, w, g)
    return after
