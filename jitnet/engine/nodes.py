"""From layers to a table of nodes, and where everything lies that belongs to one."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from copy import copy
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from jitnet.arrays import Array
from jitnet.engine.forms import check_node, checked_draw, owner_within
from jitnet.layers.chain import nodes_of
from jitnet.layers.layer import Layer, Node, Parameter, Shape
from jitnet.memory import ALIGNMENT, aligned


class Placed(NamedTuple):
    """A parameter and where it lies in the flat array of all parameters."""

    parameter: Parameter
    path: tuple[int, ...]
    node: int
    number: int
    place: int

    @property
    def is_first(self) -> bool:
        """Whether it is the first parameter of its node."""
        return self.number == 0

    @property
    def name(self) -> str:
        """Its name in a file."""
        return ".".join(("layers", *map(str, self.path), self.parameter.name))

    def view(self, flat: Array) -> Array:
        """Its view in a flat array of all parameters, or of what is laid out like them."""
        part = flat[self.place : self.place + self.parameter.size]
        return part.reshape(self.parameter.shape, order=self.parameter.order)


class Nodes:
    """The nodes of a network, in the order in which data flow through them.

    Parameters
    ----------
    layers : sequence of Layer
        The layers.
    shape : tuple of int
        The shape of an example.
    width : int
        Examples in a panel.
    mostly_zeros : bool, default False
        Whether the parameters are to lie as suits inputs of sparse rows.

    Attributes
    ----------
    nodes : list of Node
        A node for each layer, or those that it is made of, and one for its activation, if it has
        one.
    paths : list of tuple of int
        For each node the place of its layer, and of those within it.
    owners : list of str
        What the nodes are called in errors.
    parameters : list of Placed
        All parameters.
    count : int
        Elements of the flat array that they lie in.
    """

    is_sparse = False
    """Whether the first node takes sparse rows as they are."""

    def __init__(
        self, layers: Sequence[Layer], shape: Shape, width: int, *, mostly_zeros: bool = False
    ) -> None:
        self.shape, self.width = shape, width
        self.nodes: list[Node] = []
        self.paths: list[tuple[int, ...]] = []
        self.owners: list[str] = []
        for number, layer in enumerate(layers):
            sparse = mostly_zeros and all(node.is_free for node in self.nodes)
            owner = f"layer {number + 1}, {layer!r}"
            for node in nodes_of(layer, _node_of(layer, owner, shape, width, sparse)):
                _check_free(node, owner, shape)
                self.nodes.append(node)
                self.paths.append((number, *node.path))
                self.owners.append(owner_within(owner, node.path))
                shape = node.output
        self._check_borrowed()
        self.parameters, self.count = self._lay_out()

    def _check_borrowed(self) -> None:
        """Refuse a node that borrows what the network does not have."""
        for number, (owner, node) in enumerate(zip(self.owners, self.nodes, strict=True)):
            for name, (distance, _) in node.borrows.items():
                if not 0 <= number + distance < len(self.nodes):
                    raise ValueError(
                        f"{owner} borrows {name!r} from {distance} nodes further on, but it is "
                        f"number {number} of {len(self.nodes)}, counted from 0"
                    )

    def _lay_out(self) -> tuple[list[Placed], int]:
        placed, place = [], 0
        for number, (path, node) in enumerate(zip(self.paths, self.nodes, strict=True)):
            for which, parameter in enumerate(node.parameters):
                placed.append(Placed(parameter, path, number, which, place))
                place += aligned(parameter.size)
        return placed, place + ALIGNMENT  # a vector may be read beyond the last one

    def for_sparse(self) -> Nodes:
        """The same nodes and parameters, with the reader's twin for sparse rows."""
        nodes, twin = copy(self), self.reader.sparse
        if twin is not None:
            nodes.nodes, nodes.is_sparse = [*self.nodes], True
            nodes.nodes[self.first] = twin
        return nodes

    @property
    def first(self) -> int:
        """The first node that is not free; 0 where all are."""
        return next((n for n, node in enumerate(self.nodes) if not node.is_free), 0)

    @property
    def reader(self) -> Node:
        """The first node that is not free, which reads the network's input."""
        return self.nodes[self.first]

    @property
    def output(self) -> Shape:
        """The shape of an example's output."""
        return self.nodes[-1].output if self.nodes else self.shape

    @property
    def n_outputs(self) -> int:
        """Units of the output."""
        return units_of(self.output)

    @property
    def first_trained(self) -> int:
        """The first node with parameters: nobody needs the gradient of its input."""
        trained = (row.node for row in self.parameters if row.parameter.trained)
        return min(trained, default=len(self.nodes))

    @property
    def whole_owner(self) -> str | None:
        """Whose node needs a batch of training to go through as one block, if any does."""
        for owner, node in zip(self.owners, self.nodes, strict=True):
            if any(operation.whole for operation in (*node.forward, *node.arrange, *node.backward)):
                return owner
        return None

    def units(self, node: int) -> int:
        """Units of a node's input; those of the output for the number of nodes."""
        return units_of(self.nodes[node - 1].output if node else self.shape)

    @property
    def blocks(self) -> int:
        """Blocks of a panel of the network's input, as wide as they are high."""
        return -(-self.units(0) // self.width)

    def views(self, flat: Array) -> list[Array]:
        """Views of all parameters in a flat array that is laid out like them."""
        return [row.view(flat) for row in self.parameters]

    def draw(self, flat: Array, rng: np.random.Generator) -> None:
        """First values, into a flat array of zeros."""
        for row in self.parameters:
            if row.parameter.draw is not None:
                row.view(flat)[...] = checked_draw(row.parameter, rng, self.owners[row.node])

    def multiplications(self) -> int:
        """Multiplications that an example takes forward: each weight's, at each of its places."""
        return sum(row.parameter.size * self.nodes[row.node].places for row in self.matrices())

    def matrices(self) -> Iterable[Placed]:
        """Parameters of more than one axis."""
        return (row for row in self.parameters if len(row.parameter.shape) > 1)


def units_of(shape: Shape) -> int:
    """Numbers in an example of a shape."""
    return math.prod(shape)


def _check_free(node: Node, owner: str, shape: Shape) -> None:
    """Refuse a node without operations whose output has other numbers than its input."""
    if not (node.forward or node.inner) and units_of(node.output) != units_of(shape):
        raise ValueError(
            f"{owner} computes nothing, so that its output must have as many numbers as its input: "
            f"{units_of(shape)}, of the shape {shape}; got the shape {node.output}"
        )


@lru_cache(maxsize=1024)
def _checked_node(layer: Any, owner: str, shape: Shape, width: int, mostly_zeros: bool) -> Node:
    """A layer's node for a shape, made once: layers that are equal make the same."""
    node: Node = (layer.node_of_sparse if mostly_zeros else layer.node)(shape, width)
    check_node(node, owner)
    return node


def _node_of(layer: Any, owner: str, shape: Shape, width: int, mostly_zeros: bool) -> Node:
    place = owner, shape, width, mostly_zeros
    try:
        return _checked_node(layer, *place)
    except TypeError:  # it cannot be hashed, or says what is wrong once more
        return _checked_node.__wrapped__(layer, *place)
