"""How many threads steps are worth, and a team of them."""

from __future__ import annotations

import contextlib
import math
import threading
from collections.abc import Callable
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
    raised: list[BaseException] = []
    threads: list[threading.Thread] = []

    def work() -> None:
        try:
            worker()
        except BaseException as error:
            raised.append(error)

    try:
        for _ in range(size if stop else size - 1):
            thread = threading.Thread(target=work, name="jitnet")
            thread.start()
            threads.append(thread)
    except RuntimeError:  # the system gives no more threads: the team is smaller
        pass
    except KeyboardInterrupt as interrupt:
        raised.append(interrupt)
    if not raised and not (stop and threads):
        work()
    for thread in threads:
        while thread.is_alive():
            try:
                thread.join(LOOK_SECONDS)
            except KeyboardInterrupt as interrupt:
                raised.append(interrupt)
                if stop:
                    stop()
    if raised:
        raise raised[0]


class Pace:
    """Chooses between a team and one thread from slice to slice, by what steps have cost.

    A team waits for its slowest member: where other programs use the cores, one thread may be many
    times faster. So a slice much slower than the best one seen has the other choice tried, and the
    team is tried again from time to time. The choice never changes a bit.

    Parameters
    ----------
    team : int
        Threads of the team.
    """

    SLOW = 1.7
    RETRY = 10

    def __init__(self, team: int) -> None:
        self.team, self.threads = team, team
        self._seconds = {team: math.inf, 1: math.inf}
        self._best = math.inf
        self._alone = 0

    def note(self, seconds: float) -> None:
        """Take in the seconds a step of the last slice took, and choose for the next."""
        if self.team == 1:
            return
        self._seconds[self.threads] = seconds
        if self.threads == self.team:
            self._best = min(self._best, seconds)
            self._alone = 0
            if seconds > self.SLOW * self._best:
                self.threads = 1
        else:
            self._alone += 1
            slower = seconds > self._seconds[self.team]
            if slower or self._alone % self.RETRY == 0:
                self.threads = self.team
