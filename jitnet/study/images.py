"""Images as nested lists, (m, n_H, n_W, n_C), and how often a window fits along a side of them."""

from __future__ import annotations

Image = list[list[list[float]]]
Images = list[Image]


def zeros(m: int, n_H: int, n_W: int, n_C: int) -> Images:
    """Images of zeros."""
    return [[[[0.0] * n_C for _ in range(n_W)] for _ in range(n_H)] for _ in range(m)]


def windows_along(n_prev: int, f: int, stride: int, pad: int = 0) -> int:
    """n = (n_prev + 2 pad - f) // stride + 1."""
    return (n_prev + 2 * pad - f) // stride + 1
