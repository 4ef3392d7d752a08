"""The engine as the ladder's last rung runs it on a network: a whole fit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import jitnet as jn
from jitnet.study.problem import Array
from jitnet.threads import PARALLEL_FLOPS, available_threads

Layers = list[tuple[Array, Any]]


def team_size(threads: int, flops: float) -> int:
    """Threads for a step of so many operations: one where the engine takes no team for it."""
    return threads if flops >= PARALLEL_FLOPS else 1


def descend(
    threads: int, X: Array, Y: Array, layers: Layers, activation: str, alpha: float
) -> Callable[[int], tuple[Layers, float]]:
    """Full-batch gradient descent on the cross-entropy of one sigmoid output.

    All is in the course's orientation: X (n, m), Y (1, m), and W (units, inputs) and b (units, 1)
    of each layer; hidden layers have the ``activation``. The engine uses more than one thread where
    the steps are long enough for it. What is returned takes so many steps from
    the start, and gives the layers and the cost before the last step.
    """
    hidden = [jn.Dense(len(W), activation) for W, _ in layers[:-1]]
    flops = 3 * 2.0 * X.shape[1] * sum(W.size for W, _ in layers)
    model = jn.Sequential(
        [*hidden, jn.Dense(1)],
        loss="binary_crossentropy",
        optimizer=jn.SGD(float(alpha)),
        dtype=X.dtype.name,
        n_threads=None if threads >= available_threads() else team_size(threads, flops),
    )
    first = [array for W, b in layers for array in (W.T, np.ravel(b))]

    def run(times: int) -> tuple[Layers, float]:
        model.set_weights(first)
        history = model.fit(X.T, Y[0], epochs=times, batch_size=None, shuffle=False)
        weights = model.get_weights()
        pairs = zip(weights[0::2], weights[1::2], strict=True)
        return [(W.T, b[:, None]) for W, b in pairs], history["loss"][-1]

    return run
