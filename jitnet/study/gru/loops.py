"""Gated recurrent units, one scalar at a time: through the time steps and back.

X is (time, n_in, m), a matrix for each time step and an example a column; H is (time, units, m).
The gates r and z and the candidate n follow one another in the rows of W (3 units, n_in), U (3
units, units) and b (3 units, 1). b_n (units, 1) is added to what the state brings to n, which r
multiplies.
"""

from __future__ import annotations

from jitnet.study.activations.loops import sigmoid, tanh
from jitnet.study.dense import loops as dense
from jitnet.study.dense.loops import Matrix, zeros
from jitnet.study.lstm.loops import Sequence, add, before, weight_gradients


def cell_forward(
    x: Matrix, h: Matrix, W: Matrix, U: Matrix, b: Matrix, b_n: Matrix
) -> tuple[Matrix, Matrix, Matrix]:
    """A time step: the gates with n, then q and h.

    r, z = σ(W x + U h + b), n = tanh(W x + b + r q) with q = U h + b_n; h ← (1 - z) n + z h.
    """
    units, m = len(h), len(h[0])
    gates = dense.dense_forward(x, W, b)
    Q = dense.dense_forward(h, U, [*zeros(2 * units, 1), *b_n])
    q_next, h_next = zeros(units, m), zeros(units, m)
    for k in range(m):
        for u in range(units):
            r = sigmoid(gates[u][k] + Q[u][k])
            z = sigmoid(gates[units + u][k] + Q[units + u][k])
            q_next[u][k] = Q[2 * units + u][k]
            n = tanh(gates[2 * units + u][k] + r * q_next[u][k])
            h_next[u][k] = (1.0 - z) * n + z * h[u][k]
            for place, gate in enumerate((r, z, n)):
                gates[place * units + u][k] = gate
    return gates, q_next, h_next


def cell_backward(dh: Matrix, gates: Matrix, q: Matrix, h: Matrix) -> tuple[Matrix, Matrix, Matrix]:
    """From dh of a time step: dz of what the inputs bring, dq of what the state does, and z dh.

    dz is dn q r (1 - r), dh (h - n) z (1 - z) and dn = dh (1 - z) (1 - n²); in dq the last is dn r.
    """
    units, m = len(dh), len(dh[0])
    dz, dq, kept = zeros(3 * units, m), zeros(3 * units, m), zeros(units, m)
    for k in range(m):
        for u in range(units):
            r, z, n = gates[u][k], gates[units + u][k], gates[2 * units + u][k]
            to_n = dh[u][k] * (1.0 - z) * (1.0 - n * n)
            dz[u][k] = dq[u][k] = to_n * q[u][k] * r * (1.0 - r)
            dz[units + u][k] = dq[units + u][k] = dh[u][k] * (h[u][k] - n) * z * (1.0 - z)
            dz[2 * units + u][k], dq[2 * units + u][k] = to_n, to_n * r
            kept[u][k] = dh[u][k] * z
    return dz, dq, kept


def gru_forward(
    X: Sequence, W: Matrix, U: Matrix, b: Matrix, b_n: Matrix
) -> tuple[Sequence, Sequence, Sequence]:
    """H, and what backward needs: the gates and Q."""
    h = zeros(len(U[0]), len(X[0][0]))
    H, gates, Q = [], [], []
    for x in X:
        step_gates, q, h = cell_forward(x, h, W, U, b, b_n)
        H.append(h)
        gates.append(step_gates)
        Q.append(q)
    return H, gates, Q


def gru_backward(
    dH: Sequence, gates: Sequence, Q: Sequence, H: Sequence, X: Sequence, W: Matrix, U: Matrix
) -> tuple[Sequence, Matrix, Matrix, Matrix, Matrix]:
    """dX, dW, dU, db and db_n: from the last time step to the first."""
    units = len(H[0])
    dh_later = zeros(units, len(H[0][0]))
    dX: Sequence = []
    dZ: Sequence = []
    dQ: Sequence = []
    for dh, step_gates, q, h in reversed(list(zip(dH, gates, Q, before(H), strict=True))):
        add(dh_later, dh)
        dz, dq, dh_later = cell_backward(dh_later, step_gates, q, h)
        add(dh_later, dense.input_gradient(dq, U))
        dX.insert(0, dense.input_gradient(dz, W))
        dZ.insert(0, dz)
        dQ.insert(0, dq)
    dW, db = weight_gradients(dZ, X)
    dU, db_state = weight_gradients(dQ, before(H))
    return dX, dW, dU, db, db_state[2 * units :]
