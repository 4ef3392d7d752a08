"""The loop over layers, the one that stays: forward block by block, and backward again.

It is the same on every rung: a rung is a module with the functions of one layer, dense_forward,
input_gradient, weight_gradients, activation_forward and activation_backward, and with the cost and
the step of a parameter, descend.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType
from typing import Any


def network_forward(
    rung: ModuleType, X: Any, W: Sequence[Any], b: Sequence[Any], activations: Sequence[str]
) -> tuple[list[Any], list[Any]]:
    """A[0] = X … A[L], and Z[1] … Z[L] in a list that begins at layer 1."""
    A, Z = [X], []
    for layer, activation in enumerate(activations):
        Z.append(rung.dense_forward(A[layer], W[layer], b[layer]))
        A.append(rung.activation_forward(Z[layer], activation))
    return A, Z


def network_backward(
    rung: ModuleType,
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
        dZ = rung.activation_backward(dA, Z[layer], activations[layer])
        dW_layer, db_layer = rung.weight_gradients(dZ, A[layer])
        dW.insert(0, dW_layer)
        db.insert(0, db_layer)
        if layer > 0:
            dA = rung.input_gradient(dZ, W[layer])
    return dW, db


def gradient_descent_step(
    rung: ModuleType, X: Any, Y: Any, W: Sequence[Any], b: Sequence[Any], alpha: float
) -> tuple[list[Any], list[Any], float]:
    """One step for ReLU layers below a sigmoid output: the new W and b, and the cost J before.

    X is (n, m), Y (1, m), W[l] (n[l], n[l-1]), b[l] (n[l], 1).

    The sigmoid is within the cost, which stays finite so: the output layer's own activation is the
    identity, A[L] = Z[L], and the cost gives back dA[L] = σ(A[L]) - Y.
    """
    activations = ["relu"] * (len(W) - 1) + ["identity"]
    A, Z = network_forward(rung, X, W, b, activations)
    J, dA = rung.cost(A[-1], Y)
    dW, db = network_backward(rung, dA, A, Z, W, activations)
    new_W = [rung.descend(w, dw, alpha) for w, dw in zip(W, dW, strict=True)]
    new_b = [rung.descend(w, dw, alpha) for w, dw in zip(b, db, strict=True)]
    return new_W, new_b, J
