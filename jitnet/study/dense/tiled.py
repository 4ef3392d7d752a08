"""A dense layer as the engine runs it: register tiles over panels of examples.

The engine's gradients hold the 1 / m of a mean before they reach a layer.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from jitnet.kernels import matmul
from jitnet.kernels.jit import njit
from jitnet.kernels.matmul import packed_shape
from jitnet.kernels.panels import room_size
from jitnet.kernels.team import join
from jitnet.layers import dense
from jitnet.memory import INPUTS_IN_LANES, SMALL, gradient_form, zeros
from jitnet.steps import portions
from jitnet.steps.forward import UNIT_GRAIN
from jitnet.steps.portions import barrier, in_lockstep, portion
from jitnet.steps.state import Worker
from jitnet.study.engine import from_panels, on_a_team, to_panels
from jitnet.study.problem import Array, Outputs, Run

ENGINE = (
    dense.dense_forward,
    dense.dense_backward,
    dense.dense_weight_backward,
    matmul.multiply_rows,
    matmul.multiply_tile,
)

forward = dense.dense_forward.serial
backward = dense.dense_backward.serial
weight_backward = dense.dense_weight_backward.serial
pack = dense.dense_pack.serial
bias_backward = dense.dense_bias_backward.serial
small_forward = dense.dense_small_forward.serial
small_backward = dense.dense_small_backward.serial
small_weight_backward = dense.dense_small_weight_backward.serial

ZERO, ONE = np.int64(0), np.int64(1)
FORWARD, BACKWARD, WEIGHT, BIAS = np.int64(1), np.int64(2), np.int64(4), np.int64(8)
"""The parts of a step, which benchmarks also run one by one."""
ALL = FORWARD | BACKWARD | WEIGHT | BIAS


@njit(entry=True)
def dense_steps(
    wanted: int,
    team: Any,
    times: int,
    Z: Any,
    dX: Any,
    dweight: Any,
    dbias: Any,
    rooms: Any,
    dZ: Any,
    X: Any,
    weight: Any,
    packed: Any,
    bias: Any,
    form: int,
    parts: int,
) -> None:
    """A worker's share of some steps forward and backward through a layer, or of parts of them.

    Writes Z (panels, n_out, width), dX (panels, n_in, width), the flat dweight and dbias (n_out,),
    and what is kept of the weights and of panels; reads dZ, X, the flat weight and bias.
    """
    rank, size = join(team, wanted)
    if size == 0:
        return
    worker = Worker(rank, size, team)
    panels, n_in, _ = X.shape
    n_out, width = Z.shape[1], Z.shape[2]
    add = wanted < ZERO  # no; a literal False would be a type of its own
    turned = form == INPUTS_IN_LANES
    n_rows, n_lanes = (n_out, n_in) if turned else (n_in, n_out)
    r0, r1 = portions.share(worker, n_rows, dense.PACKED_AT_ONCE)
    pack(packed, weight, r0, r1)
    barrier(worker)
    lockstep = form != SMALL and in_lockstep(panels, size)
    p0, p1, u0, u1 = portion(worker, panels, n_out, UNIT_GRAIN, lockstep)
    _, _, k0, k1 = portion(worker, panels, n_in, UNIT_GRAIN, lockstep)
    for _ in range(times):
        if form == SMALL:
            if parts & FORWARD:
                small_forward(Z, X, weight, bias, p0, p1)
            if parts & BACKWARD:
                small_backward(dX, dZ, weight, p0, p1)
            if parts & WEIGHT:
                first, last = portions.share(worker, n_in, ONE)
                small_weight_backward(dweight, X, dZ, first, last, add)
        else:
            if parts & FORWARD:
                forward(Z, X, weight, packed, bias, turned, p0, p1, u0, u1)
            if parts & BACKWARD:
                backward(dX, dZ, weight, packed, turned, p0, p1, k0, k1)
            if parts & WEIGHT:
                blocks = (n_lanes + width - 1) // width
                by_rows = in_lockstep(blocks, size)
                b0, b1, r0, r1 = portion(worker, blocks, n_rows, UNIT_GRAIN, by_rows)
                room = rooms[rank : rank + 1]
                weight_backward(dweight, X, dZ, room, turned, panels * width, r0, r1, b0, b1, add)
        if parts & BIAS:
            first, last = portions.share(worker, n_out, ONE)
            bias_backward(dbias, dZ, first, last, add)
        barrier(worker)


def start(threads: int, A_prev: Array, W: Array, b: Array, dZ: Array, parts: int = int(ALL)) -> Run:
    """Runs forward and backward, from the course's orientation and back to it."""
    (n_out, n_in), m = W.shape, A_prev.shape[1]
    form = gradient_form(n_in, n_out)
    X, D = to_panels(A_prev), to_panels(dZ / m, 1)
    Z, dX = zeros(D.shape, W.dtype, 2), zeros(X.shape, W.dtype, 3)
    sides = (n_out, n_in) if form == INPUTS_IN_LANES else (n_in, n_out)
    packed = zeros(packed_shape(*sides), W.dtype, 8)
    rooms = zeros((threads, room_size(W.dtype)), W.dtype, 6)
    weight, dweight = zeros(W.size, W.dtype, 4), zeros(W.size, W.dtype, 5)
    weight[:] = W.ravel() if form == INPUTS_IN_LANES else W.T.ravel()
    dbias = zeros(n_out, W.dtype, 7)
    steps = on_a_team(
        threads,
        dense_steps,
        Z,
        dX,
        dweight,
        dbias,
        rooms,
        D,
        X,
        weight,
        packed,
        b[:, 0].copy(),
        form,
        parts,
    )

    def run(times: int) -> Outputs:
        steps(times)
        dW = dweight.reshape(W.shape) if form == INPUTS_IN_LANES else dweight.reshape(W.T.shape).T
        return from_panels(Z, m), from_panels(dX, m) * m, dW, dbias[:, None]

    return run
