"""The dense layer: Y = X W + b.

Arrays of a layer are panels of examples (see ``jitnet.kernels.panels``), a row of two vectors, low
and high, for each unit, so that what Ng's course writes with examples as columns, Z = Wᵀ A + b, is
also how it is computed.

The weights are a flat matrix, rows by lanes: W as it is, inputs by units, or ``turned``, units by
inputs, where that fills a register's lanes better. A product that sums along its rows reads them as
they lie. One that sums over the rows, forward or backward where ``turned``, would find a page or
half of one between two weights: it reads a packed copy, (tiles, rows + 1, height of a tile), in
which the weights of a tile follow one another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from numba import prange

from jitnet.activations import ACTIVATIONS
from jitnet.checks import check_choice, check_flag, check_number, check_whole, keep
from jitnet.hints import hinted_class
from jitnet.initializers import check_initializer, resolve
from jitnet.kernels.cpu import VECTORS
from jitnet.kernels.intrinsics import ahead, at
from jitnet.kernels.jit import njit
from jitnet.kernels.matmul import LOW, TALL, multiply_rows, packed_shape
from jitnet.kernels.simd import lanes, load, splat, store, sum_lanes
from jitnet.kernels.team import share
from jitnet.kernels.typed import NO, ONE, YES, ZERO
from jitnet.kernels.weights import (
    HEIGHT,
    PACKED_AT_ONCE,
    multiply_examples,
    multiply_weights,
    pack_weights,
    rows_at_once,
)
from jitnet.layers.dense_few import dense_few_forward
from jitnet.layers.dense_small import (
    dense_small_backward,
    dense_small_forward,
    dense_small_weight_backward,
)
from jitnet.layers.dense_sparse import sparse_forward, sparse_weight_backward, turn_outputs
from jitnet.layers.layer import Cut, Layer, Node, Operation, Parameter, Room, Shape

MOST_UNITS = 2**31 - 1

UNITS_IN_LANES, INPUTS_IN_LANES, SMALL = range(3)
"""How the weights' gradient is computed: what runs along the lanes, or examples do (SMALL)."""

LANES = 32
"""Elements that a row of lanes is reckoned in multiples of, where its waste is weighed."""

SMALL_LAYER, NARROW_LAYER = 64, 3
"""Weights, and units, up to which a layer is too small to fill a register tile.

With one unit after a hundred, a step on 200 examples of 20 features takes 39.8 µs instead of 42.8,
as the hundred need no row blocks; with two or three it gains as much, with four it loses.
"""


def gradient_form(n_in: int, n_out: int) -> int:
    """What runs along the lanes: the side that wastes the least of them."""
    if n_in * n_out <= SMALL_LAYER or n_out <= NARROW_LAYER:
        return SMALL
    across_inputs, across_units = (-(-n // LANES) * LANES for n in (n_in, n_out))
    return INPUTS_IN_LANES if across_inputs * n_out < across_units * n_in else UNITS_IN_LANES


@njit(parallel=True)
def dense_forward(
    Y: Any,
    X: Any,
    weight: Any,
    packed: Any,
    bias: Any,
    turned: int,
    first_panel: int,
    last_panel: int,
    first_unit: int,
    last_unit: int,
) -> None:
    """Y[u, i] = Σ_k W[k, u] X[k, i] + b[u].

    Writes Y (panels, n_out, width), the given panels and units of it; reads X (panels, n_in,
    width), the flat weight, packed and bias (n_out,). Each parallel
    iteration owns a panel.
    """
    _, n_out, width = Y.shape
    n_in = X.shape[1]
    at_once = rows_at_once(n_in)
    for first in range(first_unit, last_unit, at_once):
        last = min(first + at_once, last_unit)
        for p in prange(first_panel, last_panel):
            y, x, b = at(Y, p * n_out * width), at(X, p * n_in * width), at(bias, 0)
            for u in range(first, last):
                for i in range(0, width, width // VECTORS):
                    store(y, u * width + i, splat(y, b[u]))
            multiply_weights(
                y, x, weight, packed, turned == 0, ZERO, n_in, n_in, n_out, YES, first, last
            )


@njit(parallel=True)
def dense_backward(
    dX: Any,
    dY: Any,
    weight: Any,
    packed: Any,
    turned: int,
    first_panel: int,
    last_panel: int,
    first_input: int,
    last_input: int,
) -> None:
    """dX[k, i] = Σ_u W[k, u] dY[u, i].

    Writes dX (panels, n_in, width), the given panels and inputs of it; reads dY (panels, n_out,
    width), and the flat weight and packed. Each parallel iteration owns a
    panel.
    """
    _, n_in, width = dX.shape
    n_out = dY.shape[1]
    at_once = rows_at_once(n_out)
    for first in range(first_input, last_input, at_once):
        last = min(first + at_once, last_input)
        for p in prange(first_panel, last_panel):
            dx, dy = at(dX, p * n_in * width), at(dY, p * n_out * width)
            multiply_weights(
                dx, dy, weight, packed, turned != 0, ZERO, n_out, n_out, n_in, NO, first, last
            )


FEW_UNITS = 128
"""Units up to which the network's input, where it lies along the lanes, is not turned once more for
each product: with 12,288 inputs and 20 units that took as long as the product."""


@njit(parallel=True)
def dense_weight_backward(
    dweight: Any,
    X: Any,
    dY: Any,
    scratch: Any,
    turned: int,
    examples: int,
    times: int,
    first_row: int,
    last_row: int,
    first_block: int,
    last_block: int,
    add: int,
) -> None:
    """dW[k, u] = Σ_i X[k, i] dY[u, i].

    Writes the flat dweight (n_rows, n_lanes), the given rows and blocks of lanes, or adds to them
    where ``add``, and scratch (parts, size), in which it turns what lies along the lanes; reads X
    (panels, n_in, width) and dY (panels, n_out, width), so many examples of them. Where panels are
    time steps, the last ``times`` of them may all have fewer examples than lanes. Each parallel
    iteration owns a room and a part of the blocks.
    """
    parts, size = scratch.shape
    panels, n_in, width = X.shape
    n_out = dY.shape[1]
    alive = ZERO  # in each of the last panels, where those are time steps
    if times > 1:
        alive = examples // times % width
    full = panels - times if alive > 0 else panels
    for part in prange(parts):
        room, dw, x, dy = at(scratch, part * size), at(dweight, 0), at(X, 0), at(dY, 0)
        begin, end = share(last_block - first_block, ONE, part, parts)
        begin, end, again = begin + first_block, end + first_block, add != 0
        n_rows, n_lanes, a, b = n_in, n_out, x, dy
        if turned:
            n_rows, n_lanes, a, b = n_out, n_in, dy, x
        for first, last, depth in ((ZERO, full, ONE * width), (full, panels, alive)):
            if first < last:
                multiply_examples(
                    dw,
                    ahead(a, first * n_rows * width),
                    ahead(b, first * n_lanes * width),
                    last - first,
                    n_rows,
                    n_lanes,
                    n_rows * width,
                    n_lanes * width,
                    room,
                    size,
                    min(examples, (last - first) * depth),
                    depth,
                    first_row,
                    last_row,
                    begin,
                    end,
                    again,
                )
                again = n_rows > 0


@njit(parallel=True)
def dense_input_weight_backward(
    dweight: Any,
    dY: Any,
    X_rows: Any,
    n_lanes: int,
    examples: int,
    first_row: int,
    last_row: int,
    first_block: int,
    last_block: int,
    add: int,
) -> None:
    """dW[k, u] = Σ_i X[k, i] dY[u, i] for the network's input, with few units.

    Writes the flat dweight (n_rows, n_lanes), which is turned, the given rows and blocks of lanes,
    or adds to them where ``add``; reads dY (panels, n_rows, width) and X_rows (panels, blocks times
    width + 1, width), so many examples of them. Each parallel iteration owns a block of lanes.
    """
    _, n_rows, width = dY.shape
    block_size = (width + 1) * width
    for block in prange(first_block, last_block):
        multiply_rows(
            at(dweight, block * width),
            at(dY, 0),
            at(X_rows, block * block_size),
            n_lanes,
            HEIGHT * width,
            width,
            ONE,
            n_rows * width,
            X_rows.shape[1] * width,
            examples,
            width,
            min(width, n_lanes - block * width),
            add != 0,
            first_row,
            last_row,
            LOW,
        )


@njit(parallel=True)
def dense_bias_backward(dbias: Any, dY: Any, first_unit: int, last_unit: int, add: int) -> None:
    """db[u] = Σ_i dY[u, i].

    Writes dbias (n_out,), the given units; reads dY (panels, n_out, width). Each parallel
    iteration owns a unit.
    """
    panels, n_out, width = dY.shape
    for u in prange(first_unit, last_unit):
        db, dy = at(dbias, u), at(dY, u * width)
        low = high = splat(dy, 0.0)
        for p in range(panels):
            low = low + load(dy, p * n_out * width)
            high = high + load(dy, p * n_out * width + lanes(dy))
        total = sum_lanes(low + high)
        db[0] = db[0] + total if add else total


def over_time(node: Node, time: Sequence[int]) -> Node:
    """A node that does at every time step, if there are any, what the given one does."""
    if not time:
        return node
    return node._replace(
        output=(*time, *node.output),
        rooms={
            name: room._replace(units=room.units * time[0]) for name, room in node.rooms.items()
        },
        input_gradients=(),
        sparse=None,
        times=time[0],
        places=time[0],
        over_time="each",
    )


@hinted_class
@dataclass(frozen=True)
class Dense(Layer):
    """A layer whose units each see every input: A = g(X W + b).

    Of sequences (time, features) it takes each time step by itself, with the same weights.

    Parameters
    ----------
    units : int
        Units, the layer's outputs.
    activation : str, default "identity"
        g: ``"identity"``, ``"sigmoid"``, ``"tanh"``, ``"relu"``, ``"leaky_relu"``, ``"elu"``,
        ``"gelu"``, ``"silu"`` or ``"softplus"``.
    initializer : str, default "auto"
        First weights: ``"zeros"``, ``"normal"``, ``"he_normal"``, ``"he_uniform"``,
        ``"glorot_normal"``, ``"glorot_uniform"``, or ``"auto"``, which chooses by the activation.
    bias : bool, default True
        Whether the units have biases, which start at zero.
    l2 : float, default 0.0
        λ of the penalty λ/2 Σ W² on the weights, not on the biases.

    Raises
    ------
    TypeError, ValueError
        If a value has the wrong type, is unknown or makes no sense.

    Examples
    --------
    >>> Dense(128, activation="relu").units
    128
    """

    units: int
    activation: str = "identity"
    initializer: str = "auto"
    bias: bool = True
    l2: float = 0.0

    def __post_init__(self) -> None:
        """Check what was given."""
        keep(
            self,
            units=check_whole("units", self.units, least=1, most=MOST_UNITS),
            activation=check_choice("activation", self.activation, ACTIVATIONS),
            initializer=check_initializer(self.initializer),
            bias=check_flag("bias", self.bias),
            l2=check_number("l2", self.l2, least=0.0),
        )

    def node(self, shape: Shape, width: int) -> Node:
        """The layer for inputs of a shape."""
        return self._node(shape, width, sparse=False)

    def node_of_sparse(self, shape: Shape, width: int) -> Node:
        """The layer for inputs that are mostly zeros: an input's weights lie side by side."""
        return self._node(shape, width, sparse=True)

    def _node(self, shape: Shape, width: int, *, sparse: bool) -> Node:
        if len(shape) > 2:
            raise ValueError(
                f"Dense takes examples of one axis, or of two, (time, features), got the shape "
                f"{shape}; put jn.Flatten() before"
            )
        *time, n_in = shape
        return over_time(self._node_of(n_in, width, sparse=sparse), time)

    def _node_of(self, n_in: int, width: int, *, sparse: bool) -> Node:
        n_out = self.units
        form = gradient_form(n_in, n_out)
        if sparse and form == INPUTS_IN_LANES:
            form = UNITS_IN_LANES
        turned = form == INPUTS_IN_LANES
        order: Literal["C", "F"] = "F" if turned else "C"
        draw = partial(resolve(self.initializer, self.activation), n_in, n_out)
        weight = Parameter("weight", (n_in, n_out), draw, self.l2, order=order)
        parameters = (weight,) + (Parameter("bias", (n_out,)),) * self.bias
        rooms = {} if self.bias else {"bias": Room(shape=(n_out,))}  # zeros
        sides = {"turned": turned}
        few = Operation(dense_few_forward, settings=sides)
        bias_gradient = (Operation(dense_bias_backward, Cut("unit", n_out)),) * self.bias
        twin = Node(
            output=(n_out,),
            forward=(Operation(sparse_forward, settings=sides | {"n_in": n_in}),),
            backward=(),
            arrange=(Operation(turn_outputs),),
            gradients=(
                Operation(sparse_weight_backward, Cut("input", n_in), sides | {"n_in": n_in}),
                *bias_gradient,
            ),
            parameters=parameters,
            rooms=rooms | {"dY_rows": Room(units=-(-n_out // width) * width)},
        )
        if form == SMALL:
            weight_gradient = Operation(dense_small_weight_backward, Cut("input", n_in))
            return Node(
                output=(n_out,),
                forward=(Operation(dense_small_forward),),
                backward=(Operation(dense_small_backward),),
                gradients=(weight_gradient, *bias_gradient),
                parameters=parameters,
                rooms=rooms,
                few=few,
                sparse=twin,
            )
        n_rows, n_lanes = (n_out, n_in) if turned else (n_in, n_out)
        by_rows = Cut("row", n_rows, len(TALL))
        by_blocks = Cut("block", -(-n_lanes // width), otherwise=by_rows)
        packed = Room(shape=packed_shape(n_rows, n_lanes))
        lanes_of_input = Operation(dense_input_weight_backward, by_blocks, {"n_lanes": n_lanes})
        from_rows = (lanes_of_input, *bias_gradient) if turned and n_rows <= FEW_UNITS else ()
        pack = Operation(pack_weights, Cut("row", n_rows, int(PACKED_AT_ONCE)))
        return Node(
            output=(n_out,),
            forward=(Operation(dense_forward, settings=sides),),
            backward=(Operation(dense_backward, Cut("input", n_in, len(TALL)), sides),),
            gradients=(Operation(dense_weight_backward, by_blocks, sides), *bias_gradient),
            parameters=parameters,
            rooms=rooms | {"packed": packed},
            input_gradients=from_rows,
            prepare=pack if packed.size else None,
            prepare_for="backward" if turned else "forward",
            few=few,
            sparse=twin,
        )
