"""Runs the compiled loop: its memory, its threads, and its steps in slices of about 0.1 s.

Compiled code sees no signal until it returns, hence the slices. Slicing never changes a bit.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from jitnet import memory
from jitnet.kernels.cache import compilation
from jitnet.kernels.panels import SOURCES, panel_width
from jitnet.kernels.team import new_team
from jitnet.kernels.turn import DOOR, new_turn
from jitnet.losses.objective import Objective
from jitnet.losses.table import IDENTITY, LOSSES
from jitnet.memory import Array, Shape
from jitnet.optimizers.table import Optimizer, hyperparameters_of, kind_of, moments_of
from jitnet.pace import Pace
from jitnet.prediction import are_few, predict_few
from jitnet.schedules import as_schedule
from jitnet.steps.state import (
    COUNTERS,
    EPOCH,
    EPOCHS_TAKEN,
    EVALUATE,
    FAILED,
    GRADIENTS,
    POSITION,
    PREDICT,
    STEPS,
    STEPS_TAKEN,
    TRAIN,
    Data,
    Network,
    Plan,
    Progress,
)
from jitnet.steps.update import CHUNK
from jitnet.threads import (
    PARALLEL_FLOPS,
    available_threads,
    left_over,
    run_team,
    run_team_apart,
)
from jitnet.training import run_steps
from jitnet.turns import State, Turns

WORKSPACE_BYTES = 64 << 20
"""Room that a block of examples may take; a longer batch goes through in several blocks."""


MOST_IN_BLOCK = 4096
SMALL_NETWORK = 1024
"""Weights up to which gathering a batch costs more than a step with it: a whole batch of such a
network stays in its panels from step to step (5,000 examples of 20 features: 21 µs instead of 124).
With four layers of 32 units that gained nothing, and cost half as much again at 100,000 examples,
which then leave the cache between two layers."""
FIRST_FLOPS = 2e9
"""Work of a first slice: some tenths of a second on the slowest core."""
NO_RATES = np.zeros(0)
NO_OUTPUT = {np.dtype(kind): np.zeros((0, 0), kind) for kind in (np.float32, np.float64)}
NO_LABELS = np.zeros(0, np.int32)
LONG_FLOPS = 1e9
"""Work of a step that may outlast a slice, so that it has to be stopped in its middle."""
Logs = dict[str, list[float]]


class Slice(NamedTuple):
    """What some steps of training have brought."""

    done: float  # epochs since the training began
    logs: Logs  # of the epochs that ended in it
    error: BaseException | None  # what has ended it and is to be raised


class Engine:
    """A network's memory and its compiled steps.

    Parameters
    ----------
    shapes : sequence of Shape
        The layers.
    l2 : sequence of float
        The penalty of each layer's weights.
    objective : Objective
        The loss.
    optimizer : Optimizer
        The optimiser.
    dtype : dtype
        float32 or float64.
    seed : int
        The seed of the shuffles.
    n_threads : int or None
        Threads, or None for as many as pay.
    """

    def __init__(
        self,
        shapes: Sequence[Shape],
        l2: Sequence[float],
        objective: Objective,
        optimizer: Optimizer,
        dtype: Any,
        seed: int,
        n_threads: int | None,
    ) -> None:
        self.table, count, packed = memory.lay_out(shapes)
        self.objective, self.loss, self.seed = objective, LOSSES[objective.loss], seed
        self.optimizer, self.n_threads = optimizer, n_threads
        self.schedule = as_schedule(optimizer.learning_rate)
        first, second = (count * kept for kept in moments_of(optimizer))
        self._turns = Turns()
        self.network = Network(
            table=self.table,
            parameters=memory.zeros(count, dtype),
            gradients=memory.zeros(count, dtype, 1),
            first_moment=memory.zeros(first, dtype, 2),
            second_moment=memory.zeros(second, dtype, 3),
            packed=memory.zeros(packed, dtype, 4),
            powers=np.ones(2),
            clock=np.zeros(2, np.int64),
            l2=np.array(l2, np.float64),
            chunks=np.zeros((-(-count // CHUNK), 2)),
            turn=self._turns.word,
            door=DOOR,
        )
        self._state = State(*(getattr(self.network, name) for name in State._fields))
        self.hyper = hyperparameters_of(optimizer)
        self._weights = int((self.table[:, memory.N_IN] * self.table[:, memory.N_OUT]).sum())
        self._room: tuple[Network, memory.Workspace] | None = None
        self._pace: tuple[tuple[int, int], Pace] | None = None

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of parameters and activations."""
        return self.network.parameters.dtype

    @property
    def block(self) -> int:
        """Examples that go through the network at once, a multiple of the panel's width."""
        width = panel_width(self.dtype)
        return max(width, min(self._fitting, MOST_IN_BLOCK) // width * width)

    @property
    def _fitting(self) -> int:
        """Examples that there is room for."""
        units = int(2 * self.table[0, memory.N_IN] + 4 * self.table[:, memory.N_OUT].sum())
        return WORKSPACE_BYTES // (units * self.dtype.itemsize)

    def _block_of(self, batch: int) -> int:
        """Examples of a batch that go through the network at once."""
        if self._weights <= SMALL_NETWORK and batch <= self._fitting:
            return batch
        return min(batch, self.block)

    @property
    def n_features(self) -> int:
        """Features of an example."""
        return int(self.table[0, memory.N_IN])

    @property
    def step(self) -> int:
        """Steps of training so far."""
        return int(self.network.clock[STEPS_TAKEN])

    def weight_views(self, flat: Array | None = None) -> list[Array]:
        """[W1, W2, …] as views of the parameters, or of an array laid out like them."""
        flat = self.network.parameters if flat is None else flat
        return [memory.weight_view(flat, row) for row in self.table]

    def parameter_views(self, flat: Array | None = None) -> list[Array]:
        """[W1, b1, W2, b2, …] as views of the parameters, or of an array laid out like them."""
        return memory.parameter_views(self.network.parameters if flat is None else flat, self.table)

    def state(self, into: State | None = None) -> State:
        """A copy of all that training changes, as it is between two steps."""
        target = State(*map(np.empty_like, self._state)) if into is None else into
        self._turns.copy(target, self._state)
        return target

    def restore(self, state: State) -> None:
        """Go back to a copied state."""
        given = (np.array(new, old.dtype) for new, old in zip(state, self._state, strict=True))
        self._turns.copy(self._state, State(*given))

    def moment_views(self, state: State) -> dict[str, list[Array]]:
        """The optimiser's moments in a state, as views like the parameters'."""
        moments = {"first_moment": state.first_moment, "second_moment": state.second_moment}
        return {name: self.parameter_views(flat) for name, flat in moments.items() if flat.size}

    def read(self) -> Array:
        """A copy of the parameters, as they are between two steps."""
        parameters = np.empty_like(self.network.parameters)
        self._turns.copy(self._only(parameters), self._only(self.network.parameters))
        return parameters

    def write(self, parameters: Array) -> None:
        """Replace the parameters; the optimiser's state stays."""
        self._turns.copy(self._only(self.network.parameters), self._only(parameters))

    def _only(self, parameters: Array) -> State:
        """A state of which nothing but the parameters is copied."""
        return State(parameters, *(array[:0] for array in self._state[1:]))

    def _penalty(self, parameters: Array) -> float:
        """Σ λ/2 Σ W² over the layers."""
        parts = zip(self.network.l2, self.weight_views(parameters), strict=True)
        with np.errstate(all="ignore"):
            return float(sum(0.5 * l2 * np.square(weight).sum() for l2, weight in parts if l2))

    def data(
        self,
        X: Array,
        targets: Array,
        labels: bool,
        weights: Array,
        *,
        uniform: bool,
        rows: Array | None = None,
    ) -> Data:
        """Examples as the compiled loop reads them; X stays where and as it is.

        ``rows`` are those of X that make an epoch, in their order; all, where none are given.
        """
        order = np.arange(len(X)) if rows is None else rows
        owner = X[:0, 0].view(np.uint8)
        owner.flags.writeable = False
        return Data(
            address=X.ctypes.data,
            row_step=X.strides[0],
            column_step=X.strides[1],
            source=SOURCES[X.dtype],
            owner=owner,
            targets=np.require(targets, requirements=["C", "A", "W"]),
            labels=self._labels(targets) if labels else NO_LABELS,
            smoothing=self.objective.smoothing,
            weights=np.require(weights, requirements=["C", "A", "W"]),
            uniform=uniform,
            examples=len(order),
            order=order,
        )

    def _labels(self, targets: Array) -> Array:
        """Class labels as a copy that nobody else can change: they are places in memory."""
        labels = targets[:, 0].astype(np.int32)
        n_outputs = int(self.table[-1, memory.N_OUT])
        if labels.min() < 0 or labels.max() >= n_outputs:
            raise ValueError(f"labels must be from 0 to {n_outputs - 1}, they were changed")
        return labels

    def predict(self, X: Array, *, linked: bool = True) -> Array:
        """Predictions, (n_samples, n_outputs), or the output layer's z where not ``linked``."""
        link = self.loss.link if linked else IDENTITY
        if are_few(len(X), self.dtype) and 2 * self._weights * len(X) < PARALLEL_FLOPS:
            return predict_few(self._turns, self.table, self.network.parameters, X, link)
        output = np.empty((len(X), int(self.table[-1, memory.N_OUT])), self.dtype)
        nothing = np.zeros((1, 1), self.dtype)
        data = self.data(X, nothing, False, nothing[0], uniform=True)
        network = self.network if self._is_short(data) else self._still()
        self._run_through(network, data, PREDICT, self.block, output, link)
        return output

    def evaluate(self, data: Data) -> dict[str, float]:
        """The loss with its penalty, and the accuracy where there are classes.

        Without its penalty where l2 is for one example.
        """
        penalised = not self.objective.per_example and self.network.l2.any()
        network = self._still() if penalised or not self._is_short(data) else self.network
        records = self._run_through(network, data, EVALUATE, self.block)
        logs = {name: values[-1] for name, values in self.logs(records).items()}
        if penalised:
            logs["loss"] += self._penalty(network.parameters)
        return logs

    def gradients(self, data: Data) -> tuple[float, list[Array]]:
        """The loss, and dloss/dW1, dloss/db1, …, for all the data as one batch."""
        gradients = memory.zeros(self.network.parameters.size, self.dtype, 1)
        network = self.network._replace(gradients=gradients)
        records = self._run_through(network, data, GRADIENTS, data.examples)
        return self.logs(records)["loss"][-1], self.parameter_views(gradients)

    def _is_short(self, data: Data) -> bool:
        """Whether a pass over the data is one slice, so that nobody trains within it."""
        return 2 * self._weights * data.examples <= FIRST_FLOPS

    def _still(self) -> Network:
        """The network with its parameters of now, whoever trains it."""
        return self.network._replace(parameters=self.read())

    def logs(self, records: Array) -> Logs:
        """What the sums of some epochs say, a list a figure."""
        total, weight, hits, penalty = records.T
        with np.errstate(all="ignore"):
            loss, accuracy = (self.objective.scale * total + penalty) / weight, hits / weight
        logs = {"loss": loss.tolist()}
        return logs | {"accuracy": accuracy.tolist()} if self.loss.classifies else logs

    def train(
        self, data: Data, batch: int, epochs: int, *, shuffle: bool, each_epoch: bool
    ) -> Iterator[Slice]:
        """Train, slice by slice.

        Parameters
        ----------
        data : Data
            The examples.
        batch : int
            Examples a step.
        epochs : int
            Passes over the data.
        shuffle : bool
            Whether each epoch has an order of its own.
        each_epoch : bool
            Whether to yield at the end of every epoch.

        Yields
        ------
        Slice
            What a slice has brought. Its error, if there is one, is whatever ended it, an interrupt
            for instance, or a FloatingPointError where a loss is not finite. The state is then that
            at the end of the last good epoch: steps are repeated from the slice's beginning, with
            the same bits.
        """
        in_epoch, first_epoch = -(-data.examples // batch), self._epoch
        opened = memory.keep_open(data.owner)  # noqa: F841
        done, total, pace = 0, epochs * in_epoch, self._training_pace(batch)
        start = None
        while done < total:
            steps = _whole_epochs(pace.steps, done % in_epoch, in_epoch, total - done, each_epoch)
            if start is None or done % in_epoch == 0:  # a callback may have trained in between
                since, start, position = done, self.state(start), _new_position(self._epoch)
            plan = self._plan(TRAIN, batch, steps, data.examples, first_epoch, shuffle)
            progress = self._progress(position, plan)
            began = time.perf_counter()
            try:
                self._run(self.network, data, plan, progress, pace.threads)
                pace.note(time.perf_counter() - began, int(progress.counters[STEPS]))
                good = self._good_epochs(progress)
            except BaseException as error:
                if self._is_finite():
                    done += int(progress.counters[STEPS])
                    yield Slice(done / in_epoch, self.logs(progress.ended()), error)
                else:
                    self.restore(start)
                    yield Slice(since / in_epoch, self.logs(progress.record[:0]), error)
                return
            if good is not None:
                before = (done - since) // in_epoch  # epochs since the start, of other slices
                good = self._return_to(start, before + good, data, batch, first_epoch, shuffle)
                logs = self.logs(progress.record[: max(0, good - before)])
                failure = FloatingPointError(_not_finite(since // in_epoch + good + 1))
                yield Slice(since / in_epoch + good, logs, failure)
                return
            done += int(progress.counters[STEPS])
            yield Slice(done / in_epoch, self.logs(progress.ended()), None)

    def _good_epochs(self, progress: Progress) -> int | None:
        """Epochs that ended before what is not finite; None where all is."""
        records = progress.ended()
        good = int(np.isfinite(records).all(axis=1).cumprod().sum())
        counters = progress.counters
        ends_well = not counters[FAILED] and (counters[POSITION] or self._is_finite())
        return None if ends_well and good == len(records) else good

    @property
    def _epoch(self) -> int:
        """Epochs of training so far."""
        return int(self.network.clock[EPOCHS_TAKEN])

    def _is_finite(self) -> bool:
        """Whether all that training changes is finite."""
        return all(bool(np.isfinite(array).all()) for array in self._state[:3])

    def _return_to(
        self, start: State, most: int, data: Data, batch: int, first_epoch: int, shuffle: bool
    ) -> int:
        """Repeat the epochs from a state, ``most`` of them, while they end in what is finite.

        Returns their number.
        """
        self.restore(start)
        in_epoch = -(-data.examples // batch)
        for good in range(most):
            kept, position = self.state(), _new_position(self._epoch)
            left, failed = in_epoch, False
            while left and not failed:
                plan = self._plan(TRAIN, batch, left, data.examples, first_epoch, shuffle)
                progress = self._progress(position, plan)
                self._run(self.network, data, plan, progress, 1)
                left -= int(progress.counters[STEPS])
                failed = bool(progress.counters[FAILED])
            if failed or not self._is_finite():
                self.restore(kept)
                return good
        return most

    def _run_through(
        self,
        network: Network,
        data: Data,
        stage: int,
        batch: int,
        output: Array | None = None,
        link: int | None = None,
    ) -> Array:
        """One pass over the data without training; its sums, as `Progress.record` has them."""
        batch = min(batch, data.examples)
        opened = memory.keep_open(data.owner)  # noqa: F841
        position = _new_position(0)
        done, total = 0, -(-data.examples // batch)
        pace = self._new_pace(batch, 3 if stage == GRADIENTS else 1)
        while True:
            steps = min(pace.steps, total - done)
            plan = self._plan(stage, batch, steps, data.examples, 0, False)
            if link is not None:
                plan = plan._replace(link=link)
            progress = self._progress(position, plan, output)
            began = time.perf_counter()
            self._run(network, data, plan, progress, pace.threads)
            taken = int(progress.counters[STEPS])
            pace.note(time.perf_counter() - began, taken)
            done += taken
            if done == total:
                return progress.ended()

    def _progress(
        self, position: tuple[Array, Array], plan: Plan, output: Array | None = None
    ) -> Progress:
        """Where a slice begins, and room for what it brings."""
        counters, sums = position
        counters[STEPS:] = 0
        record = np.zeros((plan.steps * plan.batch // plan.examples + 2, 4))
        return Progress(counters, sums, record, NO_OUTPUT[self.dtype] if output is None else output)

    def _run(
        self, network: Network, data: Data, plan: Plan, progress: Progress, threads: int
    ) -> None:
        """Take some compiled steps, in the network's turn, as all who work on it share its room."""
        placed, work = self._room_for(plan.batch)
        if network is not self.network:
            placed = network._replace(table=placed.table)
        arguments = (placed, work, data, plan, progress)
        _ensure_compiled(arguments)

        def steps(wanted: int, team: Array) -> Any:
            return run_steps(wanted, team, *arguments)

        def run() -> Any:
            team, size = new_team(), left_over(threads)
            if 2 * self._weights * plan.batch > LONG_FLOPS:
                return run_team_apart(size, steps, team, progress.ask_to_stop)
            return run_team(size, steps, team)

        self._turns.take(run)

    def _plan(
        self, stage: int, batch: int, steps: int, examples: int, first_epoch: int, shuffle: bool
    ) -> Plan:
        return Plan(
            stage=stage,
            loss=self.loss.kind,
            quantile=self.objective.quantile,
            link=self.loss.link,
            gain=self.objective.gain,
            per_example=self.objective.per_example and stage > EVALUATE,
            accuracy=self.loss.classifies,
            optimizer=kind_of(self.optimizer),
            hyper=self.hyper,
            seed=self.seed,
            shuffled=shuffle and batch < examples,
            first_epoch=first_epoch,
            examples=examples,
            batch=batch,
            block=self._block_of(batch),
            steps=steps,
            rates=self.schedule.rates(self.step, steps) if stage == TRAIN else NO_RATES,
        )

    def _team(self, batch: int, products: int) -> int:
        """Threads for steps that multiply by every weight ``products`` times."""
        if self.n_threads is not None:
            return min(self.n_threads, available_threads())
        flops = products * 2 * self._weights * self._block_of(batch)
        return available_threads() if flops >= PARALLEL_FLOPS else 1

    def _new_pace(self, batch: int, products: int) -> Pace:
        """A pace for steps of which nothing is known yet."""
        flops = products * 2 * self._weights * batch
        return Pace(self._team(batch, products), max(1, int(FIRST_FLOPS / flops)))

    def _training_pace(self, batch: int) -> Pace:
        """The pace of training by such batches, kept from call to call."""
        key = batch, self._team(batch, 3)
        if self._pace is None or self._pace[0] != key:
            self._pace = key, self._new_pace(batch, 3)
        return self._pace[1]

    def _room_for(self, batch: int) -> tuple[Network, memory.Workspace]:
        """Room for a block of a batch, kept from call to call, and the network with its places."""
        panels = -(-self._block_of(batch) // panel_width(self.dtype))
        room = self._room
        if room is None or room[1].panels < panels:
            table, work = memory.place_batch(self.table, panels, self.dtype)
            room = self._room = self.network._replace(table=table), work
        return room


_compiled: set[np.dtype[Any]] = set()


def _ensure_compiled(arguments: tuple[Any, ...]) -> None:
    """Load or compile the loop for a dtype, once in a process, by running no steps."""
    network, work, data, plan, progress = arguments
    dtype = network.parameters.dtype
    if dtype not in _compiled:
        with compilation():
            alone = network._replace(turn=new_turn())
            run_steps(1, new_team(), alone, work, data, plan._replace(steps=0), progress)
        _compiled.add(dtype)


def _new_position(epoch: int) -> tuple[Array, Array]:
    """The counters and sums at the beginning of an epoch."""
    counters = np.zeros(COUNTERS, np.int64)
    counters[EPOCH] = epoch
    return counters, np.zeros(4)


def _whole_epochs(steps: int, position: int, in_epoch: int, left: int, each_epoch: bool) -> int:
    """Steps of a slice: some whole epochs, or a part of one, and not beyond an end to stop at."""
    steps = min(steps, left)
    if position or steps < in_epoch:
        return min(steps, in_epoch - position)
    return in_epoch if each_epoch else steps // in_epoch * in_epoch


def _not_finite(epoch: int) -> str:
    return (
        f"the loss became NaN or infinite in epoch {epoch}; the weights are those of the last good "
        "epoch. Try a lower learning_rate, inputs scaled to mean 0 and deviation 1, or clip_norm"
    )
