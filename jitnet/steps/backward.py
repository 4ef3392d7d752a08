"""Backward through the layers, and the gradients of weights and biases."""

from __future__ import annotations

from typing import Any

from jitnet import memory as m
from jitnet.activations.table import activation_backward
from jitnet.kernels.intrinsics import at
from jitnet.kernels.jit import njit
from jitnet.kernels.panels import array_at
from jitnet.layers import dense
from jitnet.steps.forward import UNIT_GRAIN, packed_weights
from jitnet.steps.portions import ONE, barrier, in_lockstep, portion, share, stretches

dense_backward = dense.dense_backward.serial
dense_weight_backward = dense.dense_weight_backward.serial
dense_bias_backward = dense.dense_bias_backward.serial
dense_small_backward = dense.dense_small_backward.serial
dense_small_weight_backward = dense.dense_small_weight_backward.serial


@njit
def backward(worker: Any, lockstep: bool, network: Any, work: Any, panels: int) -> None:
    """dZ[l-1] = (dZ[l] W[l]ᵀ) ∘ g'(Z[l-1]) layer by layer."""
    values, width = work.values, work.width
    for layer in range(network.table.shape[0] - 1, 0, -1):
        row, below = network.table[layer], network.table[layer - 1]
        n_in, n_out, form = row[m.N_IN], row[m.N_OUT], row[m.FORM]
        if lockstep:
            barrier(worker)
        small = form == m.SMALL
        p0, p1, k0, k1 = portion(worker, panels, n_in, UNIT_GRAIN, lockstep and not small)
        dX = array_at(values, below[m.D], (panels, n_in, width))
        dZ = array_at(values, row[m.D], (panels, n_out, width))
        weight = array_at(network.parameters, row[m.WEIGHT], (n_in * n_out,))
        if small:
            dense_small_backward(dX, dZ, weight, p0, p1)
        else:
            packed, turned = packed_weights(network, row), form == m.INPUTS_IN_LANES
            dense_backward(dX, dZ, weight, packed, turned, p0, p1, k0, k1)
        number, start, step, count = stretches(p0, p1, k0, k1, n_in, width)
        for i in range(number):
            place = start + i * step
            D, Z = at(values, below[m.D] + place), at(values, below[m.Z] + place)
            A = at(values, below[m.A] + place)
            activation_backward(D, Z, A, below[m.ACTIVATION], count)


@njit
def gradients(worker: Any, network: Any, work: Any, examples: int, add: bool) -> None:
    """dW[l] = A[l-1]ᵀ dZ[l] and db[l] = Σ dZ[l], each worker some tiles of every layer."""
    x, values, width = 0, work.values, work.width
    panels = (examples + width - 1) // width
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
            turned = form == m.INPUTS_IN_LANES
            n_rows, n_lanes = (n_out, n_in) if turned else (n_in, n_out)
            blocks = (n_lanes + width - 1) // width
            by_rows = in_lockstep(blocks, worker.size)
            b0, b1, r0, r1 = portion(worker, blocks, n_rows, UNIT_GRAIN, by_rows)
            rooms = work.rooms[worker.rank : worker.rank + 1]
            dense_weight_backward(dweight, X, dZ, rooms, turned, examples, r0, r1, b0, b1, add)
        if row[m.HAS_BIAS] == 1:
            first, last = share(worker, n_out, ONE)
            dbias = array_at(network.gradients, row[m.BIAS], (n_out,))
            dense_bias_backward(dbias, dZ, first, last, add)
        x = row[m.A]
