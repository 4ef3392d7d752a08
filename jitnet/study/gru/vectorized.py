"""Gated recurrent units in NumPy: all examples and units at once; the loop over time stays."""

from __future__ import annotations

import numpy as np

from jitnet.study.activations.vectorized import sigmoid
from jitnet.study.lstm.vectorized import before, weight_gradients
from jitnet.study.problem import Array


def gru_forward(X: Array, W: Array, U: Array, b: Array, b_n: Array) -> tuple[Array, Array, Array]:
    """H, and what backward needs: the gates and Q.

    r, z = σ(W x + U h + b), n = tanh(W x + b + r q) with q = U h + b_n; h ← (1 - z) n + z h.
    """
    time, units, m = len(X), U.shape[1], X.shape[2]
    gates = np.matmul(W, X) + b
    H, Q = np.empty((time, units, m), X.dtype), np.empty((time, units, m), X.dtype)
    h = np.zeros((units, m), X.dtype)
    for t in range(time):
        state_r, state_z, q = np.split(np.dot(U, h), 3)
        q = q + b_n
        r, z = sigmoid(gates[t, :units] + state_r), sigmoid(gates[t, units : 2 * units] + state_z)
        n = np.tanh(gates[t, 2 * units :] + r * q)
        h = (1 - z) * n + z * h
        gates[t] = np.concatenate([r, z, n])
        H[t], Q[t] = h, q
    return H, gates, Q


def gru_backward(
    dH: Array, gates: Array, Q: Array, H: Array, X: Array, W: Array, U: Array
) -> tuple[Array, Array, Array, Array, Array]:
    """dX, dW, dU, db and db_n: dh goes from the last time step to the first."""
    dZ, dQ = np.empty_like(gates), np.empty_like(gates)
    dh, H_before = np.zeros_like(H[0]), before(H)
    for t in reversed(range(len(X))):
        r, z, n = np.split(gates[t], 3)
        dh = dh + dH[t]
        dn = dh * (1 - z) * (1 - n**2)
        dr, dz = dn * Q[t] * r * (1 - r), dh * (H_before[t] - n) * z * (1 - z)
        dZ[t], dQ[t] = np.concatenate([dr, dz, dn]), np.concatenate([dr, dz, dn * r])
        dh = np.dot(U.T, dQ[t]) + dh * z
    dW, db = weight_gradients(dZ, X)
    dU, db_state = weight_gradients(dQ, H_before)
    return np.matmul(W.T, dZ), dW, dU, db, db_state[2 * len(H[0]) :]
