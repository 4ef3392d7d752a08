"""What stands around a fit's compiled slices: history, validation, callbacks, progress."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from jitnet.callbacks import Callback
from jitnet.kernels import cache
from jitnet.progress import Progress

if TYPE_CHECKING:
    from jitnet.model import Sequential

Logs = dict[str, float]
History = dict[str, list[float]]


def follow(
    model: Sequential,
    slices: Iterable[tuple[float, list[Logs]]],
    n_epochs: int,
    callbacks: Sequence[Callback],
    progress: Progress,
    validate: Callable[[], Logs] | None,
) -> History:
    """Run the slices, record each epoch in the model's history, and tell who wants to know."""
    epoch, logs = 0, {}
    history: History = {}
    model.history = history
    for callback in callbacks:
        callback.on_fit_begin(model, n_epochs)
    with _shown(progress, n_epochs):
        for done, ended in slices:
            for logs in ended:
                epoch += 1
                if validate is not None:
                    logs |= {f"val_{name}": value for name, value in validate().items()}
                for name, value in logs.items():
                    history.setdefault(name, []).append(value)
                model.history = history  # a callback may have put a fit's of its own there
            progress.update(done, logs)
            if ended and _wants_to_stop(callbacks, model, epoch, logs):
                break
    for callback in callbacks:
        callback.on_fit_end(model)
    return history


def _wants_to_stop(
    callbacks: Sequence[Callback], model: Sequential, epoch: int, logs: Logs
) -> bool:
    """Tell every callback, and say whether one of them wants to stop."""
    answers = [callback.on_epoch_end(model, epoch, dict(logs)) for callback in callbacks]
    return any(answers)


@contextmanager
def _shown(progress: Progress, n_epochs: int) -> Iterator[None]:
    progress.start(n_epochs)
    cache.watchers.append(progress)
    try:
        yield
    finally:
        cache.watchers.remove(progress)
        progress.close()
