"""Threads of a team wait for one another, whoever comes, and share all work between them."""

import threading
from typing import Any

import numpy as np
import pytest

from jitnet.kernels.jit import njit
from jitnet.kernels.team import LINE, barrier, call_off, join, leave, new_team, share

ROUNDS = 300


@njit(entry=True)
def meet_kernel(team: Any, wanted: int, slots: Any, early: Any, members: Any, rounds: int) -> None:
    """Each round everyone writes its number, waits, and counts who has not written yet."""
    rank, size = join(team, wanted)
    if size == 0:
        return
    members[rank * LINE] = size
    for number in range(1, rounds + 1):
        slots[rank * LINE] = number
        barrier(team, size)
        for other in range(size):
            if slots[other * LINE] != number:
                early[rank * LINE] += 1
        barrier(team, size)
    leave(team, rank, size)


@njit(entry=True)
def join_kernel(team: Any, wanted: int, answer: Any) -> None:
    rank, size = join(team, wanted)
    if size == 0:
        answer[1] = 0
    else:
        answer[0], answer[1] = rank, size


@njit(entry=True)
def share_kernel(answer: Any, count: int, grain: int, rank: int, size: int) -> None:
    answer[0], answer[1] = share(count, grain, rank, size)


@njit(entry=True)
def call_off_kernel(team: Any) -> None:
    call_off(team)


def on_threads(wants: list[int], work: Any) -> None:
    threads = [threading.Thread(target=work, args=(wanted,)) for wanted in wants]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.mark.parametrize("size", [1, 2, 4])
def test_nobody_passes_a_barrier_before_all_are_there(size: int) -> None:
    words = [np.zeros(size * LINE, np.int64) for _ in range(3)]
    slots, early, members = words
    meet_kernel(new_team(), 1, *(np.zeros(LINE, np.int64) for _ in range(3)), 1)  # compiled
    team = new_team()
    wants = [0] * (size - 1) + [size]
    on_threads(wants, lambda wanted: meet_kernel(team, wanted, slots, early, members, ROUNDS))
    come = members[::LINE][members[::LINE] > 0]
    assert len(come) > 0
    np.testing.assert_array_equal(come, len(come))
    assert (slots[::LINE] == ROUNDS).sum() == len(come)
    np.testing.assert_array_equal(early, 0)


def test_who_comes_after_the_team_has_closed_is_told_so() -> None:
    team, answer = new_team(), np.full(2, -1, np.int64)
    join_kernel(team, 1, answer)
    assert answer.tolist() == [0, 1]
    for _ in range(3):
        join_kernel(team, 0, answer)
        assert answer[1] == 0


def test_a_team_starts_without_those_who_do_not_come() -> None:
    answer = np.full(2, -1, np.int64)
    join_kernel(new_team(), 3, answer)
    assert answer.tolist() == [0, 1]


def test_who_waits_for_a_host_who_does_not_come_goes() -> None:
    answer = np.full(2, -1, np.int64)
    join_kernel(new_team(), 0, answer)
    assert answer[1] == 0
    team = new_team()
    call_off_kernel(team)
    answer[1] = -1
    join_kernel(team, 0, answer)
    assert answer[1] == 0


@pytest.mark.parametrize("size", [1, 2, 3, 16])
@pytest.mark.parametrize("grain", [1, 4, 1024])
def test_shares_cover_everything_once_and_are_cut_at_grains(size: int, grain: int) -> None:
    answer = np.empty(2, np.int64)
    for count in (0, 1, 3, 4, 5, 1023, 1024, 1025, 10_000):
        end = 0
        for rank in range(size):
            share_kernel(answer, count, grain, rank, size)
            first, last = answer.tolist()
            assert first == end
            assert last == count or last % grain == 0
            end = last
        assert end == count


def test_shares_differ_by_one_grain_at_most() -> None:
    answer = np.empty(2, np.int64)
    sizes = []
    for rank in range(7):
        share_kernel(answer, 100, 1, rank, 7)
        sizes.append(int(answer[1] - answer[0]))
    assert max(sizes) - min(sizes) <= 1
