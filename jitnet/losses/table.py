"""The table of losses, and the block that applies one: a new loss is a file and a row."""

from __future__ import annotations

from typing import Any, NamedTuple

from jitnet.kernels.cpu import VECTORS
from jitnet.kernels.intrinsics import at
from jitnet.kernels.jit import Kernel, factory, njit
from jitnet.kernels.simd import load, store, where
from jitnet.losses import (
    binary_crossentropy,
    huber,
    mae,
    mse,
    poisson,
    quantile,
    softmax_crossentropy,
)
from jitnet.losses.links import LINKS


class Loss(NamedTuple):
    """A row of the table.

    Parameters
    ----------
    backward : Kernel
        ``backward(D, Z, T, outputs, row, weight, *settings)`` writes weight · dl/dz of a vector of
        examples to D and returns their losses l. D, the logits Z and the targets T are pointers;
        the vector of output u is ``load(Z, u * row)``.
    link : {"identity", "logistic", "exponential", "softmax"}, default "identity"
        What makes predictions of logits.
    settings : tuple of str, default ()
        Settings of the model that ``backward`` takes as numbers.
    least, most : float, optional
        The bounds of targets.
    """

    backward: Kernel
    link: str = "identity"
    settings: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None

    @property
    def classifies(self) -> bool:
        """Whether predictions are probabilities of classes, so that there is an accuracy."""
        return LINKS[self.link].correct is not None

    @property
    def takes_labels(self) -> bool:
        """Whether targets may be labels of classes."""
        return self.link == "softmax"


LOSSES: dict[str, Loss] = {
    "mse": Loss(mse.backward),
    "mae": Loss(mae.backward),
    "huber": Loss(huber.backward),
    "poisson": Loss(poisson.backward, "exponential", least=0.0),
    "binary_crossentropy": Loss(binary_crossentropy.backward, "logistic", least=0.0, most=1.0),
    "softmax_crossentropy": Loss(softmax_crossentropy.backward, "softmax", least=0.0, most=1.0),
    "quantile": Loss(quantile.backward, settings=("quantile",)),
}


@factory
def backward_of(backward: Kernel) -> Kernel:
    """The block of a loss."""

    @njit
    def loss_backward(
        dZ: Any,
        losses: Any,
        Z: Any,
        T: Any,
        weights: Any,
        scale: float,
        settings: Any,
        first_panel: int,
        last_panel: int,
    ) -> None:
        """The losses of the given panels' examples, and dL/dZ of each, scaled by its weight.

        Writes dZ (panels, outputs, width) = scale · weight · dl/dz and losses (panels, 1, width) =
        weight · l; reads Z and the targets T (panels, outputs, width) and weights (panels, 1,
        width).
        """
        _, outputs, width = Z.shape
        for p in range(first_panel, last_panel):
            for i in range(0, width, width // VECTORS):
                place, example = p * outputs * width + i, p * width + i
                weight = load(at(weights, 0), example)
                d, z, t = at(dZ, place), at(Z, place), at(T, place)
                loss = backward(d, z, t, outputs, width, weight * scale, *settings)
                # padding lanes have weight 0; select, so that 0 · inf is not NaN
                store(at(losses, 0), example, where(weight == 0.0, 0.0, loss * weight))

    return loss_backward
