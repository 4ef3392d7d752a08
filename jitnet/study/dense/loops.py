"""A network of dense layers with plain loops over examples, units and features.

The notation is Andrew Ng's, with examples as rows: Z[l] = A[l-1] W[l] + b[l], A[l] = g[l](Z[l]),
A[0] = X. The matrix W[l] has n[l-1] rows and n[l] columns; L is the number of layers. Every
number is a Python float, that is double precision, and every sum is a loop: slow, and short enough
to be checked by eye.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from jitnet.study.activations.loops import ACTIVATIONS
from jitnet.study.losses.loops import LOSSES, smooth_labels

Rows = Sequence[Sequence[float]]
Matrix = list[list[float]]


def zeros(n_rows: int, n_columns: int) -> Matrix:
    """A matrix of zeros."""
    return [[0.0] * n_columns for _ in range(n_rows)]


def dense_forward(X: Rows, W: Rows, b: Sequence[float]) -> Matrix:
    """Z = X W + b.

    Parameters
    ----------
    X : (m, n_in)
        What the layer is given: one example a row.
    W : (n_in, n_out)
        Weights: one unit a column.
    b : (n_out,)
        Biases.

    Returns
    -------
    Z : (m, n_out)
        Pre-activations.
    """
    m, n_in, n_out = len(X), len(W), len(b)
    Z = zeros(m, n_out)
    for i in range(m):
        for k in range(n_out):
            z = b[k]
            for j in range(n_in):
                z += X[i][j] * W[j][k]
            Z[i][k] = z
    return Z


def dense_backward(dZ: Rows, X: Rows, W: Rows) -> tuple[Matrix, Matrix, list[float]]:
    """Backward: dX = dZ Wᵀ, dW = Xᵀ dZ, db = Σ dZ over the examples.

    A mean over examples is the loss's business: dZ holds the weight 1 / m of each example already.

    Parameters
    ----------
    dZ : (m, n_out)
        Gradient of the loss with respect to the pre-activations.
    X : (m, n_in)
        What the layer was given.
    W : (n_in, n_out)
        Weights.

    Returns
    -------
    dX, dW, db : (m, n_in), (n_in, n_out), (n_out,)
        Gradients with respect to the input, the weights and the biases.
    """
    m, n_in, n_out = len(X), len(W), len(W[0])
    dX, dW, db = zeros(m, n_in), zeros(n_in, n_out), [0.0] * n_out
    for i in range(m):
        for k in range(n_out):
            db[k] += dZ[i][k]
            for j in range(n_in):
                dX[i][j] += dZ[i][k] * W[j][k]
                dW[j][k] += X[i][j] * dZ[i][k]
    return dX, dW, db


def activation_forward(Z: Rows, name: str) -> Matrix:
    """A = g(Z), element by element."""
    g = ACTIVATIONS[name].value
    return [[g(z) for z in row] for row in Z]


def activation_backward(dA: Rows, Z: Rows, name: str) -> Matrix:
    """Backward: dZ = dA ∘ g'(Z), element by element."""
    slope = ACTIVATIONS[name].slope
    dZ = zeros(len(Z), len(Z[0]))
    for i in range(len(Z)):
        for k in range(len(Z[0])):
            dZ[i][k] = dA[i][k] * slope(Z[i][k])
    return dZ


def network_forward(
    X: Matrix, W: Sequence[Matrix], b: Sequence[list[float]], activations: Sequence[str]
) -> tuple[list[Matrix], list[Matrix]]:
    """A[0] = X … A[L], and Z[1] … Z[L] in a list that begins at layer 1."""
    A = [X]
    Z: list[Matrix] = []
    for layer in range(len(W)):
        Z.append(dense_forward(A[layer], W[layer], b[layer]))
        A.append(activation_forward(Z[layer], activations[layer]))
    return A, Z


def network_loss(
    outputs: Matrix, targets: Matrix, loss: str, sample_weight: Sequence[float]
) -> tuple[float, Matrix]:
    """J = Σ w l / Σ w over the examples, and dJ with respect to the network's outputs."""
    total_weight = 0.0
    for w in sample_weight:
        total_weight += w
    J = 0.0
    gradient = []
    for output, target, w in zip(outputs, targets, sample_weight, strict=True):
        share = w / total_weight
        J += share * LOSSES[loss].value(output, target)
        gradient.append([share * d for d in LOSSES[loss].gradient(output, target)])
    return J, gradient


def penalty(W: Rows, l2: float) -> float:
    """½ l2 Σ W²: what large weights cost."""
    total = 0.0
    for row in W:
        for w in row:
            total += w * w
    return 0.5 * l2 * total


def add_penalty_gradient(dW: Matrix, W: Rows, l2: float) -> None:
    """In place: dW ← dW + l2 W."""
    for j in range(len(W)):
        for k in range(len(W[0])):
            dW[j][k] += l2 * W[j][k]


def network_loss_and_gradients(
    X: ArrayLike,
    T: ArrayLike,
    weights: Sequence[ArrayLike],
    activations: Sequence[str],
    loss: str,
    sample_weight: ArrayLike | None = None,
    l2: Sequence[float] | None = None,
    label_smoothing: float = 0.0,
) -> tuple[float, list[NDArray[np.float64]]]:
    """Loss and gradients of a whole network, forward and backward.

    Parameters
    ----------
    X : (n_samples, n_features)
        Examples.
    T : (n_samples, n_outputs)
        Targets; for softmax_crossentropy one-hot rows or probabilities.
    weights : [W1, b1, W2, b2, …]
        Parameters of the layers, W as (n_in, n_out).
    activations : one name a layer
        The output layer's is "identity" where the loss brings the sigmoid, softmax or exponential.
    loss : str
        A name in `LOSSES`.
    sample_weight : (n_samples,), optional
        How much each example counts, by default all the same.
    l2 : one number a layer, optional
        Strength of the penalty on each layer's weights.
    label_smoothing : float
        ε of `smooth_labels`, for softmax_crossentropy.

    Returns
    -------
    J : float
        The loss: weighted mean over the examples, plus the penalties.
    gradients : [dW1, db1, dW2, db2, …]
        dJ with respect to each of the weights.
    """
    parameters = [_lists(array) for array in weights]
    W, b = parameters[0::2], parameters[1::2]
    targets = [smooth_labels(y, label_smoothing) if label_smoothing else y for y in _lists(T)]
    importance = [1.0] * len(targets) if sample_weight is None else _lists(sample_weight)
    strengths = [0.0] * len(W) if l2 is None else l2

    A, Z = network_forward(_lists(X), W, b, activations)
    J, dA = network_loss(A[-1], targets, loss, importance)
    gradients: list[NDArray[np.float64]] = []
    for layer in reversed(range(len(W))):
        dZ = activation_backward(dA, Z[layer], activations[layer])
        dA, dW, db = dense_backward(dZ, A[layer], W[layer])
        J += penalty(W[layer], strengths[layer])
        add_penalty_gradient(dW, W[layer], strengths[layer])
        gradients = [np.array(dW), np.array(db), *gradients]
    return J, gradients


def _lists(array: ArrayLike) -> Any:
    return np.asarray(array, dtype=np.float64).tolist()
