"""The compiled loop: gather, forward, loss, backward and update, without Python between steps.

A network, a batch and a plan are data to it, so that one compile serves every network of a dtype.
A team of threads (``jitnet.kernels.team``) runs the serial twins of the layers' blocks: a worker takes
some panels of examples through all layers, and meets the others before the weights' gradients, which
sum over all examples, and before the update. Where there are fewer panels than workers they go
through the layers in lockstep, each with some of a layer's units. No sum is cut between workers, so
any number of them gives the same bits.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from jitnet import memory as m
from jitnet.activations.table import activation_backward, activation_forward
from jitnet.kernels.cpu import TILES
from jitnet.kernels.intrinsics import at
from jitnet.kernels.jit import njit
from jitnet.kernels.panels import array_at, gather_row, row_block, to_columns, to_rows
from jitnet.kernels.random import shuffle
from jitnet.kernels.simd import fma, lanes, load, splat, store, sum_lanes
from jitnet.kernels.team import barrier, join, share
from jitnet.layers import dense
from jitnet.losses.table import apply_link, count_hits, loss_backward
from jitnet.memory import Array
from jitnet.optimizers.hyperparameters import CLIP_NORM, FIRST_DECAY, SECOND_DECAY
from jitnet.optimizers.table import update

dense_forward = dense.dense_forward.serial
dense_backward = dense.dense_backward.serial
dense_weight_backward = dense.dense_weight_backward.serial
dense_small_forward = dense.dense_small_forward.serial
dense_small_backward = dense.dense_small_backward.serial
dense_small_weight_backward = dense.dense_small_weight_backward.serial
dense_bias_backward = dense.dense_bias_backward.serial

CHUNK = np.int64(1024)
"""Parameters whose squares are added up at once, whoever owns them."""

ONE, ALIGNMENT = np.int64(1), np.int64(m.ALIGNMENT)
UNIT_GRAIN = np.int64(TILES[1])
"""Units are cut between workers at multiples of the middle tile's rows."""

PREDICT, EVALUATE, GRADIENTS, TRAIN = range(4)
"""How far a step goes."""


class Network(NamedTuple):
    """Layers, parameters and what belongs to each parameter."""

    table: Array
    parameters: Array
    gradients: Array
    first_moment: Array
    second_moment: Array
    l2: Array
    chunks: Array  # (n_chunks, 2): squares of the gradient, and the penalty, of each chunk


class Data(NamedTuple):
    """Examples where they lie, their targets, and the order in which they are taken."""

    address: int
    row_step: int
    column_step: int
    source: int
    targets: Array  # (n_samples, n_outputs), or (n_samples, 1) of class numbers
    labels: bool
    smoothing: float
    weights: Array
    uniform: bool
    order: Array


class Plan(NamedTuple):
    """What is to be done with the data."""

    stage: int
    loss: int
    link: int
    accuracy: bool
    optimizer: int
    hyper: Array
    seed: int
    shuffled: bool
    examples: int
    batch: int
    block: int  # examples that go through the network at once; a batch is summed block by block
    steps: int
    rates: Array


class Progress(NamedTuple):
    """Where training stands; read and written by the compiled loop."""

    counters: Array  # int64: epoch, position in it, whether a loss was not finite
    sums: Array  # float64: loss, weight and hits of the epoch so far, β₁ᵗ and β₂ᵗ
    record: Array  # (epochs, 3): those sums of each epoch that ended in this call
    output: Array  # (n_samples, n_outputs), predictions


EPOCH, POSITION, FAILED = range(3)
LOSS, WEIGHT_SUM, HITS, FIRST_POWER, SECOND_POWER = range(5)


@njit
def _in_lockstep(panels: int, size: int) -> bool:
    """Whether dividing the panels would leave a fifth of the workers' time unused."""
    rounds = (panels + size - 1) // size
    return rounds * size * 4 > panels * 5


@njit
def _portion(
    panels: int, units: int, grain: int, rank: int, size: int, lockstep: bool
) -> tuple[int, int, int, int]:
    """A worker's panels and units: all units of some panels, or in lockstep some units of all."""
    if lockstep:
        first, last = share(units, grain, rank, size)
        return 0, panels, first, last
    first, last = share(panels, ONE, rank, size)
    return first, last, 0, units


@njit
def _runs(
    p0: int, p1: int, u0: int, u1: int, units: int, width: int
) -> tuple[int, int, int, int]:
    """Stretches of memory that a portion of a layer's array covers: number, start, gap, length."""
    if u1 - u0 == units:
        return min(1, p1 - p0), p0 * units * width, 0, (p1 - p0) * units * width
    return p1 - p0, (p0 * units + u0) * width, units * width, (u1 - u0) * width


@njit
def _gather_inputs(
    rank: int, size: int, lockstep: bool, network: Any, work: Any, data: Any, first: int, last: int
) -> None:
    """X's rows order[first:last] into the first layer's panels and row blocks."""
    n_in, width = network.table[0, m.N_IN], work.width
    panel_size = row_block(n_in + width - 1, width)
    panels = (last - first + width - 1) // width
    p0, p1, k0, k1 = _portion(panels, n_in, width, rank, size, lockstep)
    for p in range(p0, p1):
        rows = work.rows_of_x + p * panel_size
        for i in range(width):
            example = data.order[min(first + p * width + i, last - 1)]
            address = data.address + example * data.row_step
            target = at(work.values, rows + i * width)
            gather_row(target, address, data.column_step, data.source, k0, k1)
        to_columns(at(work.values, p * n_in * width), at(work.values, rows), k0, k1)


@njit
def _gather_targets(
    p0: int, p1: int, outputs: int, work: Any, data: Any, first: int, last: int
) -> None:
    """Targets and weights of order[first:last]; a label becomes a smoothed one-hot column."""
    width = work.width
    low, high = data.smoothing / outputs, 1.0 - data.smoothing
    for p in range(p0, p1):
        targets = at(work.targets, p * outputs * width)
        for i in range(width):
            place = first + p * width + i
            example = data.order[min(place, last - 1)]
            work.weights[p * width + i] = data.weights[example] if place < last else 0.0
            for u in range(outputs):
                if data.labels:
                    target = 1.0 if data.targets[example, 0] == u else 0.0
                else:
                    target = data.targets[example, u]
                targets[u * width + i] = target * high + low


@njit
def _forward(
    rank: int, size: int, lockstep: bool, team: Any, network: Any, work: Any, panels: int
) -> None:
    """A[l] = g(A[l-1] W[l] + b[l]) layer by layer."""
    x, values, width = 0, work.values, work.width
    for layer in range(network.table.shape[0]):
        row = network.table[layer]
        n_in, n_out, small = row[m.N_IN], row[m.N_OUT], row[m.FORM] == m.SMALL
        p0, p1, u0, u1 = _portion(
            panels, n_out, UNIT_GRAIN, rank, size, lockstep and not small
        )
        if lockstep:
            barrier(team, size)
        X = array_at(values, x, (panels, n_in, width))
        Z = array_at(values, row[m.Z], (panels, n_out, width))
        A = array_at(values, row[m.A], (panels, n_out, width))
        weight = array_at(network.parameters, row[m.WEIGHT], (n_in * n_out,))
        bias = array_at(network.parameters, row[m.BIAS], (n_out,))
        if small:
            dense_small_forward(Z, X, weight, bias, p0, p1)
        else:
            k_step, u_step = row[m.INPUT_STEP], row[m.UNIT_STEP]
            dense_forward(Z, X, weight, bias, k_step, u_step, p0, p1, u0, u1)
        runs, start, gap, count = _runs(p0, p1, u0, u1, n_out, width)
        for i in range(runs):
            place = start + i * gap
            activation_forward(at(A, place), at(Z, place), row[m.ACTIVATION], count)
        x = row[m.A]


@njit
def _losses(p0: int, p1: int, network: Any, work: Any, plan: Any, total_weight: float) -> None:
    """Losses and hits of the panels' examples, and dZ of the output layer."""
    row = network.table[-1]
    outputs, width, values = row[m.N_OUT], work.width, work.values
    place, panels = p0 * outputs * width, p1 - p0
    D = at(values, row[m.D] + place)
    Z = at(values, row[m.Z] + place)
    A = at(values, row[m.A] + place)
    T, weights = at(work.targets, place), at(work.weights, p0 * width)
    losses = at(work.losses, p0 * width)
    loss_backward(D, losses, A, T, weights, plan.loss, outputs, 1.0 / total_weight, panels)
    if plan.accuracy:
        hits = at(work.hits, p0 * width)
        count_hits(hits, A, T, weights, plan.link, outputs, panels)
    activation_backward(D, Z, A, row[m.ACTIVATION], panels * outputs * width)


@njit
def _backward(
    rank: int, size: int, lockstep: bool, team: Any, network: Any, work: Any, panels: int
) -> None:
    """dZ[l-1] = (dZ[l] W[l]ᵀ) ∘ g'(Z[l-1]) layer by layer, and row blocks of one of dZ, A."""
    values, width = work.values, work.width
    for layer in range(network.table.shape[0] - 1, -1, -1):
        row, below = network.table[layer], network.table[max(layer - 1, 0)]
        n_in, n_out, small = row[m.N_IN], row[m.N_OUT], row[m.FORM] == m.SMALL
        if lockstep:
            barrier(team, size)
        if row[m.FORM] == m.UNITS_IN_LANES:
            _to_row_blocks(rank, size, lockstep, values, row[m.ROWS], row[m.D], n_out, panels, width)
        elif row[m.FORM] == m.INPUTS_IN_LANES and layer > 0:
            _to_row_blocks(
                rank, size, lockstep, values, row[m.ROWS], below[m.A], n_in, panels, width
            )
        if layer == 0:
            continue
        p0, p1, k0, k1 = _portion(
            panels, n_in, UNIT_GRAIN, rank, size, lockstep and not small
        )
        dX = array_at(values, below[m.D], (panels, n_in, width))
        dZ = array_at(values, row[m.D], (panels, n_out, width))
        weight = array_at(network.parameters, row[m.WEIGHT], (n_in * n_out,))
        if small:
            dense_small_backward(dX, dZ, weight, p0, p1)
        else:
            k_step, u_step = row[m.INPUT_STEP], row[m.UNIT_STEP]
            dense_backward(dX, dZ, weight, k_step, u_step, p0, p1, k0, k1)
        runs, start, gap, count = _runs(p0, p1, k0, k1, n_in, width)
        for i in range(runs):
            place = start + i * gap
            D = at(values, below[m.D] + place)
            Z = at(values, below[m.Z] + place)
            A = at(values, below[m.A] + place)
            activation_backward(D, Z, A, below[m.ACTIVATION], count)


@njit
def _to_row_blocks(
    rank: int,
    size: int,
    lockstep: bool,
    values: Any,
    rows: int,
    columns: int,
    units: int,
    panels: int,
    width: int,
) -> None:
    """The panels at ``columns`` as row blocks at ``rows``."""
    blocks = (units + width - 1) // width
    p0, p1, b0, b1 = _portion(panels, blocks, ONE, rank, size, lockstep)
    for p in range(p0, p1):
        target = at(values, rows + p * row_block(blocks * width, width))
        to_rows(target, at(values, columns + p * units * width), units, b0, b1)


@njit
def _gradients(rank: int, size: int, network: Any, work: Any, panels: int, add: bool) -> None:
    """dW[l] = A[l-1]ᵀ dZ[l] and db[l] = Σ dZ[l], each worker some tiles of every layer."""
    x, values, width = 0, work.values, work.width
    for layer in range(network.table.shape[0]):
        row = network.table[layer]
        n_in, n_out, form = row[m.N_IN], row[m.N_OUT], row[m.FORM]
        dweight = array_at(network.gradients, row[m.WEIGHT], (n_in * n_out,))
        X = array_at(values, x, (panels, n_in, width))
        dZ = array_at(values, row[m.D], (panels, n_out, width))
        if form == m.SMALL:
            first, last = share(n_in, ONE, rank, size)
            dense_small_weight_backward(dweight, X, dZ, first, last, add)
        else:
            across = n_out if form == m.UNITS_IN_LANES else n_in
            blocks = (across + width - 1) // width
            rows = array_at(values, row[m.ROWS], (panels, blocks, width + 1, width))
            columns = X if form == m.UNITS_IN_LANES else dZ
            first, last = share(dense.tile_count(columns.shape[1]) * blocks, ONE, rank, size)
            dense_weight_backward(dweight, columns, rows, across, first, last, add)
        if row[m.HAS_BIAS] == 1:
            first, last = share(n_out, ONE, rank, size)
            dbias = array_at(network.gradients, row[m.BIAS], (n_out,))
            dense_bias_backward(dbias, dZ, first, last, add)
        x = row[m.A]


@njit
def _add_up(work: Any, panels: int, plan: Any, progress: Any, sums: Any) -> None:
    """Losses, weights and hits of a block, onto the epoch's."""
    n = lanes(work.losses)
    loss, weight, hits = splat(work.losses, 0.0), splat(work.losses, 0.0), splat(work.losses, 0.0)
    for i in range(0, panels * work.width, n):
        loss = loss + load(at(work.losses, 0), i)
        weight = weight + load(at(work.weights, 0), i)
        if plan.accuracy:
            hits = hits + load(at(work.hits, 0), i)
    sums[LOSS] += sum_lanes(loss)
    sums[WEIGHT_SUM] += sum_lanes(weight)
    sums[HITS] += sum_lanes(hits)


@njit
def _penalise(network: Any, first: int, last: int) -> None:
    """g ← g + λ W for weights, and each chunk's λ/2 Σ W² and Σ g²."""
    g, w = at(network.gradients, 0), at(network.parameters, 0)
    n = lanes(g)
    for start in range(first, last, CHUNK):
        stop = min(start + CHUNK, last)
        penalty = 0.0
        for layer in range(network.table.shape[0]):
            l2, row = network.l2[layer], network.table[layer]
            begin = row[m.WEIGHT]
            end = begin + row[m.N_IN] * row[m.N_OUT]
            total = splat(g, 0.0)
            if l2 > 0.0:
                for i in range(max(start, begin), min(stop, end), n):
                    weight = load(w, i)
                    total = fma(weight, weight, total)
                    store(g, i, fma(weight, l2, load(g, i)))
                penalty += 0.5 * l2 * sum_lanes(total)
        squares = splat(g, 0.0)
        for i in range(start, stop, n):
            squares = fma(load(g, i), load(g, i), squares)
        network.chunks[start // CHUNK, 0] = sum_lanes(squares)
        network.chunks[start // CHUNK, 1] = penalty


@njit
def _clip_scale(network: Any, clip_norm: float) -> float:
    """min(1, c / ‖g‖₂)."""
    total = 0.0
    for chunk in range(network.chunks.shape[0]):
        total += network.chunks[chunk, 0]
    norm = total**0.5
    return clip_norm / norm if norm > clip_norm else 1.0


@njit
def _batch_weight(data: Any, first: int, last: int) -> float:
    """Σ wᵢ over the examples order[first:last]."""
    if data.uniform:
        return float(last - first)
    total = 0.0
    for i in range(first, last):
        total += data.weights[data.order[i]]
    return total


@njit
def _write_output(p0: int, p1: int, network: Any, work: Any, plan: Any, output: Any, first: int, last: int) -> None:
    """Predictions of the examples first … last, as rows."""
    row = network.table[-1]
    outputs, width = row[m.N_OUT], work.width
    for p in range(p0, p1):
        place = p * outputs * width
        P = at(work.values, row[m.D] + place)
        apply_link(P, at(work.values, row[m.A] + place), plan.link, outputs)
        for i in range(min(width, last - first - p * width)):
            for u in range(outputs):
                output[first + p * width + i, u] = P[u * width + i]


@njit
def _update(
    rank: int,
    size: int,
    network: Any,
    plan: Any,
    rate: float,
    clip: float,
    first_power: float,
    second_power: float,
) -> None:
    """The optimiser's step, each worker about those parameters whose gradients it computed."""
    for layer in range(network.table.shape[0]):
        row = network.table[layer]
        n_in, n_out = row[m.N_IN], row[m.N_OUT]
        for start, count in ((row[m.WEIGHT], n_in * n_out), (row[m.BIAS], n_out)):
            first, last = share(count, ALIGNMENT, rank, size)
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


@njit(entry=True)
def run_steps(
    wanted: int, team: Any, network: Any, work: Any, data: Any, plan: Any, progress: Any
) -> None:
    """A worker's share of some steps, as one of a team of ``wanted`` threads that all call this."""
    rank, size = join(team, wanted)
    if size == 0:
        return
    counters, sums = progress.counters, progress.sums
    epoch, position = counters[EPOCH], counters[POSITION]
    ended = 0
    beta1, beta2 = plan.hyper[FIRST_DECAY], plan.hyper[SECOND_DECAY]
    first_power, second_power = sums[FIRST_POWER], sums[SECOND_POWER]
    chunk_first, chunk_last = share(network.parameters.size, CHUNK, rank, size)
    penalised = plan.hyper[CLIP_NORM] > 0.0
    for layer in range(network.table.shape[0]):
        penalised = penalised or network.l2[layer] > 0.0
    loaded = False
    for step in range(plan.steps):
        if position == 0 and plan.shuffled:
            if rank == 0:
                shuffle(data.order, plan.seed, epoch)
            barrier(team, size)
        last = min(position + plan.batch, plan.examples)
        total_weight = _batch_weight(data, position, last)
        for first in range(position, last, plan.block):
            block_last = min(first + plan.block, last)
            panels = (block_last - first + work.width - 1) // work.width
            lockstep = _in_lockstep(panels, size)
            p0, p1 = share(panels, ONE, rank, size)
            if not loaded:
                _gather_inputs(rank, size, lockstep, network, work, data, first, block_last)
                if plan.stage > PREDICT:
                    outputs = network.table[-1, m.N_OUT]
                    _gather_targets(p0, p1, outputs, work, data, first, block_last)
            loaded = block_last - first == plan.examples
            _forward(rank, size, lockstep, team, network, work, panels)
            if lockstep:
                barrier(team, size)
            if plan.stage == PREDICT:
                _write_output(p0, p1, network, work, plan, progress.output, first, block_last)
                barrier(team, size)
                continue
            _losses(p0, p1, network, work, plan, total_weight)
            if plan.stage > EVALUATE:
                _backward(rank, size, lockstep, team, network, work, panels)
            barrier(team, size)
            if rank == size - 1:
                _add_up(work, panels, plan, progress, sums)
                if not np.isfinite(sums[LOSS]):
                    counters[FAILED] = 1
            if plan.stage > EVALUATE:
                _gradients(rank, size, network, work, panels, first > position)
            barrier(team, size)
        if penalised and plan.stage > EVALUATE:
            _penalise(network, chunk_first, chunk_last)
            barrier(team, size)
        if plan.stage == TRAIN:
            first_power, second_power = first_power * beta1, second_power * beta2
            scale = 1.0
            if plan.hyper[CLIP_NORM] > 0.0:
                scale = _clip_scale(network, plan.hyper[CLIP_NORM])
            _update(rank, size, network, plan, plan.rates[step], scale, first_power, second_power)
        if rank == size - 1 and penalised and plan.stage > EVALUATE:
            penalty = 0.0
            for chunk in range(network.chunks.shape[0]):
                penalty += network.chunks[chunk, 1]
            sums[LOSS] += penalty * total_weight
        position = last
        if position == plan.examples:
            if rank == size - 1:
                for i in range(3):
                    progress.record[ended, i] = sums[i]
                    sums[i] = 0.0
            position, ended, epoch = 0, ended + 1, epoch + 1
        barrier(team, size)
        if counters[FAILED] == 1:
            break
    if rank == 0:
        counters[EPOCH], counters[POSITION] = epoch, position
        sums[FIRST_POWER], sums[SECOND_POWER] = first_power, second_power
