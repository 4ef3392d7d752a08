"""A shallow network, the loop over examples cut into chunks that threads share.

Each chunk has sums of its own, in a row of an array for each gradient; they are added up in the
chunks' order, so that any number of threads gives the same bits.
"""

from __future__ import annotations

from math import log, tanh
from typing import Any

import numpy as np
from numba import prange

from jitnet.kernels.jit import njit
from jitnet.study.activations.compiled import sigmoid

CHUNK = 128


@njit(parallel=True)
def gradient_descent_step(
    X: Any, Y: Any, W1: Any, b1: Any, W2: Any, b2: Any, alpha: Any
) -> tuple[Any, Any, Any, Any, Any]:
    """One step of gradient descent: the new W1, b1, W2, b2, and the cost J before.

    X is (n, m), Y (1, m), W1 (n_h, n), b1 (n_h, 1), W2 (1, n_h), b2 (1, 1). Each parallel
    iteration owns a chunk of examples.
    """
    n, m = X.shape
    n_h = W1.shape[0]
    one = X.dtype.type(1)
    chunks = (m + CHUNK - 1) // CHUNK
    dW1, db1 = np.empty((chunks, n_h, n), X.dtype), np.empty((chunks, n_h, 1), X.dtype)
    dW2, db2 = np.empty((chunks, 1, n_h), X.dtype), np.empty((chunks, 1, 1), X.dtype)
    J, a1 = np.empty((chunks, 1, 1), X.dtype), np.empty((chunks, n_h), X.dtype)
    for c in prange(chunks):
        clear(dW1, c)
        clear(db1, c)
        clear(dW2, c)
        clear(db2, c)
        clear(J, c)
        for i in range(c * CHUNK, min((c + 1) * CHUNK, m)):
            z2 = b2[0, 0]
            for k in range(n_h):
                z1 = b1[k, 0]
                for j in range(n):
                    z1 += W1[k, j] * X[j, i]
                a1[c, k] = tanh(z1)
                z2 += W2[0, k] * a1[c, k]
            a2 = sigmoid(z2)
            y = Y[0, i]
            J[c, 0, 0] -= y * log(a2) + (one - y) * log(one - a2)
            dz2 = a2 - y
            db2[c, 0, 0] += dz2
            for k in range(n_h):
                dW2[c, 0, k] += dz2 * a1[c, k]
                dz1 = W2[0, k] * dz2 * (one - a1[c, k] * a1[c, k])
                db1[c, k, 0] += dz1
                for j in range(n):
                    dW1[c, k, j] += dz1 * X[j, i]
    step = alpha / X.dtype.type(m)
    cost = np.zeros((1, 1), X.dtype)
    new_W1, new_b1 = descend(W1, dW1, step), descend(b1, db1, step)
    new_W2, new_b2 = descend(W2, dW2, step), descend(b2, db2, step)
    return new_W1, new_b1, new_W2, new_b2, -descend(cost, J, one / X.dtype.type(m))[0, 0]


@njit
def clear(sums: Any, chunk: int) -> None:
    """Zeros for a chunk's sums."""
    for k in range(sums.shape[1]):
        for j in range(sums.shape[2]):
            sums[chunk, k, j] = sums.dtype.type(0)


@njit
def descend(W: Any, dW: Any, step: Any) -> Any:
    """W - step · Σ dW over the chunks, in their order."""
    new = np.empty_like(W)
    for k in range(W.shape[0]):
        for j in range(W.shape[1]):
            total = W.dtype.type(0)
            for chunk in range(dW.shape[0]):
                total += dW[chunk, k, j]
            new[k, j] = W[k, j] - step * total
    return new
