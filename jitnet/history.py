"""``History``: what a fit has recorded, one number an epoch."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
