"""Long short-term memory, the loops of the first rung as Numba compiles them.

An example goes through all time steps before the next one does: nothing of one depends on another.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from jitnet.kernels.jit import njit
from jitnet.study.activations.compiled import sigmoid, tanh
from jitnet.study.problem import Array


@njit
def product(A: Any, W: Any, r: int, t: int, k: int) -> Any:
    """Row r of W a, of example k at time t."""
    z = A.dtype.type(0)
    for j in range(W.shape[1]):
        z += W[r, j] * A[t, j, k]
    return z


@njit
def back_through(dA: Any, W: Any, dZ: Any, t: int, k: int) -> None:
    """dA += Wᵀ dz of example k at time t."""
    for r in range(W.shape[0]):
        for j in range(W.shape[1]):
            dA[j] += W[r, j] * dZ[t, r, k]


@njit
def row_gradient(dW: Any, db: Any, dZ: Any, A: Any, later: int, r: int) -> None:
    """Row r of dW and of db, zero at first: means over examples of sums over the time steps.

    dZ's time steps meet those of A that are so much earlier: the states they begin with, by one.
    """
    time, n_in, m = A.shape
    for k in range(m):
        for t in range(time):
            db[r, 0] += dZ[t, r, k] / dW.dtype.type(m)
        for t in range(later, time):
            for j in range(n_in):
                dW[r, j] += dZ[t, r, k] * A[t - later, j, k] / dW.dtype.type(m)


@njit
def example_forward(H: Any, gates: Any, C: Any, X: Any, W: Any, U: Any, b: Any, k: int) -> None:
    """Example k of H, of the gates and of the cells."""
    time, units, _ = H.shape
    for t in range(time):
        for r in range(4 * units):
            gates[t, r, k] = b[r, 0] + product(X, W, r, t, k)
            if t > 0:
                gates[t, r, k] += product(H, U, r, t - 1, k)
        for u in range(units):
            i, f = sigmoid(gates[t, u, k]), sigmoid(gates[t, units + u, k])
            g, o = tanh(gates[t, 2 * units + u, k]), sigmoid(gates[t, 3 * units + u, k])
            c = i * g
            if t > 0:
                c += f * C[t - 1, u, k]
            gates[t, u, k], gates[t, units + u, k] = i, f
            gates[t, 2 * units + u, k], gates[t, 3 * units + u, k] = g, o
            C[t, u, k], H[t, u, k] = c, o * tanh(c)


@njit
def example_backward(dX: Any, dZ: Any, dH: Any, gates: Any, C: Any, W: Any, U: Any, k: int) -> None:
    """Example k of dX, which is zero at first, and of dZ."""
    time, units, _ = dH.shape
    one = dH.dtype.type(1)
    dh, dc = np.zeros(units, dH.dtype), np.zeros(units, dH.dtype)
    dx = np.empty(dX.shape[1], dH.dtype)
    for t in range(time - 1, -1, -1):
        for u in range(units):
            i, f = gates[t, u, k], gates[t, units + u, k]
            g, o = gates[t, 2 * units + u, k], gates[t, 3 * units + u, k]
            tanh_c, to_h = tanh(C[t, u, k]), dh[u] + dH[t, u, k]
            to_c = dc[u] + to_h * o * (one - tanh_c * tanh_c)
            c_before = C[t - 1, u, k] if t > 0 else dH.dtype.type(0)
            dZ[t, u, k] = to_c * g * i * (one - i)
            dZ[t, units + u, k] = to_c * c_before * f * (one - f)
            dZ[t, 2 * units + u, k] = to_c * i * (one - g * g)
            dZ[t, 3 * units + u, k] = to_h * tanh_c * o * (one - o)
            dh[u], dc[u] = dH.dtype.type(0), to_c * f
        back_through(dh, U, dZ, t, k)
        dx[:] = dX.dtype.type(0)
        back_through(dx, W, dZ, t, k)
        dX[t, :, k] = dx


@njit
def rooms_of(X: Any, U: Any, gates: int) -> Any:
    """Room for so many sequences' rows of units: (time, gates · units, m)."""
    return np.empty((X.shape[0], gates * U.shape[1], X.shape[2]), X.dtype)


@njit(entry=True)
def lstm_forward(X: Any, W: Any, U: Any, b: Any) -> Any:
    """H, and what backward needs: the gates and the cells C."""
    H, gates, C = rooms_of(X, U, 1), rooms_of(X, U, 4), rooms_of(X, U, 1)
    for k in range(X.shape[2]):
        example_forward(H, gates, C, X, W, U, b, k)
    return H, gates, C


@njit(entry=True)
def input_gradients(dH: Any, gates: Any, C: Any, X: Any, W: Any, U: Any) -> Any:
    """dX, and dZ of all time steps."""
    dX, dZ = np.empty_like(X), np.empty_like(gates)
    for k in range(X.shape[2]):
        example_backward(dX, dZ, dH, gates, C, W, U, k)
    return dX, dZ


@njit(entry=True)
def weight_gradients(dZ: Any, A: Any, later: int) -> Any:
    """dW and db of a dense layer that meets all time steps."""
    rows = dZ.shape[1]
    dW, db = np.zeros((rows, A.shape[1]), dZ.dtype), np.zeros((rows, 1), dZ.dtype)
    for r in range(rows):
        row_gradient(dW, db, dZ, A, later, r)
    return dW, db


def lstm_backward(
    dH: Array, gates: Array, C: Array, H: Array, X: Array, W: Array, U: Array
) -> tuple[Array, Array, Array, Array]:
    """dX, dW, dU and db: from the last time step to the first, with what each hands back."""
    dX, dZ = input_gradients(dH, gates, C, X, W, U)
    dW, db = weight_gradients(dZ, X, 0)
    dU, _ = weight_gradients(dZ, H, 1)
    return dX, dW, dU, db
