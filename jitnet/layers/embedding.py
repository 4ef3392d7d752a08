"""Embeddings: a vector of numbers for each index."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numba import prange
from numpy.typing import NDArray

from jitnet.checks import check_flag, check_number, check_whole, keep
from jitnet.hints import hinted_class
from jitnet.kernels.intrinsics import ahead, at
from jitnet.kernels.jit import njit
from jitnet.kernels.panels import add_to_row, clear_row, copy_row, to_columns, to_rows
from jitnet.kernels.simd import lanes, load_some, store_some
from jitnet.kernels.typed import ONE, ZERO
from jitnet.layers.embedding_mean import embedding_mean_node
from jitnet.layers.layer import Cut, Layer, Node, Operation, Parameter, Shape

MOST_INDICES = 2**31 - 1
SPREAD = 0.05
"""First weights are uniform within this, as Keras's are."""
UNITS_AT_ONCE = 16
"""Units are cut between workers at multiples of so many: whole vectors of them."""


@njit(parallel=True)
def embedding_forward(
    Y: Any, X: Any, weight: Any, scratch: Any, time: int, first_panel: int, last_panel: int
) -> None:
    """Y[t, u, i] = W[X[t, i], u].

    Writes Y (panels, time · units, width), the given panels, and scratch (parts, size), in which
    the examples' rows of W are laid side by side before they are turned; reads the indices X
    (panels, time, width) and the flat weight (vocabulary, units). Each parallel iteration owns a
    room and some panels.
    """
    parts = scratch.shape[0]
    width, units = X.shape[2], Y.shape[1] // time
    for part in prange(parts):
        rows = at(scratch, part * scratch.shape[1])
        for p in range(first_panel + part, last_panel, parts):
            for t in range(time):
                place = p * time + t
                x = at(X, place * width)
                for i in range(width):
                    copy_row(ahead(rows, i * width), at(weight, x[i] * units), 0, units)
                to_columns(at(Y, place * units * width), rows, 0, units)


@njit(parallel=True)
def embedding_weight_backward(
    dweight: Any,
    dY: Any,
    X: Any,
    scratch: Any,
    time: int,
    add: int,
    first_unit: int,
    last_unit: int,
) -> None:
    """dW[X[t, i], u] = Σ dY[t, u, i], in the order of the examples and their time steps.

    Writes the flat dweight (vocabulary, units), the given units of each row, or adds to them where
    ``add``, and scratch (parts, size), in which dY is turned; reads dY (panels, time · units,
    width) and the indices X (panels, time, width). Each parallel iteration owns some units, so that
    no two add to one place.
    """
    parts, panels, width = scratch.shape[0], X.shape[0], X.shape[2]
    units = dY.shape[1] // time
    for part in prange(parts):
        rows = at(scratch, part * scratch.shape[1])
        blocks = (last_unit - first_unit + width - 1) // width
        for block in range(part, blocks, parts):
            first = first_unit + block * width
            count = min(width, last_unit - first)
            if not add:
                for k in range(first, dweight.size, units):
                    clear_row(at(dweight, k), count)
            for place in range(panels * time):
                x = at(X, place * width)
                to_rows(rows, at(dY, place * units * width), units, ZERO, first, ONE)
                for i in range(width):
                    add_to_row(at(dweight, x[i] * units + first), ahead(rows, i * width), count)


@njit(parallel=True)
def embedding_few_forward(Y: Any, X: Any, weight: Any) -> None:
    """Y[e, t, u] = W[X[e, t], u] for a few examples.

    Writes Y (examples, time · units); reads the indices X (examples, time) and the flat weight
    (vocabulary, units). Each parallel iteration owns an example.
    """
    examples, time = X.shape
    units = Y.shape[1] // time
    for e in prange(examples):
        for t in range(time):
            row, target = at(weight, X[e, t] * units), at(Y, e * Y.shape[1] + t * units)
            for u in range(0, units, lanes(row)):
                count = min(lanes(row), units - u)
                store_some(target, u, load_some(row, u, count), count)


def _drawn(shape: Shape, rng: np.random.Generator) -> NDArray[np.float64]:
    return rng.uniform(-SPREAD, SPREAD, shape)


@hinted_class
@dataclass(frozen=True)
class Embedding(Layer):
    """A vector of numbers for each index, learned like any weights.

    It must be the first layer, or the first of a branch. Its inputs are whole numbers (n_samples,
    time), its output is (time, units). First weights are uniform in [-0.05, 0.05].

    Parameters
    ----------
    vocabulary : int
        How many indices there are: they are from 0 to ``vocabulary - 1``.
    units : int
        Numbers of each vector.
    mask_zero : bool, default False
        Whether the index 0 stands for a time step that is none, as in Keras: recurrent layers keep
        their states there, global pools and losses leave it out.
    l2 : float, default 0.0
        λ of the penalty λ/2 Σ W².

    Raises
    ------
    TypeError, ValueError
        If a value has the wrong type or makes no sense.

    Examples
    --------
    >>> import jitnet as jn
    >>> layers = [jn.Embedding(100, 8), jn.GlobalAveragePool(), jn.Dense(1)]
    >>> model = jn.Sequential(layers, loss="binary_crossentropy").build(20)
    >>> model.predict([[0, 99] * 10]).shape
    (1, 1)
    """

    vocabulary: int
    units: int
    mask_zero: bool = False
    l2: float = 0.0

    def __post_init__(self) -> None:
        """Check what was given."""
        keep(
            self,
            vocabulary=check_whole("vocabulary", self.vocabulary, least=1, most=MOST_INDICES),
            units=check_whole("units", self.units, least=1, most=MOST_INDICES),
            mask_zero=check_flag("mask_zero", self.mask_zero),
            l2=check_number("l2", self.l2, least=0.0),
        )

    def node(self, shape: Shape, width: int) -> Node:
        """The layer for inputs of a shape."""
        if len(shape) != 1:
            raise ValueError(
                f"Embedding takes indices (n_samples, time), got examples of the shape {shape}"
            )
        (time,) = shape
        settings, weights = {"time": time}, (self.vocabulary, self.units)
        blocks = -(-self.units // width)
        cut = Cut("unit", self.units, UNITS_AT_ONCE)
        node = Node(
            output=(time, self.units),
            forward=(Operation(embedding_forward, settings=settings),),
            backward=(),
            gradients=(Operation(embedding_weight_backward, cut, settings),),
            parameters=(Parameter("weight", weights, partial(_drawn, weights), self.l2),),
            few=Operation(embedding_few_forward),
            scratch=blocks * (width + 1) * width,
            places=0,
            over_time="each",
            vocabulary=self.vocabulary,
            masks_zero=self.mask_zero,
        )
        return node._replace(join=partial(embedding_mean_node, node, cut))
