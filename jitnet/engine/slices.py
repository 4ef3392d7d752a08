"""Training in slices: whole epochs or parts of one, and back to the last good epoch's end."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from jitnet import memory
from jitnet.engine.runs import new_position, new_progress
from jitnet.engine.steps.state import FAILED, POSITION, STEPS, TRAIN, Data, Progress
from jitnet.engine.turns import State

if TYPE_CHECKING:
    from jitnet.engine.engine import Engine

Logs = dict[str, list[float]]


class Slice(NamedTuple):
    """What some steps of training have brought."""

    done: float  # epochs since the training began
    logs: Logs  # of the epochs that ended in it
    error: BaseException | None  # what has ended it and is to be raised


def train(
    engine: Engine,
    data: Data,
    batch: int,
    epochs: int,
    *,
    shuffle: bool,
    each_epoch: bool,
    goes_back: bool = True,
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

    Yields
    ------
    Slice
        What a slice has brought. Its error, if there is one, is whatever ended it, an interrupt
        for instance, or a FloatingPointError where a loss is not finite. The state is then that
        at the end of the last good epoch: steps are repeated from the slice's beginning, with
        the same bits.
    """
    in_epoch, first_epoch = -(-data.examples // batch), engine.epoch
    opened = memory.keep_open(data.owner)  # noqa: F841
    done, total, pace = 0, epochs * in_epoch, engine.training_pace(data, batch)
    start = position = None
    while done < total:
        steps = _whole_epochs(pace.steps, done % in_epoch, in_epoch, total - done, each_epoch)
        if position is None or done % in_epoch == 0:  # a callback may have trained in between
            since, position = done, new_position(engine.epoch)
            start = engine.state(start) if goes_back else None
        plan = engine.plan(TRAIN, batch, steps, data, first_epoch, shuffle)
        progress = new_progress(engine, position, plan)
        began = time.perf_counter()
        try:
            engine.run(engine.network, data, plan, progress, pace.threads)
            pace.note(time.perf_counter() - began, int(progress.counters[STEPS]))
            good = _good_epochs(engine, progress)
        except BaseException as error:
            if engine.training.is_finite():
                done += int(progress.counters[STEPS])
                yield Slice(done / in_epoch, engine.logs(progress.ended()), error)
            elif start is None:
                failure = FloatingPointError(_not_finite(since // in_epoch + 1))
                failure.__cause__ = error
                yield Slice(since / in_epoch, engine.logs(progress.record[:0]), failure)
            else:
                engine.restore(start)
                yield Slice(since / in_epoch, engine.logs(progress.record[:0]), error)
            return
        if good is not None:
            before = (done - since) // in_epoch  # epochs since the start, of other slices
            good += before
            if start is not None:
                good = _return_to(engine, start, good, data, batch, first_epoch, shuffle)
            logs = engine.logs(progress.record[: max(0, good - before)])
            failure = FloatingPointError(_not_finite(since // in_epoch + good + 1))
            yield Slice(since / in_epoch + good, logs, failure)
            return
        done += int(progress.counters[STEPS])
        yield Slice(done / in_epoch, engine.logs(progress.ended()), None)


def _good_epochs(engine: Engine, progress: Progress) -> int | None:
    """Epochs that ended before what is not finite; None where all is."""
    records = progress.ended()
    good = int(np.isfinite(records).all(axis=1).cumprod().sum())
    counters = progress.counters
    ends_well = not counters[FAILED] and (counters[POSITION] or engine.training.is_finite())
    return None if ends_well and good == len(records) else good


def _return_to(
    engine: Engine, start: State, most: int, data: Data, batch: int, first_epoch: int, shuffle: bool
) -> int:
    """Repeat the epochs from a state, ``most`` of them, while they end in what is finite.

    Returns their number.
    """
    engine.restore(start)
    in_epoch = -(-data.examples // batch)
    for good in range(most):
        kept, position = engine.state(), new_position(engine.epoch)
        left, failed = in_epoch, False
        while left and not failed:
            plan = engine.plan(TRAIN, batch, left, data, first_epoch, shuffle)
            progress = new_progress(engine, position, plan)
            engine.run(engine.network, data, plan, progress, 1)
            left -= int(progress.counters[STEPS])
            failed = bool(progress.counters[FAILED])
        if failed or not engine.training.is_finite():
            engine.restore(kept)
            return good
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
