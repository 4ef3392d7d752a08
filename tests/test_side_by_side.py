"""Works side by side: how they share the threads, and how they are shown and ended."""

from __future__ import annotations

import threading
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from jitnet.kernels import cache
from jitnet.progress import Progress
from jitnet.side_by_side import side_by_side
from jitnet.threads import available_threads, left_over, share_of_threads


class Shown(Progress):
    """Keeps what is shown."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[Any] = []

    def start(self, n_epochs: int, compiling: bool = False) -> None:
        super().start(n_epochs, compiling)
        self.seen.append(n_epochs)

    def update(self, epochs_done: float, logs: dict[str, float]) -> None:
        self.seen.append((epochs_done, logs))

    def resuming(self, epochs_done: float, n_epochs: int, file: Path) -> None:
        self.seen.append(file.name)

    def close(self) -> None:
        self.seen.append("closed")


@pytest.mark.parametrize(("threads", "share"), [(2, 1), (3, 1), (4, 2), (256, 128)])
def test_works_at_once_have_equal_shares_of_the_threads(threads: int, share: int) -> None:
    found = side_by_side([lambda shown: available_threads()] * 2, Progress(), threads=threads)
    assert found == [min(share, available_threads())] * 2


def test_those_with_a_share_leave_the_rest_to_others() -> None:
    with share_of_threads(3):
        assert left_over(3) == 3  # however many are at work


@pytest.mark.parametrize("at_once", [1, 2])
def test_the_mean_is_shown_as_one_fit(at_once: int) -> None:
    def work(loss: float, epochs: int, shown: Progress) -> float:
        shown.start(epochs)
        shown.update(epochs / 2, {"loss": loss})
        shown.close()
        return loss

    shown = Shown()
    works = [lambda p: work(1.0, 10, p), lambda p: work(3.0, 20, p)]
    assert side_by_side(works, shown, threads=at_once) == [1.0, 3.0]
    assert shown.seen[0] in (10, 20)
    assert shown.seen[-2:] == [(shown.seen[0] / 2, {"loss": 2.0}), "closed"]
    assert shown.seen.count("closed") == 1


@pytest.mark.parametrize("at_once", [1, 2])
def test_the_mean_of_a_figure_is_over_those_that_have_it(at_once: int) -> None:
    def work(logs: dict[str, float], shown: Progress) -> None:
        shown.start(2)
        shown.update(2, logs)
        shown.close()

    shown, given = Shown(), [{"loss": 1.0}, {"loss": 3.0, "accuracy": 0.5}]
    side_by_side([partial(work, own) for own in given], shown, threads=at_once)
    assert shown.seen[-2] == (2, {"loss": 2.0, "accuracy": 0.5})


@pytest.mark.parametrize("at_once", [1, 2])
def test_compilations_and_where_a_work_goes_on_are_shown(at_once: int) -> None:
    def work(shown: Progress) -> bool:
        shown.resuming(1, 2, Path("step-000000003.safetensors"))
        return whole in cache.watchers

    whole = Shown()
    assert side_by_side([work, work], whole, threads=at_once) == [True, True]
    assert whole not in cache.watchers
    assert whole.seen == ["step-000000003.safetensors"] * 2 + ["closed"]


@pytest.mark.parametrize("at_once", [1, 2])
def test_a_work_that_was_over_before_counts_as_done(at_once: int) -> None:
    def resumed(shown: Progress) -> None:
        shown.resuming(4, 4, Path("step-000000003.safetensors"))
        shown.start(4)

    def new(shown: Progress) -> None:
        shown.start(4)
        shown.update(4, {"loss": 1.0})

    whole = Shown()
    side_by_side([resumed, new], whole, threads=at_once)
    assert whole.seen[-2] == (4, {"loss": 1.0})


def test_one_at_a_time_is_done_in_the_calling_thread() -> None:
    found = side_by_side([lambda shown: threading.get_ident()] * 3, Progress(), threads=1)
    assert set(found) == {threading.get_ident()}


def test_works_within_works_share_what_these_have() -> None:
    def outer(shown: Progress) -> list[int]:
        within = [lambda shown: threading.get_ident()] * 3
        return side_by_side(within, shown, threads=available_threads())

    found = side_by_side([outer, outer], Progress(), threads=2)
    assert [len(set(idents)) for idents in found] == [1, 1]
    assert threading.get_ident() not in {ident for idents in found for ident in idents}
