"""From the output layer's logits to a prediction, and when that is correct: a loss's link."""

from __future__ import annotations

from typing import Any, NamedTuple

from jitnet.kernels import elementary
from jitnet.kernels.cpu import VECTORS
from jitnet.kernels.intrinsics import at
from jitnet.kernels.jit import Kernel, factory, njit
from jitnet.kernels.simd import load, splat, store, where


@njit
def identity(P: Any, Z: Any, outputs: int, row: int) -> None:
    """P = z."""
    for u in range(outputs):
        store(P, u * row, load(Z, u * row))


@njit
def logistic(P: Any, Z: Any, outputs: int, row: int) -> None:
    """P = σ(z), a probability for each output."""
    for u in range(outputs):
        store(P, u * row, elementary.sigmoid(load(Z, u * row)))


@njit
def exponential(P: Any, Z: Any, outputs: int, row: int) -> None:
    """P = eᶻ, a rate for each output."""
    for u in range(outputs):
        store(P, u * row, elementary.exp(load(Z, u * row)))


@njit
def softmax(P: Any, Z: Any, outputs: int, row: int) -> None:
    """P = eᶻ / Σ eᶻ, probabilities that sum to 1; the greatest z is subtracted first."""
    greatest = load(Z, 0)
    for u in range(1, outputs):
        z = load(Z, u * row)
        greatest = where(z < greatest, greatest, z)
    total = splat(Z, 0.0)
    for u in range(outputs):
        e = elementary.exp(load(Z, u * row) - greatest)
        store(P, u * row, e)
        total = total + e
    for u in range(outputs):
        store(P, u * row, load(P, u * row) / total)


@njit
def binary_correct(Z: Any, T: Any, outputs: int, row: int) -> Any:
    """The share of a vector of examples' outputs on the correct side of ½."""
    one = splat(Z, 1.0)
    correct = splat(Z, 0.0)
    for u in range(outputs):
        said = where(load(Z, u * row) > 0.0, one, 0.0)
        meant = where(load(T, u * row) > 0.5, one, 0.0)
        correct = correct + where(said == meant, one, 0.0)
    return correct / outputs


@njit
def class_correct(Z: Any, T: Any, outputs: int, row: int) -> Any:
    """1 for a vector of examples where the greatest logit is the greatest target's."""
    greatest, most = load(Z, 0), load(T, 0)
    chosen = most
    for u in range(1, outputs):
        z, t = load(Z, u * row), load(T, u * row)
        chosen = where(z > greatest, t, chosen)
        greatest = where(z > greatest, z, greatest)
        most = where(t > most, t, most)
    return where(chosen == most, splat(Z, 1.0), 0.0)


class Link(NamedTuple):
    """A row of the table of links.

    Parameters
    ----------
    predict : Kernel
        ``predict(P, Z, outputs, row)`` writes the predictions of a vector of examples, whose
        outputs are ``row`` elements apart.
    correct : Kernel, optional
        ``correct(Z, T, outputs, row)`` is the share of correct outputs of each example, where
        predictions are probabilities of classes.
    """

    predict: Kernel
    correct: Kernel | None = None


LINKS = {
    "identity": Link(identity),
    "logistic": Link(logistic, binary_correct),
    "exponential": Link(exponential),
    "softmax": Link(softmax, class_correct),
}


@factory
def predict_of(predict: Kernel) -> Kernel:
    """The block that predicts by a link."""

    @njit
    def predictions(P: Any, Z: Any, first_panel: int, last_panel: int) -> None:
        """Predictions P (panels, outputs, width) from Z, for the given panels."""
        _, outputs, width = Z.shape
        for p in range(first_panel, last_panel):
            for i in range(0, width, width // VECTORS):
                place = p * outputs * width + i
                predict(at(P, place), at(Z, place), outputs, width)

    return predictions


@factory
def correct_of(correct: Kernel) -> Kernel:
    """The block that counts correct predictions by a link."""

    @njit
    def count_correct(
        counts: Any, Z: Any, T: Any, weights: Any, first_panel: int, last_panel: int
    ) -> None:
        """The weights of correctly classified examples, counts (panels, 1, width)."""
        _, outputs, width = Z.shape
        for p in range(first_panel, last_panel):
            for i in range(0, width, width // VECTORS):
                place, example = p * outputs * width + i, p * width + i
                share = correct(at(Z, place), at(T, place), outputs, width)
                store(at(counts, 0), example, share * load(at(weights, 0), example))

    return count_correct
