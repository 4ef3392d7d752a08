"""Gradient descent as a student writes it in NumPy: the reference of the training tests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from jitnet.arrays import Array


def forward(weights: Sequence[Array], X: Array, hidden: str) -> list[Array]:
    """A[0] … A[L - 1] and Z[L] of Ng's course, with examples as rows."""
    A = [X]
    for place in range(0, len(weights), 2):
        Z = A[-1] @ weights[place] + weights[place + 1]
        last = place == len(weights) - 2
        A.append(Z if last else np.tanh(Z) if hidden == "tanh" else np.maximum(Z, 0))
    return A


def cost_and_gradients(
    weights: Sequence[Array], X: Array, T: Array, hidden: str
) -> tuple[float, list[Array]]:
    """The cross-entropy of a sigmoid, or of a softmax of several classes, and its gradients."""
    m = len(X)
    *A, Z = forward(weights, X, hidden)
    if T.shape[1] == 1:
        P = 1 / (1 + np.exp(-Z))
        cost = -np.mean(T * np.log(P) + (1 - T) * np.log(1 - P))
    else:
        P = np.exp(Z) / np.exp(Z).sum(axis=1, keepdims=True)
        cost = -np.mean((T * np.log(P)).sum(axis=1))
    dZ = (P - T) / m
    gradients: list[Array] = []
    for place in range(len(weights) - 2, -1, -2):
        a = A[place // 2]
        gradients = [a.T @ dZ, dZ.sum(axis=0), *gradients]
        dZ = (dZ @ weights[place].T) * (1 - a * a if hidden == "tanh" else a > 0)
    return float(cost), gradients


def descend(
    weights: Sequence[Array], X: Array, T: Array, hidden: str, rates: Sequence[float]
) -> Iterator[float]:
    """Gradient descent in plain NumPy: changes the weights, yields each cost before its step."""
    for rate in rates:
        cost, gradients = cost_and_gradients(weights, X, T, hidden)
        for w, g in zip(weights, gradients, strict=True):
            w -= rate * g
        yield cost
