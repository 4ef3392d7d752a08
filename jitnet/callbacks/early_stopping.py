"""``EarlyStopping``: an end where nothing gets better, and the best weights back."""

from __future__ import annotations

from typing import Any

from jitnet.arrays import Array
from jitnet.callbacks.callback import Callback
from jitnet.callbacks.monitor import Monitored, check_monitor
from jitnet.checks import check_flag, check_number, check_whole


class EarlyStopping(Callback):
    """Stop a fit whose validation does not get better, and go back to its best weights.

    Parameters
    ----------
    monitor : str, default "val_loss"
        The figure of the history to watch; one that ends in "accuracy" is to grow, others to fall.
    patience : int, default 10
        Epochs without a better value after which the fit ends.
    min_delta : float, default 0.0
        By how much a value must be better to count.
    restore_best : bool, default True
        Whether the model has the weights of the best epoch after the fit.

    Attributes
    ----------
    best : float
        The best value.
    best_epoch : int
        Its epoch in the fit, from 1 on.

    Raises
    ------
    ValueError
        In the fit, if it has no such figure.

    Examples
    --------
    >>> import jitnet as jn
    >>> X, y = jn.datasets.load_digits()
    >>> stopping = jn.EarlyStopping(patience=3)
    >>> model = jn.Sequential([jn.Dense(10)], loss="softmax_crossentropy", optimizer=jn.Adam(0.1))
    >>> history = model.fit(
    ...     X[:1000] / 16, y[:1000], epochs=200, validation_data=(X[1000:] / 16, y[1000:]),
    ...     callbacks=[stopping],
    ... )
    >>> len(history["loss"]) == stopping.best_epoch + 3
    True
    """

    for_sequential = True

    def __init__(
        self,
        monitor: str = "val_loss",
        *,
        patience: int = 10,
        min_delta: float = 0.0,
        restore_best: bool = True,
    ) -> None:
        self.monitor = self.watched = check_monitor(monitor)
        self.patience = check_whole("patience", patience, least=1)
        self.min_delta = check_number("min_delta", min_delta, least=0.0)
        self.restore_best = check_flag("restore_best", restore_best)
        self._watched = Monitored(self.monitor, self.min_delta)
        self._weights: list[Array] | None = None
        self._model: Any = None  # while a fit goes on

    @property
    def best(self) -> float:
        """The best value of the last fit."""
        return self._watched.best

    @property
    def best_epoch(self) -> int:
        """The epoch of the best value in the last fit, from 1 on."""
        return self._watched.best_epoch

    def on_fit_begin(self, model: Any, n_epochs: int) -> None:
        """Begin anew; see `Callback.on_fit_begin`."""
        self._watched = Monitored(self.monitor, self.min_delta)
        self._weights = None
        self._model = model

    def on_epoch_end(self, model: Any, epoch: int, logs: dict[str, float]) -> bool:
        """Whether the patience is at its end; see `Callback.on_epoch_end`."""
        if self._watched.improves(epoch, logs) and self.restore_best:
            self._weights = model.get_weights()
        return epoch - self.best_epoch >= self.patience

    def state(self) -> tuple[dict[str, Any], list[Array]]:
        """The best value, its epoch and its weights; see `Callback.state`."""
        return self._watched.state(), self._weights or []

    def restore(self, numbers: dict[str, Any], arrays: list[Array]) -> None:
        """Take these over; see `Callback.restore`."""
        self._watched.restore(numbers)
        found, wanted = ([a.shape for a in some] for some in (arrays, self._model.get_weights()))
        if arrays and found != wanted:
            raise ValueError(f"the best weights must have the shapes {wanted}, got {found}")
        self._weights = arrays or None

    def on_fit_end(self, model: Any) -> None:
        """Go back to the best weights; see `Callback.on_fit_end`."""
        self._model = None
        if self._weights is not None:
            model.set_weights(self._weights)
