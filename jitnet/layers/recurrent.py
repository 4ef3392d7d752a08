"""What recurrent layers have in common: what they are told, and the nodes that they are.

A recurrent layer is two nodes. The first is dense, and takes all time steps at once: what the
inputs bring to the gates. The second goes from step to step (``recurrence.py``), and adds what the
state brings. A third, of one output, is the state of the last step.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jitnet.checks import check_flag, check_number, check_whole, keep
from jitnet.initializers import glorot_uniform
from jitnet.kernels.jit import Kernel
from jitnet.kernels.matmul import TALL, packed_shape
from jitnet.kernels.weights import PACKED_AT_ONCE, pack_weights
from jitnet.layers.dense import MOST_UNITS, Dense, over_time
from jitnet.layers.layer import Cut, Layer, Node, Operation, Parameter, Room, Shape
from jitnet.layers.recurrence import (
    keep_state,
    last_backward,
    last_few_forward,
    last_forward,
    recurrent_weight_backward,
    take_state,
)


class Cell(NamedTuple):
    """What a recurrent layer does at a time step.

    Parameters
    ----------
    gates : int
        Rows of units that a step has: i, f, g and o of an LSTM.
    forward, backward, few : Kernel
        The blocks that go from step to step, and of a few examples.
    state : int, default 1
        Rows of units that are kept from step to step.
    kept : tuple of str, default ()
        Names of rooms in which units are kept of each step for backward.
    bias : callable, optional
        ``bias(units)`` is a direction's first bias, (gates · units,); zeros by default.
    backward_gates : str, default "dX"
        Where backward leaves the gradients of what the state brings.
    recurrent_bias : Kernel, optional
        The gradient of a bias of units that the state brings by itself, if there is one.
    """

    gates: int
    forward: Kernel
    backward: Kernel
    few: Kernel
    state: int = 1
    kept: tuple[str, ...] = ()
    bias: Callable[[int], NDArray[np.float64]] | None = None
    backward_gates: str = "dX"
    recurrent_bias: Kernel | None = None


def recurrent_node(layer: Any, cell: Cell, shape: Shape, width: int, directions: int = 1) -> Node:
    """The node of a recurrent layer, of one direction or two."""
    name = type(layer).__name__
    if len(shape) != 2:
        raise ValueError(f"{name} takes sequences (time, features), got the shape {shape}")
    time, units = shape[0], layer.units
    lanes_ = cell.gates * units
    state = directions * cell.state * units
    settings = {"directions": directions, "stateful": layer.stateful}
    own = {"gates": "X"}
    kept = {name: Room(units=time * directions * units) for name in cell.kept}
    states = dict.fromkeys(("initial", "final", "dstate"), Room(units=state))
    stateful = (Operation(take_state), Operation(keep_state)) if layer.stateful else ()
    blocks = -(-lanes_ // width)
    bias_gradient = (
        ()
        if cell.recurrent_bias is None
        else (
            Operation(
                cell.recurrent_bias,
                Cut("unit", directions * units),
                {"directions": directions},
                names={"dgates": cell.backward_gates},
            ),
        )
    )
    recurrent = Parameter(
        "recurrent_weight",
        (directions * units, lanes_),
        partial(_recurrent_weights, directions, units, lanes_),
        layer.l2,
    )
    recurrent_bias = (Parameter("recurrent_bias", (directions * units,)),)
    packed = Room(shape=packed_shape(directions * units, lanes_))
    goes_on = Node(
        output=(time, directions * units),
        forward=(
            *stateful[:1],
            Operation(cell.forward, settings=settings, names=own),
            *stateful[1:],
        ),
        backward=(Operation(cell.backward, settings=settings, names=own),),
        gradients=(
            Operation(
                recurrent_weight_backward,
                Cut("block", blocks, otherwise=Cut("row", units, len(TALL))),
                settings | {"time": time, "state": cell.state},
                names={"dgates": cell.backward_gates},
            ),
            *bias_gradient,
        ),
        parameters=(recurrent, *recurrent_bias[: len(bias_gradient)]),
        rooms=kept | states | {"packed": packed},
        prepare=(
            Operation(
                pack_weights,
                Cut("row", directions * units, int(PACKED_AT_ONCE)),
                names={"weight": "recurrent_weight"},
            )
            if packed.size
            else None
        ),
        few=Operation(cell.few, settings=settings, names=own | {"final": "initial"}),
        places=time,
        over_time="each" if directions == 1 else "both",
        state=state if layer.stateful else 0,
    )
    inner = (_projection(layer, cell, shape, width, directions), goes_on)
    if layer.return_sequences:
        return Node(goes_on.output, (), (), inner=inner)
    settings = {"directions": directions}
    last = Node(
        output=(directions * units,),
        forward=(Operation(last_forward, settings=settings),),
        backward=(Operation(last_backward, settings=settings),),
        few=Operation(last_few_forward, settings=settings),
        over_time="last" if directions == 1 else "all",
    )
    return Node(last.output, (), (), inner=(*inner, last))


def _projection(layer: Any, cell: Cell, shape: Shape, width: int, directions: int) -> Node:
    """The dense node: what the inputs of all time steps bring to the gates."""
    time, n_in = shape
    n_out = directions * cell.gates * layer.units
    node = Dense(n_out)._node_of(n_in, width, sparse=False)
    weight, bias = node.parameters
    draw = partial(_input_weights, directions, n_in, cell.gates * layer.units)
    draw_bias = None if cell.bias is None else partial(_biases, cell.bias, layer.units, directions)
    parameters = weight._replace(draw=draw, l2=layer.l2), bias._replace(draw=draw_bias)
    return over_time(node._replace(parameters=parameters), (time,))


def _input_weights(
    directions: int, n_in: int, n_out: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    return np.hstack([glorot_uniform(n_in, n_out, rng) for _ in range(directions)])


def _recurrent_weights(
    directions: int, units: int, n_out: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    return np.vstack([orthogonal(units, n_out, rng) for _ in range(directions)])


def _biases(
    bias: Callable[[int], NDArray[np.float64]],
    units: int,
    directions: int,
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    return np.tile(bias(units), directions)


def orthogonal(rows: int, columns: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Orthonormal rows, or columns where those are fewer (Saxe et al., 2014, *Exact solutions*).

    Parameters
    ----------
    rows, columns : int
        The shape.
    rng : numpy.random.Generator
        Where the numbers come from.

    Returns
    -------
    ndarray of float64

    Examples
    --------
    >>> W = orthogonal(2, 3, np.random.default_rng(0))
    >>> np.allclose(W @ W.T, np.eye(2))
    True
    """
    drawn = rng.normal(size=(max(rows, columns), min(rows, columns)))
    q, r = np.linalg.qr(drawn)
    q = q * np.sign(np.diag(r))  # uniform among all
    return q.T if rows < columns else q


@dataclass(frozen=True)
class Recurrent(Layer):
    """What recurrent layers are told, and their node."""

    cell: ClassVar[Cell]
    units: int
    return_sequences: bool = False
    stateful: bool = False
    l2: float = 0.0

    def __post_init__(self) -> None:
        """Check what was given."""
        keep(
            self,
            units=check_whole("units", self.units, least=1, most=MOST_UNITS),
            return_sequences=check_flag("return_sequences", self.return_sequences),
            stateful=check_flag("stateful", self.stateful),
            l2=check_number("l2", self.l2, least=0.0),
        )

    def node(self, shape: Shape, width: int) -> Node:
        """The layer for inputs of a shape."""
        return recurrent_node(self, self.cell, shape, width)
