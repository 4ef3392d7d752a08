"""The embedded digits as the lessons use them: ink from 0 to 1, a fifth of each digit held out."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

import jitnet as jn

__all__ = ["Digits", "digits_without_fold", "network"]


class Digits(NamedTuple):
    """Images to train on and others to test with."""

    X_train: NDArray[np.float32]
    y_train: NDArray[np.int64]
    X_test: NDArray[np.float32]
    y_test: NDArray[np.int64]


def digits_without_fold(fold: int = 4, n_folds: int = 5) -> Digits:
    """Split the digits; the same on every machine.

    Parameters
    ----------
    fold : int, default 4
        The fold that is held out to test with.
    n_folds : int, default 5
        How many folds each class is dealt out to.

    Returns
    -------
    Digits
        Images with ink from 0 to 1, and what they show.

    Examples
    --------
    >>> digits = digits_without_fold()
    >>> len(digits.X_train), len(digits.X_test)
    (1442, 355)
    """
    X, y = jn.datasets.load_digits()
    test = jn.datasets.stratified_folds(y, n_folds) == fold
    return Digits(X[~test] / 16, y[~test], X[test] / 16, y[test])


def network(hidden: tuple[int, ...], rate: float, **options: Any) -> jn.Sequential:
    """A classifier of digits with ReLU units, trained with Adam.

    Parameters
    ----------
    hidden : tuple of int
        Units of each hidden layer; none is softmax regression.
    rate : float
        Adam's learning rate.
    **options
        What else `jitnet.Sequential` is told.

    Returns
    -------
    Sequential
        The model, not trained yet.

    Examples
    --------
    >>> len(network((16,), 0.001).layers)
    2
    """
    layers = [*(jn.Dense(units, "relu") for units in hidden), jn.Dense(10)]
    return jn.Sequential(layers, "softmax_crossentropy", jn.Adam(rate), **options)
