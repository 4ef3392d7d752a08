"""The Python side of `fit`: history, validation, callbacks, progress."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import Any, Protocol

from jitnet.callbacks import Callback
from jitnet.engine.slices import Slice
from jitnet.kernels import cache
from jitnet.progress import Progress

Logs = dict[str, float]
History = dict[str, list[float]]


class Record:
    """The history of a fit, slice by slice: another thread that reads it sees whole epochs.

    A row of numbers for each epoch took half a microsecond, a third of a small step.
    """

    def __init__(self) -> None:
        self._slices: list[History] = []
        self._seen: tuple[int, History] = (0, {})
        self.epochs = 0

    def add(self, ended: History) -> None:
        """Record the epochs that have just ended."""
        self._slices.append(ended)
        self.epochs += len(ended["loss"])

    def history(self) -> History:
        """The figures by their names, a number an epoch."""
        slices, (count, history) = list(self._slices), self._seen
        if len(slices) > count:
            parts = [history] * (count > 0) + slices[count:]
            history = {
                name: list(chain.from_iterable(part[name] for part in parts)) for name in parts[0]
            }
            self._seen = len(slices), history
        return history


class Recorded(Protocol):
    """A model that keeps the record of its last fit."""

    _record: Record


def follow(
    model: Recorded,
    slices: Iterable[Slice],
    n_epochs: int,
    callbacks: Sequence[Callback],
    progress: Progress,
    validate: Callable[[], Logs] | None,
) -> History:
    """Run the slices, record each epoch in the model's history, and call the callbacks.

    A slice may end many epochs at once, but one alone where there is a validation or a callback.
    """
    record = model._record = Record()
    logs: Logs = {}
    try:
        for callback in callbacks:
            callback.on_fit_begin(model, n_epochs)
        with shown(progress, n_epochs):
            for done, ended, error in slices:
                if ended["loss"]:
                    if validate is not None:
                        ended |= {f"val_{name}": [value] for name, value in validate().items()}
                    record.add(ended)
                    logs = {name: values[-1] for name, values in ended.items()}
                    model._record = record
                progress.update(done, logs)
                if error is not None:
                    raise error
                if ended["loss"] and wants_to_stop(callbacks, model, record.epochs, logs):
                    break
        for callback in callbacks:
            callback.on_fit_end(model)
    finally:
        model._record = record  # a callback that trains puts another there
    return record.history()


def wants_to_stop(callbacks: Sequence[Callback], model: Any, epoch: int, logs: Logs) -> bool:
    """Call every callback, and return whether one of them wants to stop."""
    answers = [callback.on_epoch_end(model, epoch, dict(logs)) for callback in callbacks]
    return any(answers)


@contextmanager
def shown(progress: Progress, n_epochs: int) -> Iterator[None]:
    """Show the progress of a fit, and of the compiler."""
    progress.start(n_epochs)
    cache.watchers.append(progress)
    try:
        yield
    finally:
        cache.watchers.remove(progress)
        progress.close()
