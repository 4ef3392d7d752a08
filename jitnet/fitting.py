"""The Python side of `fit`: history, validation, callbacks, progress."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any

from jitnet.callbacks import Callback
from jitnet.engine.slices import Slice
from jitnet.fit_state import FitState
from jitnet.history import History
from jitnet.kernels import cache
from jitnet.progress import Progress

if TYPE_CHECKING:
    from jitnet.ranks.ranks import Ranks

Logs = dict[str, float]
InFirst = Callable[[Callable[[], Any], FitState], None]
"""Does some work, in the first rank where there are several, which then all are where that is."""


def in_first_of(ranks: Ranks | None) -> InFirst:
    """How work is done that one rank does for all."""
    return _alone if ranks is None else ranks.in_first


def _alone(work: Callable[[], Any], fit: FitState) -> None:
    work()


class Record:
    """The history of a fit, slice by slice: another thread that reads it sees whole epochs.

    A row of numbers for each epoch took half a microsecond, a third of a small step.
    """

    def __init__(self, history: History | None = None) -> None:
        self._slices: list[dict[str, list[float]]] = []
        self._seen: tuple[int, History] = (0, History())
        self.epochs = 0
        if history:
            self.add(history)

    def add(self, ended: dict[str, list[float]]) -> None:
        """Record the epochs that have just ended."""
        self._slices.append(ended)
        self.epochs += len(ended["loss"])

    def history(self) -> History:
        """The figures by their names, a number an epoch."""
        slices, (count, history) = list(self._slices), self._seen
        if len(slices) > count:
            parts = [history] * (count > 0) + slices[count:]
            history = History(
                (name, list(chain.from_iterable(part[name] for part in parts))) for name in parts[0]
            )
            self._seen = len(slices), history
        return history


def follow(
    fit: FitState,
    slices: Iterable[Slice],
    progress: Progress,
    validate: Callable[[], Logs] | None,
    in_first: InFirst,
) -> History:
    """Run the slices, record each epoch in the model's history, and call the callbacks.

    A slice may end many epochs at once, but one alone where there is a validation or a callback.
    What a callback does, it does within a call of ``in_first``.
    """
    model, callbacks = fit.model, fit.callbacks
    record = model._record = Record(fit.history)
    logs: Logs = {name: values[-1] for name, values in fit.history.items() if values}
    try:
        with shown(progress, fit.settings.epochs):
            for done, ended, error, place in slices:
                if ended["loss"]:
                    if validate is not None:
                        ended |= {f"val_{name}": [value] for name, value in validate().items()}
                    record.add(ended)
                    logs = {name: values[-1] for name, values in ended.items()}
                    model._record = record
                progress.update(done, logs)
                if error is not None:
                    raise error
                if callbacks:
                    fit.place, fit.epochs_done = place, done
                    in_first(partial(_tell, fit, record, logs, bool(ended["loss"])), fit)
                if fit.stopped or fit.paused:
                    break
        if callbacks:
            in_first(partial(_tell_of_end, fit), fit)
    finally:
        model._record = record  # a callback that trains puts another there
    return record.history()


def _tell(fit: FitState, record: Record, logs: Logs, has_ended: bool) -> None:
    """Tell the callbacks of some steps, and of the epoch that has ended in them, if one has."""
    if has_ended:
        fit.stopped = wants_to_stop(fit.callbacks, fit.model, record.epochs, logs)
    listeners = [c for c in fit.callbacks if type(c).on_steps_end is not Callback.on_steps_end]
    if listeners:
        fit.history = record.history()
        for callback in sorted(listeners, key=lambda callback: callback.comes_last):
            callback.on_steps_end(fit.model, fit)


def _tell_of_end(fit: FitState) -> None:
    for callback in fit.callbacks:
        callback.on_fit_end(fit.model)


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
