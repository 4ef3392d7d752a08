"""A dense layer, one scalar at a time, for i = 1 … m.

The notation is Andrew Ng's, with an example a column: Z = W A_prev + b, where W has a row for each
unit. Every number is a Python float, that is double precision, and every sum is a loop: slow, and
short enough to be checked by eye.
"""

from __future__ import annotations

Vector = list[float]
Matrix = list[Vector]


def zeros(n_rows: int, n_columns: int) -> Matrix:
    """A matrix of zeros."""
    return [[0.0] * n_columns for _ in range(n_rows)]


def dense_forward(A_prev: Matrix, W: Matrix, b: Matrix) -> Matrix:
    """Z = W A_prev + b.

    Parameters
    ----------
    A_prev : (n_in, m)
        What the layer is given: one example a column.
    W : (n_out, n_in)
        Weights: one unit a row.
    b : (n_out, 1)
        Biases.

    Returns
    -------
    Z : (n_out, m)
        Pre-activations.
    """
    n_out, n_in, m = len(W), len(A_prev), len(A_prev[0])
    Z = zeros(n_out, m)
    for i in range(m):
        for k in range(n_out):
            z = b[k][0]
            for j in range(n_in):
                z += W[k][j] * A_prev[j][i]
            Z[k][i] = z
    return Z


def input_gradient(dZ: Matrix, W: Matrix) -> Matrix:
    """dA_prev = Wᵀ dZ, (n_in, m)."""
    n_out, n_in, m = len(W), len(W[0]), len(dZ[0])
    dA_prev = zeros(n_in, m)
    for i in range(m):
        for k in range(n_out):
            for j in range(n_in):
                dA_prev[j][i] += W[k][j] * dZ[k][i]
    return dA_prev


def weight_gradients(dZ: Matrix, A_prev: Matrix) -> tuple[Matrix, Matrix]:
    """dW = dZ A_prevᵀ / m, (n_out, n_in), and db = Σ dZ / m over the examples, (n_out, 1)."""
    n_out, n_in, m = len(dZ), len(A_prev), len(A_prev[0])
    dW, db = zeros(n_out, n_in), zeros(n_out, 1)
    for i in range(m):
        for k in range(n_out):
            db[k][0] += dZ[k][i]
            for j in range(n_in):
                dW[k][j] += dZ[k][i] * A_prev[j][i]
    for k in range(n_out):
        db[k][0] /= m
        for j in range(n_in):
            dW[k][j] /= m
    return dW, db


def dense_backward(dZ: Matrix, A_prev: Matrix, W: Matrix) -> tuple[Matrix, Matrix, Matrix]:
    """Backward: dA_prev = Wᵀ dZ, dW = dZ A_prevᵀ / m, db = Σ dZ / m over the examples.

    Parameters
    ----------
    dZ : (n_out, m)
        Gradient of each example's loss with respect to its pre-activations.
    A_prev : (n_in, m)
        What the layer was given.
    W : (n_out, n_in)
        Weights.

    Returns
    -------
    dA_prev, dW, db : (n_in, m), (n_out, n_in), (n_out, 1)
        Gradients with respect to the input, the weights and the biases.
    """
    return input_gradient(dZ, W), *weight_gradients(dZ, A_prev)
