"""eᶻ as C that compilers make vectors of: a reduction of the range and a polynomial.

No number is brought within bounds where it is used: of a bound, and of all that follows from it,
gcc makes a branch, and of a loop with a branch no vectors. On AVX2 an LSTM took twice as long.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from jitnet.kernels import elementary

BOUND = """\
/* Numbers whose size is greater than the limit become the limit, with their sign. */
static void bound($real *y, size_t n, $real limit)
{
    for (size_t i = 0; i < n; i++)
        y[i] = fabs$f(y[i]) > limit ? copysign$f(limit, y[i]) : y[i];
}
"""

EXPONENTIAL = """\
/* e^r - 1, and 2^n as power, where z = n ln 2 + r with r around zero: e^z is (e^r - 1 + 1) power,
   for z from -$most to $most. Loops around it become vectors, which those around exp do not. Added
   to so great a number, n is rounded, and stands in the last bits. */
static $real exponential($real z, $real *power)
{
    union { $bits bits; $real value; } sum, two;
    sum.value = z * $log2_e + $great;
    two.bits = (sum.bits + $bias) << $fraction;
    *power = two.value;
    const $real n = sum.value - $great, r = z - n * $ln2_high - n * $ln2_low;
    $real tail = $first;
$terms
    return tail * r * r + r;
}
"""

SIGMOID = """\
static void apply_sigmoid($real *y, size_t n)
{
    bound(y, n, $most);
    for (size_t i = 0; i < n; i++) {
        $real power;
        const $real e = (exponential(y[i], &power) + 1) * power;
        y[i] = e / (1 + e);
    }
}
"""

TANH = """\
static void apply_tanh($real *y, size_t n)
{
    bound(y, n, 20);
    for (size_t i = 0; i < n; i++) {
        const $real z = y[i];
        $real power;
        const $real less_one = exponential(2 * fabs$f(z), &power);
        const $real t = power * less_one + (power - 1), size = t / (t + 2);
        y[i] = copysign$f(size, z);
    }
}
"""


def constants_of(real: str, number: Callable[[float], str]) -> dict[str, str]:
    """What the functions name by a dollar, in a type whose numbers are written by a function."""
    single = real == "float"
    terms: Sequence[float] = elementary.EXP_SINGLE if single else elementary.EXP_DOUBLE
    high = elementary.LN2_HIGH_SINGLE if single else elementary.LN2_HIGH_DOUBLE
    low = elementary.LN2_LOW_SINGLE if single else elementary.LN2_LOW_DOUBLE
    return {
        "most": "87" if single else "708",  # 2ⁿ is a normal number
        "log2_e": number(elementary.LOG2_E),
        "ln2_high": number(high),
        "ln2_low": number(low),
        "first": number(terms[0]),
        "terms": "\n".join(f"    tail = tail * r + {number(term)};" for term in terms[1:]),
        "great": number(1.5 * 2**23 if single else 1.5 * 2**52),
        "bits": "uint32_t" if single else "uint64_t",
        "bias": "127" if single else "1023",
        "fraction": "23" if single else "52",
    }
