"""The loops that recurrent layers share: products with a state, and what they begin and end in.

A panel of examples goes through all steps by itself, its state in the core's cache. Arrays are
(panels, time · directions · units, width): of each time step a direction's units lie side by side.
The backward direction of `Bidirectional` begins at the last time step. An example whose time steps
end early keeps its state where ``mask`` is 0.
"""

from __future__ import annotations

from typing import Any

from numba import prange

from jitnet.kernels.cpu import VECTORS
from jitnet.kernels.intrinsics import ahead, at
from jitnet.kernels.jit import njit
from jitnet.kernels.matmul import LOW, multiply_rows
from jitnet.kernels.simd import lanes, load, splat, store, sum_lanes
from jitnet.kernels.team import share
from jitnet.kernels.typed import NO, ONE, YES, ZERO
from jitnet.kernels.weights import (
    HEIGHT,
    multiply_examples,
    multiply_weights,
)


@njit
def add_state(
    z: Any,
    h: Any,
    recurrent_weight: Any,
    packed: Any,
    direction: int,
    directions: int,
    units: int,
    gates: int,
) -> None:
    """z[r, i] += Σ_k W[k, r] h[k, i] for all gates' rows r, with the weights W of a direction."""
    multiply_weights(
        z,
        h,
        recurrent_weight,
        packed,
        YES,
        direction * units,
        directions * units,
        units,
        gates * units,
        YES,
        ZERO,
        gates * units,
    )


@njit
def add_state_backward(
    dh: Any,
    dz: Any,
    recurrent_weight: Any,
    packed: Any,
    direction: int,
    directions: int,
    units: int,
    gates: int,
) -> None:
    """dh[k, i] += Σ_r W[k, r] dz[r, i] over all gates' rows r."""
    multiply_weights(
        dh,
        dz,
        recurrent_weight,
        packed,
        NO,
        direction * units,
        directions * units,
        gates * units,
        gates * units,
        YES,
        ZERO,
        units,
    )


@njit
def add_few_states(
    z: Any,
    h: Any,
    recurrent_weight: Any,
    z_row: int,
    h_row: int,
    examples: int,
    units: int,
    gates: int,
) -> None:
    """``add_state`` of a few examples, whose rows lie so far apart: gates lie in the lanes."""
    width, n_lanes = VECTORS * lanes(z), gates * units
    for first in range(0, n_lanes, width):
        columns = min(width, n_lanes - first)
        multiply_rows(
            ahead(z, first),
            h,
            ahead(recurrent_weight, first),
            z_row,
            HEIGHT * h_row,
            h_row,
            ZERO,
            ONE,
            n_lanes,
            units,
            ONE,
            columns,
            YES,
            ZERO,
            examples,
            LOW,
        )


@njit
def is_whole(mask: Any, count: int) -> bool:
    """Whether so many marks are all 1: every example of a panel has these time steps."""
    marked = 0.0
    for i in range(0, count, lanes(mask)):
        marked += sum_lanes(load(mask, i))
    return marked == count


@njit(parallel=True)
def recurrent_weight_backward(
    drecurrent_weight: Any,
    Y: Any,
    dgates: Any,
    initial: Any,
    scratch: Any,
    examples: int,
    directions: int,
    time: int,
    state: int,
    stateful: int,
    add: int,
    first_row: int,
    last_row: int,
    first_block: int,
    last_block: int,
) -> None:
    """dW[k, r] = Σ h[k, i] dz[r, i] over the time steps, of which h is the state before.

    Writes the flat drecurrent_weight (directions · units, gates · units), the given rows of each
    direction and blocks of lanes, or adds to them where ``add``, and scratch (parts, size); reads
    Y, the gates' gradients (panels, time · directions · gates · units, width) and the initial
    states (panels, directions · state · units, width), which are zero if not ``stateful``, so many
    examples of them. Each parallel iteration owns a room and a part of the blocks.
    """
    parts, size = scratch.shape
    panels, n_states, width = Y.shape
    units, n_lanes = n_states // (time * directions), dgates.shape[1] // (time * directions)
    y_step, z_step = directions * units * width, directions * n_lanes * width
    for part in prange(parts):
        room = at(scratch, part * size)
        begin, end = share(last_block - first_block, ONE, part, parts)
        begin, end = begin + first_block, end + first_block
        for d in range(directions):
            dw = at(drecurrent_weight, d * units * n_lanes)
            before, after, first = (ZERO, ONE, ZERO) if d == 0 else (ONE, ZERO, time - ONE)
            again = add != 0
            for p in range(panels):
                alive = min(width, examples - p * width)
                y = p * time * y_step + d * units * width
                z = p * time * z_step + d * n_lanes * width
                for turn in range(2):  # of the first step, and of all others
                    steps = (ONE if stateful else ZERO) if turn == 0 else time - ONE
                    h = at(Y, y + min(before, time - ONE) * y_step)
                    dz = at(dgates, z + min(after, time - ONE) * z_step)
                    if turn == 0:
                        h = at(initial, (p * directions + d) * state * units * width)
                        dz = at(dgates, z + first * z_step)
                    if steps > 0 or (p == 0 and turn == 0):  # without any, zeros are written
                        multiply_examples(
                            dw,
                            h,
                            dz,
                            max(steps, ONE),
                            units,
                            n_lanes,
                            y_step,
                            z_step,
                            room,
                            size,
                            steps * alive,
                            alive,
                            first_row,
                            last_row,
                            begin,
                            end,
                            again,
                        )
                        again = units > 0


@njit(parallel=True)
def last_forward(
    Y: Any,
    X: Any,
    directions: int,
    first_panel: int,
    last_panel: int,
    first_unit: int,
    last_unit: int,
) -> None:
    """Y = X at the step that is a direction's last: the first one of the backward direction.

    Writes Y (panels, directions · units, width), the given panels and units; reads X (panels,
    time · directions · units, width). Each parallel iteration owns a panel.
    """
    _, n_units, width = Y.shape
    steps, half = X.shape[1] // n_units, n_units // directions
    for p in prange(first_panel, last_panel):
        for u in range(first_unit, last_unit):
            step = steps - 1 if u < half else 0
            x, y = (
                at(X, ((p * steps + step) * n_units + u) * width),
                at(Y, (p * n_units + u) * width),
            )
            for i in range(0, width, lanes(x)):
                store(y, i, load(x, i))


@njit(parallel=True)
def last_backward(dX: Any, dY: Any, directions: int, first_panel: int, last_panel: int) -> None:
    """dX = dY at the step that is a direction's last, and 0 at the others.

    Writes dX (panels, time · directions · units, width), the given panels; reads dY (panels,
    directions · units, width). Each parallel iteration owns a panel.
    """
    _, n_units, width = dY.shape
    steps, half = dX.shape[1] // n_units, n_units // directions
    for p in prange(first_panel, last_panel):
        for step in range(steps):
            for u in range(n_units):
                is_last = step == (steps - 1 if u < half else 0)
                dx = at(dX, ((p * steps + step) * n_units + u) * width)
                dy = at(dY, (p * n_units + u) * width)
                for i in range(0, width, lanes(dx)):
                    d = splat(dx, 0.0)
                    if is_last:
                        d = load(dy, i)
                    store(dx, i, d)


@njit(parallel=True)
def last_few_forward(Y: Any, X: Any, directions: int) -> None:
    """``last_forward`` of a few examples.

    Writes Y (examples, directions · units); reads X (examples, time · directions · units). Each
    parallel iteration owns an example.
    """
    examples, n_units = Y.shape
    steps, half = X.shape[1] // n_units, n_units // directions
    for e in prange(examples):
        for u in range(n_units):
            step = steps - 1 if u < half else 0
            Y[e, u] = X[e, step * n_units + u]


@njit(parallel=True)
def take_state(
    initial: Any,
    states: Any,
    first_state: int,
    state_size: int,
    first_example: int,
    first_panel: int,
    last_panel: int,
) -> None:
    """The state in which the batch before has left the examples.

    Writes initial (panels, units, width), the given panels; reads states, flat, of which each panel
    of a batch has ``state_size`` rows, the node's from ``first_state`` on. Each parallel iteration
    owns a panel.
    """
    _, units, width = initial.shape
    for p in prange(first_panel, last_panel):
        place = ((first_example // width + p) * state_size + first_state) * width
        for k in range(0, units * width, lanes(at(initial, 0))):
            store(at(initial, p * units * width), k, load(at(states, place), k))


@njit(parallel=True)
def keep_state(
    states: Any,
    final: Any,
    first_state: int,
    state_size: int,
    first_example: int,
    first_panel: int,
    last_panel: int,
) -> None:
    """``take_state`` the other way: what the next batch begins with.

    Writes states; reads final (panels, units, width), the given panels. Each parallel iteration
    owns a panel.
    """
    _, units, width = final.shape
    for p in prange(first_panel, last_panel):
        place = ((first_example // width + p) * state_size + first_state) * width
        for k in range(0, units * width, lanes(at(final, 0))):
            store(at(states, place), k, load(at(final, p * units * width), k))
