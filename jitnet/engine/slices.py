"""Training in slices: whole epochs or parts of one, and back to the last good epoch's end."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from jitnet import memory
from jitnet.arrays import Array
from jitnet.engine.order import shuffle_again
from jitnet.engine.runs import Place, new_position, new_progress
from jitnet.engine.steps.state import EPOCH, FAILED, POSITION, STEPS, TRAIN, Data, Plan, Progress
from jitnet.engine.turns import State

if TYPE_CHECKING:
    from jitnet.engine.engine import Engine
    from jitnet.ranks.ranks import Ranks

Logs = dict[str, list[float]]


class Slice(NamedTuple):
    """What some steps of training have brought."""

    done: float  # epochs since the training began
    logs: Logs  # of the epochs that ended in it
    error: BaseException | None  # what has ended it and is to be raised
    place: Place | None = None  # where the training stands, if it can go on from there


def train(
    engine: Engine,
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
    goes_back : bool, default True
        Whether the state is that at the end of the last good epoch where a loss is not finite; a
        caller who drops it then saves a copy of it.
    begin : Place, optional
        Where a training like this one stood, of which the engine has the state; it goes on from
        there to the bits of the unbroken one. What is not finite then leads back no further.
    every : int, default 0
        Steps at whose multiples a slice ends; 0 is none.
    ranks : Ranks, optional
        Several processes that train together, of which this is one.

    Yields
    ------
    Slice
        What a slice has brought. Its error, if there is one, is whatever ended it, an interrupt
        for instance, or a FloatingPointError where a loss is not finite. The state is then that
        at the end of the last good epoch: steps are repeated from the slice's beginning, with
        the same bits.
    """
    in_epoch = -(-data.examples // batch)
    opened = [*map(memory.keep_open, data.owners)]  # noqa: F841
    done, total, pace = 0, epochs * in_epoch, engine.training_pace(data, batch)
    first_epoch = engine.epoch
    start = position = None
    began = Place(0, *new_position(first_epoch))
    if begin is not None:
        done, began, position = begin.done, begin.copy(), begin.copy()[1:]
        first_epoch -= done // in_epoch
        start = engine.state() if goes_back else None
    plan_of = _Plans(engine, data, batch, first_epoch, shuffle, ranks)
    if done % in_epoch:
        plan_of.resume(began)
    while done < total:
        most = min(pace.steps, every - done % every) if every else pace.steps
        steps = _whole_epochs(most, done % in_epoch, in_epoch, total - done, each_epoch)
        if ranks is not None:
            steps = ranks.steps_of_first(min(steps, in_epoch - done % in_epoch))
        if position is None or done % in_epoch == 0:  # a callback may have trained in between
            position = new_position(engine.epoch)
            began = Place(done, *position).copy()
            start = engine.state(start) if goes_back else None
        since = began.done
        progress = new_progress(engine, position, plan := plan_of(steps))
        before = time.perf_counter()
        try:
            plan_of.run(plan, progress, pace.threads)
            pace.note(time.perf_counter() - before, int(progress.counters[STEPS]))
            good = _good_epochs(engine, progress)
            # of thousands of epochs it takes a millisecond, in which an interrupt may come
            logs = engine.logs(progress.ended())
        except BaseException as error:
            if engine.training.is_finite():
                done += int(progress.counters[STEPS])
                place = Place(done, progress.counters, progress.sums)
                yield Slice(done / in_epoch, engine.logs(progress.ended()), error, place)
            elif start is None:
                failure = FloatingPointError(_not_finite(since // in_epoch + 1))
                failure.__cause__ = error
                yield Slice(since / in_epoch, engine.logs(progress.record[:0]), failure)
            else:
                engine.restore(start)
                yield Slice(since / in_epoch, engine.logs(progress.record[:0]), error)
            return
        if good is not None:
            earlier = done // in_epoch - since // in_epoch  # epochs since then, of other slices
            good += earlier
            if start is not None:
                good = _return_to(engine, start, began, good, plan_of)
            logs = engine.logs(progress.record[: max(0, good - earlier)])
            ended = since // in_epoch + good
            failure = FloatingPointError(_not_finite(ended + 1))
            yield Slice(ended if good else since / in_epoch, logs, failure)
            return
        done += int(progress.counters[STEPS])
        place = Place(done, progress.counters, progress.sums)
        yield Slice(done / in_epoch, logs, None, place)


class _Plans(NamedTuple):
    """The plans of a training's slices."""

    engine: Engine
    data: Data
    batch: int
    first_epoch: int
    shuffle: bool
    ranks: Ranks | None

    @property
    def in_epoch(self) -> int:
        """Steps of an epoch."""
        return -(-self.data.examples // self.batch)

    def __call__(self, steps: int) -> Plan:
        """The plan of some steps."""
        what = TRAIN, self.batch, steps, self.data, self.first_epoch
        if self.ranks is None:
            return self.engine.plan(*what, self.shuffle)
        return self.engine.plan(*what, False, self.ranks.shards)

    def run(self, plan: Plan, progress: Progress, threads: int) -> None:
        """Take the steps of a plan."""
        ranks = self.ranks
        if ranks is not None and not progress.counters[POSITION]:
            ranks.lay(self.data, self.engine.seed, int(progress.counters[EPOCH]), self.shuffle)
        self.engine.run(self.engine.network, self.data, plan, progress, threads, ranks=ranks)

    def resume(self, place: Place) -> None:
        """Lay the order of an epoch in whose middle a training goes on."""
        plan, epoch = self(1), int(place.counters[EPOCH])
        if self.ranks is not None:
            self.ranks.lay(self.data, self.engine.seed, epoch, self.shuffle)
        elif plan.shuffled:
            shuffle_again(self.data.order, plan.seed, epoch, self.data.rows)


def _good_epochs(engine: Engine, progress: Progress) -> int | None:
    """Epochs that ended before what is not finite; None where all is."""
    records = progress.ended()
    good = int(np.isfinite(records).all(axis=1).cumprod().sum())
    counters = progress.counters
    ends_well = not counters[FAILED] and (counters[POSITION] or engine.training.is_finite())
    return None if ends_well and good == len(records) else good


def _return_to(engine: Engine, start: State, began: Place, most: int, plan_of: _Plans) -> int:
    """Repeat the epochs from a state and its place, ``most`` of them, while they end well.

    Returns their number.
    """
    engine.restore(start)
    position: tuple[Array, Array] = began.copy()[1:]
    left = plan_of.in_epoch - began.done % plan_of.in_epoch
    if most and left < plan_of.in_epoch:
        plan_of.resume(began)
    for good in range(most):
        kept, failed = engine.state(), False
        while left and not failed:
            progress = new_progress(engine, position, plan := plan_of(left))
            plan_of.run(plan, progress, 1)
            left -= int(progress.counters[STEPS])
            failed = bool(progress.counters[FAILED])
        if failed or not engine.training.is_finite():
            engine.restore(kept)
            return good
        position, left = new_position(engine.epoch), plan_of.in_epoch
    return most


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
