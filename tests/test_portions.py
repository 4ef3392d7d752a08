"""Which dimension of a block's work the workers divide."""

from __future__ import annotations

from typing import Any

import numpy as np

from jitnet.engine.steps.portions import is_more_even, largest_share
from jitnet.kernels.jit import njit
from jitnet.kernels.team import share


@njit(entry=True)
def parts(count: int, grain: int, sizes: Any) -> None:
    for rank in range(sizes.size):
        first, last = share(count, grain, rank, sizes.size)
        sizes[rank] = max(0, min(last, count) - first)


@njit(entry=True)
def largest(count: int, grain: int, size: int) -> Any:
    return largest_share(count, grain, size)


@njit(entry=True)
def divides_other(other: int, other_grain: int, count: int, grain: int, size: int) -> Any:
    return is_more_even(other, other_grain, count, grain, size)


def test_no_worker_has_more_than_the_largest_share() -> None:
    for count in range(1, 40):
        for grain in (1, 3, 8):
            for size in (1, 2, 5, 16):
                sizes = np.zeros(size, np.int64)
                parts(count, grain, sizes)
                assert sizes.sum() == count
                missing = largest(count, grain, size) - sizes.max()
                assert 0 <= missing < grain, (count, grain, size)


def test_another_dimension_is_divided_where_that_leaves_less_of_the_time() -> None:
    assert divides_other(64, 1, 9, 1, 8), "9 units for 8 workers take 2 rounds"
    assert not divides_other(64, 1, 64, 1, 8), "the first is as even as can be"
    assert not divides_other(0, 1, 9, 1, 8), "there is no other"


def test_what_is_cut_at_coarse_grains_is_less_even_than_it_counts() -> None:
    assert not divides_other(64, 32, 9, 1, 8), "two grains of 32 keep two of 8 workers at work"
    assert divides_other(64, 1, 64, 32, 8), "as they do where the first one has them"
