"""Recurrent layers as functions of C, each of which goes from step to step in one direction."""

from __future__ import annotations

from typing import Any

from jitnet.layers import GRU, LSTM, SimpleRNN


def _recurrent(name: str, formula: str, weights: str, room: str, step: str) -> str:
    return f"""\
/* {formula}
   of x[t] and the h before, zero at first; backward begins with the last x. Each h is written to
   y[t y_step]. */
static void {name}(
    const $real *restrict x, $real *restrict y, const $real *restrict weight,
    const $real *restrict bias, const $real *restrict recurrent_weight,
    {weights}$real *restrict room, size_t time, size_t inputs, size_t units, size_t y_step,
    int backward)
{{
{room}    for (size_t step = 0; step < time; step++) {{
        const size_t t = backward ? time - 1 - step : step;
        $real *out = y + t * y_step;
{step}        h = out;
    }}
}}
"""


LSTM_FUNCTION = _recurrent(
    "lstm",
    "h = o tanh(c) with c = f c + i g, where i, f, g, o are x weight + h recurrent_weight + bias,\n"
    "   one behind the other, i, f, o through the logistic function and g through tanh,",
    "",
    """\
    $real *in = room, *z = in + 4 * units, *c = z + 4 * units;
    const $real *h = c + units;
    memset(c, 0, 2 * units * sizeof *c);
""",
    """\
        dense(x + t * inputs, in, weight, bias, inputs, 4 * units);
        dense(h, z, recurrent_weight, in, units, 4 * units);
        apply_sigmoid(z, 2 * units);
        apply_tanh(z + 2 * units, units);
        apply_sigmoid(z + 3 * units, units);
        for (size_t u = 0; u < units; u++)
            in[u] = c[u] = z[units + u] * c[u] + z[u] * z[2 * units + u];
        apply_tanh(in, units);
        for (size_t u = 0; u < units; u++)
            out[u] = z[3 * units + u] * in[u];
""",
)

GRU_FUNCTION = _recurrent(
    "gru",
    "h = n + z (h - n) with r, z = logistic(x weight + h recurrent_weight + bias) and\n"
    "   n = tanh(x weight + bias + r (h recurrent_weight + recurrent_bias)), r, z, n side by side,",
    "const $real *restrict recurrent_bias, ",
    """\
    $real *in = room, *q = in + 3 * units, *n = in + 2 * units;
    const $real *h = q + 3 * units;
    memset(q + 3 * units, 0, units * sizeof *q);
""",
    """\
        dense(x + t * inputs, in, weight, bias, inputs, 3 * units);
        dense(h, q, recurrent_weight, recurrent_bias, units, 3 * units);
        for (size_t u = 0; u < 2 * units; u++)
            in[u] += q[u];
        apply_sigmoid(in, 2 * units);
        for (size_t u = 0; u < units; u++)
            n[u] += in[u] * q[2 * units + u];
        apply_tanh(n, units);
        for (size_t u = 0; u < units; u++)
            out[u] = n[u] + in[units + u] * (h[u] - n[u]);
""",
)

SIMPLE_RNN_FUNCTION = _recurrent(
    "simple_rnn",
    "h = tanh(x weight + h recurrent_weight + bias)",
    "",
    """\
    $real *in = room, *z = in + units;
    const $real *h = z + units;
    memset(z + units, 0, units * sizeof *z);
""",
    """\
        dense(x + t * inputs, in, weight, bias, inputs, units);
        dense(h, z, recurrent_weight, in, units, units);
        apply_tanh(z, units);
        memcpy(out, z, units * sizeof *out);
""",
)

RECURRENT = {"lstm": LSTM_FUNCTION, "gru": GRU_FUNCTION, "simple_rnn": SIMPLE_RNN_FUNCTION}
"""The functions, by the name that they are called by."""


CELLS: dict[type[Any], tuple[str, int]] = {
    GRU: ("gru", 7),
    LSTM: ("lstm", 10),
    SimpleRNN: ("simple_rnn", 3),
}
"""A layer's function, and the room that it works in, in units."""
