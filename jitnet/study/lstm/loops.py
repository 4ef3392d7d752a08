"""Long short-term memory, one scalar at a time: through the time steps and back.

An example is a column, as everywhere here, and a sequence is a matrix for each of its time steps: X
is (time, n_in, m), H is (time, units, m). The gates i, f, g and o follow one another in the rows of
W (4 units, n_in), U (4 units, units) and b (4 units, 1).
"""

from __future__ import annotations

from jitnet.study.activations.loops import sigmoid, tanh
from jitnet.study.dense import loops as dense
from jitnet.study.dense.loops import Matrix, zeros

Sequence = list[Matrix]


def before(H: Sequence) -> Sequence:
    """The state that each time step begins with: that of the step before, and zeros at first."""
    return [zeros(len(H[0]), len(H[0][0])), *H[:-1]]


def add(A: Matrix, B: Matrix) -> None:
    """A += B."""
    for row, other in zip(A, B, strict=True):
        for j in range(len(row)):
            row[j] += other[j]


def weight_gradients(dZ: Sequence, A: Sequence) -> tuple[Matrix, Matrix]:
    """Those of a dense layer that meets all time steps: the sums of what it gets from each."""
    dW, db = zeros(len(dZ[0]), len(A[0])), zeros(len(dZ[0]), 1)
    for dz, a in zip(dZ, A, strict=True):
        dW_step, db_step = dense.weight_gradients(dz, a)
        add(dW, dW_step)
        add(db, db_step)
    return dW, db


def cell_forward(
    x: Matrix, h: Matrix, c: Matrix, W: Matrix, U: Matrix, b: Matrix
) -> tuple[Matrix, Matrix, Matrix]:
    """A time step: the gates i, f, o = σ(z), g = tanh(z) of z = W x + U h + b, then c and h.

    c ← f c + i g, h ← o tanh(c).
    """
    units, m = len(h), len(h[0])
    gates = dense.dense_forward(x, W, b)
    add(gates, dense.dense_forward(h, U, zeros(4 * units, 1)))
    c_next, h_next = zeros(units, m), zeros(units, m)
    for k in range(m):
        for u in range(units):
            i, f = sigmoid(gates[u][k]), sigmoid(gates[units + u][k])
            g, o = tanh(gates[2 * units + u][k]), sigmoid(gates[3 * units + u][k])
            c_next[u][k] = f * c[u][k] + i * g
            h_next[u][k] = o * tanh(c_next[u][k])
            for place, gate in enumerate((i, f, g, o)):
                gates[place * units + u][k] = gate
    return gates, c_next, h_next


def cell_backward(
    dh: Matrix, dc: Matrix, gates: Matrix, c_before: Matrix, c: Matrix
) -> tuple[Matrix, Matrix]:
    """dz of a time step, and dc of the step before, from dh and from dc of the step behind.

    dc += dh o (1 - tanh²(c)); dz is dc g i (1 - i), dc c' f (1 - f), dc i (1 - g²) and
    dh tanh(c) o (1 - o); dc' = dc f.
    """
    units, m = len(dh), len(dh[0])
    dz, dc_before = zeros(4 * units, m), zeros(units, m)
    for k in range(m):
        for u in range(units):
            i, f = gates[u][k], gates[units + u][k]
            g, o = gates[2 * units + u][k], gates[3 * units + u][k]
            t = tanh(c[u][k])
            to_c = dc[u][k] + dh[u][k] * o * (1.0 - t * t)
            dz[u][k] = to_c * g * i * (1.0 - i)
            dz[units + u][k] = to_c * c_before[u][k] * f * (1.0 - f)
            dz[2 * units + u][k] = to_c * i * (1.0 - g * g)
            dz[3 * units + u][k] = dh[u][k] * t * o * (1.0 - o)
            dc_before[u][k] = to_c * f
    return dz, dc_before


def lstm_forward(
    X: Sequence, W: Matrix, U: Matrix, b: Matrix
) -> tuple[Sequence, Sequence, Sequence]:
    """H, and what backward needs: the gates and the cells C."""
    units, m = len(U[0]), len(X[0][0])
    h, c = zeros(units, m), zeros(units, m)
    H, gates, C = [], [], []
    for x in X:
        step_gates, c, h = cell_forward(x, h, c, W, U, b)
        H.append(h)
        gates.append(step_gates)
        C.append(c)
    return H, gates, C


def lstm_backward(
    dH: Sequence, gates: Sequence, C: Sequence, H: Sequence, X: Sequence, W: Matrix, U: Matrix
) -> tuple[Sequence, Matrix, Matrix, Matrix]:
    """dX, dW, dU and db: from the last time step to the first, with what each hands back."""
    units, m = len(H[0]), len(H[0][0])
    dh_later, dc = zeros(units, m), zeros(units, m)
    dX: Sequence = []
    dZ: Sequence = []
    for dh, step_gates, c_before, c in reversed(list(zip(dH, gates, before(C), C, strict=True))):
        add(dh_later, dh)
        dz, dc = cell_backward(dh_later, dc, step_gates, c_before, c)
        dh_later = dense.input_gradient(dz, U)
        dX.insert(0, dense.input_gradient(dz, W))
        dZ.insert(0, dz)
    dW, db = weight_gradients(dZ, X)
    dU, _ = weight_gradients(dZ, before(H))
    return dX, dW, dU, db
