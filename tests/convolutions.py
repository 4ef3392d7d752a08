"""The definitions of convolutions, place by place, in NumPy's float64: a part of the oracle."""

from __future__ import annotations

from typing import Any

import numpy as np

import jitnet as jn
from jitnet.arrays import FloatArray


def convolution_forward(layer: Any, X: FloatArray, parameters: Any, uniform: Any) -> FloatArray:
    """Z[y, x] = Σ_ij X[y s + i - p, x s + j - p] W[i, j] + b, at every place of the window."""
    W, b = parameters if layer.bias else (*parameters, 0.0)
    images, W = _as_images(X, W)
    Z = np.zeros((len(X), *_window_places(layer, images, W), layer.filters)) + b
    for y, x, i, j, here in _meetings(layer, images, W, Z.shape[1:3]):
        Z[:, y, x] += images[:, *here] @ W[i, j]
    outputs: FloatArray = Z if isinstance(layer, jn.Conv2D) else Z[:, 0]
    return outputs


def convolution_backward(
    layer: Any, dY: FloatArray, X: FloatArray, parameters: Any, uniform: Any
) -> tuple[FloatArray, list[FloatArray]]:
    """What each weight and number of X has multiplied, times dZ there."""
    W = parameters[0]
    images, W = _as_images(X, W)
    dZ = dY if isinstance(layer, jn.Conv2D) else dY[:, np.newaxis]
    dX, dW = np.zeros_like(images), np.zeros_like(W)
    for y, x, i, j, here in _meetings(layer, images, W, dZ.shape[1:3]):
        dX[:, *here] += dZ[:, y, x] @ W[i, j].T
        dW[i, j] += images[:, *here].T @ dZ[:, y, x]
    gradients = [dW.reshape(parameters[0].shape), dZ.sum(axis=(0, 1, 2))]
    return dX.reshape(X.shape), gradients[: len(parameters)]


def _as_images(X: FloatArray, W: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Sequences as images of one row, and images of one channel with an axis for it."""
    if W.ndim == 3:
        return X.reshape(len(X), 1, X.shape[1], W.shape[1]), W[np.newaxis]
    return X.reshape(*X.shape[:3], W.shape[2]), W


def _steps_and_zeros(layer: Any, W: FloatArray) -> tuple[list[int], list[int]]:
    """How far a window moves along each axis, and how many zeros come before the image."""
    rank = 2 if isinstance(layer, jn.Conv2D) else 1
    steps, zeros = np.broadcast_to(layer.strides, rank).tolist(), [0] * rank
    if layer.padding == "same":
        zeros = [(n - 1) // 2 for n in W.shape[2 - rank : 2]]
    elif layer.padding != "valid":
        zeros = np.broadcast_to(layer.padding, rank).tolist()
    return [1] * (2 - rank) + steps, [0] * (2 - rank) + zeros


def _window_places(layer: Any, images: FloatArray, W: FloatArray) -> list[int]:
    steps, zeros = _steps_and_zeros(layer, W)
    if layer.padding == "same":
        return list(images.shape[1:3])
    return [
        (images.shape[1 + axis] + 2 * zeros[axis] - W.shape[axis]) // steps[axis] + 1
        for axis in range(2)
    ]


def _meetings(layer: Any, images: FloatArray, W: FloatArray, places: Any) -> Any:
    """Every place of the window, and each of its weights, with what it meets in the image."""
    steps, zeros = _steps_and_zeros(layer, W)
    for y, x, i, j in np.ndindex(*places, *W.shape[:2]):
        here = y * steps[0] + i - zeros[0], x * steps[1] + j - zeros[1]
        if 0 <= here[0] < images.shape[1] and 0 <= here[1] < images.shape[2]:
            yield y, x, i, j, here
