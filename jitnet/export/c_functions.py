"""The functions that a network in C is made of, each with its loops; only those used are written.

``$real`` is float or double, ``$f`` what the literals and functions of that type end with.
"""

from __future__ import annotations

from jitnet.activations.gelu import ROOT_HALF
from jitnet.activations.leaky_relu import LEAK
from jitnet.export.c_exponential import BOUND, EXPONENTIAL, SIGMOID, TANH
from jitnet.export.c_recurrent import RECURRENT

FILTERS_AT_ONCE = 8
"""The filters of a convolution whose weights lie side by side."""

ROLLED = """\
/* Vectors are made of the innermost loop; gcc would unroll a short one and choose another. */
#if defined __GNUC__ && !defined __clang__
#define ROLLED _Pragma("GCC unroll 1")
#else
#define ROLLED
#endif
"""

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
        ROLLED
        for (size_t u = 0; u < units; u++)
            y[u] += value * row[u];
    }
}
"""

EMBEDDING = """\
/* y[t][u] = weight[x[t]][u]. */
static void embedding(
    const int *restrict x, $real *restrict y, const $real *restrict weight, size_t time,
    size_t units)
{
    for (size_t t = 0; t < time; t++)
        memcpy(y + t * units, weight + (size_t)x[t] * units, units * sizeof *y);
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
enum { FILTERS_AT_ONCE = $filters_at_once };

/* y[r][c][u] = bias[u] + sum over i, t of x[r row_step + i][c column_step + t] weight[i][t][u],
   where t goes over the window's columns and their channels, side by side; x has so many numbers a
   line. weight is [filters / FILTERS_AT_ONCE][lines][run][FILTERS_AT_ONCE], filled up with zeros.
   Four places are computed at once; where fewer are left, the last one takes their place. */
static void convolution(
    const $real *restrict x, $real *restrict y, const $real *restrict weight,
    const $real *restrict bias, size_t line, size_t out_rows, size_t out_columns, size_t lines,
    size_t run, size_t row_step, size_t column_step, size_t filters)
{
    const size_t last = out_columns - 1;
    for (size_t r = 0; r < out_rows; r++, y += out_columns * filters)
        for (size_t first = 0; first < filters; first += FILTERS_AT_ONCE)
            for (size_t c = 0; c < out_columns; c += 4) {
                const size_t c1 = c + 1 < last ? c + 1 : last, c2 = c + 2 < last ? c + 2 : last;
                const size_t c3 = c + 3 < last ? c + 3 : last;
                const $real *w = weight + first * lines * run;
                $real a0[FILTERS_AT_ONCE], a1[FILTERS_AT_ONCE];
                $real a2[FILTERS_AT_ONCE], a3[FILTERS_AT_ONCE];
                for (size_t u = 0; u < FILTERS_AT_ONCE; u++)
                    a0[u] = a1[u] = a2[u] = a3[u] = bias[first + u];
                for (size_t i = 0; i < lines; i++)
                    for (size_t t = 0; t < run; t++, w += FILTERS_AT_ONCE) {
                        const $real *own = x + (r * row_step + i) * line + t;
                        const $real x0 = own[c * column_step], x1 = own[c1 * column_step];
                        const $real x2 = own[c2 * column_step], x3 = own[c3 * column_step];
                        ROLLED
                        for (size_t u = 0; u < FILTERS_AT_ONCE; u++) {
                            a0[u] += x0 * w[u];
                            a1[u] += x1 * w[u];
                            a2[u] += x2 * w[u];
                            a3[u] += x3 * w[u];
                        }
                    }
                for (size_t u = 0; u < FILTERS_AT_ONCE && first + u < filters; u++) {
                    y[c * filters + first + u] = a0[u];
                    y[c1 * filters + first + u] = a1[u];
                    y[c2 * filters + first + u] = a2[u];
                    y[c3 * filters + first + u] = a3[u];
                }
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
                    ROLLED
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

JOIN = """\
/* y[p][u] = x[p][u] for the units u of x; y has so many more a place. */
static void join(
    const $real *restrict x, $real *restrict y, size_t places, size_t units, size_t y_units)
{
    for (size_t p = 0; p < places; p++)
        memcpy(y + p * y_units, x + p * units, units * sizeof *y);
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
    "sigmoid": "apply_sigmoid",
    "tanh": "apply_tanh",
    "relu": "apply_relu",
    "leaky_relu": "apply_leaky_relu",
    "elu": "apply_elu",
    "gelu": "apply_gelu",
    "silu": "apply_silu",
    "softplus": "apply_softplus",
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
    "embedding": EMBEDDING,
    "pad": PAD,
    "convolution": CONVOLUTION,
    "max_pool": MAX_POOL,
    "average_pool": AVERAGE_POOL,
    "rescaling": RESCALING,
    "batch_norm": BATCH_NORM,
    "layer_norm": LAYER_NORM,
    "add": ADD,
    "join": JOIN,
    "bound": BOUND,
    "exponential": EXPONENTIAL,
    "apply_sigmoid": SIGMOID,
    "apply_tanh": TANH,
    **{f"apply_{name}": _each(f"apply_{name}", formula) for name, formula in FORMULAS.items()},
    "softmax": SOFTMAX,
    **RECURRENT,
}
"""All functions, by the name that they are called by, each behind those that it calls itself."""
