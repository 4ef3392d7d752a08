"""A vector's lanes do what NumPy does element by element, and touch no memory but their own."""

import math
from typing import Any

import numpy as np
import pytest

from jitnet.arrays import Array
from jitnet.kernels import simd
from jitnet.kernels.intrinsics import at
from jitnet.kernels.jit import njit
from jitnet.kernels.panels import panel_width
from jitnet.kernels.simd import (
    absolute,
    by_precision,
    exponent,
    first_lanes,
    floor,
    fma,
    lanes,
    load,
    load_some,
    nearest,
    polynomial,
    power_of_two,
    significand,
    splat,
    square_root,
    store,
    store_some,
    sum_lanes,
    transpose_square,
    where,
)

GUARD = -777.0
"""What stands where nothing may be written."""

DTYPES = ["float32", "float64"]
each_dtype = pytest.mark.parametrize("dtype", DTYPES)

HALF_EVEN = [0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 0.49, 7.0]
COEFFICIENTS = (2.0, -3.0, 5.0)

RESULTS = 20
"""Rows that ``arithmetic_kernel`` writes."""
COMPARED = slice(11, 16)
"""Those rows of it that hang on a comparison."""


@njit(entry=True)
def lanes_kernel(array: Any) -> Any:
    return lanes(at(array, 0))


@njit(entry=True)
def arithmetic_kernel(y: Any, a: Any, b: Any) -> None:
    """One row of y an operation."""
    n = lanes(at(a, 0))
    for i in range(0, a.size, n):
        v, w = load(at(a, 0), i), load(at(b, 0), i)
        results = (
            v + w,
            v - w,
            v * w,
            v / w,
            -v,
            2.0 - v,
            v * 3.0,
            absolute(v),
            square_root(absolute(v)),
            nearest(v),
            floor(v),
            where(v < w, v, w),
            where(v <= w, 1.0, w),
            where(v > w, v, 1.0),
            where(v >= w, v, w),
            where(v == w, v, -w),
            fma(v, w, 1.0),
            splat(v, 0.1),
            polynomial(v, COEFFICIENTS),
            by_precision(v, 1.0, 2.0) + v,
        )
        for k in range(len(results)):
            store(at(y, 0), k * a.size + i, results[k])


@njit(entry=True)
def bits_kernel(y: Any, x: Any) -> None:
    """2ⁿ of the first row of x; exponents and significands of the second."""
    size = x.size // 2
    for i in range(0, size, lanes(at(x, 0))):
        store(at(y, 0), i, power_of_two(load(at(x, 0), i)))
        v = load(at(x, 0), size + i)
        store(at(y, 0), size + i, exponent(v))
        store(at(y, 0), 2 * size + i, significand(v))


@njit(entry=True)
def some_kernel(y: Any, x: Any, start: int, count: int) -> None:
    """The first lanes of x, zeros behind them, to y; then some of them again, and ones there."""
    v = load_some(at(x, 0), start, count)
    store(at(y, 0), 0, v)
    store_some(at(y, 0), 2 * lanes(at(x, 0)), v + 1.0, count)
    store(at(y, 0), 3 * lanes(at(x, 0)), where(first_lanes(v, count), 1.0, splat(v, 0.0)))


@njit(entry=True)
def sum_kernel(x: Any) -> Any:
    return sum_lanes(load(at(x, 0), 0))


@njit(entry=True)
def transpose_kernel(y: Any, row: int, x: Any, source_row: int, last: int) -> None:
    transpose_square(at(y, 0), row, at(x, 0), source_row, last)


def lanes_of(dtype: str) -> int:
    return int(lanes_kernel(np.zeros(64, dtype)))


@each_dtype
def test_a_panel_is_two_vectors_wide(dtype: str) -> None:
    assert panel_width(dtype) == 2 * lanes_of(dtype)


@each_dtype
def test_lanes_compute_what_numpy_does(dtype: str, rng: np.random.Generator) -> None:
    size = 192
    a, b = rng.normal(size=(2, size)).astype(dtype) * 10
    a[: len(HALF_EVEN)] = HALF_EVEN
    b[10:20] = a[10:20]  # so that some are equal
    one, tenth = np.ones(size, dtype), np.full(size, 0.1, dtype)
    own = one if dtype == "float32" else 2 * one
    expected = [a + b, a - b, a * b, a / b, -a, 2 - a, a * 3, abs(a), np.sqrt(abs(a)), np.rint(a)]
    expected += [np.floor(a), np.minimum(a, b), np.where(a <= b, one, b), np.where(a > b, a, one)]
    expected += [np.maximum(a, b), np.where(a == b, a, -b)]
    double = a.astype(np.longdouble), b.astype(np.longdouble)
    rounded = [double[0] * double[1] + 1, tenth, 2 * double[0] ** 2 - 3 * double[0] + 5, own + a]
    assert len(expected) + len(rounded) == RESULTS
    y = np.empty((RESULTS, size), dtype)
    arithmetic_kernel(y.reshape(-1), a, b)
    np.testing.assert_array_equal(y[: len(expected)], np.array(expected))
    # a product and a sum may be rounded once or twice, and the polynomial of degree 2 four times;
    # each rounding is relative to the greatest intermediate result
    scale = abs(double[0] * double[1]) + 1, tenth, 2 * a**2 + 3 * abs(a) + 5, abs(a)
    error = abs(y[len(expected) :] - np.array(rounded)) / np.array(scale)
    assert error.max() < 2 * np.finfo(dtype).eps


@each_dtype
def test_no_comparison_holds_for_nan(dtype: str) -> None:
    size = 64
    a, b = np.full(size, math.nan, dtype), np.ones(size, dtype)
    y = np.empty((RESULTS, size), dtype)
    arithmetic_kernel(y.reshape(-1), a, b)
    np.testing.assert_array_equal(
        y[COMPARED], np.repeat([[1.0], [1.0], [1.0], [1.0], [-1.0]], size, 1)
    )


@each_dtype
def test_powers_of_two_and_their_exponents_are_exact(dtype: str, rng: np.random.Generator) -> None:
    limits = np.finfo(dtype)
    powers = np.arange(limits.minexp, limits.maxexp, dtype=np.int64)
    numbers = np.ldexp(rng.uniform(1, 2, powers.size).astype(dtype), powers).astype(dtype)
    numbers[:3] = limits.tiny, limits.max, 1.0
    room = -(-powers.size // 64) * 64
    x = np.ones((2, room), dtype)
    x[0, : powers.size], x[1, : powers.size] = powers, numbers
    y = np.empty(3 * room, dtype)
    bits_kernel(y, x.reshape(-1))
    found = y.reshape(3, room)[:, : powers.size]
    halves, exponents = np.frexp(numbers)
    np.testing.assert_array_equal(found[0], np.ldexp(np.ones((), dtype), powers))
    np.testing.assert_array_equal(found[1], exponents - 1)
    np.testing.assert_array_equal(found[2], halves * 2)


@each_dtype
def test_some_lanes_are_read_and_written_and_nothing_beside_them(dtype: str) -> None:
    n = lanes_of(dtype)
    x = np.arange(1, 4 * n + 1).astype(dtype)
    for start in range(n):
        for count in range(-1, n + 3):  # fewer than none are none, more than all are all
            some = min(max(count, 0), n)
            y = np.full(4 * n, GUARD, dtype)
            expected = y.copy()
            expected[:n] = 0.0
            expected[:some] = x[start : start + some]
            expected[2 * n : 2 * n + some] = x[start : start + some] + 1
            expected[3 * n :] = np.arange(n) < some
            some_kernel(y, x, start, count)
            np.testing.assert_array_equal(y, expected)


@each_dtype
def test_lanes_that_are_not_asked_for_are_not_read(dtype: str, last_bytes_of_memory: Array) -> None:
    n = lanes_of(dtype)
    y = np.empty(4 * n, dtype)
    for count in range(1, n + 1):
        x = last_bytes_of_memory[-count * np.dtype(dtype).itemsize :].view(dtype)
        x[:] = np.arange(1, count + 1)
        some_kernel(y, x, 0, count)
        np.testing.assert_array_equal(y[:count], x)
        np.testing.assert_array_equal(y[count:n], 0)


@each_dtype
def test_lanes_are_summed(dtype: str, rng: np.random.Generator) -> None:
    x = rng.integers(-1000, 1000, lanes_of(dtype)).astype(dtype)
    assert sum_kernel(x) == x.sum()


@each_dtype
def test_a_square_is_transposed_and_rows_behind_the_last_repeat_it(
    dtype: str, rng: np.random.Generator
) -> None:
    n = lanes_of(dtype)
    source_row, row = n + 3, n + 5
    x = rng.normal(size=(n, source_row)).astype(dtype)
    for last in range(n + 2):
        y = np.full((n, row), GUARD, dtype)
        expected = y.copy()
        expected[:, :n] = x[np.minimum(np.arange(n), last), :n].T
        transpose_kernel(y.reshape(-1), row, x.reshape(-1), source_row, last)
        np.testing.assert_array_equal(y, expected)


@pytest.mark.parametrize("itemsize", [4, 8])
@pytest.mark.parametrize("vector_bytes", [16, 32, 64])
def test_a_square_is_transposed_by_the_mixes_of_vectors_of_any_length(
    vector_bytes: int, itemsize: int
) -> None:
    n = vector_bytes // itemsize
    square = np.arange(n * n).reshape(n, n)
    rows = list(square)
    for distance in (1 << stage for stage in range(n.bit_length() - 1)):
        for i in (i for i in range(n) if i & distance == 0):
            pair = np.concatenate([rows[i], rows[i + distance]])
            rows[i], rows[i + distance] = (pair[m] for m in simd._mixes(n, itemsize, distance))
    np.testing.assert_array_equal([rows[place] for place in simd._places(n, itemsize)], square.T)
