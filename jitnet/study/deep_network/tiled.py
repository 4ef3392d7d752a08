"""A deep network as the engine runs it: a `fit`, whose loop walks the layers' blocks by address."""

from __future__ import annotations

from jitnet.activations import relu
from jitnet.engine.loop import run_steps
from jitnet.engine.steps.portions import call_by_count, call_by_panels
from jitnet.kernels import matmul
from jitnet.layers import dense
from jitnet.losses import binary_crossentropy
from jitnet.study.engine import descend
from jitnet.study.problem import Array, Outputs, Run

ENGINE = (
    run_steps,
    call_by_panels,
    call_by_count,
    dense.dense_forward,
    relu.value,
    binary_crossentropy.backward,
    dense.dense_backward,
    relu.slope,
    dense.dense_weight_backward,
    matmul.multiply_tile,
    matmul.add_products,
)


def start(threads: int, X: Array, Y: Array, W: list[Array], b: list[Array], alpha: float) -> Run:
    """Runs of gradient descent from the given weights on X (n, m) and Y (1, m)."""
    fit = descend(threads, X, Y, list(zip(W, b, strict=True)), "relu", alpha)

    def run(times: int) -> Outputs:
        layers, J = fit(times)
        return [W for W, _ in layers], [b for _, b in layers], J

    return run
