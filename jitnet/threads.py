"""How many threads steps are worth, and a team of them."""

from __future__ import annotations

import contextlib
import math
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from numba import config

PARALLEL_FLOPS = 4e6
"""Floating-point operations of a step from which a second thread pays: at a million two threads
gained a tenth, at 16 million a half."""

MOST_THREADS = 256

LOOK_SECONDS = 0.2
"""How often a waiting thread looks for an interrupt, where the system does not wake it for one."""

CPU_QUOTA = Path("/sys/fs/cgroup/cpu.max")


def available_threads() -> int:
    """Cores this process may use: numba's setting, and what a container is allowed."""
    threads = int(config.NUMBA_NUM_THREADS)
    with contextlib.suppress(OSError, ValueError):
        quota, period = CPU_QUOTA.read_text().split()  # "max 100000" where there is no limit
        threads = min(threads, math.ceil(int(quota) / int(period)))
    return max(1, threads)


class Cores:
    """The cores that this process's fits share: several at once take no more threads than those."""

    def __init__(self) -> None:
        self._forget()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._forget)

    def _forget(self) -> None:
        self._lock, self._busy = threading.Lock(), 0

    @contextlib.contextmanager
    def lent(self, threads: int) -> Iterator[int]:
        """So many threads, or as many as are left over, but at least one."""
        with self._lock:
            left = available_threads() - self._busy if threads > 1 else 1
            granted = max(1, min(threads, left))
            self._busy += granted
        try:
            yield granted
        finally:
            with self._lock:
                self._busy -= granted


CORES = Cores()


def run_team(
    size: int, worker: Callable[[], object], *, stop: Callable[[], object] | None = None
) -> None:
    """Call ``worker`` on ``size`` threads, the calling one among them, and wait for all.

    Threads of Python's own, which compiled code lets run side by side: numba's threading layers end
    the process where two threads at once, or a forked child, launch parallel code; these do not.

    Compiled code sees no interrupt. Where ``stop`` is given, the calling thread only waits, and has
    the workers stop as soon as it is interrupted. What a worker or an interrupt raises is raised
    when all have ended.
    """
    team = _Team(worker)
    try:
        started = team.start(size if stop else size - 1)
        if not (stop and started):
            worker()
    except BaseException as error:
        team.close(error, stop)
    waiting = True
    while waiting:
        try:
            team.wait()
            waiting = False
        except KeyboardInterrupt as interrupt:
            team.close(interrupt, stop)
    if team.raised:
        raise team.raised[0]


class _Team:
    """Keeps count of who is to come and who is at work, so that no interrupt leaves one behind."""

    def __init__(self, worker: Callable[[], object]) -> None:
        self.worker = worker
        self.expected = self.at_work = 0
        self.closed = False
        self.raised: list[BaseException] = []
        self.changed = threading.Condition()

    def start(self, size: int) -> int:
        """Start threads; how many the system gives."""
        for started in range(size):
            self.expect(1)
            try:
                threading.Thread(target=self.work, name="jitnet").start()
            except RuntimeError:
                self.expect(-1)
                return started
        return size

    def expect(self, more: int) -> None:
        with self.changed:
            self.expected += more

    def work(self) -> None:
        with self.changed:
            if self.closed:
                return
            self.expected, self.at_work = self.expected - 1, self.at_work + 1
        try:
            self.worker()
        except BaseException as error:
            self.raised.append(error)
        with self.changed:
            self.at_work -= 1
            self.changed.notify()

    def close(self, error: BaseException, stop: Callable[[], object] | None) -> None:
        """Let no one begin any more, and have those at work stop."""
        self.raised.append(error)
        with self.changed:
            self.closed, self.expected = True, 0
        if stop:
            stop()

    def wait(self) -> None:
        with self.changed:
            while self.expected or self.at_work:
                self.changed.wait(LOOK_SECONDS)


class Pace:
    """Chooses between a team and one thread from slice to slice, by what steps have cost.

    A team waits for its slowest member: where other programs use the cores, one thread may be many
    times faster. So the other choice is tried from time to time, and at once when the team is much
    slower than it has been, and what was faster is kept. The choice never changes a bit.

    Parameters
    ----------
    team : int
        Threads of the team.
    """

    SLOW = 1.7
    SHORTEST = 0.01
    """Seconds of a slice below which starting threads weighs too much to judge by it."""
    FIRST_TRIAL, TRIAL_OF_ONE, TRIAL_OF_TEAM = 10, 100, 10
    """Slices after which the other choice is tried."""

    def __init__(self, team: int) -> None:
        self.team, self.threads = team, team
        self._seconds = {team: math.inf, 1: math.inf}
        self._best = math.inf
        self._slices, self._patience = 0, self.FIRST_TRIAL

    def note(self, seconds: float, steps: int) -> None:
        """Take in how long the last slice took, and choose for the next."""
        if self.team == 1 or seconds < self.SHORTEST:
            return
        each = self._seconds[self.threads] = seconds / steps
        self._slices += 1
        other = 1 if self.threads == self.team else self.team
        slow = False
        if self.threads == self.team:
            self._best = min(self._best, each)
            slow = each > self.SLOW * self._best
        if slow or each > self._seconds[other] or self._slices >= self._patience:
            self.threads, self._slices = other, 0
            self._patience = self.TRIAL_OF_TEAM if other == 1 else self.TRIAL_OF_ONE
