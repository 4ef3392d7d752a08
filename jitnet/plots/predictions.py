"""What a model says beside what is so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from jitnet.arrays import Array
from jitnet.plots.style import COLORS, label, picture
from jitnet.tabular.scores import calibration_bins

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_POINTS = 5000
"""Points of a scatter; of more rows every so many are drawn."""
MOST_NAMES = 20
"""Classes up to which their numbers are written into the squares."""


def plot_confusion(confusion: Array, classes: Sequence[Any], *, theme: str = "light") -> Figure:
    """Draw how many rows of each class were said to be of which.

    Parameters
    ----------
    confusion : ndarray of int, shape (n_classes, n_classes)
        Rows by their class, and by what was said: ``Classification.confusion``.
    classes : sequence
        The names of the classes.
    theme : {"light", "dark"}, default "light"
        The ground it is for.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ImportError
        Without matplotlib: ``pip install 'jitnet[plot]'``, in a checkout ``pip install '.[plot]'``.

    Examples
    --------
    >>> from jitnet.plots.predictions import plot_confusion
    >>> import numpy as np
    >>> plot_confusion(np.array([[8, 2], [1, 9]]), ["no", "yes"]).axes[0].get_xlabel()
    'said'
    """
    count = len(classes)
    side = min(9.0, 2.4 + 0.55 * count)
    shares = confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    with picture(side + 0.8, side, theme) as figure:
        panel = figure.subplots()
        panel.imshow(shares, cmap="Blues", vmin=0, vmax=1)
        panel.grid(visible=False)
        names = [label(str(name)) for name in classes]
        turned = max(map(len, names)) * count > 40
        panel.set_xticks(range(count), names, rotation=90 if turned else 0)
        panel.set_yticks(range(count), names)
        panel.set(xlabel="said", ylabel="is")
        if count <= MOST_NAMES:
            for (row, column), number in np.ndenumerate(confusion):
                color = "#ffffff" if shares[row, column] > 0.5 else "#222222"
                panel.text(column, row, f"{number:,}", ha="center", va="center", color=color)
    return figure


def plot_predicted(
    targets: Array, predictions: Array, name: str = "target", *, theme: str = "light"
) -> Figure:
    """Draw predicted over true numbers, and the residuals over the predictions.

    Parameters
    ----------
    targets, predictions : ndarray of shape (n,)
        True and predicted numbers.
    name : str, default "target"
        What they are.
    theme : {"light", "dark"}, default "light"
        The ground it is for.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ImportError
        As in `plot_confusion`.

    Examples
    --------
    >>> from jitnet.plots.predictions import plot_predicted
    >>> import numpy as np
    >>> figure = plot_predicted(np.arange(5.0), np.arange(5.0) + 0.1, "price")
    >>> [panel.get_ylabel() for panel in figure.axes]
    ['price, predicted', 'predicted - true']
    """
    step = -(-len(targets) // MOST_POINTS)
    true, said = targets[::step], predictions[::step]
    dots = {"markersize": 3, "alpha": 0.35, "markeredgewidth": 0, "color": COLORS[0]}
    with picture(9.6, 4.2, theme) as figure:
        left, right = figure.subplots(1, 2)
        left.plot(true, said, "o", **dots)
        ends = [min(true.min(), said.min()), max(true.max(), said.max())]
        left.plot(ends, ends, color=COLORS[1], linewidth=1.2)
        name = label(name)
        left.set(xlabel=f"{name}, true", ylabel=f"{name}, predicted")
        right.plot(said, said - true, "o", **dots)
        right.axhline(0, color=COLORS[1], linewidth=1.2)
        right.set(xlabel=f"{name}, predicted", ylabel="predicted - true")
    return figure


def plot_calibration(confidence: Array, right: Array, *, theme: str = "light") -> Figure:
    """Draw how often what was said with some probability was so.

    Parameters
    ----------
    confidence : ndarray of shape (n,)
        The probability of what was said.
    right : ndarray of bool, shape (n,)
        Whether it was so.
    theme : {"light", "dark"}, default "light"
        The ground it is for.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ImportError
        As in `plot_confusion`.
    """
    rows, said, so = calibration_bins(confidence, right)
    there = rows > 0
    said, so = said[there] / rows[there], so[there] / rows[there]
    with picture(5.0, 4.2, theme) as figure:
        panel = figure.subplots()
        panel.plot([0, 1], [0, 1], color=COLORS[7], linewidth=1.0, linestyle="--")
        panel.plot(said, so, "o-", markersize=5)
        panel.set(xlabel="probability of what was said", ylabel="share that was so")
        low = max(0.0, said.min() - 0.05)
        panel.set(xlim=(low, 1.01), ylim=(min(low, so.min() - 0.05), 1.01))
    return figure
