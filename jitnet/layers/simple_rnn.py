"""The simplest recurrent layer: its output is its state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numba import prange

from jitnet.hints import hinted_class
from jitnet.kernels.elementary import tanh
from jitnet.kernels.intrinsics import at
from jitnet.kernels.jit import njit
from jitnet.kernels.simd import lanes, load, load_some, splat, store, store_some, where
from jitnet.kernels.typed import ZERO
from jitnet.layers.recurrence import (
    add_few_states,
    add_state,
    add_state_backward,
    is_whole,
)
from jitnet.layers.recurrent import Cell, Recurrent

GATES = np.int64(1)


@njit(parallel=True)
def simple_rnn_forward(
    Y: Any,
    final: Any,
    gates: Any,
    initial: Any,
    mask: Any,
    recurrent_weight: Any,
    packed: Any,
    directions: int,
    stateful: int,
    first_panel: int,
    last_panel: int,
) -> None:
    """h = tanh(x + W h').

    Writes Y (panels, time · directions · units, width), over x, the gates of the same shape, the
    sums, and final (panels, directions · units, width), the given panels; reads the flat
    recurrent_weight (directions · units, units), packed, mask (panels, time, width) and, if
    ``stateful``, initial, which is zero otherwise. Each parallel iteration owns a panel: examples
    lie in the lanes.
    """
    _, time, width = mask.shape
    units = Y.shape[1] // (time * directions)
    run = units * width
    for p in prange(first_panel, last_panel):
        for d in range(directions):
            state = (p * directions + d) * run
            for step in range(time):
                t = step if d == 0 else time - 1 - step
                place = ((p * time + t) * directions + d) * run
                y, z, m = at(Y, place), at(gates, place), at(mask, (p * time + t) * width)
                h = at(initial, state)
                if step > 0:
                    h = at(Y, place + (-directions * run if d == 0 else directions * run))
                if step > 0 or stateful:
                    add_state(z, h, recurrent_weight, packed, d, directions, units, GATES)
                whole = is_whole(m, width)
                for u in range(0, run, lanes(z)):
                    output = tanh(load(z, u))
                    if not whole:
                        output = where(load(m, u % width) > 0.0, output, load(h, u))
                    store(y, u, output)
            last = ((p * time + (time - 1 if d == 0 else 0)) * directions + d) * run
            for u in range(0, run, lanes(at(final, 0))):
                store(at(final, state), u, load(at(Y, last), u))


@njit(parallel=True)
def simple_rnn_backward(
    dX: Any,
    dstate: Any,
    dY: Any,
    Y: Any,
    mask: Any,
    recurrent_weight: Any,
    packed: Any,
    directions: int,
    first_panel: int,
    last_panel: int,
) -> None:
    """From the last time step to the first: dz = dh (1 - h²) with dh = dY + W dz of the next step.

    Writes dX (panels, time · directions · units, width), and dstate (panels, directions · units,
    width), the gradient of the initial h, the given panels; reads what forward has written. Each
    parallel iteration owns a panel: examples lie in the lanes.
    """
    _, time, width = mask.shape
    units = dY.shape[1] // (time * directions)
    run = units * width
    for p in prange(first_panel, last_panel):
        for d in range(directions):
            dh = at(dstate, (p * directions + d) * run)
            for u in range(0, run, lanes(dh)):
                store(dh, u, splat(dh, 0.0))
            for step in range(time - 1, -1, -1):
                t = step if d == 0 else time - 1 - step
                place = ((p * time + t) * directions + d) * run
                dy, y, dz = at(dY, place), at(Y, place), at(dX, place)
                m = at(mask, (p * time + t) * width)
                whole = is_whole(m, width)
                for u in range(0, run, lanes(dz)):
                    to_h, h = load(dh, u) + load(dy, u), load(y, u)
                    to_z, kept = to_h * (1.0 - h * h), splat(dz, 0.0)
                    if not whole:
                        is_step = load(m, u % width) > 0.0
                        to_z, kept = where(is_step, to_z, 0.0), where(is_step, 0.0, to_h)
                    store(dz, u, to_z)
                    store(dh, u, kept)
                add_state_backward(dh, dz, recurrent_weight, packed, d, directions, units, GATES)


@njit(parallel=True)
def simple_rnn_few_forward(
    Y: Any,
    final: Any,
    gates: Any,
    initial: Any,
    mask: Any,
    recurrent_weight: Any,
    directions: int,
    stateful: int,
) -> None:
    """``simple_rnn_forward`` of a few examples: units lie in the lanes.

    Writes Y (examples, time · directions · units), gates and, if ``stateful``, final; reads what
    that reads. Each parallel iteration owns a direction.
    """
    examples, time = mask.shape
    units = Y.shape[1] // (time * directions)
    y_row, s_row = Y.shape[1], final.shape[1]
    for d in prange(directions):
        for step in range(time):
            t = step if d == 0 else time - 1 - step
            place = (t * directions + d) * units
            h, h_row = at(initial, d * units), s_row
            if step > 0:
                h = at(Y, place + (-directions * units if d == 0 else directions * units))
                h_row = y_row
            z = at(gates, place)
            if step > 0 or stateful:
                weight = at(recurrent_weight, d * units * units)
                add_few_states(z, h, weight, y_row, h_row, examples, units, GATES)
            for e in range(examples):
                for u in range(0, units, lanes(z)):
                    count = min(lanes(z), units - u)
                    output = tanh(load_some(z, e * y_row + u, count))
                    if mask[e, t] == 0.0:
                        output = load_some(h, e * h_row + u, count)
                    store_some(at(Y, place), e * y_row + u, output, count)
        last = ((time - 1 if d == 0 else 0) * directions + d) * units
        for e in range(examples if stateful else ZERO):
            for u in range(units):
                final[e, d * units + u] = Y[e, last + u]


@hinted_class
@dataclass(frozen=True)
class SimpleRNN(Recurrent):
    """A recurrent layer without gates (Elman, 1990, *Finding structure in time*).

    Of each time step x, with the state h of the step before: h ← tanh(x W + h U + b). The state is
    zero at first. U is orthogonal at first, W by Glorot.

    Parameters
    ----------
    units : int
        Units of h.
    return_sequences : bool, default False
        Whether the output is h of every time step, (time, units), or that of the last one.
    stateful : bool, default False
        Whether a batch's states are those in which the batch before has left the examples at the
        same places; they are zero at an epoch's beginning and after `Sequential.reset_state`.
    l2 : float, default 0.0
        λ of the penalty λ/2 (Σ W² + Σ U²).

    Raises
    ------
    TypeError, ValueError
        If a value has the wrong type or makes no sense.

    Examples
    --------
    >>> import jitnet as jn
    >>> model = jn.Sequential([jn.SimpleRNN(8), jn.Dense(1)], loss="mse").build((20, 3))
    >>> [array.shape for array in model.get_weights()]
    [(3, 8), (8,), (8, 8), (8, 1), (1,)]
    """

    cell: ClassVar[Cell] = Cell(
        gates=1,
        forward=simple_rnn_forward,
        backward=simple_rnn_backward,
        few=simple_rnn_few_forward,
    )
