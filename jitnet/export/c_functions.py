"""The functions that a network in C is made of, each with its loops; only those used are written.

``$real`` is float or double, ``$f`` what the literals and functions of that type end with.
"""

from __future__ import annotations

from jitnet.activations.gelu import ROOT_HALF
from jitnet.activations.leaky_relu import LEAK

DENSE = """\
/* y[u] = bias[u] + sum over k of x[k] weight[k][u]; the units lie side by side. */
static void dense(
    const $real *restrict x, $real *restrict y, const $real *restrict weight,
    const $real *restrict bias, size_t inputs, size_t units)
{
    memcpy(y, bias, units * sizeof *y);
    for (size_t k = 0; k < inputs; k++) {
        const $real value = x[k];
        const $real *restrict row = weight + k * units;
        for (size_t u = 0; u < units; u++)
            y[u] += value * row[u];
    }
}
"""

PAD = """\
/* y = x within zeros: so many lines above and below, so many numbers left and right. */
static void pad(
    const $real *restrict x, $real *restrict y, size_t lines, size_t length, size_t above,
    size_t below, size_t left, size_t right)
{
    const size_t width = left + length + right;
    memset(y, 0, (above + lines + below) * width * sizeof *y);
    for (size_t i = 0; i < lines; i++)
        memcpy(y + (above + i) * width + left, x + i * length, length * sizeof *y);
}
"""

CONVOLUTION = """\
enum { FILTERS_AT_ONCE = 8, PLACES_AT_ONCE = 4 };

/* y[p][u] = bias[u] + sum over i, t of x[i][p step + t] weight[i][t][u], for some places and
   filters; t goes over the window's columns and their channels, side by side. */
static inline void convolve(
    const $real *restrict x, $real *restrict y, const $real *restrict weight,
    const $real *restrict bias, size_t lines, size_t run, size_t line, size_t step, size_t filters,
    size_t places, size_t kept)
{
    $real total[PLACES_AT_ONCE][FILTERS_AT_ONCE];
    for (size_t p = 0; p < places; p++)
        for (size_t u = 0; u < FILTERS_AT_ONCE; u++)
            total[p][u] = bias[u];
    for (size_t i = 0; i < lines; i++)
        for (size_t t = 0; t < run; t++, weight += FILTERS_AT_ONCE)
            for (size_t p = 0; p < places; p++) {
                const $real value = x[i * line + p * step + t];
                for (size_t u = 0; u < FILTERS_AT_ONCE; u++)
                    total[p][u] += value * weight[u];
            }
    for (size_t p = 0; p < places; p++)
        for (size_t u = 0; u < kept; u++)
            y[p * filters + u] = total[p][u];
}

/* Windows of so many lines and a run of numbers in each, over an image whose lines have a length;
   weight is [filters / FILTERS_AT_ONCE][lines][run][FILTERS_AT_ONCE], filled up with zeros. */
static void convolution(
    const $real *restrict x, $real *restrict y, const $real *restrict weight,
    const $real *restrict bias, size_t length, size_t out_rows, size_t out_columns, size_t lines,
    size_t run, size_t row_step, size_t column_step, size_t filters)
{
    for (size_t r = 0; r < out_rows; r++)
        for (size_t u = 0; u < filters; u += FILTERS_AT_ONCE) {
            const size_t kept = filters - u < FILTERS_AT_ONCE ? filters - u : FILTERS_AT_ONCE;
            const $real *from = x + r * row_step * length, *own = weight + u * lines * run;
            $real *to = y + r * out_columns * filters + u;
            size_t c = 0;
            for (; c + PLACES_AT_ONCE <= out_columns; c += PLACES_AT_ONCE)
                convolve(from + c * column_step, to + c * filters, own, bias + u, lines, run,
                         length, column_step, filters, PLACES_AT_ONCE, kept);
            for (; c < out_columns; c++)
                convolve(from + c * column_step, to + c * filters, own, bias + u, lines, run,
                         length, column_step, filters, 1, kept);
        }
}
"""


def _pool(name: str, formula: str, start: str, take: str, finish: str) -> str:
    return f"""\
/* y[r][c][k] = {formula} of x[i][j][k] over the window's places i, j within the image. */
static void {name}(
    const $real *restrict x, $real *restrict y, size_t rows, size_t columns, size_t channels,
    size_t out_rows, size_t out_columns, size_t window_rows, size_t window_columns,
    size_t row_step, size_t column_step, size_t row_padding, size_t column_padding)
{{
    for (size_t r = 0; r < out_rows; r++)
        for (size_t c = 0; c < out_columns; c++, y += channels) {{
            const size_t top = r * row_step, left = c * column_step;
            const size_t bottom = top + window_rows - row_padding;
            const size_t right = left + window_columns - column_padding;
            const size_t i0 = top > row_padding ? top - row_padding : 0;
            const size_t j0 = left > column_padding ? left - column_padding : 0;
            const size_t i1 = bottom < rows ? bottom : rows;
            const size_t j1 = right < columns ? right : columns;
            for (size_t k = 0; k < channels; k++)
                y[k] = {start};
            for (size_t i = i0; i < i1; i++)
                for (size_t j = j0; j < j1; j++) {{
                    const $real *restrict own = x + (i * columns + j) * channels;
                    for (size_t k = 0; k < channels; k++)
                        y[k] = {take};
                }}
{finish}        }}
}}
"""


MAX_POOL = _pool(
    "max_pool",
    "the greatest",
    "-($real)INFINITY",
    "own[k] > y[k] || own[k] != own[k] ? own[k] : y[k]",
    "",
)

AVERAGE_POOL = _pool(
    "average_pool",
    "the mean",
    "0",
    "y[k] + own[k]",
    """\
            for (size_t k = 0; k < channels; k++)
                y[k] /= ($real)((i1 - i0) * (j1 - j0));
""",
)

RESCALING = """\
/* y[i] = scale x[i] + offset. */
static void rescaling(
    const $real *restrict x, $real *restrict y, size_t n, $real scale, $real offset)
{
    for (size_t i = 0; i < n; i++)
        y[i] = x[i] * scale + offset;
}
"""

BATCH_NORM = """\
/* y[p][c] = (x[p][c] - mean[c]) scale[c] + bias[c]. */
static void batch_norm(
    const $real *restrict x, $real *restrict y, size_t places, size_t channels,
    const $real *restrict mean, const $real *restrict scale, const $real *restrict bias)
{
    for (size_t p = 0; p < places; p++, x += channels, y += channels)
        for (size_t c = 0; c < channels; c++)
            y[c] = (x[c] - mean[c]) * scale[c] + bias[c];
}
"""

LAYER_NORM = """\
/* y[g][u] = (x[g][u] - mean) / sqrt(variance + epsilon) weight[u] + bias[u], of each group g. */
static void layer_norm(
    const $real *restrict x, $real *restrict y, size_t groups, size_t units,
    const $real *restrict weight, const $real *restrict bias, $real epsilon)
{
    for (size_t g = 0; g < groups; g++, x += units, y += units) {
        $real mean = 0, variance = 0;
        for (size_t u = 0; u < units; u++)
            mean += x[u];
        mean /= ($real)units;
        for (size_t u = 0; u < units; u++)
            variance += (x[u] - mean) * (x[u] - mean);
        variance /= ($real)units;
        for (size_t u = 0; u < units; u++)
            y[u] = (x[u] - mean) / sqrt$f(variance + epsilon) * weight[u] + bias[u];
    }
}
"""

ADD = """\
/* y[i] = y[i] + x[i]. */
static void add(const $real *restrict x, $real *restrict y, size_t n)
{
    for (size_t i = 0; i < n; i++)
        y[i] += x[i];
}
"""

SOFTMAX = """\
/* y[i] = exp(y[i]) / sum over k of exp(y[k]); the greatest is subtracted first. */
static void softmax($real *y, size_t n)
{
    $real greatest = y[0], total = 0;
    for (size_t i = 1; i < n; i++)
        greatest = y[i] > greatest ? y[i] : greatest;
    for (size_t i = 0; i < n; i++)
        total += y[i] = exp$f(y[i] - greatest);
    for (size_t i = 0; i < n; i++)
        y[i] /= total;
}
"""


def _each(name: str, formula: str) -> str:
    return f"""\
static void {name}($real *y, size_t n)
{{
    for (size_t i = 0; i < n; i++) {{
        const $real z = y[i];
        y[i] = {formula};
    }}
}}
"""


FORMULAS = {
    "sigmoid": "1 / (1 + exp$f(-z))",
    "tanh": "tanh$f(z)",
    "relu": "z <= 0 ? 0 : z",
    "leaky_relu": f"z > 0 ? z : z * {LEAK}$f",
    "elu": "z > 0 ? z : expm1$f(z)",
    "gelu": f"z * (0.5$f + 0.5$f * erf$f(z * {ROOT_HALF}$f))",
    "silu": "z / (1 + exp$f(-z))",
    "softplus": "(z > 0 ? z : 0) + log1p$f(exp$f(-fabs$f(z)))",
    "exponential": "exp$f(z)",
}
"""What becomes of each number z, in place."""

ACTIVATIONS = {
    "identity": None,
    **{
        name: f"apply_{name}"
        for name in (
            "sigmoid",
            "tanh",
            "relu",
            "leaky_relu",
            "elu",
            "gelu",
            "silu",
            "softplus",
        )
    },
}
"""The function of an activation, if it needs one."""

LINKS = {
    "identity": None,
    "logistic": "apply_sigmoid",
    "exponential": "apply_exponential",
    "softmax": "softmax",
}
"""The function of a link, if it needs one."""

FUNCTIONS = {
    "dense": DENSE,
    "pad": PAD,
    "convolution": CONVOLUTION,
    "max_pool": MAX_POOL,
    "average_pool": AVERAGE_POOL,
    "rescaling": RESCALING,
    "batch_norm": BATCH_NORM,
    "layer_norm": LAYER_NORM,
    "add": ADD,
    **{f"apply_{name}": _each(f"apply_{name}", formula) for name, formula in FORMULAS.items()},
    "softmax": SOFTMAX,
}
"""All functions, by the name that they are called by."""
