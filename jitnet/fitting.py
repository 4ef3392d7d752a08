"""What stands around a fit's compiled slices: history, validation, callbacks, progress."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from jitnet.callbacks import Callback
from jitnet.kernels import cache
from jitnet.progress import Progress

if TYPE_CHECKING:
    from jitnet.model import Sequential

Logs = dict[str, float]
History = dict[str, list[float]]


def follow(
    model: Sequential,
    slices: Iterable[tuple[float, History]],
    n_epochs: int,
    callbacks: Sequence[Callback],
    progress: Progress,
    validate: Callable[[], Logs] | None,
) -> History:
    """Run the slices, record each epoch in the model's history, and tell who wants to know.

    A slice may end many epochs at once, but one alone where there is a validation or a callback.
    """
    history: History = {}
    logs: Logs = {}
    model.history = history
    try:
        for callback in callbacks:
            callback.on_fit_begin(model, n_epochs)
        with shown(progress, n_epochs):
            for done, ended in slices:
                if ended["loss"]:
                    if validate is not None:
                        ended |= {f"val_{name}": [value] for name, value in validate().items()}
                    for name, values in ended.items():
                        history.setdefault(name, []).extend(values)
                    logs = {name: values[-1] for name, values in ended.items()}
                    model.history = history
                progress.update(done, logs)
                if ended["loss"] and wants_to_stop(callbacks, model, len(history["loss"]), logs):
                    break
        for callback in callbacks:
            callback.on_fit_end(model)
    finally:
        model.history = history  # a callback that trains puts another there
    return history


def wants_to_stop(callbacks: Sequence[Callback], model: Any, epoch: int, logs: Logs) -> bool:
    """Tell every callback, and say whether one of them wants to stop."""
    answers = [callback.on_epoch_end(model, epoch, dict(logs)) for callback in callbacks]
    return any(answers)


@contextmanager
def shown(progress: Progress, n_epochs: int) -> Iterator[None]:
    """Show a fit's progress, kernels that are compiled included."""
    progress.start(n_epochs)
    cache.watchers.append(progress)
    try:
        yield
    finally:
        cache.watchers.remove(progress)
        progress.close()
