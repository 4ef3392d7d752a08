"""Logistic regression, the loop over examples cut into chunks that threads share.

The sums over examples are where threads would meet: each chunk has sums of its own, which are
added up in the chunks' order, so that any number of threads gives the same bits.
"""

from __future__ import annotations

from math import log
from typing import Any

import numpy as np
from numba import prange

from jitnet.kernels.jit import njit
from jitnet.study.activations.compiled import sigmoid

CHUNK = 512


@njit(parallel=True)
def gradient_descent_step(X: Any, Y: Any, w: Any, b: Any, alpha: Any) -> Any:
    """One step of gradient descent on the cross-entropy: the new w and b, and the cost J before.

    X is (n, m), Y (1, m), w (n, 1). Each parallel iteration owns a chunk of examples.
    """
    n, m = X.shape
    one, zero = X.dtype.type(1), X.dtype.type(0)
    chunks = (m + CHUNK - 1) // CHUNK
    dw, db, J = np.empty((chunks, n), X.dtype), np.empty(chunks, X.dtype), np.empty(chunks, X.dtype)
    for chunk in prange(chunks):
        for j in range(n):
            dw[chunk, j] = zero
        cost = bias = zero
        for i in range(chunk * CHUNK, min((chunk + 1) * CHUNK, m)):
            z = b
            for j in range(n):
                z += w[j, 0] * X[j, i]
            a = sigmoid(z)
            y = Y[0, i]
            cost += -(y * log(a) + (one - y) * log(one - a))
            dz = a - y
            for j in range(n):
                dw[chunk, j] += X[j, i] * dz
            bias += dz
        J[chunk], db[chunk] = cost, bias
    new_w = np.empty_like(w)
    for j in range(n):
        total = zero
        for chunk in range(chunks):
            total += dw[chunk, j]
        new_w[j, 0] = w[j, 0] - alpha * (total / X.dtype.type(m))
    total_b, total_J = zero, zero
    for chunk in range(chunks):
        total_b += db[chunk]
        total_J += J[chunk]
    return new_w, b - alpha * (total_b / X.dtype.type(m)), total_J / X.dtype.type(m)
