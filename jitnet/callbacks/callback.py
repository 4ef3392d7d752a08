"""What a user may do at the seams of a fit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jitnet.arrays import Array

__all__ = ["Callback"]


class Callback:
    """A fit's listener: override what is of interest, the rest does nothing.

    Attributes
    ----------
    every_steps : int or None
        Steps at whose multiples `on_steps_end` is called, beside other times; by default None.
    watched : str or None
        The figure of the history that it cannot do without: a fit that records no such one is
        refused before any work. By default None.

    Examples
    --------
    Stop once the loss is small:

    >>> class GoodEnough(Callback):
    ...     def on_epoch_end(self, model, epoch, logs):
    ...         return logs["loss"] < 0.01
    >>> GoodEnough().on_epoch_end(None, 1, {"loss": 0.005})
    True
    """

    every_steps: int | None = None
    watched: str | None = None
    for_sequential = False
    """Whether it is for `Sequential` alone: estimators have no weights to be set, nor files."""
    comes_last = False
    """Whether `on_steps_end` is called after the other callbacks', which may stop the fit there."""

    def check(self, resume: Path | None) -> None:
        """Refuse a fit, by an error, before any work. Estimators do not call it.

        Parameters
        ----------
        resume : Path or None
            The checkpoint, or the folder of checkpoints, that the fit goes on from, if it does.
        """

    def on_fit_begin(self, model: Any, n_epochs: int) -> None:
        """Take note that a fit begins.

        Parameters
        ----------
        model : Sequential or estimator
            The model, built, with the weights it starts from.
        n_epochs : int
            The epochs that were asked for.
        """

    def on_epoch_end(self, model: Any, epoch: int, logs: dict[str, float]) -> bool | None:
        """Take note that an epoch is over, and say whether to stop.

        Parameters
        ----------
        model : Sequential or estimator
            The model with the weights that the epoch ended in.
        epoch : int
            Epochs of this fit that are over: 1 after the first.
        logs : dict of str to float
            What the history records of this epoch, ``"loss"`` first.

        Returns
        -------
        bool or None
            True stops the fit.
        """
        return None

    def on_steps_end(self, model: Any, fit: Any) -> None:
        """Take note that some steps are over: a tenth of a second of them, or an epoch.

        With `every_steps` it is called at their multiples too, and after `on_epoch_end` where an
        epoch has ended. Estimators do not call it.

        Parameters
        ----------
        model : Sequential
            The model as it is between two steps.
        fit : FitState
            Where the fit stands: ``fit.step``, ``fit.epochs_done``, ``fit.history``; its ``save``
            writes a checkpoint.
        """

    def state(self) -> tuple[dict[str, Any], list[Array]]:
        """What a checkpoint keeps of the callback, so that a resumed fit is as an unbroken one.

        Returns
        -------
        dict of str to number, str or None
            What JSON can hold.
        list of ndarray
            And arrays.
        """
        return {}, []

    def restore(self, numbers: dict[str, Any], arrays: list[Array]) -> None:
        """Take over what `state` gave; called after `on_fit_begin` of a resumed fit.

        Parameters
        ----------
        numbers : dict
            As `state` gave it.
        arrays : list of ndarray
            As `state` gave them.
        """

    def on_fit_end(self, model: Any) -> None:
        """Take note that the fit is over, after its last epoch or stopped before.

        Parameters
        ----------
        model : Sequential or estimator
            The model with its final weights.
        """
