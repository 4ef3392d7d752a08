"""The table of calls: a row for each block of a step, with where its arguments lie.

A kernel says by the names of its arguments what it reads and writes, a node says what it has, and
memory says where that lies. A row holds the block's address, how its work is divided, and the words
of its record (``jitnet.kernels.blocks``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from numbers import Real
from typing import Any, NamedTuple

import numpy as np
from numba.core.errors import NumbaError

from jitnet.arrays import Array
from jitnet.checks import check_whole
from jitnet.compiling import Job, prepare
from jitnet.engine.forms import arguments_of, name_of
from jitnet.engine.nodes import Nodes
from jitnet.engine.places import Places
from jitnet.engine.steps.span import (
    EXAMPLES,
    FIRST,
    FIRST_PANEL,
    LAST,
    LAST_PANEL,
    OTHER_FIRST,
    OTHER_LAST,
    SOURCES,
)
from jitnet.kernels.blocks import (
    BY_PANELS,
    INDICES,
    Block,
    address_of,
    entry_of,
    is_compiled,
    places_of,
    signature_of,
    words_of,
)
from jitnet.kernels.cache import compilation
from jitnet.kernels.cpu import TILES
from jitnet.layers.layer import Cut, Node, Operation, few_of
from jitnet.memory import ALIGNMENT, aligned
from jitnet.quoting import quoted

UNIT_GRAIN = TILES[0]
"""Units are cut between workers at multiples of the tall tile's rows."""

ADDRESS, COUNT, GRAIN, OTHER_COUNT, OTHER_GRAIN, ALONE, BARRIER, WHOLE, WAITS, RECORD = range(10)
"""The columns of a row: the block; what is divided between workers, at multiples of what (a count
of 0: panels alone), and what otherwise; whether panels are never divided; when there is a barrier
before it, whether it needs what all ranks have of a batch, and, of gradients, whether it waits for
all workers; then the words of the record."""

NEVER, IN_LOCKSTEP, ALWAYS = range(3)
"""When there is a barrier."""

PHASES = 13
(
    GATHER,
    TARGETS,
    FORWARD,
    LOSS,
    CORRECT,
    BACKWARD,
    GRADIENTS,
    PENALTY,
    UPDATE,
    PREPARE,
    LINK,
    FEW,
    TRACK,
) = range(PHASES)
"""The parts of a step, each some rows of the table."""

Names = Mapping[str, tuple[str, Sequence[int]]]
"""What a kernel may ask for: a source and the words of its record."""
SHARED: Names = {name: (source, ()) for name, source in SOURCES.items()}


COMPILER_ERRORS = (NumbaError, AttributeError, NotImplementedError, TypeError, ValueError)
"""What Numba raises where it cannot compile a function."""


class Call(NamedTuple):
    """A row of the table before its block has an address."""

    block: Block
    words: list[int]
    cut: Cut | None = None
    pointwise: bool = False
    owner: str = ""
    whole: bool = False
    waits: bool = False
    alone: bool = False

    @property
    def divided(self) -> tuple[object, ...]:
        """What is divided in lockstep, and at multiples of what."""
        return self.cut[:3] if self.cut is not None else ()


def bind(operation: Operation, names: Names, units: int, dtype: Any, owner: str) -> Call:
    """Find the arguments of an operation's kernel.

    Parameters
    ----------
    operation : Operation
        The kernel and its settings.
    names : mapping
        What there is for it.
    units : int
        What ``first_unit`` and ``last_unit`` divide.
    dtype : dtype
        The model's type.
    owner : str
        Whose operation it is, for the error.

    Raises
    ------
    TypeError
        If the kernel asks for what there is not.
    """
    arguments = arguments_of(operation.kernel, owner)
    cut = operation.cut
    if cut is None and "first_unit" in arguments:
        cut = Cut("unit", units, UNIT_GRAIN)
    own = {name: _number(name, value, owner) for name, value in operation.settings.items()}
    for part, first, last in ((cut, FIRST, LAST), (cut and cut.otherwise, OTHER_FIRST, OTHER_LAST)):
        if part is not None:
            own[f"first_{part.dimension}"] = f"int:{first}", ()
            own[f"last_{part.dimension}"] = f"int:{last}", ()
    sources: list[str] = []
    words: list[int] = []
    for name in arguments:
        wanted = operation.names.get(name, name)
        found = own.get(wanted) or names.get(wanted) or SHARED.get(wanted)
        if found is None:
            raise TypeError(
                f"the kernel {name_of(operation.kernel)} of {owner} asks for {name!r}, which is "
                f"neither an array nor a setting; there are {', '.join(sorted({**names} | own))}, "
                "first_panel, last_panel, add, training, key and first_example"
            )
        source, record = found
        sources.append(source)
        words.extend(record)
    block = operation.kernel, tuple(sources), np.dtype(dtype)
    return Call(
        block,
        words,
        cut,
        operation.pointwise,
        owner,
        whole=operation.whole,
        waits=operation.waits,
        alone="first_panel" not in arguments,
    )


def _number(name: str, value: Any, owner: str) -> tuple[str, Sequence[int]]:
    if not isinstance(value, Real | np.bool_):
        raise TypeError(f"the setting {name!r} of {owner} must be a number, got {quoted(value)}")
    if isinstance(value, int | np.integer | np.bool_):
        what = f"the setting {name!r} of {owner}"
        return "int", [check_whole(what, int(value), least=-(2**63), most=2**63 - 1)]
    return "real", [int(np.float64(value).view(np.int64))]


def reals(values: Sequence[float]) -> tuple[str, Sequence[int]]:
    """A tuple of real numbers as a source and its words."""
    return f"reals:{len(values)}", np.array(values, np.float64).view(np.int64).tolist()


def names_of(nodes: Nodes, places: Places, number: int) -> Names:
    """What the operations of a node may ask for."""
    names, times = _names_of(nodes, places, number), nodes.nodes[number].times
    return by_steps(names, times) if times > 1 else names


def _names_of(nodes: Nodes, places: Places, number: int) -> Names:
    node, place = nodes.nodes[number], places.nodes[number]
    n_in, n_out = nodes.n_in(number), nodes.n_out(number)
    names: dict[str, tuple[str, Sequence[int]]] = {
        "X": ("indices" if node.vocabulary else "panels", [place.X, n_in]),
        "dX": ("panels", [place.dX, n_in]),
        "Y": ("panels", [place.Y, n_out]),
        "dY": ("panels", [place.dY, n_out]),
        "node": ("int", [number]),
        "times": ("int", [node.times]),
    }
    if number == nodes.first:
        names["X_rows"] = "panels", [places.input_rows, nodes.blocks() * (nodes.width + 1)]
    if node.state:
        earlier = sum(other.state for other in nodes.nodes[:number])
        names |= {"first_state": ("int", [earlier]), "state_size": ("int", [nodes.state_size])}
    if (mask := nodes.mask_of(number)) in places.masks:
        names["mask"] = "panels", [places.masks[mask], mask[1]]
    for row in nodes.parameters:
        if row.node == number:
            words = [row.place, row.parameter.size]
            names[row.parameter.name] = "parameter", words
            names[f"d{row.parameter.name}"] = "gradient", words
    for name, room in node.rooms.items():
        start = place.rooms[name]
        if room.units:
            names[name] = "panels", [start, room.units]
        else:
            names[name] = f"room:{len(room.shape)}", [start, *room.shape]
    for name, (distance, array) in node.borrows.items():
        other = number + distance
        units = nodes.n_out(other) if array.endswith("Y") else nodes.n_in(other)
        names[name] = "panels", [getattr(places.nodes[other], array), units]
    return names


def by_steps(names: Names, times: int) -> Names:
    """The same, where each time step is a panel of its own to a kernel."""
    seen: dict[str, tuple[str, Sequence[int]]] = {
        "examples": (f"times:{EXAMPLES}", [times]),
        "first_panel": (f"times:{FIRST_PANEL}", [times]),
        "last_panel": (f"times:{LAST_PANEL}", [times]),
    }
    for name, (source, words) in names.items():
        if source in ("panels", "rows"):
            place, units = words
            source = "steps" if source == "panels" else "step_rows"
            words = [place, units // times, times]
        seen[name] = source, words
    return seen


def few_names_of(nodes: Nodes, places: Places, number: int) -> Names:
    """What the operations of a node may ask for, where examples are few."""
    node = nodes.nodes[number]
    names: dict[str, tuple[str, Sequence[int]]] = {**_names_of(nodes, places, number)}
    pointwise = nodes.nodes[number].few is None
    for name in ("X", "Y", *nodes.nodes[number].borrows):
        source, (place, units, *_) = names[name]
        if source == "indices":
            names[name] = "index_rows", [place, units]
        elif pointwise:  # of few examples' numbers, one after the other
            names[name] = "panels", [place, -(-units // 2) + 1]
        else:
            names[name] = "rows", [place, units]
    for name in ("mask", *(name for name, room in node.rooms.items() if room.units)):
        if name in names:
            names[name] = "rows", names[name][1]
    for name, (source, (place, *sizes)) in names.items():
        if source == "parameter":  # whole vectors are read beyond its last row
            names[name] = source, [place, aligned(sizes[0]) + ALIGNMENT]
    return by_steps(names, node.times) if node.times > 1 else names


class Layout:
    """Binds the operations of a network's nodes to their places.

    Parameters
    ----------
    nodes : Nodes
        The nodes.
    places : Places
        Where a batch's arrays lie.
    dtype : dtype
        The model's type.
    owners : sequence of str
        What the nodes are called in errors.
    """

    def __init__(self, nodes: Nodes, places: Places, dtype: Any, owners: Sequence[str]) -> None:
        self.nodes, self.places, self.dtype, self.owners = nodes, places, dtype, owners

    def forward(self, *, training: bool) -> list[Call]:
        """The outputs, node by node."""
        return [
            self._bound(number, operation, self.nodes.n_out(number))
            for number, node in enumerate(self.nodes.nodes)
            for operation in node.forward
            if training or not operation.whole
        ]

    def backward(self, *, training: bool) -> list[Call]:
        """The inputs' gradients, from the last node to the first that needs it."""
        calls = []
        for number, node in reversed(list(enumerate(self.nodes.nodes))):
            operations = [*node.arrange]
            if self.nodes.wants_gradient[number]:
                operations += node.backward
            calls += [
                self._bound(number, operation, self.nodes.n_in(number))
                for operation in operations
                if training or not operation.whole
            ]
        return calls

    def gradients(self, *, from_rows: bool) -> list[Call]:
        """The parameters' gradients, node by node; the reader's from X_rows, if there are any."""
        calls = []
        for number, node in enumerate(self.nodes.nodes):
            reads_rows = from_rows and number == self.nodes.first
            operations = (reads_rows and node.input_gradients) or node.gradients
            calls += [self._bound(number, one, self.nodes.n_out(number)) for one in operations]
        return calls

    def prepared(self) -> dict[int, Call]:
        """By their nodes: what is made of parameters once a step."""
        return {
            number: self._bound(number, node.prepare, self.nodes.n_out(number))
            for number, node in enumerate(self.nodes.nodes)
            if node.prepare is not None
            and (node.prepare_for == "forward" or self.nodes.wants_gradient[number])
        }

    def track(self) -> list[Call]:
        """What follows the batches, node by node."""
        return [
            self._bound(number, operation, self.nodes.n_out(number))
            for number, node in enumerate(self.nodes.nodes)
            for operation in node.track
        ]

    def few(self) -> list[Call] | None:
        """Y from X for a few examples, node by node, where all nodes can do that."""
        calls: list[Call] = []
        for number, node in enumerate(self.nodes.nodes):
            operations = _few_of(node)
            if not operations and node.forward:
                return None
            names = few_names_of(self.nodes, self.places, number)
            units = self.nodes.n_out(number)
            calls += [self._bound(number, one, units, names) for one in operations]
        return calls

    def _bound(
        self, number: int, operation: Operation, units: int, names: Names | None = None
    ) -> Call:
        names = names_of(self.nodes, self.places, number) if names is None else names
        units, owner = units // self.nodes.nodes[number].times, self.owners[number]
        return bind(operation, names, units, self.dtype, owner)


def _few_of(node: Node) -> Iterable[Operation]:
    if node.few is not None:
        return few_of(node)
    alike = not node.parameters and all(operation.pointwise for operation in node.forward)
    return node.forward if alike else ()  # as if all numbers were of one unit


class Table(NamedTuple):
    """The calls of all phases."""

    rows: Array  # (n_calls, columns) of int64
    phases: Array  # (PHASES, 2) of int64: each one's first row, and the one after its last


def table_of(phases: Mapping[int, Sequence[Call]]) -> Table:
    """The table of the calls of some phases, whose blocks are compiled."""
    calls = [(phase, call) for phase in sorted(phases) for call in phases[phase]]
    columns = RECORD + max((len(call.words) for _, call in calls), default=0)
    rows = np.zeros((len(calls), columns), np.int64)
    bounds = np.zeros((PHASES, 2), np.int64)
    for phase in range(PHASES):
        places = [place for place, (own, _) in enumerate(calls) if own == phase]
        if places:
            bounds[phase] = places[0], places[-1] + 1
    before = None
    for row, (phase, call) in zip(rows, calls, strict=True):
        row[ADDRESS] = address_of(call.block)
        row[[ALONE, WHOLE, WAITS]] = call.alone, call.whole, call.waits
        row[BARRIER] = _barrier(call, before[1] if before and before[0] == phase else None)
        before = phase, call
        if call.cut is not None:
            row[[COUNT, GRAIN]] = call.cut.size, call.cut.grain
            if call.cut.otherwise is not None:
                row[[OTHER_COUNT, OTHER_GRAIN]] = call.cut.otherwise[1:3]
        row[RECORD : RECORD + len(call.words)] = call.words
    return Table(rows, bounds)


class Panels(NamedTuple):
    """An array of panels, one after the other, in a batch's values."""

    place: int
    size: int  # of a panel
    indices: bool  # whether it is of int32


def shared_by(phases: Mapping[int, Sequence[Call]], width: int) -> dict[int, list[Panels]]:
    """By its row in the table: the arrays of panels of a block that needs the whole batch."""
    calls = [call for phase in sorted(phases) for call in phases[phase]]
    shared: dict[int, list[Panels]] = {}
    for row, call in enumerate(calls):
        if call.whole:
            sources = call.block[1]
            places = zip(sources, places_of(sources), strict=False)
            found = [(source, call.words[place:]) for source, place in places]
            shared[row] = [_panels(*pair, width) for pair in found if pair[0] in BY_PANELS]
    return shared


def _panels(source: str, words: Sequence[int], width: int) -> Panels:
    size = int(np.prod(words[1 : words_of(source)])) * width
    return Panels(words[0], size, source in INDICES)


def _barrier(call: Call, before: Call | None) -> int:
    """When workers wait before a call, for all that was written before it.

    In lockstep they need not, if a worker reads nothing but what it has just written.
    """
    if call.whole or (before is not None and (before.alone or before.whole)):
        return ALWAYS
    by_itself = call.pointwise and not call.alone
    own = by_itself and before is not None and call.divided == before.divided
    return NEVER if own else IN_LOCKSTEP


def compile_calls(phases: Mapping[int, Sequence[Call]], loop: Sequence[Job] = ()) -> None:
    """Load or compile the blocks of some phases, and the ``loop`` that calls them.

    Raises
    ------
    TypeError
        If a kernel cannot be compiled; it says whose.
    """
    calls = [call for calls in phases.values() for call in calls]
    missing = [call.block for call in calls if not is_compiled(call.block)]
    if not missing and not loop:
        return
    try:
        prepare([*loop, *((entry_of(block), signature_of(block)) for block in missing)])
    except COMPILER_ERRORS:
        for call in calls:
            _compile(call)
        raise


def _compile(call: Call) -> None:
    """Compile a call's block, or say whose kernel cannot be compiled."""
    try:
        with compilation():
            address_of(call.block)
    except COMPILER_ERRORS as error:
        name = name_of(call.block[0])
        raise TypeError(f"the kernel {name} of {call.owner} does not compile: {error}") from error
