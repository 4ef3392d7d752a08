"""The flower: petals of two colours in the plane, which no straight line divides."""

from __future__ import annotations

from typing import Any

import numpy as np

import jitnet as jn
from jitnet.arrays import FloatArray
from jitnet.study.picture import BLUE, ORANGE

__all__ = ["draw_flower", "flower", "train_on_flower"]

EDGE = 4.8


def flower(seed: int = 1) -> tuple[FloatArray, FloatArray]:
    """400 points on the petals r = 4 sin 4θ, with noise: half of the turn red, half of it blue.

    Parameters
    ----------
    seed : int, default 1
        Of the noise: 1 gives the course's own points, number by number.

    Returns
    -------
    X : ndarray, shape (400, 2)
        A point a row; the course stores it as a column.
    y : ndarray, shape (400,)
        Its colour, 0 or 1.

    Examples
    --------
    >>> X, y = flower()
    >>> X.shape, y.mean().item()
    ((400, 2), 0.5)
    """
    noise = np.random.RandomState(seed).randn
    halves = []
    for start in (0.0, 3.12):
        angle = np.linspace(start, start + 3.12, 200) + 0.2 * noise(200)
        radius = 4 * np.sin(4 * angle) + 0.2 * noise(200)
        halves.append(np.column_stack([radius * np.sin(angle), radius * np.cos(angle)]))
    return np.concatenate(halves), np.repeat([0.0, 1.0], 200)


def train_on_flower(
    hidden: int, activation: str, weights: list[FloatArray] | None = None, *, steps: int
) -> jn.Sequential:
    """Train a network by full-batch gradient descent at the course's rate of 1.2.

    Parameters
    ----------
    hidden : int
        Units of the hidden layer; with 0 there is none, which is logistic regression.
    activation : str
        Theirs.
    weights : list of ndarray, optional
        The first weights, as ``set_weights`` takes them.
    steps : int
        How many steps to take.

    Returns
    -------
    Sequential
        The model; ``history["loss"]`` has the loss of each step.

    Examples
    --------
    >>> model = train_on_flower(4, "tanh", steps=1000)
    >>> model.history["loss"][-1] < 0.5
    True
    """
    model = _network(hidden, activation)
    if weights is not None:
        model.set_weights(weights)
    model.fit(*flower(), epochs=steps, batch_size=None)
    return model


def draw_flower(panel: Any, hidden: int, activation: str, weights: list[Any]) -> None:
    """Draw the points, and behind them which colour a network sees where.

    Parameters
    ----------
    panel : matplotlib.axes.Axes
        Where to draw.
    hidden, activation, weights
        The network, as in `train_on_flower`.
    """
    X, y = flower()
    side = np.linspace(-EDGE, EDGE, 200)
    grid = np.column_stack([axis.ravel() for axis in np.meshgrid(side, side)])
    model = _network(hidden, activation)
    model.set_weights(weights)
    seen = model.predict(grid).reshape(200, 200)
    panel.contourf(side, side, seen, levels=[0, 0.5, 1], colors=[ORANGE, BLUE], alpha=0.25)
    for colour, marker, label in ((ORANGE, "o", 0), (BLUE, "^", 1)):
        panel.plot(*X[y == label].T, marker, color=colour, markersize=3, label=f"y = {label}")
    panel.set(xlabel="x1", ylabel="x2", aspect="equal", xlim=(-EDGE, EDGE), ylim=(-EDGE, EDGE))


def _network(hidden: int, activation: str) -> jn.Sequential:
    layers = [jn.Dense(hidden, activation), jn.Dense(1)] if hidden else [jn.Dense(1)]
    return jn.Sequential(layers, "binary_crossentropy", jn.SGD(1.2), dtype="float64")
