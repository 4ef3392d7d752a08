"""A deep network of the parallel loops of `dense` and `activations`.

The cost and the parameters' steps are too little work for a second thread: they are those of the
compiled rung.
"""

from __future__ import annotations

from jitnet.study.activations.parallel import activation_backward, activation_forward
from jitnet.study.deep_network import layers
from jitnet.study.deep_network.compiled import cost, descend
from jitnet.study.dense.parallel import dense_forward, input_gradient, weight_gradients
from jitnet.study.problem import Array

BLOCKS = layers.Blocks(
    dense_forward,
    input_gradient,
    weight_gradients,
    activation_forward,
    activation_backward,
    cost,
    descend,
)


def gradient_descent_step(
    X: Array, Y: Array, W: list[Array], b: list[Array], alpha: float
) -> tuple[list[Array], list[Array], float]:
    """One step of gradient descent: the new W and b, and the cost J before.

    X is (n, m), Y (1, m), W[l] (n[l], n[l-1]), b[l] (n[l], 1).
    """
    return layers.gradient_descent_step(BLOCKS, X, Y, W, b, alpha)
