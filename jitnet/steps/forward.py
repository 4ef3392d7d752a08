"""Forward through the layers."""

from __future__ import annotations

from typing import Any

import numpy as np

from jitnet import memory as m
from jitnet.activations.table import activation_forward
from jitnet.kernels.cpu import TILES
from jitnet.kernels.intrinsics import at
from jitnet.kernels.jit import njit
from jitnet.kernels.panels import array_at
from jitnet.layers import dense
from jitnet.steps.portions import barrier, portion, stretches

dense_forward = dense.dense_forward.serial
dense_small_forward = dense.dense_small_forward.serial

UNIT_GRAIN: Any = np.int64(TILES[0])
"""Units are cut between workers at multiples of the tall tile's rows."""


@njit
def packed_weights(network: Any, row: Any) -> Any:
    """A layer's weights in tiles."""
    turned = row[m.FORM] == m.INPUTS_IN_LANES
    n_rows = row[m.N_OUT] if turned else row[m.N_IN]
    return array_at(network.packed, row[m.PACKED], (row[m.TILES], n_rows + 1, UNIT_GRAIN))


@njit
def forward(worker: Any, lockstep: bool, network: Any, work: Any, panels: int) -> None:
    """A[l] = g(A[l-1] W[l] + b[l]) layer by layer."""
    x, values, width = 0, work.values, work.width
    for layer in range(network.table.shape[0]):
        row = network.table[layer]
        n_in, n_out, small = row[m.N_IN], row[m.N_OUT], row[m.FORM] == m.SMALL
        p0, p1, u0, u1 = portion(worker, panels, n_out, UNIT_GRAIN, lockstep and not small)
        if lockstep:
            barrier(worker)
        X = array_at(values, x, (panels, n_in, width))
        Z = array_at(values, row[m.Z], (panels, n_out, width))
        A = array_at(values, row[m.A], (panels, n_out, width))
        weight = array_at(network.parameters, row[m.WEIGHT], (n_in * n_out,))
        bias = array_at(network.parameters, row[m.BIAS], (n_out,))
        if small:
            dense_small_forward(Z, X, weight, bias, p0, p1)
        else:
            packed, turned = packed_weights(network, row), row[m.FORM] == m.INPUTS_IN_LANES
            dense_forward(Z, X, weight, packed, bias, turned, p0, p1, u0, u1)
        number, start, step, count = stretches(p0, p1, u0, u1, n_out, width)
        for i in range(number):
            place = start + i * step
            activation_forward(at(A, place), at(Z, place), row[m.ACTIVATION], count)
        x = row[m.A]
