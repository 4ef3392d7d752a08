"""The images about which a model is most wrong."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from jitnet.arrays import Array
from jitnet.plots.style import label, picture

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST, COLUMNS = 24, 8
"""Images that are drawn, and how many side by side."""


def plot_mistakes(
    X: Array, labels: Array, probabilities: Array, classes: Sequence[Any], *, theme: str = "light"
) -> Figure:
    """Draw images that were said to be of another class, those first that were said most surely.

    Parameters
    ----------
    X : ndarray of shape (n, height, width), (n, height, width, channels), or rows of a square's
        The images.
    labels : ndarray of int, shape (n,)
        The places of their classes.
    probabilities : ndarray of shape (n, n_classes)
        What a model says.
    classes : sequence
        The names of the classes.
    theme : {"light", "dark"}, default "light"
        The ground it is for.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If no image was said to be of another class.
    ImportError
        Without matplotlib: ``pip install 'jitnet[plot]'``, in a checkout ``pip install '.[plot]'``.

    Examples
    --------
    >>> import numpy as np
    >>> from jitnet.plots.mistakes import plot_mistakes
    >>> X, P = np.zeros((2, 8, 8)), np.array([[0.9, 0.1], [0.2, 0.8]])
    >>> figure = plot_mistakes(X, np.array([1, 1]), P, ["cat", "dog"])
    >>> figure.axes[0].get_title().splitlines()
    ['cat 90%', 'is dog']
    """
    places = most_wrong(labels, probabilities)
    if not len(places):
        raise ValueError("there are no mistakes to draw")
    said = probabilities.argmax(axis=1)
    rows = math.ceil(len(places) / COLUMNS)
    columns = min(COLUMNS, len(places))
    with picture(1.2 * columns, 1.6 * rows, theme) as figure:
        for place, example in enumerate(places):
            panel = figure.add_subplot(rows, columns, place + 1)
            panel.imshow(_pixels(X[example]), cmap="gray", interpolation="nearest")
            panel.set_axis_off()
            share = probabilities[example, said[example]]
            names = [label(str(classes[c])) for c in (said[example], labels[example])]
            panel.set_title(f"{names[0]} {share:.0%}\nis {names[1]}", fontsize=9)
    return figure


def most_wrong(labels: Array, probabilities: Array) -> Array:
    """The examples that were said to be of another class, by how surely that was said."""
    wrong = np.flatnonzero(probabilities.argmax(axis=1) != labels)
    order = np.argsort(-probabilities[wrong].max(axis=1), kind="stable")
    places: Array = wrong[order[:MOST]]
    return places


def _pixels(image: Array) -> Array:
    """An image as matplotlib has it: (height, width), or with three channels."""
    if image.ndim == 1:
        side = math.isqrt(len(image))
        return image.reshape(side, side)
    return image[..., 0] if image.shape[2:] == (1,) else image
