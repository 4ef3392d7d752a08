"""Sequences that end early: networks on each example alone, cut to its end, are the definition."""

from __future__ import annotations

from typing import Any

import numpy as np

import jitnet as jn
from jitnet.arrays import Array
from oracle import network_loss_and_gradients, network_stages, predictions


def ragged_loss_and_gradients(
    model: jn.Sequential, X: Array, T: Array, lengths: Array, weight: Array | None = None
) -> tuple[float, list[Array]]:
    """The loss and gradients, by the oracle, of examples that are cut to their lengths.

    Targets T (n_samples, n_outputs), or (n_samples, time, n_outputs) where each step has a loss.
    """
    weights = model.get_weights()
    total, J = 0.0, 0.0
    gradients: list[Array] = [np.zeros(w.shape) for w in weights]
    for i, length in enumerate(lengths):
        targets = T[i : i + 1, :length] if T.ndim > 2 else T[i : i + 1]
        rows = length if T.ndim > 2 else 1
        own = rows * (1.0 if weight is None else float(weight[i]))
        loss, slopes = network_loss_and_gradients(
            model.layers,
            X[i : i + 1, :length],
            targets,
            weights,
            model.loss,
            label_smoothing=model.label_smoothing,
        )
        total, J = total + own, J + own * loss
        gradients = [g + own * slope for g, slope in zip(gradients, slopes, strict=True)]
    return J / total, [g / total for g in gradients]


def ragged_predictions(model: jn.Sequential, X: Array, lengths: Array) -> list[Array]:
    """What the oracle predicts of each example that is cut to its length."""
    found = []
    for x, length in zip(X, lengths, strict=True):
        stages = network_stages(model.layers, x[np.newaxis, :length], model.get_weights())
        found.append(predictions(model.loss, stages[-1].Y)[0])
    return found


def draw_weights(model: jn.Sequential, rng: np.random.Generator, size: float = 0.5) -> Any:
    """The model, with weights and biases that are all drawn."""
    model.set_weights([size * rng.normal(size=w.shape) for w in model.get_weights()])
    return model
