"""Handwritten digits: 1,797 images of 8×8 pixels, shipped with the package.

The test part of *Optical Recognition of Handwritten Digits* (Alpaydin & Kaynak, 1998, UCI Machine
Learning Repository, CC BY 4.0); ``digits.md``, beside the data, says more.
"""

from __future__ import annotations

from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

__all__ = ["load_digits"]


def load_digits() -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Load the handwritten digits, in the order of scikit-learn's ``load_digits``.

    Returns
    -------
    X : ndarray of float32, shape (1797, 64)
        One image a row, its 8×8 pixels row by row; ink from 0 (none) to 16.
    y : ndarray of int64, shape (1797,)
        The digit that each image shows, 0 to 9.

    Examples
    --------
    >>> X, y = load_digits()
    >>> X.shape, int(y[0]), X[0].reshape(8, 8)[3].tolist()
    ((1797, 64), 0, [0.0, 4.0, 12.0, 0.0, 0.0, 8.0, 8.0, 0.0])
    """
    with files(__package__).joinpath("digits.npz").open("rb") as file, np.load(file) as data:
        return data["X"].astype(np.float32), data["y"].astype(np.int64)
