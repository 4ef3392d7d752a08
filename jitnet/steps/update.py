"""From gradients to new parameters: penalties, the clipped norm, the optimiser's step."""

from __future__ import annotations

from typing import Any

import numpy as np

from jitnet import memory as m
from jitnet.kernels.intrinsics import at
from jitnet.kernels.jit import njit
from jitnet.kernels.panels import array_at
from jitnet.kernels.simd import fma, lanes, load, splat, store, sum_lanes
from jitnet.layers import dense
from jitnet.optimizers.hyperparameters import CLIP_NORM
from jitnet.optimizers.table import update
from jitnet.steps.forward import packed_weights
from jitnet.steps.portions import barrier, share

dense_pack = dense.dense_pack.serial

CHUNK = np.int64(1024)
"""Parameters whose squares are added up at once, whoever owns them."""

ALIGNMENT = np.int64(m.ALIGNMENT)
SQUARES, PENALTIES = range(2)
"""The columns of the network's chunks."""


@njit
def needs_sums(network: Any, plan: Any) -> Any:
    """Whether a step adds penalties to its gradients, or wants their norm."""
    total = plan.hyper[CLIP_NORM]
    for l2 in network.l2:
        total += l2
    return total > 0.0


@njit
def penalise(worker: Any, network: Any, share_of_l2: float) -> None:
    """Add λ W to the weights' gradients, and note each chunk's λ/2 Σ W² and Σ g².

    λ is a layer's l2, multiplied by ``share_of_l2``.
    """
    g, w = at(network.gradients, 0), at(network.parameters, 0)
    first, last = share(worker, network.parameters.size, CHUNK)
    for start in range(first, last, CHUNK):
        stop = min(start + CHUNK, last)
        penalty = 0.0
        for layer in range(network.table.shape[0]):
            l2, row = network.l2[layer] * share_of_l2, network.table[layer]
            begin = row[m.WEIGHT]
            end = begin + row[m.N_IN] * row[m.N_OUT]
            if l2 != 0.0:  # negative where the weights of examples are
                total = splat(g, 0.0)
                for i in range(max(start, begin), min(stop, end), lanes(g)):
                    weight = load(w, i)
                    total = fma(weight, weight, total)
                    store(g, i, fma(weight, l2, load(g, i)))
                penalty += 0.5 * l2 * sum_lanes(total)
        squares = splat(g, 0.0)
        for i in range(start, stop, lanes(g)):
            squares = fma(load(g, i), load(g, i), squares)
        network.chunks[start // CHUNK, SQUARES] = sum_lanes(squares)
        network.chunks[start // CHUNK, PENALTIES] = penalty


@njit
def sum_chunks(network: Any, column: int) -> float:
    """A column of the chunks, added up in their order."""
    total = 0.0
    for chunk in range(network.chunks.shape[0]):
        total += network.chunks[chunk, column]
    return total


@njit
def clip_scale(network: Any, clip_norm: float) -> float:
    """min(1, c / ‖g‖₂), or 1 where c is 0, which stands for no clipping."""
    if clip_norm == 0.0:
        return 1.0
    norm = sum_chunks(network, SQUARES) ** 0.5
    return clip_norm / norm if norm > clip_norm else 1.0


@njit
def descend(
    worker: Any, network: Any, plan: Any, rate: float, first_power: float, second_power: float
) -> None:
    """The optimiser's step, each worker mostly for parameters whose gradients it computed."""
    clip = clip_scale(network, plan.hyper[CLIP_NORM])
    for layer in range(network.table.shape[0]):
        row = network.table[layer]
        n_in, n_out = row[m.N_IN], row[m.N_OUT]
        for start, count in ((row[m.WEIGHT], n_in * n_out), (row[m.BIAS], n_out)):
            first, last = share(worker, count, ALIGNMENT)
            update(
                network.parameters,
                network.first_moment,
                network.second_moment,
                network.gradients,
                plan.hyper,
                plan.optimizer,
                rate,
                clip,
                first_power,
                second_power,
                start + first,
                start + last,
            )


@njit
def pack(worker: Any, network: Any) -> None:
    """Each layer's weights in tiles, each worker some rows, mostly of those it has updated."""
    if network.packed.size == 0:
        return
    barrier(worker)
    for layer in range(network.table.shape[0]):
        row = network.table[layer]
        if row[m.TILES] > 0:
            packed = packed_weights(network, row)
            weight = array_at(network.parameters, row[m.WEIGHT], (row[m.N_IN] * row[m.N_OUT],))
            first, last = share(worker, packed.shape[1] - 1, dense.PACKED_AT_ONCE)
            dense_pack(packed, weight, first, last)
