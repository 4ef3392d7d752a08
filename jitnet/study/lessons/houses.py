"""The house sales as the lessons use them: scaled features, and every fifth sale held out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

import jitnet as jn
from jitnet.arrays import Array

__all__ = ["DOLLARS", "Houses", "error_in_dollars", "held_out", "houses", "r_squared"]

DOLLARS = 100_000
"""Prices are in this many dollars, so that a network's outputs are near 1."""


class Houses(NamedTuple):
    """Houses to train on and others to test with; prices in hundreds of thousands of dollars."""

    X_train: Array
    y_train: Array
    X_test: Array
    y_test: Array


def held_out(count: int) -> NDArray[np.bool_]:
    """Choose every fifth sale: as they are ordered by day, the test is spread over the year.

    Parameters
    ----------
    count : int
        How many sales there are.

    Returns
    -------
    ndarray of bool, shape (count,)
        True where a sale is held out to test with.

    Examples
    --------
    >>> np.flatnonzero(held_out(12)).tolist()
    [4, 9]
    """
    chosen: NDArray[np.bool_] = np.arange(count) % 5 == 4
    return chosen


def houses(features: Sequence[str]) -> Houses:
    """Split the houses, every fifth sale to the test, and scale some of their features.

    Parameters
    ----------
    features : sequence of str
        Names in `jitnet.datasets.HOUSE_FEATURES`. Each gets mean 0 and deviation 1 over the houses
        to train on, except for the zip code, a name of 70: it becomes 70 columns of zeros and ones.

    Returns
    -------
    Houses
        In float64.

    Examples
    --------
    >>> sold = houses(["sqft_living", "zipcode"])
    >>> sold.X_train.shape, sold.X_test.shape
    ((17291, 71), (4322, 71))
    """
    table, prices = jn.datasets.load_house_sales()
    test = held_out(len(prices))
    columns = []
    for name in features:
        column = table[:, jn.datasets.HOUSE_FEATURES.index(name)]
        if name == "zipcode":
            columns.append((column[:, np.newaxis] == np.unique(column)).astype(np.float64))
        else:
            mean, deviation = column[~test].mean(), column[~test].std()
            columns.append(((column - mean) / deviation)[:, np.newaxis])
    X, y = np.hstack(columns), prices / DOLLARS
    return Houses(X[~test], y[~test], X[test], y[test])


def r_squared(predicted: Array, prices: Array) -> float:
    """The share of the prices' variance that predictions explain, 1 at best.

    Parameters
    ----------
    predicted, prices : ndarray of shape (n_samples,)
        What a model says, and what is true.

    Returns
    -------
    float
        1 − Σ (predicted − price)² / Σ (mean − price)².

    Examples
    --------
    >>> r_squared(np.array([1.0, 2.0, 4.0]), np.array([1.0, 2.0, 3.0]))
    0.5
    """
    return float(1 - np.mean((predicted - prices) ** 2) / np.var(prices))


def error_in_dollars(predicted: Array, prices: Array) -> float:
    """The root of the mean squared error, in dollars.

    Parameters
    ----------
    predicted, prices : ndarray of shape (n_samples,)
        In units of `DOLLARS`.

    Returns
    -------
    float

    Examples
    --------
    >>> error_in_dollars(np.array([1.0, 2.0]), np.array([2.0, 3.0]))
    100000.0
    """
    return float(DOLLARS * np.sqrt(np.mean((predicted - prices) ** 2)))
