"""Several inputs: each goes through layers of its own, and what they give is joined."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from numba import prange

from jitnet.checks import keep
from jitnet.hints import hinted_class
from jitnet.kernels.intrinsics import at
from jitnet.kernels.jit import njit
from jitnet.kernels.simd import lanes, load, store
from jitnet.layers.chain import chain, check_layers
from jitnet.layers.layer import Layer, Node, Operation, Shape
from jitnet.quoting import quoted


@njit(parallel=True)
def join_forward(
    Y: Any, S: Any, places: int, first: int, first_panel: int, last_panel: int
) -> None:
    """Y[place, first + u, i] = S[place, u, i] for the units u of a branch's output S.

    Writes Y (panels, places · all units, width), the given panels, the branch's units of each
    place; reads S (panels, places · units, width). Each parallel iteration owns a panel.
    """
    _, n_all, width = Y.shape
    units, every = S.shape[1] // places, n_all // places
    for p in prange(first_panel, last_panel):
        for place in range(places):
            y = at(Y, (p * n_all + place * every + first) * width)
            s = at(S, (p * S.shape[1] + place * units) * width)
            for i in range(0, units * width, lanes(y)):
                store(y, i, load(s, i))


@njit(parallel=True)
def join_backward(
    dS: Any, dY: Any, places: int, first: int, first_panel: int, last_panel: int
) -> None:
    """dS[place, u, i] = dY[place, first + u, i] for the units u of a branch's output.

    Writes dS (panels, places · units, width), the given panels; reads dY (panels, places · all
    units, width). Each parallel iteration owns a panel.
    """
    _, n_all, width = dY.shape
    units, every = dS.shape[1] // places, n_all // places
    for p in prange(first_panel, last_panel):
        for place in range(places):
            dy = at(dY, (p * n_all + place * every + first) * width)
            ds = at(dS, (p * dS.shape[1] + place * units) * width)
            for i in range(0, units * width, lanes(ds)):
                store(ds, i, load(dy, i))


@njit(parallel=True)
def join_few_forward(Y: Any, S: Any, places: int, first: int) -> None:
    """``join_forward`` of a few examples.

    Writes Y (examples, places · all units), the branch's units of each place; reads S (examples,
    places · units). Each parallel iteration owns an example.
    """
    examples = Y.shape[0]
    units, every = S.shape[1] // places, Y.shape[1] // places
    for e in prange(examples):
        for place in range(places):
            for u in range(units):
                Y[e, place * every + first + u] = S[e, place * units + u]


@hinted_class
@dataclass(frozen=True)
class Branches(Layer):
    """Takes several inputs, each through layers of its own, and concatenates what they give.

    It must be the first layer; ``fit`` and ``predict`` then take a tuple of arrays, one for each
    branch. The outputs are concatenated along their last axis, and must agree in the others.

    Parameters
    ----------
    branches : sequence of sequences of Layer
        For each input its layers, one after the other; none where it is taken as it is.

    Raises
    ------
    TypeError, ValueError
        If there are fewer than two branches, or, once the inputs are known, if their outputs cannot
        be concatenated.

    Examples
    --------
    >>> import jitnet as jn
    >>> both = jn.Branches([[jn.Conv2D(4, 3, activation="relu"), jn.Flatten()], [jn.Dense(8)]])
    >>> model = jn.Sequential([both, jn.Dense(1)], loss="mse").build([(8, 8, 1), (5,)])
    >>> [array.shape for array in model.get_weights()]
    [(3, 3, 1, 4), (4,), (5, 8), (8,), (152, 1), (1,)]
    """

    branches: Sequence[Sequence[Layer]]

    def __post_init__(self) -> None:
        """Check what was given."""
        if not isinstance(self.branches, Sequence) or len(self.branches) < 2:
            raise ValueError(
                f"branches must be a list of two lists of layers or more, got "
                f"{quoted(self.branches)}"
            )
        branches = tuple(
            check_layers(layers) if not isinstance(layers, Sequence) or layers else ()
            for layers in self.branches
        )
        if any(isinstance(layer, Branches) for layers in branches for layer in layers):
            raise ValueError("branches must not have Branches in them; give all inputs to one")
        keep(self, branches=branches)

    @property
    def n_inputs(self) -> int:
        """Inputs that it takes."""
        return len(self.branches)

    def node(self, shape: Shape, width: int) -> Node:
        """The layer for inputs of some shapes, one a branch."""
        chains = [
            _branch(layers, number, own, width)  # type: ignore[arg-type]
            for number, (layers, own) in enumerate(zip(self.branches, shape, strict=True))
        ]
        outputs = [nodes[-1].output for nodes in chains]
        if len({output[:-1] for output in outputs}) > 1:
            raise ValueError(
                "Branches concatenates along the last axis, and the others must be alike; the "
                f"branches give {', '.join(map(str, outputs))}"
            )
        *leading, _ = outputs[0]
        places, forward, backward, few, borrows = math.prod(leading), [], [], [], {}
        distance, first = sum(map(len, chains)), 0
        for number, (nodes, output) in enumerate(zip(chains, outputs, strict=True)):
            distance -= len(nodes)
            settings = {"places": places, "first": first}
            S, dS = {"S": f"branch_{number}"}, {"dS": f"dbranch_{number}"}
            forward.append(Operation(join_forward, settings=settings, names=S))
            backward.append(Operation(join_backward, settings=settings, names=dS))
            few.append(Operation(join_few_forward, settings=settings, names=S))
            borrows[S["S"]] = -distance - 1, "Y"
            borrows[dS["dS"]] = -distance - 1, "dY"
            first += output[-1]
        join = Node(
            output=(*leading, first),
            forward=tuple(forward),
            backward=tuple(backward),
            few=tuple(few),
            borrows=borrows,
        )
        inner = [node for nodes in chains for node in nodes]
        return Node(output=join.output, forward=(), backward=(), inner=(*inner, join))


def _branch(layers: Sequence[Layer], number: int, shape: Shape, width: int) -> list[Node]:
    """A branch's nodes, of which the first takes its input."""
    nodes = chain(layers, shape, width) or [Node(shape, (), (), is_free=True)]
    nodes = [node._replace(path=(number, *node.path)) for node in nodes]
    return [nodes[0]._replace(input=number), *nodes[1:]]
