"""Logistic regression as the engine runs it: a `fit` of one sigmoid unit."""

from __future__ import annotations

from jitnet.engine.loop import run_steps
from jitnet.layers import dense, dense_small
from jitnet.losses import binary_crossentropy
from jitnet.study.engine import descend
from jitnet.study.problem import Array, Outputs, Run

ENGINE = (
    run_steps,
    dense_small.dense_small_forward,
    dense.dense_forward,
    binary_crossentropy.backward,
    dense_small.dense_small_weight_backward,
    dense.dense_weight_backward,
)


def start(threads: int, X: Array, Y: Array, w: Array, b: float, alpha: float) -> Run:
    """Runs of gradient descent from w (n, 1) and b on X (n, m) and Y (1, m)."""
    fit = descend(threads, X, Y, [(w.T, b)], "identity", alpha)

    def run(times: int) -> Outputs:
        ((W, bias),), J = fit(times)
        return W.T, bias[0, 0], J

    return run
