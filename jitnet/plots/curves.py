"""The figures of a fit, epoch by epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from jitnet.plots.style import COLORS, picture
from jitnet.quoting import quoted
from jitnet.validation import as_numbers_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MARKED = 12
"""Epochs up to which each is marked."""


def plot_history(history: Mapping[str, Sequence[float]], *, theme: str = "light") -> Figure:
    """Draw the figures of a fit: a panel for the loss, and one for the accuracy.

    Parameters
    ----------
    history : dict of str to list of float
        What `Sequential.fit` returns.
    theme : {"light", "dark"}, default "light"
        The ground it is for.

    Returns
    -------
    matplotlib.figure.Figure
        Its ``savefig`` writes it to a file.

    Raises
    ------
    TypeError, ValueError
        If the history has no figures, or they are no lists of numbers.
    ImportError
        Without matplotlib: ``pip install 'jitnet[plot]'``, in a checkout ``pip install '.[plot]'``.

    Examples
    --------
    >>> from jitnet.plots.curves import plot_history
    >>> figure = plot_history({"loss": [0.9, 0.5, 0.4], "val_loss": [0.8, 0.6, 0.5]})
    >>> [panel.get_ylabel() for panel in figure.axes]
    ['loss']
    """
    history = {name: _figures(name, values) for name, values in history.items()}
    names = [name for name in history if not name.startswith("val_")]
    if not names:
        raise ValueError("the history has no figures")
    with picture(1 + 4.6 * len(names), 3.6, theme) as figure:
        panels = figure.subplots(1, len(names), squeeze=False)[0]
        for panel, name in zip(panels, names, strict=True):
            for key, label in ((name, "training"), (f"val_{name}", "validation")):
                if key in history:
                    epochs = range(1, len(history[key]) + 1)
                    marker = "o" if len(epochs) <= MARKED else ""
                    panel.plot(epochs, history[key], label=label, marker=marker, markersize=4)
            panel.set(xlabel="epoch", ylabel=name)
            panel.xaxis.get_major_locator().set_params(integer=True)
            validation = history.get(f"val_{name}")
            if validation:
                best = max(validation) if name == "accuracy" else min(validation)
                _mark_best(panel, validation, best)
            panel.legend()
    return figure


def _figures(name: object, values: Sequence[float]) -> list[float]:
    """A figure's numbers, one an epoch."""
    if not isinstance(name, str):
        raise TypeError(f"figures have names, got {quoted(name)}")
    numbers = as_numbers_of(values, f"{quoted(name)} of the history")
    if numbers.ndim != 1:
        raise ValueError(f"{quoted(name)} of the history must be a number an epoch")
    return [float(number) for number in numbers]


def _mark_best(panel: Axes, values: Sequence[float], best: float) -> None:
    """Mark the best epoch of the validation."""
    epoch = values.index(best) + 1
    panel.plot(epoch, best, "o", color=COLORS[1], markersize=7, label=f"best: {best:.4g}")
