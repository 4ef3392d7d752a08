"""The loop over layers, the one that stays: forward block by block, and backward again.

A block of any rung will do, so this loop is the same on all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple


class Blocks(NamedTuple):
    """What a rung brings: its functions of one layer, the cost, and the step of a parameter."""

    dense_forward: Callable[[Any, Any, Any], Any]
    input_gradient: Callable[[Any, Any], Any]
    weight_gradients: Callable[[Any, Any], tuple[Any, Any]]
    activation_forward: Callable[[Any, str], Any]
    activation_backward: Callable[[Any, Any, str], Any]
    cost: Callable[[Any, Any], tuple[float, Any]]
    descend: Callable[[Any, Any, float], Any]


def network_forward(
    blocks: Blocks, X: Any, W: Sequence[Any], b: Sequence[Any], activations: Sequence[str]
) -> tuple[list[Any], list[Any]]:
    """A[0] = X … A[L], and Z[1] … Z[L] in a list that begins at layer 1."""
    A, Z = [X], []
    for layer, activation in enumerate(activations):
        Z.append(blocks.dense_forward(A[layer], W[layer], b[layer]))
        A.append(blocks.activation_forward(Z[layer], activation))
    return A, Z


def network_backward(
    blocks: Blocks,
    dA: Any,
    A: Sequence[Any],
    Z: Sequence[Any],
    W: Sequence[Any],
    activations: Sequence[str],
) -> tuple[list[Any], list[Any]]:
    """The gradients dW[1] … dW[L] and db[1] … db[L], from dA[L] and what forward has kept.

    Nobody asks for dA[0], so it is not computed.
    """
    dW: list[Any] = []
    db: list[Any] = []
    for layer in reversed(range(len(W))):
        dZ = blocks.activation_backward(dA, Z[layer], activations[layer])
        dW_layer, db_layer = blocks.weight_gradients(dZ, A[layer])
        dW.insert(0, dW_layer)
        db.insert(0, db_layer)
        if layer > 0:
            dA = blocks.input_gradient(dZ, W[layer])
    return dW, db


def gradient_descent_step(
    blocks: Blocks, X: Any, Y: Any, W: Sequence[Any], b: Sequence[Any], alpha: float
) -> tuple[list[Any], list[Any], float]:
    """One step for ReLU layers below a sigmoid output: the new W and b, and the cost J before.

    The sigmoid is within the cost, which stays finite so: the output layer's own activation is the
    identity, A[L] = Z[L], and the cost gives back dA[L] = σ(A[L]) - Y.
    """
    activations = ["relu"] * (len(W) - 1) + ["identity"]
    A, Z = network_forward(blocks, X, W, b, activations)
    J, dA = blocks.cost(A[-1], Y)
    dW, db = network_backward(blocks, dA, A, Z, W, activations)
    new_W = [blocks.descend(w, dw, alpha) for w, dw in zip(W, dW, strict=True)]
    new_b = [blocks.descend(w, dw, alpha) for w, dw in zip(b, db, strict=True)]
    return new_W, new_b, J
