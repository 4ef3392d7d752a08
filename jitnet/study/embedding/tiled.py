"""An embedding as the engine runs it: rows are laid side by side, and turned into panels.

The engine's gradients hold the 1 / m of a mean before they reach a layer.
"""

from __future__ import annotations

import jitnet as jn
from jitnet.kernels import panels
from jitnet.layers import embedding
from jitnet.study.blocks import FORWARD, GRADIENTS, Blocks, run_phases
from jitnet.study.problem import Array, Outputs, Run

ENGINE = (
    run_phases,
    embedding.embedding_forward,
    embedding.embedding_weight_backward,
    panels.to_columns,
    panels.to_rows,
)


def start(threads: int, X: Array, E: Array, dY: Array) -> Run:
    """Runs forward and backward, from the course's orientation and back to it."""
    time, m = X.shape
    blocks = Blocks(jn.Embedding(*E.shape), (time,), m, E.dtype, threads)
    blocks.write(X=X, weight=E, dY=dY.reshape(-1, m) / m)
    steps = blocks.runs(FORWARD, GRADIENTS)

    def run(times: int) -> Outputs:
        steps(times)
        return *blocks.read("Y").reshape(dY.shape), blocks.read("dweight")

    return run
