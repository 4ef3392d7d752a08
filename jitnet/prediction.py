"""Predictions for a few examples, which as a panel would cost as much as a full one.

Units lie in the lanes instead of examples. What is computed, and in what order, is the same as in
the loop of ``jitnet.training``, and so are its bits. The kernel is compiled by itself: in that loop
it would have everyone wait a second longer for the first fit.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from jitnet import memory as m
from jitnet.activations.table import activation_forward
from jitnet.kernels.cache import compilation
from jitnet.kernels.intrinsics import at
from jitnet.kernels.jit import njit
from jitnet.kernels.panels import array_at, panel_width
from jitnet.kernels.simd import lanes
from jitnet.kernels.turn import AMONG_READERS, DOOR, give_back, new_turn, take_turn
from jitnet.layers import dense
from jitnet.losses.table import apply_link
from jitnet.turns import Turns

SHARE = 2
"""Examples are few up to half a panel: through three layers of 256 units one takes 12 µs instead of
134, eight 42."""

dense_few_forward = dense.dense_few_forward.serial


def are_few(examples: int, dtype: Any) -> bool:
    """Whether examples are too few to be worth a panel."""
    return examples * SHARE <= panel_width(dtype)


def predict_few(turns: Turns, table: m.Array, parameters: m.Array, X: Any, link: int) -> m.Array:
    """Predictions, (examples, n_outputs), for the rows of X, in turns that readers share."""
    dtype, width = parameters.dtype, panel_width(parameters.dtype)
    X = np.array(X, dtype, order="C")  # a read-only or unaligned one is compiled for anew
    room = np.empty((2, len(X) * int(table[:, m.N_OUT].max()) + width), dtype)
    panels = np.zeros((2, int(table[-1, m.N_OUT]) * width), dtype)
    output = np.empty((len(X), int(table[-1, m.N_OUT])), dtype)
    arguments = (table, parameters, X, room, panels, link, output)
    if dtype not in _compiled:
        with compilation():
            forward_few(DOOR, new_turn(), *arguments)
        _compiled.add(dtype)
    turns.take(lambda: forward_few(DOOR, turns.word, *arguments))
    return output


_compiled: set[np.dtype[Any]] = set()


@njit(entry=True)
def forward_few(
    door: Any,
    turn: Any,
    table: Any,
    parameters: Any,
    X: Any,
    room: Any,
    panels: Any,
    link: int,
    output: Any,
) -> bool:
    """Predict within a turn; whether it could be had."""
    if not take_turn(door, turn, AMONG_READERS):
        return False
    _forward(table, parameters, X, room, panels, link, output)
    give_back(door, turn, AMONG_READERS)
    return True


@njit(inline=True)
def _forward(
    table: Any, parameters: Any, X: Any, room: Any, panels: Any, link: int, output: Any
) -> None:
    """Forward through the layers, each from one half of ``room`` into the other, and the link.

    The output layer's activations are laid as a panel, from one of ``panels`` into the other.
    """
    examples, n_outputs = output.shape
    n, width = lanes(at(room, 0)), panels.shape[1] // n_outputs
    rows = X.ravel()
    for layer in range(table.shape[0]):
        row = table[layer]
        n_in, n_out = row[m.N_IN], row[m.N_OUT]
        reach = row[m.BIAS] - row[m.WEIGHT] + m.ALIGNMENT
        weight = array_at(parameters, row[m.WEIGHT], (reach,))
        bias = array_at(parameters, row[m.BIAS], (n_out,))
        A = room[layer % 2]
        dense_few_forward(
            array_at(A, 0, (examples, n_out)),
            array_at(rows, 0, (examples, n_in)),
            weight,
            bias,
            row[m.FORM] == m.INPUTS_IN_LANES,
        )
        a = at(A, 0)
        activation_forward(a, a, row[m.ACTIVATION], (examples * n_out + n - 1) // n * n)
        rows = A
    Z, P = panels[0], panels[1]
    for i in range(examples):
        for u in range(n_outputs):
            Z[u * width + i] = rows[i * n_outputs + u]
    apply_link(at(P, 0), at(Z, 0), link, n_outputs)
    for i in range(examples):
        for u in range(n_outputs):
            output[i, u] = P[u * width + i]
