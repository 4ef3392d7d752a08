"""``TimeBudget``: a fit that ends after some time."""

from __future__ import annotations

from typing import Any

from jitnet.arrays import Array
from jitnet.callbacks.callback import Callback
from jitnet.callbacks.stopwatch import Stopwatch
from jitnet.checks import check_number


class TimeBudget(Callback):
    """Stop a fit after some time, to a tenth of a second, also in the middle of an epoch.

    A resumed fit counts the time before its checkpoint too; with a longer budget it goes on.

    Parameters
    ----------
    minutes : float
        The time, that of compiling kernels included where they are not in the cache yet.

    Examples
    --------
    >>> import jitnet as jn
    >>> X, y = jn.datasets.load_digits()
    >>> model = jn.Sequential([jn.Dense(10)], loss="softmax_crossentropy")
    >>> budget = jn.TimeBudget(minutes=0.001)
    >>> history = model.fit(X, y, epochs=10**6, callbacks=[budget], progress=False)
    >>> len(history["loss"]) < 10**6
    True
    """

    for_sequential = True

    def __init__(self, minutes: float) -> None:
        self.minutes = check_number("minutes", minutes, above=0.0)
        self._watch = Stopwatch()

    def on_fit_begin(self, model: Any, n_epochs: int) -> None:
        """Begin to count; see `Callback.on_fit_begin`."""
        self._watch = Stopwatch()

    def on_steps_end(self, model: Any, fit: Any) -> None:
        """Stop the fit where the time is over; see `Callback.on_steps_end`."""
        if self._watch.seconds() >= 60 * self.minutes:
            fit.paused = True

    def state(self) -> tuple[dict[str, Any], list[Array]]:
        """The seconds so far; see `Callback.state`."""
        return {"seconds": self._watch.seconds()}, []

    def restore(self, numbers: dict[str, Any], arrays: list[Array]) -> None:
        """Take them over; see `Callback.restore`."""
        self._watch = Stopwatch(check_number("seconds", numbers["seconds"], least=0.0))
