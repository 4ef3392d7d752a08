"""Every type of numbers that NumPy has, in both orders of bytes."""

from __future__ import annotations

from typing import Any

import numpy as np

LETTERS = ("?", "b", "B", "h", "H", "i", "I", "q", "Q", "e", "f", "d", "g")
NATIVE = [np.dtype(letter) for letter in LETTERS]
DTYPES = NATIVE + [dtype.newbyteorder() for dtype in NATIVE if dtype.itemsize > 1]

NOT_NUMBERS: dict[str, Any] = {
    "times": "M8[s]",
    "spans of time": "m8[s]",
    "text": "U",
    "bytes": "S",
    "complex numbers": "D",
    "long complex numbers": "G",
}


def small_numbers(shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
    """Zeros and ones, which every type holds."""
    return np.random.default_rng(0).integers(0, 2, shape)
