"""Long short-term memory in NumPy: all examples and units at once; the loop over time stays.

What the inputs bring to the gates does not depend on the state, so that one product has it for all
time steps.
"""

from __future__ import annotations

import numpy as np

from jitnet.study.activations.vectorized import sigmoid
from jitnet.study.problem import Array


def before(H: Array) -> Array:
    """The state that each time step begins with: that of the step before, and zeros at first."""
    return np.concatenate([np.zeros_like(H[:1]), H[:-1]])


def weight_gradients(dZ: Array, A: Array) -> tuple[Array, Array]:
    """dW and db of a dense layer that meets all time steps: sums over them, means over examples."""
    m = A.shape[2]
    dW = np.tensordot(dZ, A, axes=((0, 2), (0, 2))) / m
    return dW, np.sum(dZ, axis=(0, 2))[:, np.newaxis] / m


def lstm_forward(X: Array, W: Array, U: Array, b: Array) -> tuple[Array, Array, Array]:
    """H, and what backward needs: the gates and the cells C.

    i, f, o = σ(z), g = tanh(z) with z = W x + U h + b; c ← f c + i g, h ← o tanh(c).
    """
    time, units, m = len(X), U.shape[1], X.shape[2]
    gates = np.matmul(W, X) + b
    H, C = np.empty((time, units, m), X.dtype), np.empty((time, units, m), X.dtype)
    h = c = np.zeros((units, m), X.dtype)
    for t in range(time):
        z = gates[t] + np.dot(U, h)
        i, f, o = (sigmoid(z[gate * units : (gate + 1) * units]) for gate in (0, 1, 3))
        g = np.tanh(z[2 * units : 3 * units])
        c = f * c + i * g
        h = o * np.tanh(c)
        gates[t] = np.concatenate([i, f, g, o])
        H[t], C[t] = h, c
    return H, gates, C


def lstm_backward(
    dH: Array, gates: Array, C: Array, H: Array, X: Array, W: Array, U: Array
) -> tuple[Array, Array, Array, Array]:
    """dX, dW, dU and db: dh and dc go from the last time step to the first."""
    dZ = np.empty_like(gates)
    dh, dc = np.zeros_like(H[0]), np.zeros_like(H[0])
    C_before, T = before(C), np.tanh(C)
    for t in reversed(range(len(X))):
        i, f, g, o = np.split(gates[t], 4)
        dh = dh + dH[t]
        dc = dc + dh * o * (1 - T[t] ** 2)
        dZ[t] = np.concatenate(
            [
                dc * g * i * (1 - i),
                dc * C_before[t] * f * (1 - f),
                dc * i * (1 - g**2),
                dh * T[t] * o * (1 - o),
            ]
        )
        dh, dc = np.dot(U.T, dZ[t]), dc * f
    dW, db = weight_gradients(dZ, X)
    dU, _ = weight_gradients(dZ, before(H))
    return np.matmul(W.T, dZ), dW, dU, db
