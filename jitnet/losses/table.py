"""The table of losses, and the blocks that apply one to a panel of examples.

The table is closed, since it is compiled in: a new loss is a file, a row of ``LOSSES`` and a branch
in ``loss_backward``.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from jitnet.kernels.cpu import VECTORS
from jitnet.kernels.intrinsics import ahead
from jitnet.kernels.jit import njit
from jitnet.kernels.simd import lanes, load, splat, store, where
from jitnet.losses import (
    binary_crossentropy,
    huber,
    links,
    mae,
    mse,
    poisson,
    softmax_crossentropy,
)

LINKS = ("identity", "logistic", "exponential", "softmax")
IDENTITY, LOGISTIC, EXPONENTIAL, SOFTMAX = range(len(LINKS))


class Loss(NamedTuple):
    """A row of the table: the number the kernels know a loss by, and the link of its predictions."""

    kind: int
    link: int

    @property
    def classifies(self) -> bool:
        """Whether predictions are probabilities of classes, so that there is an accuracy."""
        return self.link in (LOGISTIC, SOFTMAX)


LOSSES = {
    "mse": Loss(0, IDENTITY),
    "mae": Loss(1, IDENTITY),
    "huber": Loss(2, IDENTITY),
    "poisson": Loss(3, EXPONENTIAL),
    "binary_crossentropy": Loss(4, LOGISTIC),
    "softmax_crossentropy": Loss(5, SOFTMAX),
}
MSE, MAE, HUBER, POISSON, BINARY_CROSSENTROPY, SOFTMAX_CROSSENTROPY = range(len(LOSSES))


@njit
def _vector_backward(
    D: Any, Z: Any, T: Any, kind: int, outputs: int, row: int, weight: Any
) -> Any:
    if kind == MSE:
        return mse.backward(D, Z, T, outputs, row, weight)
    if kind == MAE:
        return mae.backward(D, Z, T, outputs, row, weight)
    if kind == HUBER:
        return huber.backward(D, Z, T, outputs, row, weight)
    if kind == POISSON:
        return poisson.backward(D, Z, T, outputs, row, weight)
    if kind == BINARY_CROSSENTROPY:
        return binary_crossentropy.backward(D, Z, T, outputs, row, weight)
    return softmax_crossentropy.backward(D, Z, T, outputs, row, weight)


@njit
def loss_backward(
    D: Any, losses: Any, Z: Any, T: Any, weights: Any, kind: int, outputs: int, scale: float
) -> None:
    """The losses of a panel's examples, and dL/dz of each scaled by its weight.

    Writes D (outputs, width) = scale · weight · dl/dz and losses (width,) = weight · l; reads Z and
    the targets T (outputs, width) and weights (width,).
    """
    n = lanes(Z)
    for i in range(0, VECTORS * n, n):
        weight = load(weights, i)
        loss = _vector_backward(
            ahead(D, i), ahead(Z, i), ahead(T, i), kind, outputs, VECTORS * n, weight * scale
        )
        # what repeats the last example has no weight; an infinite loss there is not a NaN
        store(losses, i, where(weight == 0.0, 0.0, loss * weight))


@njit
def count_hits(hits: Any, Z: Any, T: Any, weights: Any, link: int, outputs: int) -> None:
    """Weights of a panel's examples that are classified as they should be, shared by outputs."""
    n = lanes(Z)
    row = VECTORS * n
    for i in range(0, row, n):
        if link == LOGISTIC:
            right = splat(Z, 0.0)
            for u in range(outputs):
                z, t = load(Z, u * row + i), load(T, u * row + i)
                said = where(z > 0.0, splat(Z, 1.0), 0.0)
                meant = where(t > 0.5, splat(Z, 1.0), 0.0)
                right = right + where(said == meant, splat(Z, 1.0), 0.0)
            store(hits, i, right * load(weights, i) / outputs)
        else:
            greatest, most = load(Z, i), load(T, i)
            chosen = most
            for u in range(1, outputs):
                z, t = load(Z, u * row + i), load(T, u * row + i)
                chosen = where(z > greatest, t, chosen)
                greatest = where(z > greatest, z, greatest)
                most = where(t > most, t, most)
            store(hits, i, where(chosen == most, load(weights, i), 0.0))


@njit
def apply_link(P: Any, Z: Any, link: int, outputs: int) -> None:
    """Predictions P (outputs, width) of a panel from its Z (outputs, width)."""
    n = lanes(Z)
    row = VECTORS * n
    for i in range(0, row, n):
        p, z = ahead(P, i), ahead(Z, i)
        if link == IDENTITY:
            links.identity(p, z, outputs, row)
        elif link == LOGISTIC:
            links.logistic(p, z, outputs, row)
        elif link == EXPONENTIAL:
            links.exponential(p, z, outputs, row)
        else:
            links.softmax(p, z, outputs, row)
