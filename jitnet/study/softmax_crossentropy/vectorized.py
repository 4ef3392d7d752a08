"""Softmax cross-entropy of all examples at once, in NumPy."""

from __future__ import annotations

import numpy as np

from jitnet.study.problem import Array


def softmax_crossentropy(Z: Array, Y: Array) -> tuple[float, Array]:
    """J = mean over the examples of -Σ y log a, and dZ = A - Y, for Z and Y (K, m)."""
    m = Z.shape[1]
    Z = Z - np.max(Z, axis=0, keepdims=True)
    log_A = Z - np.log(np.sum(np.exp(Z), axis=0, keepdims=True))
    J = -np.sum(Y * log_A) / m
    dZ = np.exp(log_A) - Y
    return J, dZ
