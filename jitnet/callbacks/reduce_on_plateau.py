"""``ReduceOnPlateau``: a lower learning rate where nothing gets better."""

from __future__ import annotations

from typing import Any

from jitnet.arrays import Array
from jitnet.callbacks.callback import Callback
from jitnet.callbacks.monitor import Monitored, check_monitor
from jitnet.checks import check_number, check_whole


class ReduceOnPlateau(Callback):
    """Multiply the learning rate by a factor where a figure does not get better.

    Parameters
    ----------
    monitor : str, default "val_loss"
        The figure of the history to watch; one that ends in "accuracy" is to grow, others to fall.
    factor : float, default 0.5
        Between 0 and 1.
    patience : int, default 5
        Epochs without a better value after which the rate is lowered, and waited for again.
    min_delta : float, default 0.0
        By how much a value must be better to count.
    min_rate : float, default 0.0
        The rate below which it is not lowered.

    Examples
    --------
    >>> import jitnet as jn
    >>> model = jn.Sequential([jn.Dense(1)], loss="mse", optimizer=jn.SGD(0.1))
    >>> plateau = jn.ReduceOnPlateau("loss", patience=2, min_delta=1e9)
    >>> _ = model.fit([[1.0], [2.0]], [1.0, 2.0], epochs=5, callbacks=[plateau], progress=False)
    >>> model.learning_rate  # lowered after the epochs 3 and 5
    0.025
    """

    for_sequential = True

    def __init__(
        self,
        monitor: str = "val_loss",
        *,
        factor: float = 0.5,
        patience: int = 5,
        min_delta: float = 0.0,
        min_rate: float = 0.0,
    ) -> None:
        self.monitor = self.watched = check_monitor(monitor)
        self.factor = check_number("factor", factor, above=0.0, below=1.0)
        self.patience = check_whole("patience", patience, least=1)
        self.min_delta = check_number("min_delta", min_delta, least=0.0)
        self.min_rate = check_number("min_rate", min_rate, least=0.0)
        self._begin()

    def _begin(self) -> None:
        self._watched, self._since = Monitored(self.monitor, self.min_delta), 0

    def on_fit_begin(self, model: Any, n_epochs: int) -> None:
        """Begin anew; see `Callback.on_fit_begin`."""
        self._begin()

    def on_epoch_end(self, model: Any, epoch: int, logs: dict[str, float]) -> None:
        """Lower the rate at the end of the patience; see `Callback.on_epoch_end`."""
        if self._watched.improves(epoch, logs):
            self._since = epoch
        elif epoch - self._since >= self.patience:
            self._since = epoch
            if model.learning_rate * self.factor >= self.min_rate:
                model.scale_learning_rate(self.factor)

    def state(self) -> tuple[dict[str, Any], list[Array]]:
        """The best value, and when the patience began; see `Callback.state`."""
        return self._watched.state() | {"since": self._since}, []

    def restore(self, numbers: dict[str, Any], arrays: list[Array]) -> None:
        """Take these over; see `Callback.restore`."""
        self._watched.restore(numbers)
        self._since = check_whole("since", numbers["since"], least=0)
