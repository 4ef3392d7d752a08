"""Backward through the layers, and the gradients of weights and biases."""

from __future__ import annotations

from typing import Any

from jitnet import memory as m
from jitnet.activations.table import activation_backward
from jitnet.kernels.cpu import TILES
from jitnet.kernels.intrinsics import at
from jitnet.kernels.jit import njit
from jitnet.kernels.panels import array_at, row_block, to_rows
from jitnet.layers import dense
from jitnet.steps.forward import UNIT_GRAIN
from jitnet.steps.portions import ONE, barrier, portion, share, stretches

TALL_ROWS = TILES[0]

dense_backward = dense.dense_backward.serial
dense_weight_backward = dense.dense_weight_backward.serial
dense_bias_backward = dense.dense_bias_backward.serial
dense_small_backward = dense.dense_small_backward.serial
dense_small_weight_backward = dense.dense_small_weight_backward.serial


@njit
def backward(worker: Any, lockstep: bool, network: Any, work: Any, panels: int) -> None:
    """dZ[l-1] = (dZ[l] W[l]ᵀ) ∘ g'(Z[l-1]) layer by layer, and row blocks of dZ or of A."""
    values, width = work.values, work.width
    for layer in range(network.table.shape[0] - 1, -1, -1):
        row, below = network.table[layer], network.table[max(layer - 1, 0)]
        n_in, n_out, form = row[m.N_IN], row[m.N_OUT], row[m.FORM]
        if lockstep:
            barrier(worker)
        if form == m.UNITS_IN_LANES:
            _to_row_blocks(worker, lockstep, work, row[m.ROWS], row[m.D], n_out, panels)
        elif form == m.INPUTS_IN_LANES and layer > 0:
            _to_row_blocks(worker, lockstep, work, row[m.ROWS], below[m.A], n_in, panels)
        if layer == 0:
            continue
        small = form == m.SMALL
        p0, p1, k0, k1 = portion(worker, panels, n_in, UNIT_GRAIN, lockstep and not small)
        dX = array_at(values, below[m.D], (panels, n_in, width))
        dZ = array_at(values, row[m.D], (panels, n_out, width))
        weight = array_at(network.parameters, row[m.WEIGHT], (n_in * n_out,))
        if small:
            dense_small_backward(dX, dZ, weight, p0, p1)
        else:
            k_step, u_step = row[m.INPUT_STEP], row[m.UNIT_STEP]
            dense_backward(dX, dZ, weight, k_step, u_step, p0, p1, k0, k1)
        number, start, step, count = stretches(p0, p1, k0, k1, n_in, width)
        for i in range(number):
            place = start + i * step
            D, Z = at(values, below[m.D] + place), at(values, below[m.Z] + place)
            A = at(values, below[m.A] + place)
            activation_backward(D, Z, A, below[m.ACTIVATION], count)


@njit
def _to_row_blocks(
    worker: Any, lockstep: bool, work: Any, rows: int, columns: int, units: int, panels: int
) -> None:
    """The panels at ``columns`` as row blocks at ``rows``."""
    width = work.width
    blocks = (units + width - 1) // width
    p0, p1, b0, b1 = portion(worker, panels, blocks, ONE, lockstep)
    for p in range(p0, p1):
        target = at(work.values, rows + p * row_block(blocks * width, width))
        to_rows(target, at(work.values, columns + p * units * width), units, b0, b1)


@njit
def gradients(worker: Any, network: Any, work: Any, panels: int, add: bool) -> None:
    """dW[l] = A[l-1]ᵀ dZ[l] and db[l] = Σ dZ[l], each worker some tiles of every layer."""
    x, values, width = 0, work.values, work.width
    for layer in range(network.table.shape[0]):
        row = network.table[layer]
        n_in, n_out, form = row[m.N_IN], row[m.N_OUT], row[m.FORM]
        dweight = array_at(network.gradients, row[m.WEIGHT], (n_in * n_out,))
        X = array_at(values, x, (panels, n_in, width))
        dZ = array_at(values, row[m.D], (panels, n_out, width))
        if form == m.SMALL:
            first, last = share(worker, n_in, ONE)
            dense_small_weight_backward(dweight, X, dZ, first, last, add)
        else:
            across = n_out if form == m.UNITS_IN_LANES else n_in
            blocks = (across + width - 1) // width
            rows = array_at(values, row[m.ROWS], (panels, blocks, width + 1, width))
            columns = X if form == m.UNITS_IN_LANES else dZ
            by_rows = columns.shape[1] >= blocks * TALL_ROWS  # the longer side is cut
            b0, b1, r0, r1 = portion(worker, blocks, columns.shape[1], UNIT_GRAIN, by_rows)
            dense_weight_backward(dweight, columns, rows, across, r0, r1, b0, b1, add)
        if row[m.HAS_BIAS] == 1:
            first, last = share(worker, n_out, ONE)
            dbias = array_at(network.gradients, row[m.BIAS], (n_out,))
            dense_bias_backward(dbias, dZ, first, last, add)
        x = row[m.A]
