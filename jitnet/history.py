"""``History``: what a fit has recorded, one number an epoch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class History(dict[str, list[float]]):
    """The figures of a fit by their names, a list of one number an epoch each.

    Examples
    --------
    >>> history = History(loss=[0.9, 0.5], val_loss=[0.8, 0.6])
    >>> history["loss"][-1]
    0.5
    >>> len(history.plot().axes)
    1
    """

    def plot(self, *, theme: str = "light") -> Figure:
        """Draw the figures; see `jitnet.plots.curves.plot_history`."""
        from jitnet.plots.curves import plot_history

        return plot_history(self, theme=theme)


def checked_history(values: Any, epochs: int | None = None) -> History:
    """A history out of a file: names, and lists of a number an epoch, the loss among them."""
    history = History(values)
    count = len(history["loss"]) if epochs is None and history else epochs
    for name, numbers in history.items():
        if not isinstance(name, str) or not isinstance(numbers, list) or len(numbers) != count:
            raise ValueError(f"the history must have {count} numbers of {name!r}")
        if not all(type(number) in (int, float) for number in numbers):
            raise TypeError(f"the history of {name!r} must be numbers")
    return history
