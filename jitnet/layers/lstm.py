"""Long short-term memory: a recurrent layer with a cell that forgets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numba import prange
from numpy.typing import NDArray

from jitnet.hints import hinted_class
from jitnet.kernels.elementary import sigmoid, tanh
from jitnet.kernels.intrinsics import at
from jitnet.kernels.jit import njit
from jitnet.kernels.simd import fma, lanes, load, load_some, splat, store, store_some, where
from jitnet.kernels.typed import ZERO
from jitnet.layers.recurrence import (
    add_few_states,
    add_state,
    add_state_backward,
    is_whole,
)
from jitnet.layers.recurrent import Cell, Recurrent

GATES, STATE = np.int64(4), np.int64(2)
"""Rows of units: of a step the gates i, f, g, o, and of a state h and c."""


@njit(parallel=True)
def lstm_forward(
    Y: Any,
    cell: Any,
    cell_tanh: Any,
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
    """h = o tanh(c) with c = f c' + i g, where i, f, o = σ(z), g = tanh(z), z = x + W h'.

    Writes Y, cell and its tanh (panels, time · directions · units, width), over x the gates
    (panels, time · directions · 4 units, width), and final (panels, directions · 2 units, width),
    the given panels; reads the flat recurrent_weight (directions · units, 4 units), packed, mask
    (panels, time, width) and, if ``stateful``, initial, which is zero otherwise. Each parallel
    iteration owns a panel: examples lie in the lanes.
    """
    _, time, width = mask.shape
    units = Y.shape[1] // (time * directions)
    run = units * width
    for p in prange(first_panel, last_panel):
        for d in range(directions):
            state = (p * directions + d) * STATE * run
            for step in range(time):
                t = step if d == 0 else time - 1 - step
                place = ((p * time + t) * directions + d) * run
                y, c, c_tanh = at(Y, place), at(cell, place), at(cell_tanh, place)
                z, m = at(gates, GATES * place), at(mask, (p * time + t) * width)
                earlier = place + (-directions * run if d == 0 else directions * run)
                h, c_before = at(initial, state), at(initial, state + run)
                if step > 0:
                    h, c_before = at(Y, earlier), at(cell, earlier)
                if step > 0 or stateful:
                    add_state(z, h, recurrent_weight, packed, d, directions, units, GATES)
                whole = is_whole(m, width)
                for u in range(0, run, lanes(z)):
                    i, f = sigmoid(load(z, u)), sigmoid(load(z, run + u))
                    g, o = tanh(load(z, 2 * run + u)), sigmoid(load(z, 3 * run + u))
                    before = load(c_before, u)
                    value = fma(f, before, i * g)
                    if not whole:
                        value = where(load(m, u % width) > 0.0, value, before)
                    value_tanh = tanh(value)
                    output = o * value_tanh
                    if not whole:
                        output = where(load(m, u % width) > 0.0, output, load(h, u))
                    store(z, u, i)
                    store(z, run + u, f)
                    store(z, 2 * run + u, g)
                    store(z, 3 * run + u, o)
                    store(c, u, value)
                    store(c_tanh, u, value_tanh)
                    store(y, u, output)
            last = ((p * time + (time - 1 if d == 0 else 0)) * directions + d) * run
            for u in range(0, run, lanes(at(final, 0))):
                store(at(final, state), u, load(at(Y, last), u))
                store(at(final, state + run), u, load(at(cell, last), u))


@njit(parallel=True)
def lstm_backward(
    dX: Any,
    dstate: Any,
    dY: Any,
    gates: Any,
    cell: Any,
    cell_tanh: Any,
    initial: Any,
    mask: Any,
    recurrent_weight: Any,
    packed: Any,
    directions: int,
    first_panel: int,
    last_panel: int,
) -> None:
    """The time steps from the last to the first, with dh = dY + W dz and dc of the one behind.

    dc += dh o (1 - tanh²(c)); dz = dc g i(1 - i), dc c' f(1 - f), dc i (1 - g²), dh tanh(c) o(1 -
    o); dc' = dc f.

    Writes dX (panels, time · directions · 4 units, width), and dstate (panels, directions · 2
    units, width), the gradients of the initial h and c, the given panels; reads what forward has
    written. Each parallel iteration owns a panel: examples lie in the lanes.
    """
    _, time, width = mask.shape
    units = dY.shape[1] // (time * directions)
    run = units * width
    for p in prange(first_panel, last_panel):
        for d in range(directions):
            state = (p * directions + d) * STATE * run
            dh, dc = at(dstate, state), at(dstate, state + run)
            for u in range(0, STATE * run, lanes(dh)):
                store(dh, u, splat(dh, 0.0))
            for step in range(time - 1, -1, -1):
                t = step if d == 0 else time - 1 - step
                place = ((p * time + t) * directions + d) * run
                dy, c_tanh = at(dY, place), at(cell_tanh, place)
                z, dz = at(gates, GATES * place), at(dX, GATES * place)
                m = at(mask, (p * time + t) * width)
                c_before = at(initial, state + run)
                if step > 0:
                    c_before = at(cell, place + (-directions * run if d == 0 else directions * run))
                whole = is_whole(m, width)
                for u in range(0, run, lanes(dz)):
                    i, f = load(z, u), load(z, run + u)
                    g, o = load(z, 2 * run + u), load(z, 3 * run + u)
                    to_h, value_tanh = load(dh, u) + load(dy, u), load(c_tanh, u)
                    later = load(dc, u)
                    to_c = fma(to_h * o, 1.0 - value_tanh * value_tanh, later)
                    to_i, to_f = (
                        to_c * g * (i * (1.0 - i)),
                        to_c * load(c_before, u) * (f * (1.0 - f)),
                    )
                    to_g, to_o = to_c * i * (1.0 - g * g), to_h * value_tanh * (o * (1.0 - o))
                    kept, before = splat(dz, 0.0), to_c * f
                    if not whole:
                        is_step = load(m, u % width) > 0.0
                        to_i, to_f = where(is_step, to_i, 0.0), where(is_step, to_f, 0.0)
                        to_g, to_o = where(is_step, to_g, 0.0), where(is_step, to_o, 0.0)
                        kept, before = where(is_step, 0.0, to_h), where(is_step, before, later)
                    store(dz, u, to_i)
                    store(dz, run + u, to_f)
                    store(dz, 2 * run + u, to_g)
                    store(dz, 3 * run + u, to_o)
                    store(dh, u, kept)
                    store(dc, u, before)
                add_state_backward(dh, dz, recurrent_weight, packed, d, directions, units, GATES)


@njit(parallel=True)
def lstm_few_forward(
    Y: Any,
    cell: Any,
    final: Any,
    gates: Any,
    initial: Any,
    mask: Any,
    recurrent_weight: Any,
    directions: int,
    stateful: int,
) -> None:
    """``lstm_forward`` of a few examples: units lie in the lanes.

    Writes Y and cell (examples, time · directions · units), gates and, if ``stateful``, final;
    reads what that reads. Each parallel iteration owns a direction.
    """
    examples, time = mask.shape
    units = Y.shape[1] // (time * directions)
    y_row, z_row, s_row = Y.shape[1], gates.shape[1], final.shape[1]
    for d in prange(directions):
        for step in range(time):
            t = step if d == 0 else time - 1 - step
            place = (t * directions + d) * units
            earlier = place + (-directions * units if d == 0 else directions * units)
            state, h_row = d * STATE * units, y_row
            h, c_before = at(initial, state), at(initial, state + units)
            if step > 0:
                h, c_before = at(Y, earlier), at(cell, earlier)
            else:
                h_row = s_row
            z = at(gates, GATES * place)
            if step > 0 or stateful:
                weight = at(recurrent_weight, d * units * GATES * units)
                add_few_states(z, h, weight, z_row, h_row, examples, units, GATES)
            for e in range(examples):
                for u in range(0, units, lanes(z)):
                    count, k = min(lanes(z), units - u), e * z_row + u
                    i, f = sigmoid(load_some(z, k, count)), sigmoid(load_some(z, k + units, count))
                    g = tanh(load_some(z, k + 2 * units, count))
                    o = sigmoid(load_some(z, k + 3 * units, count))
                    before = load_some(c_before, e * h_row + u, count)
                    value = fma(f, before, i * g)
                    if mask[e, t] == 0.0:
                        value = before
                    output = o * tanh(value)
                    if mask[e, t] == 0.0:
                        output = load_some(h, e * h_row + u, count)
                    store_some(at(cell, place), e * y_row + u, value, count)
                    store_some(at(Y, place), e * y_row + u, output, count)
        last = ((time - 1 if d == 0 else 0) * directions + d) * units
        for e in range(examples if stateful else ZERO):
            for u in range(units):
                final[e, d * STATE * units + u] = Y[e, last + u]
                final[e, (d * STATE + 1) * units + u] = cell[e, last + u]


def forget_bias(units: int) -> NDArray[np.float64]:
    """Ones for the forget gate, zeros for the others: at first, a cell keeps what it has."""
    return np.repeat([0.0, 1.0, 0.0, 0.0], units)


@hinted_class
@dataclass(frozen=True)
class LSTM(Recurrent):
    """Long short-term memory (Hochreiter and Schmidhuber, 1997; Gers et al., 2000, *to forget*).

    Of each time step x, with the state h and the cell c of the step before:

        i, f, o = σ(x W + h U + b), g = tanh(x W + h U + b)
        c ← f c + i g, h ← o tanh(c)

    The gates' columns follow one another in W (features, 4 units), U (units, 4 units) and b in the
    order i, f, g, o, as in PyTorch. The state is zero at first, and b is 1 for f (Jozefowicz et
    al., 2015). U is orthogonal at first, W by Glorot.

    Parameters
    ----------
    units : int
        Units of h and c.
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
    >>> model = jn.Sequential([jn.LSTM(8), jn.Dense(2)], loss="softmax_crossentropy").build((20, 3))
    >>> [array.shape for array in model.get_weights()]
    [(3, 32), (32,), (8, 32), (8, 2), (2,)]
    """

    cell: ClassVar[Cell] = Cell(
        gates=4,
        state=2,
        forward=lstm_forward,
        backward=lstm_backward,
        few=lstm_few_forward,
        kept=("cell", "cell_tanh"),
        bias=forget_bias,
    )
