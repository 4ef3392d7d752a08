"""Runs the compiled loop: its memory, its threads, and its steps in slices of about 0.1 s.

Compiled code sees no signal until it returns, hence the slices. Slicing never changes a bit.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from jitnet import memory
from jitnet.kernels.cache import compilation
from jitnet.kernels.panels import SOURCES, panel_width
from jitnet.kernels.team import new_team
from jitnet.losses.objective import Objective
from jitnet.losses.table import IDENTITY, LOSSES
from jitnet.memory import Array, Shape
from jitnet.optimizers.table import Optimizer, hyperparameters_of, kind_of, moments_of
from jitnet.pace import Pace
from jitnet.prediction import are_few, predict_few
from jitnet.schedules import as_schedule
from jitnet.steps.state import (
    EPOCH,
    EVALUATE,
    FAILED,
    GRADIENTS,
    POSITION,
    PREDICT,
    STEPS,
    TRAIN,
    Data,
    Network,
    Plan,
    Progress,
)
from jitnet.steps.update import CHUNK
from jitnet.threads import CORES, PARALLEL_FLOPS, available_threads, run_team
from jitnet.training import run_steps

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
LONG_FLOPS = 1e9
"""Work of a step that may outlast a slice, so that it has to be stopped in its middle."""
Logs = dict[str, list[float]]
State = tuple[Array, Array, Array, Array, int, int]


class Position(NamedTuple):
    """Where a run through the data stands: what the compiled loop keeps between two slices."""

    counters: Array
    sums: Array


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
        self.table, count = memory.lay_out(shapes)
        self.objective, self.loss, self.seed = objective, LOSSES[objective.loss], seed
        self.optimizer, self.n_threads = optimizer, n_threads
        self.schedule = as_schedule(optimizer.learning_rate)
        first, second = (count * kept for kept in moments_of(optimizer))
        self.network = Network(
            table=self.table,
            parameters=memory.zeros(count, dtype),
            gradients=memory.zeros(count, dtype, 1),
            first_moment=memory.zeros(first, dtype, 2),
            second_moment=memory.zeros(second, dtype, 3),
            l2=np.array(l2, np.float64),
            chunks=np.zeros((-(-count // CHUNK), 2)),
        )
        self.hyper = hyperparameters_of(optimizer)
        self._weights = int((self.table[:, memory.N_IN] * self.table[:, memory.N_OUT]).sum())
        self.step, self.epoch = 0, 0
        self.powers = np.ones(2)
        self._lock = threading.Lock()
        self._work: memory.Workspace | None = None
        self._panels = 0
        self._pace: Pace | None = None
        self._pace_of = 0

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

    def weight_views(self) -> list[Array]:
        """[W1, W2, …] as views of the parameters."""
        return [memory.weight_view(self.network.parameters, row) for row in self.table]

    def parameter_views(self, flat: Array | None = None) -> list[Array]:
        """[W1, b1, W2, b2, …] as views of the parameters, or of an array laid out like them."""
        return memory.parameter_views(self.network.parameters if flat is None else flat, self.table)

    def moment_views(self) -> dict[str, list[Array]]:
        """The optimiser's moments, as views like the parameters'."""
        moments = {
            "first_moment": self.network.first_moment,
            "second_moment": self.network.second_moment,
        }
        return {name: self.parameter_views(flat) for name, flat in moments.items() if flat.size}

    def state(self) -> State:
        """A copy of all that training changes."""
        network = self.network
        return (
            network.parameters.copy(),
            network.first_moment.copy(),
            network.second_moment.copy(),
            self.powers.copy(),
            self.step,
            self.epoch,
        )

    def restore(self, state: State) -> None:
        """Go back to a copied state."""
        network = self.network
        network.parameters[:], network.first_moment[:], network.second_moment[:] = state[:3]
        self.powers[:], self.step, self.epoch = state[3:]

    def penalty(self) -> float:
        """Σ λ/2 Σ W² over the layers."""
        parts = zip(self.network.l2, self.weight_views(), strict=True)
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
        return Data(
            address=X.ctypes.data,
            row_step=X.strides[0],
            column_step=X.strides[1],
            source=SOURCES[X.dtype],
            targets=np.require(targets, requirements=["C", "A", "W"]),
            labels=labels,
            smoothing=self.objective.smoothing,
            weights=np.require(weights, requirements=["C", "A", "W"]),
            uniform=uniform,
            examples=len(order),
            order=order,
        )

    def predict(self, X: Array, *, linked: bool = True) -> Array:
        """Predictions, (n_samples, n_outputs), or the output layer's z where not ``linked``."""
        link = self.loss.link if linked else IDENTITY
        if are_few(len(X), self.dtype) and 2 * self._weights * len(X) < PARALLEL_FLOPS:
            with self._lock:
                return predict_few(self.table, self.network.parameters, X, link)
        output = np.empty((len(X), int(self.table[-1, memory.N_OUT])), self.dtype)
        nothing = np.zeros((1, 1), self.dtype)
        data = self.data(X, nothing, False, nothing[0], uniform=True)
        self._run_through(data, PREDICT, self.block, output, link)
        return output

    def evaluate(self, data: Data) -> dict[str, float]:
        """The loss with its penalty, and the accuracy where there are classes.

        Without its penalty where l2 is for one example.
        """
        records = self._run_through(data, EVALUATE, self.block)
        logs = {name: values[-1] for name, values in self.logs(records).items()}
        if not self.objective.per_example:
            logs["loss"] += self.penalty()
        return logs

    def gradients(self, data: Data) -> tuple[float, list[Array]]:
        """The loss, and copies of dloss/dW1, dloss/db1, …, for all the data as one batch."""
        records = self._run_through(data, GRADIENTS, data.examples)
        views = self.parameter_views(self.network.gradients)
        return self.logs(records)["loss"][-1], [view.copy() for view in views]

    def logs(self, records: Array) -> Logs:
        """What the sums of some epochs say, a list a figure."""
        total, weight, hits, penalty = records.T
        with np.errstate(all="ignore"):
            loss, accuracy = (self.objective.scale * total + penalty) / weight, hits / weight
        logs = {"loss": loss.tolist()}
        return logs | {"accuracy": accuracy.tolist()} if self.loss.classifies else logs

    def train(
        self, data: Data, batch: int, epochs: int, *, shuffle: bool, each_epoch: bool
    ) -> Iterator[tuple[float, Logs]]:
        """Train, and yield after each slice the epochs done and the logs of those just ended.

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

        Raises
        ------
        FloatingPointError
            If a loss is not finite. The state is then that at the end of the last good epoch: steps
            are repeated from the slice's beginning, with the same bits.
        """
        in_epoch, first_epoch = -(-data.examples // batch), self.epoch
        done, total, pace = 0, epochs * in_epoch, self._training_pace(batch)
        while done < total:
            steps = _whole_epochs(pace.steps, done % in_epoch, in_epoch, total - done, each_epoch)
            if done % in_epoch == 0:  # a callback may have trained in between
                start, position = self.state(), _new_position(self.epoch, self.powers)
            began = time.perf_counter()
            records, interrupt = self._run(
                data, TRAIN, batch, steps, position, pace.threads, first_epoch, shuffle=shuffle
            )
            pace.note(time.perf_counter() - began, steps)
            self._take_over(position)
            if interrupt is not None:
                steps = int(position.counters[STEPS])
                yield (done + steps) / in_epoch, self.logs(records)
                raise interrupt
            good = int(np.isfinite(records).all(axis=1).cumprod().sum())
            if (
                position.counters[FAILED]
                or good < len(records)
                or not (position.counters[POSITION] or self._is_finite())
            ):
                most = good if steps >= in_epoch else 0  # a part of an epoch goes back to its start
                good = self._return_to(start, most, data, batch, first_epoch, shuffle)
                yield (done + good * in_epoch) / in_epoch, self.logs(records[:good])
                raise FloatingPointError(_not_finite(done // in_epoch + good + 1))
            done += steps
            yield done / in_epoch, self.logs(records)

    def _take_over(self, position: Position) -> None:
        """Count the steps that a call has done."""
        self.epoch, self.powers = int(position.counters[EPOCH]), position.sums[-2:]
        self.step += int(position.counters[STEPS])

    def _is_finite(self) -> bool:
        """Whether all that training changes is finite."""
        network = self.network
        arrays = (network.parameters, network.first_moment, network.second_moment)
        return all(bool(np.isfinite(array).all()) for array in arrays)

    def _return_to(
        self, start: State, most: int, data: Data, batch: int, first_epoch: int, shuffle: bool
    ) -> int:
        """Repeat the epochs from a state, ``most`` of them, while they end in what is finite.

        Returns their number.
        """
        self.restore(start)
        in_epoch = -(-data.examples // batch)
        for good in range(most):
            kept, position = self.state(), _new_position(self.epoch, self.powers)
            self._run(data, TRAIN, batch, in_epoch, position, 1, first_epoch, shuffle=shuffle)
            self._take_over(position)
            if position.counters[FAILED] or not self._is_finite():
                self.restore(kept)
                return good
        return most

    def _run_through(
        self,
        data: Data,
        stage: int,
        batch: int,
        output: Array | None = None,
        link: int | None = None,
    ) -> Array:
        """One pass over the data without training; its sums, as `Progress.record` has them."""
        batch = min(batch, data.examples)
        position = _new_position(0, self.powers)
        done, total = 0, -(-data.examples // batch)
        records = np.zeros((0, 4))
        pace = self._new_pace(batch, 3 if stage == GRADIENTS else 1)
        while done < total:
            steps = min(pace.steps, total - done)
            began = time.perf_counter()
            records, interrupt = self._run(
                data, stage, batch, steps, position, pace.threads, output=output, link=link
            )
            if interrupt is not None:
                raise interrupt
            pace.note(time.perf_counter() - began, steps)
            done += steps
        return records

    def _run(
        self,
        data: Data,
        stage: int,
        batch: int,
        steps: int,
        position: Position,
        threads: int,
        first_epoch: int = 0,
        *,
        shuffle: bool = False,
        output: Array | None = None,
        link: int | None = None,
    ) -> tuple[Array, KeyboardInterrupt | None]:
        """Some compiled steps, under the engine's lock, as they share its memory.

        Returns the sums of each epoch that ended, (epochs, 4), and the interrupt that came.
        """
        batch = min(batch, data.examples)
        plan = self._plan(stage, batch, steps, data.examples, first_epoch, shuffle)
        if link is not None:
            plan = plan._replace(link=link)
        progress = Progress(
            position.counters,
            position.sums,
            np.zeros((steps * batch // plan.examples + 2, 4)),
            np.zeros((0, 0), self.dtype) if output is None else output,
        )
        position.counters[STEPS] = 0  # an interrupt may come before the first step
        before, interrupt = int(position.counters[EPOCH]), None
        with self._lock, CORES.lent(threads) as threads:
            work, team = self._workspace(batch), new_team()
            arguments = (threads, team, self.network, work, data, plan, progress)
            _ensure_compiled(arguments)
            is_long = 2 * self._weights * batch > LONG_FLOPS
            try:
                run_team(
                    threads,
                    lambda: run_steps(*arguments),
                    stop=progress.ask_to_stop if is_long else None,
                )
            except KeyboardInterrupt as error:
                interrupt = error
        return progress.record[: int(position.counters[EPOCH]) - before], interrupt

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
            return self.n_threads
        flops = products * 2 * self._weights * self._block_of(batch)
        return available_threads() if flops >= PARALLEL_FLOPS else 1

    def _new_pace(self, batch: int, products: int) -> Pace:
        """A pace for steps of which nothing is known yet."""
        flops = products * 2 * self._weights * batch
        return Pace(self._team(batch, products), max(1, int(FIRST_FLOPS / flops)))

    def _training_pace(self, batch: int) -> Pace:
        """The pace of training by such batches, kept from call to call."""
        if self._pace is None or self._pace_of != batch:
            self._pace, self._pace_of = self._new_pace(batch, 3), batch
        return self._pace

    def _workspace(self, batch: int) -> memory.Workspace:
        """Room for a block of a batch, kept from call to call."""
        panels = -(-self._block_of(batch) // panel_width(self.dtype))
        if self._work is None or panels > self._panels:
            self._work = memory.place_batch(self.table, panels, self.dtype)
            self._panels = panels
        return self._work


_compiled: set[np.dtype[Any]] = set()


def _ensure_compiled(arguments: tuple[Any, ...]) -> None:
    """Load or compile the loop for a dtype, once in a process, by running no steps."""
    *_, network, work, data, plan, progress = arguments
    dtype = network.parameters.dtype
    if dtype not in _compiled:
        with compilation():
            run_steps(1, new_team(), network, work, data, plan._replace(steps=0), progress)
        _compiled.add(dtype)


def _new_position(epoch: int, powers: Array) -> Position:
    return Position(np.array([epoch, 0, 0, 0, 0, 0]), np.array([0.0, 0.0, 0.0, 0.0, *powers]))


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
