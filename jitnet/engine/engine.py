"""The engine: a network's state, its room, and runs of the compiled loop on a team of threads.

Compiled code sees no signal until it returns, hence slices of about 0.1 s. Slicing never changes a
bit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import config, typeof

from jitnet import memory
from jitnet.arrays import Array
from jitnet.compiling import Job
from jitnet.engine import passes, slices
from jitnet.engine.batches import check_batches
from jitnet.engine.cost import Cost
from jitnet.engine.data import Rows, count_of, data_of, words_of
from jitnet.engine.few import FewRows
from jitnet.engine.forms import update_of
from jitnet.engine.loop import run_steps
from jitnet.engine.nodes import Nodes
from jitnet.engine.pace import Pace
from jitnet.engine.room import Room, Wanted
from jitnet.engine.runs import Place
from jitnet.engine.slices import Logs, Slice
from jitnet.engine.state import TrainingState
from jitnet.engine.steps.span import STATES
from jitnet.engine.steps.state import (
    EPOCHS_TAKEN,
    EVALUATE,
    STEPS_TAKEN,
    TRAIN,
    Data,
    Feed,
    Network,
    Penalties,
    Plan,
    Progress,
    Shards,
)
from jitnet.engine.steps.update import CHUNK
from jitnet.engine.turns import State
from jitnet.kernels.panels import panel_width
from jitnet.kernels.team import new_team
from jitnet.kernels.turn import DOOR
from jitnet.layers.layer import Layer, Shape
from jitnet.losses.objective import Objective
from jitnet.losses.table import LOSSES
from jitnet.optimizers.optimizer import Optimizer
from jitnet.schedules import as_schedule
from jitnet.sparse import SparseRows
from jitnet.threads import left_over, run_team, run_team_apart

if TYPE_CHECKING:
    from jitnet.ranks.ranks import Ranks

NO_RATES, NO_CALLS = np.zeros(0), np.zeros((0, 0), np.int64)
NO_PARTIAL = {np.dtype(kind): np.zeros((0, 0), kind) for kind in (np.float32, np.float64)}


class Engine:
    """A network's memory and its compiled steps.

    Parameters
    ----------
    layers : sequence of Layer
        The layers.
    shape : tuple of int
        The shape of an example.
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
    mostly_zeros : bool, default False
        Whether the parameters are to lie as suits inputs of sparse rows.
    """

    def __init__(
        self,
        layers: Sequence[Layer],
        shape: Shape,
        objective: Objective,
        optimizer: Optimizer,
        dtype: Any,
        seed: int,
        n_threads: int | None,
        *,
        mostly_zeros: bool = False,
    ) -> None:
        self.mostly_zeros = mostly_zeros
        self.layers = tuple(layers)
        self.nodes = Nodes(layers, shape, panel_width(dtype), mostly_zeros=mostly_zeros)
        self.owners = self.nodes.owners
        self.objective, self.loss, self.seed = objective, LOSSES[objective.loss], seed
        self.optimizer, self.n_threads = optimizer, n_threads
        self.schedule = as_schedule(optimizer.learning_rate)
        self.rate_scale = 1.0
        self.update = update_of(optimizer)
        self.training = TrainingState(self.nodes, self.update, dtype)
        now, count, rows = self.training.now, self.nodes.count, self.nodes.parameters
        places = [(row.place, row.place + row.parameter.size) for row in rows]
        self.penalties = Penalties(
            places=np.array(places, np.int64).reshape(-1, 2),
            l2=np.array([row.parameter.l2 for row in rows], np.float64),
            chunks=np.zeros((-(-count // CHUNK), 2)),
        )
        self.network = Network(
            calls=NO_CALLS,
            phases=NO_CALLS,
            parameters=now.parameters,
            gradients=memory.zeros(count, dtype, 1),
            moments=now.moments,
            powers=now.powers,
            clock=now.clock,
            ranges=NO_CALLS,
            chunks=self.penalties.chunks,
            turn=self.training.turns.word,
            door=DOOR,
        )
        self._is_whole = self.nodes.whole_owner is not None
        self._decays = np.array(
            [self.update.settings[name] for name in self.update.decays], np.float64
        )
        self._rooms: dict[bool, Room] = {}
        self._joined = self.nodes.joined()
        self.cost = Cost(self.nodes, self._joined, dtype)
        self._few = FewRows(self.nodes.joined(for_few=True), self.owners, dtype)
        self._pace: tuple[tuple[Any, ...], Pace] | None = None
        self.carried: tuple[int, Array] | None = None
        self._check_forms(shape)

    def _check_forms(self, shape: Shape) -> None:
        """Say what has the wrong form before any work; networks of one kind are looked at once.

        That took a tenth of the time of a small network's fit of two epochs.
        """
        kind: Any = (
            self.layers,
            shape,
            self.objective,
            self.optimizer,
            self.dtype,
            self.mostly_zeros,
        )
        try:
            if kind in _sound:
                return
        except TypeError:  # a layer of one's own that has no hash
            kind = None
        sources = (self.dtype,) * len(self.nodes.inputs)
        form = Wanted(TRAIN, sources, labels=False, link=self.loss.link, penalised=True)
        self._room_for(1, 1, self.mostly_zeros).phases(form)
        if kind is not None:
            if len(_sound) >= MOST_SOUND:
                _sound.clear()
            _sound.add(kind)

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of parameters and activations."""
        return self.network.parameters.dtype

    @property
    def l2(self) -> Array:
        """λ of each parameter's penalty; may be changed."""
        return self.penalties.l2

    @property
    def n_features(self) -> int:
        """Features of an example."""
        return self.nodes.n_features

    @property
    def n_outputs(self) -> int:
        """Outputs of an example."""
        return self.nodes.n_outputs

    @property
    def step(self) -> int:
        """Steps of training so far."""
        return int(self.network.clock[STEPS_TAKEN])

    @property
    def epoch(self) -> int:
        """Epochs of training so far."""
        return int(self.network.clock[EPOCHS_TAKEN])

    def parameter_views(self, flat: Array | None = None) -> list[Array]:
        """Views of the parameters, or of an array laid out like them."""
        return self.nodes.views(self.network.parameters if flat is None else flat)

    def state(self, into: State | None = None) -> State:
        """A copy of all that training changes, as it is between two steps."""
        return self.training.copy(into)

    def restore(self, state: State) -> None:
        """Go back to a copied state."""
        self.training.restore(state)

    def read(self) -> Array:
        """A copy of the parameters, as they are between two steps."""
        return self.training.read()

    def write(self, parameters: Array) -> None:
        """Replace the parameters; the optimiser's state stays."""
        self.training.write(parameters)

    def data(
        self,
        X: Rows,
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
        return data_of(self, X, targets, labels, weights, uniform, rows)

    def predict(self, X: Rows, *, linked: bool = True) -> Array:
        """Predictions, (n_samples, n_outputs), or the output layer's logits if not ``linked``."""
        link = self.loss.link if linked else "identity"
        count = count_of(X)
        if not isinstance(X, SparseRows) and self._few.takes(count, self.cost.is_small(count)):
            return self._few.predict(self.training.turns, self.network.parameters, X, link)
        return passes.predict(self, X, link)

    def evaluate(self, data: Data, batch: int | None = None) -> dict[str, float]:
        """The loss with its penalty, and the accuracy where there are classes.

        Without its penalty where l2 is for one example. States of stateful layers go from batch to
        batch, from zero on.
        """
        return passes.evaluate(self, data, batch)

    def reset_state(self) -> None:
        """Have the next prediction of stateful layers begin in states of zero."""
        self.carried = None

    def carry(self, examples: int) -> Array:
        """The states in which the last prediction has left its examples, as many as these.

        Raises
        ------
        ValueError
            If it had others.
        """
        if self.carried is None or not self.nodes.state_size:
            size = self.nodes.states_of(examples)
            self.carried = examples, memory.zeros(size, self.dtype, 3)
        before, states = self.carried
        if before != examples:
            raise ValueError(
                f"stateful layers are in the states of {before} examples, but X has {examples}; "
                "call reset_state() before others"
            )
        return states

    def gradients(self, data: Data) -> tuple[float, list[Array]]:
        """The loss, and its gradients by the parameters, for all the data as one batch."""
        return passes.gradients(self, data)

    def train(
        self,
        data: Data,
        batch: int,
        epochs: int,
        *,
        shuffle: bool,
        each_epoch: bool,
        goes_back: bool = True,
        begin: Place | None = None,
        every: int = 0,
        ranks: Ranks | None = None,
    ) -> Iterator[Slice]:
        """Train, slice by slice (see `slices.train`); batches that do not fit are a ValueError."""
        self.check_batches(data, batch)
        return slices.train(
            self,
            data,
            batch,
            epochs,
            shuffle=shuffle,
            each_epoch=each_epoch,
            goes_back=goes_back,
            begin=begin,
            every=every,
            ranks=ranks,
        )

    def check_batches(self, data: Data, batch: int) -> None:
        """Refuse batches that do not fit, by a ValueError."""
        check_batches(self.nodes, data.examples, batch, self.cost.most_at_once(data))

    @property
    def figures(self) -> tuple[str, ...]:
        """The names of what `logs` says."""
        return ("loss", "accuracy") if self.loss.classifies else ("loss",)

    def logs(self, records: Array) -> Logs:
        """What the sums of some epochs say, a list a figure."""
        total, weight, correct, penalty = records.T
        with np.errstate(all="ignore"):
            loss, accuracy = (self.objective.scale * total + penalty) / weight, correct / weight
        logs = {"loss": loss.tolist()}
        return logs | {"accuracy": accuracy.tolist()} if self.loss.classifies else logs

    def still(self) -> Network:
        """The network with its parameters of now, whoever trains it."""
        return self.network._replace(parameters=self.read())

    def run(
        self,
        network: Network,
        data: Data,
        plan: Plan,
        progress: Progress,
        threads: int,
        link: str | None = None,
        states: Array | None = None,
        ranks: Ranks | None = None,
    ) -> None:
        """Take some compiled steps, in the network's turn, as all who work on it share its room.

        Stateful layers begin in, and leave examples in, the given states, else those of training.
        ``ranks`` exchange what the steps need of one another.
        """
        room = self._room_for(plan.block, threads, data.by_twin)
        labels = data.labels.size > 0
        wanted = Wanted(plan.stage, data.sources, labels, link or self.loss.link, plan.penalised)
        states = self.training.now.states if states is None else states
        words = words_of(data)
        words[STATES], words[STATES + 1] = states.ctypes.data, states.size
        feed = Feed(words, data.order, data.rows, data.weights, data.uniform, states)
        arguments: tuple[Any, ...] = (room.work, feed, plan, progress)
        if not room.has(wanted):
            room.make(wanted, _loop_of((network, *arguments)))
            _loops.add(self.dtype)
        arguments = (room.network(wanted, network), *arguments)
        if ranks is not None:
            ranks.exchange.attach(
                network.gradients, room.work.values, room.shared(wanted), progress
            )

        def steps(wanted: int, team: Array) -> Any:
            return run_steps(wanted, team, *arguments)

        def work() -> Any:
            team, size = new_team(), left_over(threads)
            if self.cost.is_long(data, plan.batch):
                return run_team_apart(size, steps, team, progress.ask_to_stop)
            return run_team(size, steps, team)

        self.training.turns.take(work)
        if ranks is not None:
            ranks.exchange.check()

    def plan(
        self,
        stage: int,
        batch: int,
        steps: int,
        data: Data,
        first_epoch: int,
        shuffle: bool,
        shards: Shards | None = None,
    ) -> Plan:
        """What some steps are to do; with ``shards`` a batch goes through as a whole."""
        is_whole = shards is not None or (stage == TRAIN and self._is_whole)
        return Plan(
            stage=stage,
            gain=self.objective.gain,
            per_example=self.objective.per_example and stage > EVALUATE,
            accuracy=self.loss.classifies,
            penalised=stage > EVALUATE and bool(self.optimizer.clip_norm or self.l2.any()),
            clip_norm=float(self.optimizer.clip_norm or 0.0),
            decays=self._decays,
            seed=self.seed,
            shuffled=shuffle and batch < data.examples,
            first_epoch=first_epoch,
            examples=data.examples,
            batch=batch,
            block=batch if is_whole else self.cost.block_of(data, batch),
            steps=steps,
            rates=self._rates(steps) if stage == TRAIN else NO_RATES,
            shards=shards or Shards(1, 0, 1, 0, np.zeros((1, 3)), NO_PARTIAL[self.dtype]),
        )

    def _rates(self, steps: int) -> Array:
        """The learning rates of the next steps."""
        rates: Array = self.rate_scale * self.schedule.rates(self.step, steps)
        return rates

    def new_pace(self, data: Data, batch: int, products: int) -> Pace:
        """A pace for steps of which nothing is known yet, with so many products a weight."""
        threads = self.cost.threads(data, batch, products, self.n_threads)
        return Pace(threads, self.cost.first_steps(data, batch, products))

    def training_pace(self, data: Data, batch: int) -> Pace:
        """The pace of training by such batches, kept from call to call."""
        key = batch, data.by_twin, self.cost.threads(data, batch, 3, self.n_threads)
        if self._pace is None or self._pace[0] != key:
            self._pace = key, self.new_pace(data, batch, 3)
        return self._pace[1]

    def _room_for(self, block: int, threads: int, sparse: bool) -> Room:
        """Room for a block of a batch, kept from call to call.

        What a running step uses is left as it is: memory may be missing, or an interrupt come.
        """
        panels = -(-block // self.nodes.width)
        room = self._rooms.get(sparse)
        if room is None or room.places.panels < panels or len(room.work.scratch) < threads:
            if room is not None:  # it serves those that it has served
                panels, threads = (
                    max(panels, room.places.panels),
                    max(threads, len(room.work.scratch)),
                )
            nodes = self.nodes.for_sparse() if sparse else self._joined
            parts = self.penalties, self.objective, self.update, self.owners
            room = self._rooms[sparse] = Room(nodes, self.training, *parts, panels, threads)
        return room


def _loop_of(arguments: tuple[Any, ...]) -> list[Job]:
    """The compiled loop for such arguments, where this process has not loaded it."""
    if config.DISABLE_JIT or arguments[0].parameters.dtype in _loops:
        return []
    return [(run_steps, tuple(map(typeof, (1, new_team(), *arguments))))]


_loops: set[np.dtype[Any]] = set()

MOST_SOUND = 256
_sound: set[Any] = set()
"""Kinds of networks in which all has its form, so many at most."""
