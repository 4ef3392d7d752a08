"""Several fits side by side, each on its share of the threads, shown and ended as one."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from pathlib import Path
from typing import TypeVar

from jitnet.kernels import cache
from jitnet.progress import Progress
from jitnet.threads import share_of_threads

T = TypeVar("T")

LOOK_SECONDS = 0.2
"""How often the calling thread says how far all are, and looks for an interrupt."""


def side_by_side(
    works: Sequence[Callable[[Progress], T]],
    progress: Progress,
    *,
    threads: int,
    at_once: int | None = None,
) -> list[T]:
    """Do several works, some at a time; what one returns does not depend on the others.

    Parameters
    ----------
    works : sequence of callable
        Each is told a `Progress` of its own to say how far it is; its `update` ends a work, like an
        interrupt, where another one has failed.
    progress : Progress
        What shows the mean over all works. One that is alone is told this one.
    threads : int
        Threads for all of them, in equal shares for those at work.
    at_once : int, optional
        Works at a time; by default as many as there are threads. One at a time is done in the
        calling thread.

    Returns
    -------
    list
        What each work returns.

    Raises
    ------
    BaseException
        Whatever the first work to fail raises, or an interrupt, once all have ended.
    """
    at_once = min(at_once or threads, len(works))
    if len(works) == 1:
        return [works[0](progress)]
    shown = _Shown(progress)
    shares = shown.shares = [_Share(shown, is_shown_at_once=at_once == 1) for _ in works]
    cache.watchers.append(progress)
    try:
        if at_once == 1:
            found = [work(share) for work, share in zip(works, shares, strict=True)]
        else:
            found = _in_pool(works, shown, at_once, max(1, threads // at_once))
        shown.update()
    finally:
        cache.watchers.remove(progress)
        progress.close()
    return found


def _in_pool(
    works: Sequence[Callable[[Progress], T]], shown: _Shown, at_once: int, threads: int
) -> list[T]:
    """Do the works in threads of a pool, while this one shows how far they are."""
    shares = shown.shares
    with ThreadPoolExecutor(at_once) as pool:
        try:
            running = [
                pool.submit(share.run, work, threads)
                for work, share in zip(works, shares, strict=True)
            ]
            while True:
                done, left = wait(running, LOOK_SECONDS, FIRST_EXCEPTION)
                for future in done:
                    future.result()
                if not left:
                    break
                shown.update()
        except BaseException:
            for share in shares:
                share.is_stopped = True
            while any(share.is_at_work for share in shares):  # the pool forgets one just begun
                time.sleep(LOOK_SECONDS / 100)
            raise
    return [future.result() for future in running]


class _Shown:
    """What is shown of several works: the mean over them, once the first one has begun."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self.shares: list[_Share] = []
        self._to_start: list[None] = [None]
        self._next = 0.0

    def start(self, n_epochs: int) -> None:
        """Begin, if none has begun before."""
        with contextlib.suppress(IndexError):  # of the pop: two threads may come at once
            self._to_start.pop()
            self.progress.start(n_epochs)

    def update(self) -> None:
        """Show the mean of what all have done, and of each figure over those that have any."""
        known = [share.logs for share in self.shares if share.logs]
        if known:
            figures: dict[str, list[float]] = {}
            for logs in known:
                for name, value in logs.items():
                    figures.setdefault(name, []).append(value)
            means = {name: sum(values) / len(values) for name, values in figures.items()}
            parts = [share.done / share.n_epochs for share in self.shares if share.n_epochs]
            self.progress.update(sum(parts) / len(self.shares) * self.progress.n_epochs, means)

    def update_sometimes(self) -> None:
        """`update`, if the last one is old enough."""
        if time.perf_counter() >= self._next:
            self.update()
            self._next = time.perf_counter() + LOOK_SECONDS


class _Share(Progress):
    """How far one work is, which others see, and can stop."""

    def __init__(self, shown: _Shown, *, is_shown_at_once: bool) -> None:
        super().__init__()
        self.shown, self.is_shown_at_once = shown, is_shown_at_once
        self.done, self.logs = 0.0, dict[str, float]()
        self.is_at_work = self.is_stopped = False

    def start(self, n_epochs: int, compiling: bool = False) -> None:
        """Begin; see `Progress.start`."""
        super().start(n_epochs, compiling)
        self.shown.start(n_epochs)

    def update(self, done: float, logs: dict[str, float]) -> None:
        """Take note of how far the work is; end it like an interrupt if it is to stop."""
        self.done, self.logs = done, logs
        if self.is_stopped:
            raise KeyboardInterrupt
        if self.is_shown_at_once:
            self.shown.update_sometimes()

    def resuming(self, epochs_done: float, n_epochs: int, file: Path) -> None:
        """Say where a fit goes on; see `Progress.resuming`."""
        self.done = epochs_done
        self.shown.progress.resuming(epochs_done, n_epochs, file)

    def run(self, work: Callable[[Progress], T], threads: int) -> T:
        """Do the work on a thread of a pool, with so many to compute with."""
        self.is_at_work = True
        try:
            self.update(0.0, {})  # it may be stopped before its turn comes
            with share_of_threads(threads):
                return work(self)
        finally:
            self.is_at_work = False
