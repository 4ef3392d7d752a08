"""``Checkpoint``: files that a fit can go on from, and the best model so far."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import Any

from jitnet.arrays import Array
from jitnet.callbacks.callback import Callback
from jitnet.callbacks.monitor import Monitored, check_monitor
from jitnet.callbacks.stopwatch import Stopwatch
from jitnet.checks import check_number, check_whole
from jitnet.io.model_file import CHECKPOINTS

CHECKPOINT_MINUTES = 1 / 6
"""Time between two checkpoints, at least, where commands and tables' models write them."""
KEPT = 2
"""Checkpoints that are kept: a damaged disk may have spoilt the last one."""


class Checkpoint(Callback):
    """Write checkpoints into a folder: the last two, and the best model.

    ``fit(resume=folder)`` goes on from the newest one and ends in the bits of an unbroken fit:
    weights, moments, schedule, order of the examples, history and the other callbacks' states are
    in it. A file is there as a whole or not at all.

    Parameters
    ----------
    folder : str or path-like
        The folder, which is made if there is none: ``step-….safetensors``, ``best.safetensors``.
    every_epochs : int, optional
        Epochs between two checkpoints; 1 unless one of the others is given.
    every_steps : int, optional
        Steps between two checkpoints.
    every_minutes : float, optional
        Minutes between two checkpoints, at least.
    monitor : str, optional
        The figure of the history by which the best model is chosen; by default ``"val_loss"``
        where there is one, else ``"loss"``.

    Examples
    --------
    >>> import jitnet as jn, tempfile
    >>> X, y = jn.datasets.load_digits()
    >>> def fit(epochs, **kwargs):
    ...     model = jn.Sequential([jn.Dense(10)], loss="softmax_crossentropy")
    ...     model.fit(X, y, epochs=epochs, progress=False, **kwargs)
    ...     return model.get_weights()[0]
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = fit(2, callbacks=[jn.Checkpoint(folder)])
    ...     resumed = fit(4, callbacks=[jn.Checkpoint(folder)], resume=folder)
    >>> bool((resumed == fit(4)).all())
    True
    """

    for_sequential = True

    comes_last = True

    def __init__(
        self,
        folder: str | PathLike[str],
        *,
        every_epochs: int | None = None,
        every_steps: int | None = None,
        every_minutes: float | None = None,
        monitor: str | None = None,
    ) -> None:
        self.folder = Path(folder)
        given = [every_epochs, every_steps, every_minutes]
        if sum(value is not None for value in given) > 1:
            raise ValueError("give one of every_epochs, every_steps and every_minutes")
        if every_epochs is not None:
            check_whole("every_epochs", every_epochs, least=1)
        if every_steps is not None:
            check_whole("every_steps", every_steps, least=1)
        if every_minutes is not None:
            check_number("every_minutes", every_minutes, above=0.0)
        by_default = 1 if every_steps is None and every_minutes is None else None
        self.every_epochs = every_epochs or by_default
        self.every_steps, self.every_minutes = every_steps, every_minutes
        self.monitor = self.watched = None if monitor is None else check_monitor(monitor)
        self._begin()

    def _begin(self) -> None:
        self._best = Monitored(self.monitor or "", 0.0)
        self._last = (0, 0, Stopwatch())  # epochs, steps, and the time since one was written

    def check(self, resume: Path | None) -> None:
        """Make the folder, and refuse one with another fit's checkpoints; see `Callback.check`."""
        if self.folder.exists() and not self.folder.is_dir():
            raise ValueError(f"{str(self.folder)!r} is no folder")
        self.folder.mkdir(parents=True, exist_ok=True)
        own = resume is not None and self.folder.resolve() in (
            resume.resolve(),
            resume.resolve().parent,
        )
        if not own and any(self.folder.glob(CHECKPOINTS)):
            raise ValueError(
                f"the folder {str(self.folder)!r} has checkpoints of another fit; "
                "fit(resume=folder) goes on from them, or take another folder"
            )

    def on_fit_begin(self, model: Any, n_epochs: int) -> None:
        """Begin anew; see `Callback.on_fit_begin`."""
        self._begin()

    def on_epoch_end(self, model: Any, epoch: int, logs: dict[str, float]) -> None:
        """Write the model if it is the best so far; see `Callback.on_epoch_end`."""
        self._best.name = self.monitor or ("val_loss" if "val_loss" in logs else "loss")
        if self._best.improves(epoch, logs):
            model.save(self.folder / "best.safetensors")

    def on_steps_end(self, model: Any, fit: Any) -> None:
        """Write a checkpoint where it is time for one; see `Callback.on_steps_end`."""
        if fit.has_ended or self._is_time(fit):
            fit.save(self.folder / f"step-{fit.step:09d}.safetensors")
            self._last = (int(fit.epochs_done), fit.step, Stopwatch())
            for file in sorted(self.folder.glob(CHECKPOINTS))[:-KEPT]:
                file.unlink(missing_ok=True)

    def _is_time(self, fit: Any) -> bool:
        epochs, steps, since = self._last
        if self.every_epochs is not None:
            return int(fit.epochs_done) >= epochs + self.every_epochs
        if self.every_steps is not None:
            return bool(fit.step >= steps + self.every_steps)
        assert self.every_minutes is not None
        return since.seconds() >= 60 * self.every_minutes

    def state(self) -> tuple[dict[str, Any], list[Array]]:
        """The best value so far; see `Callback.state`."""
        return self._best.state(), []

    def restore(self, numbers: dict[str, Any], arrays: list[Array]) -> None:
        """Take it over; see `Callback.restore`."""
        self._best.restore(numbers)
