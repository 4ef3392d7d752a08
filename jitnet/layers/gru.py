"""Gated recurrent units: a recurrent layer that keeps or renews each unit of its state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numba import prange

from jitnet.hints import hinted_class
from jitnet.kernels.elementary import sigmoid, tanh
from jitnet.kernels.intrinsics import at
from jitnet.kernels.jit import njit
from jitnet.kernels.simd import (
    fma,
    lanes,
    load,
    load_some,
    splat,
    store,
    store_some,
    sum_lanes,
    where,
)
from jitnet.kernels.typed import ZERO
from jitnet.layers.recurrence import (
    add_few_states,
    add_state,
    add_state_backward,
    is_whole,
)
from jitnet.layers.recurrent import Cell, Recurrent

GATES = np.int64(3)
"""Rows of units of a step: the gates r and z, and n."""


@njit(parallel=True)
def gru_forward(
    Y: Any,
    candidate: Any,
    final: Any,
    gates: Any,
    initial: Any,
    mask: Any,
    recurrent_weight: Any,
    packed: Any,
    recurrent_bias: Any,
    directions: int,
    stateful: int,
    first_panel: int,
    last_panel: int,
) -> None:
    """h = n + z (h' - n) with r, z = σ(x + W h'), n = tanh(x + r q) and q = W h' + b.

    Writes Y and the candidates n (panels, time · directions · units, width), over x the gates r and
    z and then q (panels, time · directions · 3 units, width), and final (panels, directions ·
    units, width), the given panels; reads the flat recurrent_weight (directions · units, 3 units),
    packed, recurrent_bias (directions · units,), mask (panels, time, width) and, if ``stateful``,
    initial, which is zero otherwise. Each parallel iteration owns a panel: examples lie in the
    lanes.
    """
    _, time, width = mask.shape
    units = Y.shape[1] // (time * directions)
    run = units * width
    for p in prange(first_panel, last_panel):
        for d in range(directions):
            state, bias = (p * directions + d) * run, at(recurrent_bias, d * units)
            for step in range(time):
                t = step if d == 0 else time - 1 - step
                place = ((p * time + t) * directions + d) * run
                y, n_of, z = at(Y, place), at(candidate, place), at(gates, GATES * place)
                m, h = at(mask, (p * time + t) * width), at(initial, state)
                if step > 0:
                    h = at(Y, place + (-directions * run if d == 0 else directions * run))
                for u in range(units):
                    for k in range(u * width, (u + 1) * width, lanes(z)):
                        store(n_of, k, load(z, 2 * run + k))
                        store(z, 2 * run + k, splat(z, bias[u]))
                if step > 0 or stateful:
                    add_state(z, h, recurrent_weight, packed, d, directions, units, GATES)
                whole = is_whole(m, width)
                for u in range(0, run, lanes(z)):
                    r, keep = sigmoid(load(z, u)), sigmoid(load(z, run + u))
                    n = tanh(fma(r, load(z, 2 * run + u), load(n_of, u)))
                    before = load(h, u)
                    output = fma(keep, before - n, n)
                    if not whole:
                        output = where(load(m, u % width) > 0.0, output, before)
                    store(z, u, r)
                    store(z, run + u, keep)
                    store(n_of, u, n)
                    store(y, u, output)
            last = ((p * time + (time - 1 if d == 0 else 0)) * directions + d) * run
            for u in range(0, run, lanes(at(final, 0))):
                store(at(final, state), u, load(at(Y, last), u))


@njit(parallel=True)
def gru_backward(
    dX: Any,
    dstate: Any,
    dY: Any,
    Y: Any,
    gates: Any,
    candidate: Any,
    initial: Any,
    mask: Any,
    recurrent_weight: Any,
    packed: Any,
    directions: int,
    first_panel: int,
    last_panel: int,
) -> None:
    """The time steps from the last to the first, with dh = dY + dh' + W dq of the one behind.

    dn = dh (1 - z) (1 - n²); dr = dn q r(1 - r), dz = dh (h' - n) z(1 - z); dh' = dh z.

    Writes dX (panels, time · directions · 3 units, width): dr, dz and dn; over the gates, of which
    nobody needs more, dr, dz and dq = dn r, what the state has brought; and dstate (panels,
    directions · units, width), the gradient of the initial h; the given panels. Reads what forward
    has written. Each parallel iteration owns a panel: examples lie in the lanes.
    """
    _, time, width = mask.shape
    units = dY.shape[1] // (time * directions)
    run = units * width
    for p in prange(first_panel, last_panel):
        for d in range(directions):
            state = (p * directions + d) * run
            dh = at(dstate, state)
            for u in range(0, run, lanes(dh)):
                store(dh, u, splat(dh, 0.0))
            for step in range(time - 1, -1, -1):
                t = step if d == 0 else time - 1 - step
                place = ((p * time + t) * directions + d) * run
                dy, n_of = at(dY, place), at(candidate, place)
                z, dz = at(gates, GATES * place), at(dX, GATES * place)
                m, h = at(mask, (p * time + t) * width), at(initial, state)
                if step > 0:
                    h = at(Y, place + (-directions * run if d == 0 else directions * run))
                whole = is_whole(m, width)
                for u in range(0, run, lanes(dz)):
                    r, keep, q = load(z, u), load(z, run + u), load(z, 2 * run + u)
                    to_h, n = load(dh, u) + load(dy, u), load(n_of, u)
                    to_n = to_h * (1.0 - keep) * (1.0 - n * n)
                    to_r = to_n * q * (r * (1.0 - r))
                    to_z = to_h * (load(h, u) - n) * (keep * (1.0 - keep))
                    to_q, kept = to_n * r, to_h * keep
                    if not whole:
                        is_step = load(m, u % width) > 0.0
                        to_r, to_z = where(is_step, to_r, 0.0), where(is_step, to_z, 0.0)
                        to_n, to_q = where(is_step, to_n, 0.0), where(is_step, to_q, 0.0)
                        kept = where(is_step, kept, to_h)
                    store(dz, u, to_r)
                    store(dz, run + u, to_z)
                    store(dz, 2 * run + u, to_n)
                    store(z, u, to_r)
                    store(z, run + u, to_z)
                    store(z, 2 * run + u, to_q)
                    store(dh, u, kept)
                add_state_backward(dh, z, recurrent_weight, packed, d, directions, units, GATES)


@njit(parallel=True)
def gru_bias_backward(
    drecurrent_bias: Any,
    dgates: Any,
    mask: Any,
    directions: int,
    add: int,
    first_unit: int,
    last_unit: int,
) -> None:
    """db[u] = Σ dq[u, i] over the time steps.

    Writes drecurrent_bias (directions · units,), the given units, or adds to them where ``add``;
    reads dgates (panels, time · directions · 3 units, width). Each parallel iteration owns a unit.
    """
    panels, rows, width = dgates.shape
    steps = mask.shape[1]
    units = rows // (steps * directions * GATES)
    for unit in prange(first_unit, last_unit):
        d, u = unit // units, unit % units
        total = splat(at(dgates, 0), 0.0)
        for place in range(panels * steps):
            row = (place * directions + d) * GATES * units + 2 * units + u
            for i in range(0, width, lanes(at(dgates, 0))):
                total = total + load(at(dgates, row * width), i)
        db = sum_lanes(total)
        drecurrent_bias[unit] = drecurrent_bias[unit] + db if add else db


@njit(parallel=True)
def gru_few_forward(
    Y: Any,
    candidate: Any,
    final: Any,
    gates: Any,
    initial: Any,
    mask: Any,
    recurrent_weight: Any,
    recurrent_bias: Any,
    directions: int,
    stateful: int,
) -> None:
    """``gru_forward`` of a few examples: units lie in the lanes.

    Writes Y and candidate (examples, time · directions · units), gates and, if ``stateful``, final;
    reads what that reads. Each parallel iteration owns a direction.
    """
    examples, time = mask.shape
    units = Y.shape[1] // (time * directions)
    y_row, z_row, s_row = Y.shape[1], gates.shape[1], final.shape[1]
    for d in prange(directions):
        for step in range(time):
            t = step if d == 0 else time - 1 - step
            place = (t * directions + d) * units
            h, h_row = at(initial, d * units), s_row
            if step > 0:
                h = at(Y, place + (-directions * units if d == 0 else directions * units))
                h_row = y_row
            z, n_of = at(gates, GATES * place), at(candidate, place)
            for e in range(examples):
                for u in range(units):
                    n_of[e * y_row + u] = z[e * z_row + 2 * units + u]
                    z[e * z_row + 2 * units + u] = recurrent_bias[d * units + u]
            if step > 0 or stateful:
                weight = at(recurrent_weight, d * units * GATES * units)
                add_few_states(z, h, weight, z_row, h_row, examples, units, GATES)
            for e in range(examples):
                for u in range(0, units, lanes(z)):
                    count, k = min(lanes(z), units - u), e * z_row + u
                    r = sigmoid(load_some(z, k, count))
                    keep = sigmoid(load_some(z, k + units, count))
                    x, q = load_some(n_of, e * y_row + u, count), load_some(z, k + 2 * units, count)
                    n = tanh(fma(r, q, x))
                    before = load_some(h, e * h_row + u, count)
                    output = fma(keep, before - n, n)
                    if mask[e, t] == 0.0:
                        output = before
                    store_some(at(Y, place), e * y_row + u, output, count)
        last = ((time - 1 if d == 0 else 0) * directions + d) * units
        for e in range(examples if stateful else ZERO):
            for u in range(units):
                final[e, d * units + u] = Y[e, last + u]


@hinted_class
@dataclass(frozen=True)
class GRU(Recurrent):
    """Gated recurrent units (Cho et al., 2014, *Learning phrase representations*).

    Of each time step x, with the state h of the step before:

        r, z = σ(x W + h U + b), n = tanh(x W + b + r (h U + b'))
        h ← (1 - z) n + z h

    The gate r stands after the product, as in PyTorch, cuDNN and Keras's ``reset_after``. The
    columns follow one another in W (features, 3 units), U (units, 3 units) and b in the order r, z,
    n, as in PyTorch; b' (units,) belongs to n alone, where the others' would be added to b. The
    state is zero at first. U is orthogonal at first, W by Glorot.

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
    >>> model = jn.Sequential([jn.GRU(8), jn.Dense(2)], loss="softmax_crossentropy").build((20, 3))
    >>> [array.shape for array in model.get_weights()]
    [(3, 24), (24,), (8, 24), (8,), (8, 2), (2,)]
    """

    cell: ClassVar[Cell] = Cell(
        gates=3,
        forward=gru_forward,
        backward=gru_backward,
        few=gru_few_forward,
        kept=("candidate",),
        backward_gates="X",
        recurrent_bias=gru_bias_backward,
    )
