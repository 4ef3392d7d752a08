"""What a user may do at the seams of a fit."""

from __future__ import annotations

from typing import Any

__all__ = ["Callback"]


class Callback:
    """A fit's listener: override what is of interest, the rest does nothing.

    Examples
    --------
    Stop once the loss is small:

    >>> class GoodEnough(Callback):
    ...     def on_epoch_end(self, model, epoch, logs):
    ...         return logs["loss"] < 0.01
    >>> GoodEnough().on_epoch_end(None, 1, {"loss": 0.005})
    True
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

    def on_fit_end(self, model: Any) -> None:
        """Take note that the fit is over, after its last epoch or stopped before.

        Parameters
        ----------
        model : Sequential or estimator
            The model with its final weights.
        """
