"""Gated recurrent units, forward and backward through time."""

from __future__ import annotations

from functools import partial
from types import ModuleType
from typing import Any

import numpy as np

from jitnet.study.lstm import problem as lstm
from jitnet.study.problem import Inputs, Outputs, Problem, Size

GATES = 3


def inputs(size: Size, rng: np.random.Generator) -> Inputs:
    """X, W, U, b, b_n and dH."""
    X, W, U, b, dH = lstm.inputs(size, rng, GATES)
    return X, W, U, b, rng.standard_normal((size["units"], 1)), dH


def step(rung: ModuleType, X: Any, W: Any, U: Any, b: Any, b_n: Any, dH: Any) -> Outputs:
    """H and dX, a matrix a time step, and dW, dU, db and db_n."""
    H, gates, Q = rung.gru_forward(X, W, U, b, b_n)
    dX, dW, dU, db, db_n = rung.gru_backward(dH, gates, Q, H, X, W, U)
    return *H, *dX, dW, dU, db, db_n


NOTE = """\
The gate r stands behind the product with U, so that the state needs one product for all three. The
loop over time stays on every rung. W is (3 units, inputs); a model's is (inputs, 3 units)."""

PROBLEMS = {
    "gru": Problem(
        name="gru",
        title="Gated recurrent units, forward and backward through time",
        package=__package__,
        sizes=lstm.SIZES,
        sweeps=lstm.SWEEPS,
        inputs=inputs,
        step=step,
        flops=partial(lstm.flops, gates=GATES),
        traffic=partial(lstm.traffic, gates=GATES),
        numbers=partial(lstm.numbers, gates=GATES),
        note=NOTE,
    )
}
