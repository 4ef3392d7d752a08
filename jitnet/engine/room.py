"""A network's room for batches, and its table of calls there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from jitnet.arrays import Array
from jitnet.compiling import Job
from jitnet.engine import calls as c
from jitnet.engine.forms import arguments_of
from jitnet.engine.nodes import Nodes
from jitnet.engine.places import Places, place_batch
from jitnet.engine.state import TrainingState
from jitnet.engine.steps import gather
from jitnet.engine.steps.span import FIRST, LAST, POWERS
from jitnet.engine.steps.state import GRADIENTS, PREDICT, TRAIN, Network, Penalties, Work
from jitnet.engine.steps.update import CHUNK, penalise
from jitnet.kernels.panels import room_size
from jitnet.layers.layer import Cut, Operation
from jitnet.losses.links import LINKS, correct_of, predict_of
from jitnet.losses.objective import Objective
from jitnet.losses.table import LOSSES, backward_of
from jitnet.memory import ALIGNMENT, zeros
from jitnet.optimizers.optimizer import Update

PREPARED_AT_ONCE = 1 << 14
"""Parameters that are updated before what a layer makes of them is made."""

MERGED = 1 << 14
"""Parameters of a network up to which all are updated in one call."""


class Wanted(NamedTuple):
    """What a table of calls is for."""

    stage: int
    sources: tuple[np.dtype[Any], ...]  # of the inputs that are gathered; none of sparse rows
    labels: bool
    link: str
    penalised: bool


class Room:
    """Room for so many panels, and the network's tables of calls in it.

    Parameters
    ----------
    nodes : Nodes
        The network.
    state : TrainingState
        What training changes.
    penalties : Penalties
        The parameters' penalties.
    objective : Objective
        The loss.
    update : Update
        The optimiser's step.
    owners : sequence of str
        What the nodes are called in errors.
    panels : int
        Panels that there is room for.
    threads : int
        Workers that there is scratch room for.
    """

    def __init__(
        self,
        nodes: Nodes,
        state: TrainingState,
        penalties: Penalties,
        objective: Objective,
        update: Update,
        owners: Sequence[str],
        panels: int,
        threads: int,
    ) -> None:
        self.nodes, self.state, self.penalties = nodes, state, penalties
        self.objective, self.update = objective, update
        self.dtype = state.now.parameters.dtype
        self.places: Places = place_batch(nodes, panels, self.dtype)
        self._layout = c.Layout(nodes, self.places, self.dtype, owners)
        self._tables: dict[Wanted, tuple[c.Table, Array, dict[int, list[c.Panels]]]] = {}
        self.work = Work(
            values=self.places.values(self.dtype),
            scratch=zeros((threads, self._scratch_size()), self.dtype, 6),
            spans=zeros((threads, 64), np.int64, 7),
            reals=zeros((threads, 64), np.float64, 8),
            width=nodes.width,
            outputs=nodes.n_outputs,
            times=nodes.times,
            weights=self.places.weights,
            losses=self.places.losses,
            counts=self.places.counts,
            predictions=self.places.nodes[-1].dY,
        )

    def _scratch_size(self) -> int:
        """Numbers that a worker has room for: to turn panels, and to gather one."""
        width = self.nodes.width
        inputs = range(len(self.nodes.inputs))
        blocks = 0 if self.nodes.is_sparse else max(map(self.nodes.blocks, inputs))
        own = max(node.scratch for node in self.nodes.nodes)
        return max(room_size(self.dtype), blocks * (width + 1) * width, own)

    def has(self, wanted: Wanted) -> bool:
        """Whether there is a table of calls for what is wanted."""
        return wanted in self._tables

    def make(self, wanted: Wanted, loop: Sequence[Job]) -> None:
        """Make the table of calls for what is wanted: compile the loop, and the blocks it calls."""
        phases = self.phases(wanted)
        c.compile_calls(phases, loop)
        table = c.table_of(phases)
        self._tables[wanted] = (
            table,
            self._ranges(table, wanted),
            c.shared_by(phases, self.nodes.width),
        )

    def network(self, wanted: Wanted, network: Network) -> Network:
        """A network with the table of calls for what is wanted."""
        table, ranges, _ = self._tables[wanted]
        return network._replace(calls=table.rows, phases=table.phases, ranges=ranges)

    def shared(self, wanted: Wanted) -> dict[int, list[c.Panels]]:
        """By the rows of the table: what they need of all ranks' panels."""
        return self._tables[wanted][2]

    def phases(self, wanted: Wanted) -> dict[int, list[c.Call]]:
        """The calls of each phase that is wanted."""
        training = wanted.stage == TRAIN
        phases = {
            c.GATHER: [] if self.nodes.is_sparse else self._gather(wanted.sources),
            c.FORWARD: self._layout.forward(training=training),
            c.PREPARE: list(self._layout.prepared().values()),
        }
        if wanted.stage == PREDICT:
            return phases | {c.LINK: [self._link(wanted.link)]}
        phases |= {c.TARGETS: [self._targets(wanted.labels)], c.LOSS: [self._loss()]}
        correct = LINKS[LOSSES[self.objective.loss].link].correct
        if correct is not None:
            phases[c.CORRECT] = [self._output_call(Operation(correct_of(correct)))]
        if wanted.stage >= GRADIENTS:
            phases[c.BACKWARD] = self._layout.backward(training=training)
            phases[c.GRADIENTS] = self._layout.gradients(from_rows=bool(wanted.sources))
            if wanted.penalised:
                phases[c.PENALTY] = [self._penalty()]
        if training:
            phases |= {c.UPDATE: [self._update()], c.TRACK: self._layout.track()}
        return phases

    def _gather(self, sources: Sequence[np.dtype[Any]]) -> list[c.Call]:
        """The inputs, and the marks of their time steps, where a node asks for them."""
        if not sources:
            return [self._gathered(0, gather.gather_sparse, {})]
        calls = []
        for number, source in enumerate(sources):
            like = {"like": (f"like:{source.name}", ())}
            calls.append(self._gathered(number, self._gathering(number), like))
        for (number, time), masks_zero in self.nodes.mask_times().items():
            names = {
                "mask": ("panels", [self.places.masks[number, time], time]),
                "like": ("like:int64", ()),
            }
            kernel = gather.mark_steps if number >= 0 else gather.mark_all
            calls.append(self._gathered(max(number, 0), kernel, names))
            if masks_zero:
                calls.append(self._gathered(number, gather.mask_zeros, names))
        return calls

    def _gathering(self, number: int) -> Any:
        """The kernel that gathers an input."""
        reader = self.nodes.nodes[self.nodes.inputs[number].reader]
        if reader.vocabulary:
            return gather.gather_indices
        keeps_rows = number == 0 and reader.input_gradients
        return gather.gather_inputs_and_rows if keeps_rows else gather.gather_inputs

    def _gathered(self, number: int, kernel: Any, names: c.Names) -> c.Call:
        given = self.nodes.inputs[number]
        reader = self.nodes.nodes[given.reader]
        arrays: dict[str, Any] = {
            "X": (
                "indices" if reader.vocabulary else "panels",
                [self.places.inputs[number], given.units],
            ),
            "X_rows": (
                "panels",
                [self.places.input_rows, self.nodes.blocks(number) * (self.nodes.width + 1)],
            ),
        }
        takes_number = "number" in arguments_of(kernel, "")
        operation = Operation(kernel, settings={"number": number} if takes_number else {})
        call = c.bind(operation, arrays | {**names}, given.units, self.dtype, "the network")
        cut = Cut("unit", given.units, self.nodes.width)
        return call._replace(cut=cut if call.cut is not None else None)

    def _targets(self, labels: bool) -> c.Call:
        settings = {"smoothing": float(self.objective.smoothing)}
        kernel = gather.gather_labels if labels else gather.gather_targets
        names = {
            "T": ("panels", [self.places.targets, self.nodes.n_outputs]),
            "weights": ("panels", [self.places.weights, self.nodes.times]),
        }
        operation = Operation(kernel, settings=settings)
        return c.bind(operation, names, 1, self.dtype, f"the loss {self.objective.loss!r}")

    def _loss(self) -> c.Call:
        loss = LOSSES[self.objective.loss]
        settings = [float(getattr(self.objective, name)) for name in loss.settings]
        return self._output_call(Operation(backward_of(loss.backward)), c.reals(settings))

    def _link(self, link: str) -> c.Call:
        return self._output_call(Operation(predict_of(LINKS[link].predict)))

    def _output_call(
        self, operation: Operation, settings: tuple[str, Sequence[int]] | None = None
    ) -> c.Call:
        times, last = self.nodes.times, self.places.nodes[-1]
        outputs = self.nodes.n_outputs
        arrays = {
            "Z": (last.Y, outputs),
            "dZ": (last.dY, outputs),
            "P": (last.dY, outputs),
            "T": (self.places.targets, outputs),
            "weights": (self.places.weights, times),
            "losses": (self.places.losses, times),
            "counts": (self.places.counts, times),
        }
        names: dict[str, Any] = {name: ("panels", words) for name, words in arrays.items()}
        if times > 1:
            names = {**c.by_steps(names, times)}
        if settings is not None:
            names["settings"] = settings
        return c.bind(operation, names, outputs, self.dtype, f"the loss {self.objective.loss!r}")

    def _penalty(self) -> c.Call:
        count, penalties = self.nodes.count, self.penalties
        names: dict[str, Any] = {
            "parameters": ("parameter", [0, count]),
            "gradients": ("gradient", [0, count]),
            "places": ("int64s", [penalties.places.ctypes.data, penalties.places.size]),
            "l2": ("float64s", [penalties.l2.ctypes.data, penalties.l2.size]),
            "chunks": ("float64s", [penalties.chunks.ctypes.data, penalties.chunks.size]),
        }
        call = c.bind(Operation(penalise), names, count, self.dtype, "the network")
        return call._replace(cut=Cut("", count, int(CHUNK)))

    def _update(self) -> c.Call:
        count, apart = self.nodes.count, self.state.apart
        names: dict[str, Any] = {
            "parameters": ("parameter", [0, count]),
            "gradients": ("gradient", [0, count]),
            "first": (f"int:{FIRST}", ()),
            "last": (f"int:{LAST}", ()),
        }
        for place, name in enumerate(self.update.moments):
            names[name] = "moment", [place * apart, count]
        for place, name in enumerate(self.update.decays):
            names[f"{name}_power"] = f"real:{POWERS + place}", ()
        operation = Operation(self.update.kernel, settings=self.update.settings)
        return c.bind(operation, names, count, self.dtype, "the optimiser")

    def _ranges(self, table: c.Table, wanted: Wanted) -> Array:
        """The ranges of parameters that a step updates (see `Network`)."""
        if wanted.stage != TRAIN:
            return np.zeros((0, 6), np.int64)
        first = int(table.phases[c.PREPARE, 0])
        prepared = {number: first + i for i, number in enumerate(self._layout.prepared())}
        merged = self.nodes.count <= MERGED and not prepared
        ranges: list[list[int]] = []
        for row in self.nodes.parameters:
            if not row.parameter.trained:
                continue
            place, size = row.place, row.parameter.size
            call = prepared.get(row.node, -1) if row.is_first else -1
            rows = int(table.rows[call, c.COUNT]) if call >= 0 else 1
            grain = ALIGNMENT
            if call >= 0:
                row_size = size // rows
                grain = int(np.lcm(row_size * int(table.rows[call, c.GRAIN]), ALIGNMENT))
            chunk = max(grain, PREPARED_AT_ONCE // grain * grain) if call >= 0 else max(size, 1)
            if merged and ranges and sum(ranges[-1][:2]) + ALIGNMENT > place:
                ranges[-1][1] = place + size - ranges[-1][0]
                ranges[-1][4] = ranges[-1][1]
            else:
                ranges.append([place, size, rows, grain, chunk, call])
        return np.array(ranges, np.int64).reshape(-1, 6)
