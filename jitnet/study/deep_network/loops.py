"""A deep network, one scalar at a time: the blocks of `dense` and `activations`, layer by layer."""

from __future__ import annotations

from jitnet.study.activations.loops import activation_backward, activation_forward
from jitnet.study.dense.loops import Matrix, dense_forward, input_gradient, weight_gradients
from jitnet.study.losses.loops import binary_crossentropy, binary_crossentropy_gradient
from jitnet.study.shallow_network.loops import descend

__all__ = [
    "activation_backward",
    "activation_forward",
    "cost",
    "dense_forward",
    "descend",
    "input_gradient",
    "weight_gradients",
]


def cost(Z: Matrix, Y: Matrix) -> tuple[float, Matrix]:
    """J, the mean cross-entropy of sigmoid outputs, and dZ = A - Y, for Z and Y (1, m)."""
    m = len(Z[0])
    J, dZ = 0.0, [[0.0] * m]
    for i in range(m):
        J += binary_crossentropy([Z[0][i]], [Y[0][i]])
        dZ[0][i] = binary_crossentropy_gradient([Z[0][i]], [Y[0][i]])[0]
    return J / m, dZ
