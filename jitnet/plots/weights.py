"""What a network has learned: first-layer weights and filters as images, decision regions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from jitnet.arrays import Array
from jitnet.plots.style import COLORS, picture

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from jitnet.model import Sequential

MOST_IMAGES = 64
FINENESS = 200
"""Points of a side of the grid by which regions are drawn."""


def plot_filters(
    model: Sequential, shape: tuple[int, int] | None = None, *, theme: str = "light"
) -> Figure:
    """Draw the weights of the first layer that has some, an image for each of its units.

    Parameters
    ----------
    model : Sequential
        A built model whose first layer with weights is a `Conv2D`, or a `Dense` on images.
    shape : (int, int), optional
        Height and width of the images that a `Dense` reads; a square by default.
    theme : {"light", "dark"}, default "light"
        The ground it is for.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If the weights are no images of that shape.
    ImportError
        Without matplotlib: ``pip install 'jitnet[plot]'``, in a checkout ``pip install '.[plot]'``.

    Examples
    --------
    >>> import jitnet as jn
    >>> from jitnet.plots.weights import plot_filters
    >>> model = jn.Sequential([jn.Conv2D(6, 5)], loss="mse").build((9, 9, 1))
    >>> len(plot_filters(model).axes)
    6
    """
    images = _images(model.get_weights()[0], shape)[:MOST_IMAGES]
    columns = math.ceil(math.sqrt(len(images)))
    rows = math.ceil(len(images) / columns)
    most = float(np.abs(images).max()) or 1.0
    with picture(1.1 * columns, 1.1 * rows, theme) as figure:
        for place, image in enumerate(images):
            panel = figure.add_subplot(rows, columns, place + 1)
            panel.imshow(image, cmap="RdBu_r", vmin=-most, vmax=most, interpolation="nearest")
            panel.set_axis_off()
    return figure


def _images(weight: Array, shape: tuple[int, int] | None) -> Array:
    """(n_units, height, width), of several channels their mean."""
    if weight.ndim == 4:
        return np.moveaxis(weight.mean(axis=2), -1, 0)
    side = math.isqrt(len(weight))
    height, width = shape or (side, side)
    if weight.ndim != 2 or height * width != len(weight):
        raise ValueError(
            f"the first weights have the shape {weight.shape}, which are no images of "
            f"{height}×{width}; give the shape of those that the model reads"
        )
    return weight.T.reshape(-1, height, width)


def plot_regions(
    model: Any,
    X: Array,
    y: Array,
    *,
    names: Sequence[str] = ("feature 1", "feature 2"),
    theme: str = "light",
) -> Figure:
    """Draw which class a model of two features says where.

    Parameters
    ----------
    model : Sequential or estimator
        A fitted classifier of two features.
    X : ndarray of shape (n, 2)
        Examples.
    y : ndarray of shape (n,)
        Their classes.
    names : sequence of str, default ("feature 1", "feature 2")
        What the features are called.
    theme : {"light", "dark"}, default "light"
        The ground it is for.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If there are not two features.
    ImportError
        As in `plot_filters`.

    Examples
    --------
    >>> import jitnet as jn
    >>> import numpy as np
    >>> from jitnet.plots.weights import plot_regions
    >>> X = np.array([[0.0, 0.0], [1.0, 1.0], [0.0, 1.0], [1.0, 0.0]])
    >>> model = jn.Sequential([jn.Dense(2)], loss="softmax_crossentropy").build(2)
    >>> plot_regions(model, X, np.array([0, 0, 1, 1])).axes[0].get_xlabel()
    'feature 1'
    """
    X = np.asarray(X, np.float64)
    if X.ndim != 2 or X.shape[1] != 2:
        raise ValueError(f"regions are drawn of two features, and X has the shape {X.shape}")
    low, high = X.min(axis=0), X.max(axis=0)
    margin = 0.05 * (high - low) + 1e-9
    axes = [np.linspace(a, b, FINENESS) for a, b in zip(low - margin, high + margin, strict=True)]
    grid = np.stack(np.meshgrid(*axes), axis=-1).reshape(-1, 2)
    said = np.asarray(model.predict(grid))
    if said.ndim == 2:
        said = said.argmax(axis=1) if said.shape[1] > 1 else (said[:, 0] > 0.5).astype(int)
    classes = np.unique(np.concatenate([np.unique(y), np.unique(said)]))
    places = np.searchsorted(classes, said).reshape(FINENESS, FINENESS)
    with picture(5.6, 4.8, theme) as figure:
        panel = figure.subplots()
        colors = [COLORS[k % len(COLORS)] for k in range(len(classes))]
        levels = np.arange(len(classes) + 1) - 0.5
        panel.contourf(*axes, places, levels=levels, colors=colors, alpha=0.25)
        for place, value in enumerate(classes):
            panel.plot(*X[y == value].T, "o", markersize=4, label=str(value), color=colors[place])
        panel.set(xlabel=names[0], ylabel=names[1])
        panel.legend()
    return figure
