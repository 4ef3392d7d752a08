"""The definitions of pools, window by window, in NumPy's float64: a part of the oracle."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import numpy as np

from jitnet.arrays import FloatArray


def max_pool_forward(layer: Any, X: FloatArray, parameters: Any, uniform: Any) -> FloatArray:
    """Y = the greatest value of each window."""
    return _pooled(layer, X, lambda values: values.max(axis=0))


def max_pool_backward(
    layer: Any, dY: FloatArray, X: FloatArray, parameters: Any, uniform: Any
) -> tuple[FloatArray, list[FloatArray]]:
    """Of each window's dY, all for the first place that has the greatest value."""

    def parts(values: FloatArray, d: FloatArray) -> FloatArray:
        first = values.argmax(axis=0)
        return np.array([np.where(first == turn, d, 0.0) for turn in range(len(values))])

    return _spread(layer, dY, X, parts), []


def max_pool_kinks(layer: Any, X: FloatArray) -> FloatArray:
    """By how much the greatest value of each window is above the next."""
    images: Any = _with_channels(layer, X)
    gaps = [np.ones((len(X), 1))]
    for _, places in _windows(layer, images.shape[1:-1]):
        ordered = np.sort([images[:, *place] for place in places], axis=0)
        gaps += [ordered[-1] - ordered[-2]] if len(places) > 1 else []
    return np.concatenate(gaps, axis=1)


def average_pool_forward(layer: Any, X: FloatArray, parameters: Any, uniform: Any) -> FloatArray:
    """Y = the mean of each window's places within the image."""
    return _pooled(layer, X, lambda values: values.sum(axis=0) / len(values))


def average_pool_backward(
    layer: Any, dY: FloatArray, X: FloatArray, parameters: Any, uniform: Any
) -> tuple[FloatArray, list[FloatArray]]:
    """Of each window's dY, the same part for each of its places within the image."""
    return _spread(layer, dY, X, lambda values, d: np.array([d / len(values)] * len(values))), []


def _pooled(layer: Any, X: FloatArray, pool: Callable[[FloatArray], FloatArray]) -> FloatArray:
    """Y (examples, …, channels), of the values (places, examples, channels) of each window."""
    images: Any = _with_channels(layer, X)
    windows = dict(_windows(layer, images.shape[1:-1]))
    counts = np.max([*windows], axis=0).astype(int) + 1
    Y = np.empty((len(X), *counts, images.shape[-1]))
    target: Any = Y
    for number, places in windows.items():
        target[:, *number] = pool(np.array([images[:, *place] for place in places]))
    return Y


def _spread(
    layer: Any, dY: FloatArray, X: FloatArray, parts: Callable[[FloatArray, FloatArray], FloatArray]
) -> FloatArray:
    """dX, the sum of what all windows give to a place."""
    images: Any = _with_channels(layer, X)
    above: Any = dY
    dX: Any = np.zeros(images.shape)
    for number, places in _windows(layer, images.shape[1:-1]):
        values = np.array([images[:, *place] for place in places])
        for place, part in zip(places, parts(values, above[:, *number]), strict=True):
            dX[:, *place] += part
    spread: FloatArray = dX.reshape(X.shape)
    return spread


def _with_channels(layer: Any, X: FloatArray) -> FloatArray:
    """Images or sequences whose channels are left out have one."""
    return X[..., None] if X.ndim - 1 == getattr(layer, "axes", 0) else X


def _windows(
    layer: Any, sizes: tuple[int, ...]
) -> Iterator[tuple[tuple[int, ...], list[tuple[int, ...]]]]:
    """The number of each window, and its places within the image, row by row."""
    if type(layer).__name__.startswith("Global"):
        yield (), list(np.ndindex(*sizes))
        return
    strides = layer.pool_size if layer.strides is None else layer.strides
    padding = 0 if layer.padding == "valid" else layer.padding
    numbers = (np.broadcast_to(n, len(sizes)) for n in (layer.pool_size, strides, padding))
    along = [
        [
            [i for i in range(first, first + pool) if 0 <= i < size]
            for first in range(-pad, size + pad - pool + 1, stride)
        ]
        for size, pool, stride, pad in zip(sizes, *numbers, strict=True)
    ]
    for number in np.ndindex(*map(len, along)):
        yield number, list(product(*(axis[i] for axis, i in zip(along, number, strict=True))))
