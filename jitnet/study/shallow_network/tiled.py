"""A shallow network as the engine runs it: a `fit` of two dense layers."""

from __future__ import annotations

from jitnet.activations import tanh
from jitnet.engine.loop import run_steps
from jitnet.engine.steps.portions import call_by_count, call_by_panels
from jitnet.layers import dense
from jitnet.losses import binary_crossentropy
from jitnet.study.engine import descend
from jitnet.study.problem import Array, Outputs, Run

ENGINE = (
    run_steps,
    call_by_panels,
    call_by_count,
    dense.dense_forward,
    tanh.value,
    binary_crossentropy.backward,
    dense.dense_backward,
    tanh.slope,
    dense.dense_weight_backward,
)


def start(
    threads: int, X: Array, Y: Array, W1: Array, b1: Array, W2: Array, b2: Array, alpha: float
) -> Run:
    """Runs of gradient descent from the given weights on X (n, m) and Y (1, m)."""
    fit = descend(threads, X, Y, [(W1, b1), (W2, b2)], "tanh", alpha)

    def run(times: int) -> Outputs:
        layers, J = fit(times)
        return *[array for layer in layers for array in layer], J

    return run
