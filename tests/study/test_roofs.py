"""The roofs are measured by doing the work that they count."""

import numpy as np
import pytest

from jitnet.kernels.cpu import VECTOR_BYTES, VECTORS
from jitnet.study.roofs import CHAIN_ROWS, measure_roofs, multiply_and_add, triad

each_dtype = pytest.mark.parametrize("dtype", ["float32", "float64"])


@each_dtype
@pytest.mark.parametrize("rounds", [0, 1, 2, 60])
def test_every_multiply_add_of_the_peak_is_done(dtype: str, rounds: int) -> None:
    result = np.zeros(VECTOR_BYTES, dtype)
    multiply_and_add(result, rounds, CHAIN_ROWS)
    chain = 2 - 0.5**rounds  # s ← s / 2 + 1 from 1
    lanes = VECTOR_BYTES // result.itemsize
    np.testing.assert_allclose(result[:lanes], len(CHAIN_ROWS) * VECTORS * chain, rtol=1e-6)
    assert not result[lanes:].any()


@each_dtype
def test_the_triad_streams_every_number(dtype: str) -> None:
    b, c = np.arange(256.0).astype(dtype), np.arange(256.0, 0, -1).astype(dtype)
    a = np.empty_like(b)
    triad(a, b, c)
    np.testing.assert_array_equal(a, b + c / 2)


def test_both_roofs_are_measured() -> None:
    roofs = measure_roofs(2, "float32")
    assert 1 < roofs.gflops < 100_000
    assert 0.5 < roofs.gigabytes < 10_000
