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
    quantile,
    softmax_crossentropy,
)

LINKS = ("identity", "logistic", "exponential", "softmax")
IDENTITY, LOGISTIC, EXPONENTIAL, SOFTMAX = range(len(LINKS))


class Loss(NamedTuple):
    """A row of the table: the number that kernels know a loss by, and its predictions' link."""

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
    "quantile": Loss(6, IDENTITY),
}
MSE, MAE, HUBER, POISSON, BINARY_CROSSENTROPY, SOFTMAX_CROSSENTROPY, QUANTILE = range(len(LOSSES))


@njit
def _backward(
    backward: Any,
    parameters: Any,
    D: Any,
    losses: Any,
    Z: Any,
    T: Any,
    weights: Any,
    outputs: int,
    scale: float,
    panels: int,
) -> None:
    n = lanes(Z)
    width = VECTORS * n
    for p in range(panels):
        for v in range(VECTORS):
            i = v * n
            place, example = p * outputs * width + i, p * width + i
            weight = load(weights, example)
            d, z, t = ahead(D, place), ahead(Z, place), ahead(T, place)
            loss = backward(d, z, t, outputs, width, weight * scale, *parameters)
            # what repeats the last example has no weight; an infinite loss there is not a NaN
            store(losses, example, where(weight == 0.0, 0.0, loss * weight))


@njit
def loss_backward(
    D: Any,
    losses: Any,
    Z: Any,
    T: Any,
    weights: Any,
    kind: int,
    level: float,
    outputs: int,
    scale: float,
    panels: int,
) -> None:
    """The losses of some panels' examples, and dL/dz of each scaled by its weight.

    Writes D (panels, outputs, width) = scale · weight · dl/dz and losses (panels, width) =
    weight · l; reads Z and the targets T (panels, outputs, width) and weights (panels, width). The
    quantile loss is that of the quantile ``level``.
    """
    if kind == MSE:
        _backward(mse.backward, (), D, losses, Z, T, weights, outputs, scale, panels)
    elif kind == MAE:
        _backward(mae.backward, (), D, losses, Z, T, weights, outputs, scale, panels)
    elif kind == HUBER:
        _backward(huber.backward, (), D, losses, Z, T, weights, outputs, scale, panels)
    elif kind == POISSON:
        _backward(poisson.backward, (), D, losses, Z, T, weights, outputs, scale, panels)
    elif kind == BINARY_CROSSENTROPY:
        _backward(
            binary_crossentropy.backward, (), D, losses, Z, T, weights, outputs, scale, panels
        )
    elif kind == QUANTILE:
        _backward(quantile.backward, (level,), D, losses, Z, T, weights, outputs, scale, panels)
    else:
        _backward(
            softmax_crossentropy.backward, (), D, losses, Z, T, weights, outputs, scale, panels
        )


@njit
def _binary_hits(Z: Any, T: Any, outputs: int, row: int) -> Any:
    """The share of a vector of examples' outputs on the right side of ½."""
    one = splat(Z, 1.0)
    right = splat(Z, 0.0)
    for u in range(outputs):
        said = where(load(Z, u * row) > 0.0, one, 0.0)
        meant = where(load(T, u * row) > 0.5, one, 0.0)
        right = right + where(said == meant, one, 0.0)
    return right / outputs


@njit
def _class_hits(Z: Any, T: Any, outputs: int, row: int) -> Any:
    """1 for a vector of examples where the greatest output is the greatest target's."""
    greatest, most = load(Z, 0), load(T, 0)
    chosen = most
    for u in range(1, outputs):
        z, t = load(Z, u * row), load(T, u * row)
        chosen = where(z > greatest, t, chosen)
        greatest = where(z > greatest, z, greatest)
        most = where(t > most, t, most)
    return where(chosen == most, splat(Z, 1.0), 0.0)


@njit
def count_hits(
    hits: Any, Z: Any, T: Any, weights: Any, link: int, outputs: int, panels: int
) -> None:
    """Weights of some panels' examples that are classified as they should be."""
    n = lanes(Z)
    width = VECTORS * n
    for p in range(panels):
        for v in range(VECTORS):
            i = v * n
            z, t = ahead(Z, p * outputs * width + i), ahead(T, p * outputs * width + i)
            if link == LOGISTIC:
                right = _binary_hits(z, t, outputs, width)
            else:
                right = _class_hits(z, t, outputs, width)
            store(hits, p * width + i, right * load(weights, p * width + i))


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
