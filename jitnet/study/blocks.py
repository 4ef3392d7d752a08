"""Blocks by themselves, as the engine runs them: those of a layer, a loss or an optimiser.

They are bound as in a network, are called by address, and a team of threads shares their work; what
is timed so is what a step of training runs.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from jitnet.engine.calls import (
    BACKWARD,
    FORWARD,
    GRADIENTS,
    LOSS,
    PREPARE,
    UPDATE,
    Call,
    compile_calls,
    names_of,
    table_of,
)
from jitnet.engine.engine import Engine
from jitnet.engine.room import Room, Wanted
from jitnet.engine.steps import span as s
from jitnet.engine.steps.portions import (
    barrier,
    call_by_count,
    call_by_panels,
    in_lockstep,
    new_worker,
)
from jitnet.engine.steps.state import TRAIN
from jitnet.kernels.cache import compilation
from jitnet.kernels.intrinsics import at, borrowed
from jitnet.kernels.jit import Kernel, njit
from jitnet.kernels.panels import panel_width
from jitnet.kernels.simd import lanes, load, store
from jitnet.kernels.team import join, leave, new_team
from jitnet.layers import Cut, Layer, Node, Operation, Parameter
from jitnet.layers import Room as LayerRoom
from jitnet.layers.activation import activation_node
from jitnet.layers.layer import Shape
from jitnet.losses.objective import Objective
from jitnet.losses.table import LOSSES
from jitnet.memory import ALIGNMENT
from jitnet.optimizers import SGD, Optimizer
from jitnet.study.problem import Array
from jitnet.threads import run_team

__all__ = [
    "BACKWARD",
    "FORWARD",
    "GRADIENTS",
    "LOSS",
    "PREPARE",
    "UPDATE",
    "Activation",
    "Blocks",
    "from_panels",
    "run_phases",
    "to_panels",
]


PANELS = ("panels", "steps", "indices")
"""Sources of arrays in panels of examples: whole ones, of time steps, and of indices."""


class Activation(Layer):
    """An activation as a layer of its own."""

    def __init__(self, name: str) -> None:
        self.name = name

    def node(self, shape: Shape, width: int) -> Node:
        """The activation's node."""
        return activation_node(self.name, shape)


class Below(Layer):
    """Has parameters, so that the layer on it is asked for dX."""

    def __init__(self, parameters: int) -> None:
        self.parameters = parameters

    def node(self, shape: Shape, width: int) -> Node:
        """A node that does nothing."""
        return Node(shape, (), (), parameters=(Parameter("below", (self.parameters,)),))


@njit
def copy_gradient(
    dX: Any, given: Any, first_panel: int, last_panel: int, first_unit: int, last_unit: int
) -> None:
    """Copy the given gradient to dX, for the worker's panels and units."""
    _, units, width = dX.shape
    for p in range(first_panel, last_panel):
        start = (p * units + first_unit) * width
        target, source = at(dX, start), at(given, start)
        for i in range(0, (last_unit - first_unit) * width, lanes(target)):
            store(target, i, load(source, i))


class Above(Layer):
    """Gives dY anew in each step, for a layer that writes dX over it."""

    def node(self, shape: Shape, width: int) -> Node:
        """A node that copies backward."""
        copy = Operation(copy_gradient, pointwise=True)
        rooms = {"given": LayerRoom(units=int(np.prod(shape)))}
        return Node(shape, (), (copy,), rooms=rooms)


class Span(NamedTuple):
    """What the blocks are told beside their records."""

    panels: int
    words: Array  # int64
    reals: Array


@njit(entry=True)
def run_phases(
    wanted: int, team: Any, times: int, network: Any, work: Any, given: Any, phases: Any
) -> bool:
    """A worker's share of some phases of a step, one after the other, so many times."""
    rank, size = join(team, wanted)
    if size == 0:
        return False
    worker = borrowed(new_worker(rank, size, team, network, work, given.words))
    for i in range(given.reals.size):
        worker.reals[i] = given.reals[i]
    lockstep = in_lockstep(given.panels, size)
    for _ in range(times):
        for phase in phases:
            if GRADIENTS <= phase <= PREPARE:
                call_by_count(worker, phase)
            else:
                call_by_panels(worker, lockstep, given.panels, phase)
            barrier(worker)
    leave(team, rank, size)
    return True


class Blocks:
    """A layer, or none, on some examples and under a loss, and an optimiser.

    Parameters
    ----------
    layer : Layer or None
        The layer.
    shape : tuple of int
        The shape of an example.
    m : int
        Examples.
    dtype : dtype
        float32 or float64.
    threads : int, default 1
        Threads of the team.
    loss : str, default "mse"
        A name in ``LOSSES``.
    optimizer : Optimizer, optional
        The optimiser, `SGD` by default.
    parameters : int, default 1
        Parameters beside the layer's, the array ``below``.

    Examples
    --------
    >>> import numpy as np
    >>> blocks = Blocks(Activation("relu"), (2,), 3, "float64")
    >>> blocks.write(X=np.array([[1.0, -1.0, 2.0], [-2.0, 0.0, 3.0]]))
    >>> blocks.runs(FORWARD)(1)
    >>> blocks.read("Y").tolist()
    [[1.0, 0.0, 2.0], [0.0, 0.0, 3.0]]
    """

    def __init__(
        self,
        layer: Layer | None,
        shape: Shape,
        m: int,
        dtype: Any,
        threads: int = 1,
        *,
        loss: str = "mse",
        optimizer: Optimizer | None = None,
        parameters: int = 1,
    ) -> None:
        self.m, self.threads, self.width = m, threads, panel_width(dtype)
        studied = [] if layer is None else [layer]
        found = [layer.node(shape, self.width) for layer in studied]
        in_place = any(node.in_place for node in found)
        below = [] if any(node.vocabulary for node in found) else [Below(parameters)]
        layers = [*below, *studied, *[Above()] * in_place]
        chosen = optimizer or SGD()
        engine = Engine(layers, shape, Objective(loss), chosen, dtype, 0, threads)
        update = engine.update
        panels = -(-m // self.width)
        parts = engine.penalties, engine.objective, update, engine.owners
        self.room = Room(engine.nodes, engine.training, *parts, panels, threads)
        self.network = engine.network
        words, reals = np.zeros(len(s.WORDS), np.int64), np.ones(len(s.REALS))
        words[[s.PANELS, s.EXAMPLES, s.TRAINING]] = panels, m, 1
        reals[s.RATE] = engine.schedule.rates(0, 1)[0]
        for place, name in enumerate(update.decays, s.POWERS):
            reals[place] = update.settings[name]
        self.span = Span(panels, words, reals)
        link = LOSSES[loss].link
        self.calls = self.room.phases(Wanted(TRAIN, (engine.dtype,), False, link, False))
        cut = Cut("parameter", engine.nodes.count, ALIGNMENT)
        self.calls[UPDATE] = [call._replace(cut=cut) for call in self.calls[UPDATE]]
        first, last = len(below) if studied else 0, len(engine.nodes.nodes) - 1
        self._names = self._find_names(first, last, in_place)
        rows = list(reversed(engine.nodes.parameters))
        own = {row.parameter.name: row.parameter for row in rows if studied and row.node >= first}
        self.parameters = list(reversed(own.values()))
        self._rows = {d + row.parameter.name: row.parameter for row in rows for d in ("", "d")}
        self.write(weights=np.ones((engine.nodes.times, m)))
        for (_, time), place in self.room.places.masks.items():
            self.room.work.values[place : place + panels * time * self.width] = 1.0

    def _find_names(self, first: int, last: int, in_place: bool) -> dict[str, Any]:
        """Where a layer's arrays lie, and those of the loss, by the names that kernels ask for.

        A layer may be of several nodes: what more than one of them has is the first one's.
        """
        nodes, places = self.room.nodes, self.room.places
        names: dict[str, Any] = {**names_of(nodes, places, 0)}
        for number in range(last, first - 1, -1):
            names |= names_of(nodes, places, number)
        above = names_of(nodes, places, last)
        names |= {"Y": above["Y"], "dY": above["given"] if in_place else above["dY"]}
        return names | {
            "Z": names["Y"],
            "dZ": names["dY"],
            "T": ("panels", [places.targets, nodes.n_outputs]),
            "weights": ("panels", [places.weights, nodes.times]),
            "losses": ("panels", [places.losses, nodes.times]),
        }

    def write(self, **arrays: Array) -> None:
        """Put arrays in their places: (units, m) in panels, parameters in their own shapes."""
        for name, array in arrays.items():
            target = self._view(name)
            given = array.astype(target.dtype)
            target[...] = to_panels(given, self.width) if self._is_in_panels(name) else given

    def read(self, name: str) -> Array:
        """A copy of an array, (units, m), or a parameter or its gradient."""
        view = self._view(name)
        return from_panels(view, self.m) if self._is_in_panels(name) else view.copy()

    def _is_in_panels(self, name: str) -> bool:
        return self._names[name][0] in PANELS

    def _view(self, name: str) -> Array:
        source, (place, size, *more) = self._names[name]
        values = self.room.work.values
        if source in PANELS:
            shape = self.span.panels, size * math.prod(more), self.width
            memory = values[place:].view(np.int32) if source == "indices" else values[place:]
            return memory[: math.prod(shape)].reshape(shape)
        if source.startswith("room"):
            shape = size, *more
            return values[place : place + math.prod(shape)].reshape(shape)
        memory = self.network.gradients if source == "gradient" else self.network.parameters
        row = self._rows[name]
        return memory[place : place + size].reshape(row.shape, order=row.order)

    def kernels(self, phase: int) -> list[Kernel]:
        """The kernels of a phase, in their order."""
        return [call.block[0] for call in self.calls[phase] if call.block[0] is not copy_gradient]

    def runs(self, *phases: int, kernel: Kernel | None = None) -> Callable[[int], None]:
        """What runs some phases so many times, one after the other; it is compiled.

        Where a ``kernel`` is given, it is the only one of them that runs.
        """

        def is_wanted(call: Call) -> bool:
            return kernel is None or call.block[0] in (kernel, copy_gradient)

        calls = {phase: list(filter(is_wanted, self.calls[phase])) for phase in phases}
        compile_calls(calls)
        table = table_of(calls)
        network = self.network._replace(calls=table.rows, phases=table.phases)
        arguments = (network, self.room.work, self.span, np.array(phases, np.int64))
        with compilation():
            run_phases(1, new_team(), 0, *arguments)

        def run(times: int) -> None:
            run_team(self.threads, lambda *team: run_phases(*team, times, *arguments), new_team())

        return run


def to_panels(array: Array, width: int | None = None) -> Array:
    """(units, m) as panels of examples, (panels, units, width), filled up with zeros.

    They are as wide as those of the array's own type, where nothing else is said.
    """
    units, m = array.shape
    width = panel_width(array.dtype) if width is None else width
    panels = np.zeros((-(-m // width), units, width), array.dtype)
    for p, panel in enumerate(panels):
        part = array[:, p * width : (p + 1) * width]
        panel[:, : part.shape[1]] = part
    return panels


def from_panels(panels: Array, m: int) -> Array:
    """Panels of examples as (units, m)."""
    return np.concatenate(list(panels), axis=1)[:, :m]
