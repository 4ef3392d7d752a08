"""The engine as the ladder's last rung runs it: a whole fit, or one kernel on a team of threads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import jitnet as jn
from jitnet.kernels.cache import compilation
from jitnet.kernels.cpu import VECTORS
from jitnet.kernels.panels import panel_width
from jitnet.kernels.team import new_team
from jitnet.memory import zeros
from jitnet.study.problem import Array
from jitnet.threads import PARALLEL_FLOPS, available_threads, run_team

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


def on_a_team(threads: int, kernel: Callable[..., None], *arguments: Any) -> Callable[[int], None]:
    """A run of ``kernel(wanted, team, times, *arguments)`` on some threads, compiled beforehand."""
    with compilation():
        kernel(1, new_team(), 0, *arguments)

    def run(times: int) -> None:
        run_team(threads, lambda wanted, team: kernel(wanted, team, times, *arguments), new_team())

    return run


def to_panels(array: Array, place: int = 0) -> Array:
    """(units, m) as panels of examples, (panels, units, width), filled up with zeros.

    ``place`` is that of `jitnet.memory.zeros`.
    """
    units, m = array.shape
    width = panel_width(array.dtype)
    panels = zeros((-(-m // width), units, width), array.dtype, place)
    for p, panel in enumerate(panels):
        part = array[:, p * width : (p + 1) * width]
        panel[:, : part.shape[1]] = part
    return panels


def from_panels(panels: Array, m: int) -> Array:
    """Panels of examples as (units, m)."""
    return np.concatenate(list(panels), axis=1)[:, :m]


def lanes_of(dtype: Any) -> int:
    """Numbers in a vector."""
    return panel_width(dtype) // VECTORS
