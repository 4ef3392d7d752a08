"""Gated recurrent units, the loops of the first rung as Numba compiles them.

An example goes through all time steps before the next one does.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from jitnet.kernels.jit import njit
from jitnet.study.activations.compiled import sigmoid, tanh
from jitnet.study.lstm.compiled import back_through, product, rooms_of, weight_gradients
from jitnet.study.problem import Array


@njit
def example_forward(
    H: Any, gates: Any, Q: Any, X: Any, W: Any, U: Any, b: Any, b_n: Any, k: int
) -> None:
    """Example k of H, of the gates and of Q."""
    time, units, _ = H.shape
    one = H.dtype.type(1)
    for t in range(time):
        for u in range(units):
            r = b[u, 0] + product(X, W, u, t, k)
            z = b[units + u, 0] + product(X, W, units + u, t, k)
            n = b[2 * units + u, 0] + product(X, W, 2 * units + u, t, k)
            q, h = b_n[u, 0], H.dtype.type(0)
            if t > 0:
                r += product(H, U, u, t - 1, k)
                z += product(H, U, units + u, t - 1, k)
                q += product(H, U, 2 * units + u, t - 1, k)
                h = H[t - 1, u, k]
            r, z = sigmoid(r), sigmoid(z)
            n = tanh(n + r * q)
            gates[t, u, k], gates[t, units + u, k], gates[t, 2 * units + u, k] = r, z, n
            Q[t, u, k], H[t, u, k] = q, (one - z) * n + z * h


@njit
def example_backward(
    dX: Any, dZ: Any, dQ: Any, dH: Any, gates: Any, Q: Any, H: Any, W: Any, U: Any, k: int
) -> None:
    """Example k of dX, of dZ and of dQ."""
    time, units, _ = dH.shape
    zero, one = dH.dtype.type(0), dH.dtype.type(1)
    dh, dx = np.zeros(units, dH.dtype), np.empty(dX.shape[1], dH.dtype)
    for t in range(time - 1, -1, -1):
        for u in range(units):
            r, z, n = gates[t, u, k], gates[t, units + u, k], gates[t, 2 * units + u, k]
            h = H[t - 1, u, k] if t > 0 else zero
            to_h = dh[u] + dH[t, u, k]
            to_n = to_h * (one - z) * (one - n * n)
            dZ[t, u, k] = to_n * Q[t, u, k] * r * (one - r)
            dZ[t, units + u, k] = to_h * (h - n) * z * (one - z)
            dZ[t, 2 * units + u, k] = to_n
            dQ[t, u, k], dQ[t, units + u, k] = dZ[t, u, k], dZ[t, units + u, k]
            dQ[t, 2 * units + u, k] = to_n * r
            dh[u] = to_h * z
        back_through(dh, U, dQ, t, k)
        dx[:] = zero
        back_through(dx, W, dZ, t, k)
        dX[t, :, k] = dx


@njit(entry=True)
def gru_forward(X: Any, W: Any, U: Any, b: Any, b_n: Any) -> Any:
    """H, and what backward needs: the gates and Q."""
    H, gates, Q = rooms_of(X, U, 1), rooms_of(X, U, 3), rooms_of(X, U, 1)
    for k in range(X.shape[2]):
        example_forward(H, gates, Q, X, W, U, b, b_n, k)
    return H, gates, Q


@njit(entry=True)
def input_gradients(dH: Any, gates: Any, Q: Any, H: Any, X: Any, W: Any, U: Any) -> Any:
    """dX, and dZ and dQ of all time steps."""
    dX, dZ, dQ = np.empty_like(X), np.empty_like(gates), np.empty_like(gates)
    for k in range(X.shape[2]):
        example_backward(dX, dZ, dQ, dH, gates, Q, H, W, U, k)
    return dX, dZ, dQ


def gru_backward(
    dH: Array, gates: Array, Q: Array, H: Array, X: Array, W: Array, U: Array
) -> tuple[Array, Array, Array, Array, Array]:
    """dX, dW, dU, db and db_n: from the last time step to the first."""
    dX, dZ, dQ = input_gradients(dH, gates, Q, H, X, W, U)
    dW, db = weight_gradients(dZ, X, 0)
    dU, db_state = weight_gradients(dQ, H, 1)
    return dX, dW, dU, db, db_state[2 * H.shape[1] :]
