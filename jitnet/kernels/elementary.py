"""exp, log, log1p, tanh, sigmoid and erf of a SIMD vector, within 4 units in the last place.

The C library's are scalar calls. Here each is a reduction of the range, a polynomial and selects
between ranges, the same for every lane. ``tests/kernels/fit_coefficients.py`` fitted the tables.
"""

from __future__ import annotations

from typing import Any

from jitnet.kernels.jit import njit
from jitnet.kernels.simd import (
    absolute,
    by_precision,
    exponent,
    fma,
    nearest,
    polynomial,
    power_of_two,
    significand,
    where,
)

EXP_SINGLE = (
    0.0013814642131851334,
    0.00836870961090573,
    0.04166838688415694,
    0.1666652069343294,
    0.49999993453393754,
)
EXP_DOUBLE = (
    2.0826474626591217e-09,
    2.5112022593136205e-08,
    2.75575822965861e-07,
    2.755723490321177e-06,
    2.4801586926178372e-05,
    0.00019841269896341858,
    0.0013888888889115804,
    0.008333333333317051,
    0.041666666666666095,
    0.16666666666666682,
    0.5,
)
LOG_SINGLE = (
    0.2987171436906323,
    0.39977542169335506,
    0.6666677637617331,
)
LOG_DOUBLE = (
    0.14795950964478577,
    0.15314050538096868,
    0.18183564321943566,
    0.22222198573361712,
    0.28571428742384863,
    0.399999999994147,
    0.6666666666666734,
)
LOG1P_SINGLE = (
    0.2430080382298089,
    0.21427728841642074,
    0.2861687405397284,
    0.3999887831317905,
    0.6666667561408455,
)
LOG1P_DOUBLE = (
    0.1646765699706974,
    0.06994234661464374,
    0.1097256967149712,
    0.11715950312871451,
    0.1333680584455963,
    0.15384451931102394,
    0.18181823202942682,
    0.22222222125470517,
    0.2857142857251002,
    0.3999999999999398,
    0.6666666666666667,
)
ERF_SINGLE = (
    -0.0006222421314429349,
    0.005035873663389291,
    -0.02679395739507098,
    0.11282524306226321,
    -0.3761255717170325,
    1.128379158544458,
)
ERF_DOUBLE = (
    -8.669728748287094e-10,
    1.4124232165632782e-08,
    -1.628950725852667e-07,
    1.6456634810815938e-06,
    -1.4925388939350255e-05,
    0.00012055324632984053,
    -0.0008548326847568145,
    0.005223977623090287,
    -0.02686617064494555,
    0.11283791670954368,
    -0.3761263890318374,
    1.1283791670955126,
)
LOG_ERFC_SINGLE = (
    -2.0451511191250938e-05,
    0.00042708436696599995,
    -0.004135649931889526,
    0.0250271514131332,
    -0.1081390372560417,
    -0.6334734713127783,
    -1.129453159383359,
    0.00016202412335966662,
)
LOG_ERFC_DOUBLE = (
    -2.1443621639070937e-13,
    1.0537402796043907e-11,
    -2.440482900728744e-10,
    3.541793997884581e-09,
    -3.609755314189186e-08,
    2.741086398595946e-07,
    -1.6021803378550014e-06,
    7.314284559583902e-06,
    -2.5969156860691562e-05,
    6.908228327740426e-05,
    -0.00011969999108988707,
    3.6846508520508e-05,
    0.0005325243773654713,
    -0.0016538475477134826,
    0.00018465982537605824,
    0.01913935372479746,
    -0.10277617781710183,
    -0.6366189636561762,
    -1.1283792789416083,
    7.034588071918137e-09,
)

LOG2_E = 1.4426950408889634
LN2_HIGH_SINGLE, LN2_LOW_SINGLE = 0.693145751953125, 1.428606820309417e-06
LN2_HIGH_DOUBLE, LN2_LOW_DOUBLE = 0.6931471803691238, 1.9082149292705877e-10
ROOT_2 = 1.4142135623730951
INFINITY, NAN = float("inf"), float("nan")


@njit
def _reduce(x: Any) -> tuple[Any, Any]:
    """n and eʳ - 1 with x = n ln 2 + r, |r| ≤ ln 2 / 2 (Cody and Waite's reduction)."""
    n = nearest(x * LOG2_E)
    r = fma(n, by_precision(x, -LN2_HIGH_SINGLE, -LN2_HIGH_DOUBLE), x)
    r = fma(n, by_precision(x, -LN2_LOW_SINGLE, -LN2_LOW_DOUBLE), r)
    tail = polynomial(r, by_precision(x, EXP_SINGLE, EXP_DOUBLE))
    return n, fma(tail * r, r, r)


@njit
def _between(x: Any, least: float, greatest: float) -> Any:
    """X within bounds; NaN is taken to the lower one."""
    c = where(x > least, x, least)
    return where(c < greatest, c, greatest)


@njit
def exp(x: Any) -> Any:
    """eˣ = 2ⁿ eʳ."""
    c = _between(x, by_precision(x, -104.0, -746.0), by_precision(x, 89.0, 710.0))
    n, less_one = _reduce(c)
    half = nearest(n * 0.5)  # 2ⁿ alone may overflow, or be subnormal
    power = (less_one + 1.0) * power_of_two(half) * power_of_two(n - half)
    return where(x == x, power, x)


@njit
def expm1(x: Any) -> Any:
    """eˣ - 1 = 2ⁿ (eʳ - 1) + (2ⁿ - 1) for x ≤ 40."""
    n, less_one = _reduce(_between(x, -60.0, 40.0))
    power = power_of_two(n)
    return where(x == x, fma(power, less_one, power - 1.0), x)


@njit
def log(x: Any) -> Any:
    """ln x = e ln 2 + 2 artanh(s) with x = m 2ᵉ, √½ < m ≤ √2, s = (m - 1) / (m + 1)."""
    smallest = by_precision(x, 1.1754943508222875e-38, 2.2250738585072014e-308)
    tiny = x < smallest
    y = where(tiny, x * by_precision(x, 8388608.0, 4503599627370496.0), x)
    e = exponent(y)
    e = where(tiny, e - by_precision(x, 23.0, 52.0), e)
    m = significand(y)
    large = m > ROOT_2
    m = where(large, m * 0.5, m)
    e = where(large, e + 1.0, e)
    f = m - 1.0
    s = f / (f + 2.0)
    z = s * s
    tail = polynomial(z, by_precision(x, LOG_SINGLE, LOG_DOUBLE)) * z
    # 2s = f - s f, so that the leading term f carries no rounding error
    mantissa = fma(s, tail - f, f)
    low = fma(e, by_precision(x, LN2_LOW_SINGLE, LN2_LOW_DOUBLE), mantissa)
    y = fma(e, by_precision(x, LN2_HIGH_SINGLE, LN2_HIGH_DOUBLE), low)
    y = where(x < INFINITY, y, x)  # infinity and NaN are their own logarithms
    y = where(x == 0.0, -INFINITY, y)
    return where(x < 0.0, NAN, y)


@njit
def log1p(x: Any) -> Any:
    """ln(1 + x) = 2 artanh(s), s = x / (2 + x), for 0 ≤ x ≤ 1."""
    s = x / (x + 2.0)
    z = s * s
    tail = polynomial(z, by_precision(x, LOG1P_SINGLE, LOG1P_DOUBLE)) * z
    return fma(s, tail - x, x)  # 2s = x - s x


@njit
def softplus(x: Any) -> Any:
    """ln(1 + eˣ) = max(0, x) + ln(1 + e^-|x|)."""
    return where(x > 0.0, x, 0.0) + log1p(exp(-absolute(x)))


@njit
def sigmoid(x: Any) -> Any:
    """1 / (1 + e⁻ˣ), from e^-|x|, which does not overflow."""
    e = exp(-absolute(x))
    return where(x < 0.0, e, 1.0) / (e + 1.0)


@njit
def tanh(x: Any) -> Any:
    """t / (t + 2) with t = e²ˣ - 1, of |x| with x's sign."""
    t = expm1(absolute(x) * 2.0)
    y = t / (t + 2.0)
    return where(x < 0.0, -y, y)


@njit
def erf(x: Any) -> Any:
    """An odd polynomial below 0.875, and 1 - erfc(x) from a polynomial for ln erfc above."""
    size = absolute(x)
    z = x * x
    small = polynomial(z, by_precision(x, ERF_SINGLE, ERF_DOUBLE)) * x
    c = where(size < 6.0, size, 6.0)
    large = 1.0 - exp(polynomial(c, by_precision(x, LOG_ERFC_SINGLE, LOG_ERFC_DOUBLE)))
    y = where(size < 0.875, small, where(x < 0.0, -large, large))
    return where(x == x, y, x)
