"""Which dimension of a block's work the workers divide."""

from __future__ import annotations

from typing import Any

import numpy as np

from jitnet.engine.steps.portions import groups_of, largest_share, part_of
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
def groups(other: int, other_grain: int, count: int, grain: int, size: int) -> Any:
    return groups_of(other, other_grain, count, grain, size)


@njit(entry=True)
def cover(groups: int, other_grain: int, grain: int, size: int, done: Any) -> int:
    """Count in ``done`` who does what of two dimensions; return the most that a worker does."""
    most = 0
    other, count = done.shape
    for rank in range(size):
        parts = part_of(groups, other, other_grain, count, grain, rank, size)
        first, last, own_first, own_last = parts
        done[first:last, own_first:own_last] += 1
        most = max(most, (last - first) * (own_last - own_first))
    return most


def test_the_largest_share_is_the_most_that_a_worker_has() -> None:
    for count in range(1, 40):
        for grain in (1, 3, 8):
            for size in (1, 2, 5, 16):
                sizes = np.zeros(size, np.int64)
                parts(count, grain, sizes)
                assert sizes.sum() == count
                assert largest(count, grain, size) == sizes.max(), (count, grain, size)


def test_what_is_divided_evenly_is_divided_alone() -> None:
    assert groups(64, 1, 64, 1, 8) == 1, "64 for 8 is as even as can be"
    assert groups(64, 1, 60, 1, 8) == 1, "60 leave less than a fifth of the time"
    assert groups(0, 1, 9, 1, 8) == 1, "there is no other dimension"


def test_another_dimension_is_divided_where_that_leaves_less_of_the_time() -> None:
    assert groups(64, 1, 9, 1, 8) == 8, "9 for 8 would take as long as 16"
    assert groups(64, 32, 9, 1, 8) == 2, "two grains of 32 are for two groups, of 4 workers"
    assert groups(64, 1, 64, 32, 8) == 4, "each of 4 groups has 16 of 64, and 32 for either worker"


def test_units_too_few_for_all_workers_are_those_of_groups_of_panels() -> None:
    assert groups(4, 1, 32, 8, 16) == 4, "each group's 4 workers have a panel, and 8 filters"
    assert groups(4, 1, 128, 8, 16) == 1, "there are units for everyone"
    assert groups(1, 1, 32, 8, 16) == 1, "there is but one panel"
    assert groups(8, 1, 6, 6, 12) == 8, "4 of 12 have nothing to do, as no panel is cut"


def test_workers_do_every_unit_of_every_panel_once_and_no_one_more_than_by_units_alone() -> None:
    for size in (1, 2, 3, 4, 7, 16):
        for other in (1, 2, 3, 5, 17):
            for count in (1, 6, 32, 33):
                for other_grain, grain in ((1, 1), (1, 8), (4, 6)):
                    done = np.zeros((other, count), np.int64)
                    chosen = groups(other, other_grain, count, grain, size)
                    most = cover(chosen, other_grain, grain, size, done)
                    assert (done == 1).all(), (size, other, count, grain)
                    assert most <= cover(1, other_grain, grain, size, done)
