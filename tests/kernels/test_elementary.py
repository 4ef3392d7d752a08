"""The fast functions are within 4 units in the last place of the true values, everywhere."""

import math
from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest

from jitnet.arrays import Array
from jitnet.kernels.elementary import erf, exp, expm1, log, log1p, sigmoid, softplus, tanh
from jitnet.kernels.intrinsics import at
from jitnet.kernels.jit import njit
from jitnet.kernels.simd import lanes, load, store
from tolerances import ULP

FUNCTIONS = ("exp", "expm1", "log", "log1p", "softplus", "tanh", "sigmoid", "erf")
EXP, EXPM1, LOG, LOG1P, SOFTPLUS, TANH, SIGMOID, ERF = range(len(FUNCTIONS))
DOMAINS = {"expm1": (-math.inf, 40.0), "log1p": (0.0, 1.0)}
"""What a function is made for, where that is not every number."""

SPECIAL = [0.0, 0.3465736, 0.5, 0.625, 0.6931472, 0.70710678, 0.875, 1.0, 2.0, 6.0, 20.0, 60.0]
SPECIAL += [87.33654, 88.0, 88.72284, 103.97, 104.0, 708.3964, 709.7827, 745.13, 746.0, math.inf]

each_function = pytest.mark.parametrize("name", FUNCTIONS)
each_dtype = pytest.mark.parametrize("dtype", ["float32", "float64"])


@njit(entry=True)
def apply_kernel(y: Any, x: Any, kind: int) -> None:
    source, target = at(x, 0), at(y, 0)
    for i in range(0, x.size, lanes(source)):
        v = load(source, i)
        if kind == EXP:
            v = exp(v)
        elif kind == EXPM1:
            v = expm1(v)
        elif kind == LOG:
            v = log(v)
        elif kind == LOG1P:
            v = log1p(v)
        elif kind == SOFTPLUS:
            v = softplus(v)
        elif kind == TANH:
            v = tanh(v)
        elif kind == SIGMOID:
            v = sigmoid(v)
        else:
            v = erf(v)
        store(target, i, v)


def apply(name: str, x: Array) -> Array:
    """The function of every element; zeros fill the last vector."""
    padded = np.zeros(-(-x.size // 64) * 64, x.dtype)
    padded[: x.size] = x
    y = np.empty_like(padded)
    apply_kernel(y, padded, FUNCTIONS.index(name))
    return y[: x.size]


def within_domain(name: str, x: Array) -> Array:
    low, high = DOMAINS.get(name, (-math.inf, math.inf))
    return x[(x >= low) & (x <= high)]


def points(name: str, dtype: str, count: int, rng: np.random.Generator) -> Array:
    """Numbers of every exponent and sign, grids where the functions bend, and where ranges meet.

    Subnormal ones are among them: a thousandth of them would be missed if they counted as zero.
    """
    whole = np.dtype(dtype.replace("float", "int"))
    bits = np.iinfo(whole)
    kinds = np.dtype(dtype)
    patterns = rng.integers(bits.min, bits.max, count, whole, endpoint=True).view(kinds)
    grids = [np.linspace(-end, end, count // 4 + 1) for end in (0.01, 1.5, 12.0, 110.0, 760.0)]
    ends = np.array(SPECIAL, kinds)
    near = [np.nextafter(ends, kinds.type(side * math.inf)) for side in (-1, 1)]
    tiny = np.finfo(kinds).smallest_subnormal * np.array([1, 2, 3, 1000], kinds)
    least = np.array([np.finfo(kinds).tiny, np.finfo(kinds).max], kinds)
    some = np.concatenate([ends, *near, tiny, least])
    every = np.concatenate([patterns, *(g.astype(kinds) for g in grids), some, -some])
    return within_domain(name, every)


def in_order(x: Array) -> Array:
    """Each number's place in the row of all floating-point numbers; both zeros share one."""
    whole = x.view(x.dtype.str.replace("f", "i")).astype(np.int64)
    least = np.int64(np.iinfo(x.dtype.str.replace("f", "i")).min)
    places: Array = np.where(whole < 0, least - whole, whole)
    return places


def ulp_distance(actual: Array, expected: Array) -> Array:
    """How many floating-point numbers apart; infinity is the neighbour of the greatest."""
    a, b = in_order(actual), in_order(expected)
    return (np.maximum(a, b) - np.minimum(a, b)).view(np.uint64)


def assert_within_ulps(x: Array, actual: Array, expected: Array) -> None:
    nan = np.isnan(expected)
    np.testing.assert_array_equal(np.isnan(actual), nan)
    distance = ulp_distance(actual[~nan], expected[~nan])
    worst = int(distance.argmax())
    assert distance[worst] <= ULP, (
        f"{distance[worst]} ULP at {x[~nan][worst]!r}: "
        f"{actual[~nan][worst]!r}, expected {expected[~nan][worst]!r}"
    )


def in_double(function: Callable[[float], float]) -> Callable[[Array], Array]:
    return lambda x: np.array([function(v) for v in x.tolist()])


DOUBLE: dict[str, Callable[[Array], Array]] = {
    "exp": np.exp,
    "expm1": np.expm1,
    "log": np.log,
    "log1p": np.log1p,
    "softplus": lambda x: np.logaddexp(0.0, x),
    "tanh": np.tanh,
    "sigmoid": lambda x: 1.0 / (1.0 + np.exp(-x)),
    "erf": in_double(math.erf),
}

EXACT: dict[str, Callable[[Any], Any]] = {
    "exp": mpmath.exp,
    "expm1": mpmath.expm1,
    "log": lambda x: mpmath.log(x) if x > 0 else -mpmath.inf if x == 0 else mpmath.nan,
    "log1p": mpmath.log1p,
    "softplus": lambda x: mpmath.log1p(mpmath.exp(x)),
    "tanh": mpmath.tanh,
    "sigmoid": lambda x: 1 / (1 + mpmath.exp(-x)),
    "erf": mpmath.erf,
}


@each_function
def test_float32_agrees_with_float64(name: str, rng: np.random.Generator) -> None:
    x = points(name, "float32", 1 << 19, rng)
    with np.errstate(all="ignore"):
        expected = DOUBLE[name](x.astype(np.float64)).astype(np.float32)
    assert_within_ulps(x, apply(name, x), expected)


@each_function
def test_float64_agrees_with_multiple_precision(name: str, rng: np.random.Generator) -> None:
    x = points(name, "float64", 1200, rng)
    with mpmath.workprec(160):
        expected = np.array([float(EXACT[name](mpmath.mpf(v))) for v in x.tolist()])
    assert_within_ulps(x, apply(name, x), expected)


@each_dtype
@each_function
def test_nan_stays_nan(name: str, dtype: str) -> None:
    x = np.array([math.nan, -math.nan], dtype)
    assert np.isnan(apply(name, x)).all()


@each_dtype
@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("exp", 0.0, math.inf),
        ("log", math.nan, math.inf),
        ("softplus", 0.0, math.inf),
        ("tanh", -1.0, 1.0),
        ("sigmoid", 0.0, 1.0),
        ("erf", -1.0, 1.0),
    ],
)
def test_infinities_go_to_the_limits(name: str, low: float, high: float, dtype: str) -> None:
    x = np.array([-math.inf, math.inf], dtype)
    np.testing.assert_array_equal(apply(name, x), np.array([low, high], dtype))


@each_dtype
def test_expm1_of_minus_infinity_is_minus_one(dtype: str) -> None:
    assert apply("expm1", np.array([-math.inf], dtype)) == -1.0


@each_dtype
@pytest.mark.parametrize(
    ("name", "value"),
    [("exp", 1.0), ("expm1", 0.0), ("log1p", 0.0), ("tanh", 0.0), ("sigmoid", 0.5), ("erf", 0.0)],
)
def test_both_zeros_give_the_value_at_zero(name: str, value: float, dtype: str) -> None:
    np.testing.assert_array_equal(apply(name, np.array([0.0, -0.0], dtype)), [value, value])


@each_dtype
def test_both_zeros_have_the_logarithm_minus_infinity(dtype: str) -> None:
    assert (apply("log", np.array([0.0, -0.0], dtype)) == -math.inf).all()


@each_dtype
def test_numbers_below_zero_have_no_logarithm(dtype: str) -> None:
    least = np.finfo(dtype).smallest_subnormal
    assert np.isnan(apply("log", np.array([-1.0, -least, -math.inf], dtype))).all()
