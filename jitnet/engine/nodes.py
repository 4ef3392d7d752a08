"""From layers to a table of nodes, and where everything lies that belongs to one."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from copy import copy
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from jitnet.arrays import Array
from jitnet.engine.forms import arguments_of, check_node, checked_draw, owner_within
from jitnet.layers.chain import nodes_of
from jitnet.layers.layer import Layer, Node, Operation, Parameter, Shape, few_of
from jitnet.memory import ALIGNMENT, aligned
from jitnet.quoting import quoted

Shapes = tuple[Any, ...]
"""The shape of an example, or a tuple of what it has in each input."""


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


class Input(NamedTuple):
    """An input of a network: what it is, and the nodes that it goes through by itself."""

    shape: Shape
    first: int  # the first node that takes it
    reader: int  # the first of those that is not free, else the first one

    @property
    def units(self) -> int:
        """Numbers in an example."""
        return units_of(self.shape)


class Nodes:
    """The nodes of a network, in the order in which data flow through them.

    Parameters
    ----------
    layers : sequence of Layer
        The layers.
    shape : tuple of int, or of such tuples
        The shape of an example, or of what it has in each input.
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
    inputs : list of Input
        What an example is made of.
    before : list of int
        For each node the one whose output it takes, or -1 - k where that is input k.
    count : int
        Elements of the flat array that they lie in.
    """

    is_sparse = False
    """Whether the first node takes sparse rows as they are."""

    def __init__(
        self, layers: Sequence[Layer], shape: Shapes, width: int, *, mostly_zeros: bool = False
    ) -> None:
        self.shape: Shapes = shape
        self.width = width
        self.nodes: list[Node] = []
        self.paths: list[tuple[int, ...]] = []
        self.owners: list[str] = []
        shapes: tuple[Shape, ...] = shape if is_several(shape) else (shape,)
        for number, layer in enumerate(layers):
            check_inputs_of(layer, number, shape)
            sparse = mostly_zeros and all(node.is_free for node in self.nodes)
            owner = f"layer {number + 1}, {quoted(layer)}"
            for node in nodes_of(layer, _node_of(layer, owner, shape, width, sparse)):
                if node.input is not None and node.input >= len(shapes):
                    raise ValueError(
                        f"{owner} takes input {node.input}, of {len(shapes)} there are"
                    )
                _check_free(node, owner, shape if node.input is None else shapes[node.input])
                self.nodes.append(node)
                self.paths.append((number, *node.path))
                self.owners.append(owner_within(owner, node.path))
                shape = node.output
        self.before = self._before()
        self.inputs = [self._input(number, given) for number, given in enumerate(shapes)]
        self._check_indices()
        self._check_borrowed()
        self.parameters, self.count = self._lay_out()

    def _before(self) -> list[int]:
        before = []
        for number, node in enumerate(self.nodes):
            given = 0 if number == 0 else node.input
            before.append(number - 1 if given is None else -1 - given)
        return before

    def _input(self, number: int, shape: Shape) -> Input:
        first = reader = self.before.index(-1 - number) if self.nodes else 0
        while reader < len(self.nodes) and self.nodes[reader].is_free:
            reader += 1
            if reader == len(self.nodes) or self.before[reader] != reader - 1:
                return Input(shape, first, first)
        return Input(shape, first, reader)

    def _check_indices(self) -> None:
        """Refuse a node that takes indices where it does not stand at an input."""
        readers = {given.reader for given in self.inputs}
        for number, (owner, node) in enumerate(zip(self.owners, self.nodes, strict=True)):
            if node.vocabulary and number not in readers:
                raise ValueError(
                    f"{owner} takes indices, not the numbers of another layer: it must be the "
                    "first layer, or the first of a branch"
                )

    @cached_property
    def takes_indices(self) -> bool:
        """Whether any input is one of indices."""
        return any(self.nodes[given.reader].vocabulary for given in self.inputs)

    @cached_property
    def state_size(self) -> int:
        """Numbers that are kept of an example from batch to batch."""
        return sum(node.state for node in self.nodes)

    def states_of(self, examples: int) -> int:
        """Numbers that are kept of so many examples, in panels (panels, state_size, width)."""
        return -(-examples // self.width) * self.state_size * self.width

    def mask_times(self) -> dict[tuple[int, int], bool]:
        """The masks that nodes ask for, and in which of them the index 0 is no time step."""
        asking = (number for number, node in enumerate(self.nodes) if asks_for("mask", node))
        masks = map(self.mask_of, asking)
        return {
            (given, time): given >= 0 and self.nodes[self.inputs[given].reader].masks_zero
            for given, time in masks
        }

    def mask_of(self, number: int) -> tuple[int, int]:
        """The input whose time steps a node's are, and their number.

        It is -1 where they are no input's: there are then all of them.
        """
        before = number
        while (before := self.before[before]) >= 0:
            if over_time(self.nodes[before], self.shape_in(before)) not in ("each", "both"):
                return -1, self.shape_in(number)[0]
        return -1 - before, self.shape_in(number)[0]

    def shape_in(self, number: int) -> Shape:
        """The shape of a node's input."""
        before = self.before[number]
        return self.nodes[before].output if before >= 0 else self.inputs[-1 - before].shape

    def mixes(self, given: int) -> str | None:
        """Whose node mixes the time steps of an input, so that an example cannot end early."""
        number, shape = self.inputs[given].first, self.inputs[given].shape
        while number < len(self.nodes):
            if number > self.inputs[given].first and self.before[number] != number - 1:
                return self.owners[number - 1]
            node = self.nodes[number]
            how = over_time(node, self.shape_in(number))
            if how in ("last", "all"):
                return None
            if how == "mixed":
                return self.owners[number]
            number += 1
        return None if len(self.output) == 2 and self.output[0] == shape[0] else "the last layer"

    def keeps_time(self, given: int) -> bool:
        """Whether each time step of an input has an output of its own."""
        numbers = range(self.inputs[given].first, len(self.nodes))
        kept = ("each", "both")
        return all(over_time(self.nodes[n], self.shape_in(n)) in kept for n in numbers)

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

    def joined(self, *, for_few: bool = False) -> Nodes:
        """The same nodes and parameters, where one does what the next one did as well."""
        joined = copy(self)
        joined.nodes = [*self.nodes]
        borrowed = {
            (number + distance, array)
            for number, node in enumerate(self.nodes)
            for distance, array in node.borrows.values()
        }
        for number, (node, after) in enumerate(pairwise(self.nodes)):
            between = {(number, "Y"), (number, "dY"), (number + 1, "X"), (number + 1, "dX")}
            if node.join is None or self.before[number + 1] != number or between & borrowed:
                continue
            twin = node.join(after)
            if twin is None:
                continue
            check_node(twin, f"the twin of {self.owners[number]}")
            if (self.wants_gradient[number] and not twin.backward) or (
                for_few and not few_of(twin)
            ):
                continue
            free = Node(after.output, (), (), is_free=True, path=after.path)
            joined.nodes[number : number + 2] = twin, free
        return joined

    @property
    def first(self) -> int:
        """The first node that is not free, which reads the first input; 0 where all are."""
        return self.inputs[0].reader

    @property
    def reader(self) -> Node:
        """The first node that is not free, which reads the first input."""
        return self.nodes[self.first]

    @property
    def times(self) -> int:
        """Time steps of the output, each of which has a loss of its own."""
        return self.output[0] if len(self.output) == 2 else 1

    @property
    def output(self) -> Shape:
        """The shape of an example's output."""
        return self.nodes[-1].output if self.nodes else self.shape

    @cached_property
    def n_outputs(self) -> int:
        """Units of the output."""
        return units_of(self.output)

    @cached_property
    def wants_gradient(self) -> list[bool]:
        """For each node whether anything before it is trained, so that dX is needed."""
        trained = {row.node for row in self.parameters if row.parameter.trained}
        wants: list[bool] = []
        for number, before in enumerate(self.before):
            joined = {number + distance for distance, _ in self.nodes[number].borrows.values()}
            sources = {before, *(other for other in joined if other < number)} - {-1}
            wants.append(any(n >= 0 and (n in trained or wants[n]) for n in sources))
        return wants

    @property
    def whole_owner(self) -> str | None:
        """Whose node needs a batch of training to go through as one block, if any does."""
        for owner, node in zip(self.owners, self.nodes, strict=True):
            if any(operation.whole for operation in (*node.forward, *node.arrange, *node.backward)):
                return owner
        return None

    def n_in(self, number: int) -> int:
        """Units of a node's input."""
        return units_of(self.shape_in(number))

    def n_out(self, number: int) -> int:
        """Units of a node's output."""
        return units_of(self.nodes[number].output)

    @property
    def n_features(self) -> int:
        """Numbers in an example, of all inputs."""
        return sum(given.units for given in self.inputs)

    def blocks(self, given: int = 0) -> int:
        """Blocks of a panel of an input, as wide as they are high."""
        return -(-self.inputs[given].units // self.width)

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


def is_several(shape: Shapes) -> bool:
    """Whether an example has several inputs, each of a shape of its own."""
    return bool(shape) and isinstance(shape[0], tuple)


def check_inputs_of(layer: Any, number: int, shape: Shapes) -> None:
    """Refuse a layer that takes one input where there are several, and the reverse."""
    takes, count = getattr(layer, "n_inputs", None), len(shape) if is_several(shape) else None
    if takes != count:
        wanted = "one input" if takes is None else f"a tuple of {takes} inputs"
        given = f"one of the shape {shape}" if count is None else f"a tuple of {count}"
        raise ValueError(f"layer {number + 1}, {quoted(layer)} takes {wanted}, got {given}")


def operations_of(node: Node) -> Iterable[Operation]:
    """All operations of a node."""
    return (
        *node.forward,
        *node.arrange,
        *node.backward,
        *node.gradients,
        *node.track,
        *few_of(node),
    )


def asks_for(name: str, node: Node) -> bool:
    """Whether any kernel of a node has an argument of a name."""
    return any(name in arguments_of(part.kernel, "") for part in operations_of(node))


def over_time(node: Node, shape: Shape) -> str:
    """What a node makes of examples that end early (see `Node`)."""
    alike = all(part.pointwise for part in node.forward) and node.output == shape
    return "each" if alike else node.over_time


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
