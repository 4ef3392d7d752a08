"""How many threads there are for steps, and a team of them."""

from __future__ import annotations

import contextlib
import math
import os
import queue
import threading
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

from numba import config

PARALLEL_FLOPS = 4e6
"""Floating-point operations of a step from which a second thread pays: at a million two threads
gained a tenth, at 16 million a half."""

MOST_THREADS = 256

LOOK_SECONDS = 0.2
"""How often a waiting thread looks for an interrupt, where the system does not wake it for one."""

IDLE_SECONDS = 1.0
"""How long a thread waits for the next team before it ends."""

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


class Helpers:
    """Threads that stay for the next team, so that a fit starts none for each of its slices.

    A thread just started may share its parent's core for some 15 ms: with new ones for each slice,
    steps of digits took 95 to 204 µs in slices of 10 to 40 ms, with these 65.

    What the calling thread shares with these is under plain locks and queues, which are C: an
    interrupt within a Condition's Python would leave it locked.
    """

    def __init__(self) -> None:
        self._forget()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._forget)

    def _forget(self) -> None:
        self._lock, self._wake = threading.Lock(), queue.SimpleQueue[None]()
        self._idle, self._jobs = 0, deque[tuple[Callable[[], None], Callable[[], None]]]()

    def call(self, work: Callable[[], None], leave: Callable[[], None]) -> None:
        """Have a thread call ``work``, and ``leave`` when the thread can be called again.

        Raises RuntimeError where the system gives no thread.
        """
        with self._lock:
            self._jobs.append((work, leave))
            if self._idle < len(self._jobs):
                try:
                    threading.Thread(target=self._serve, name="jitnet", daemon=True).start()
                except RuntimeError:
                    self._jobs.pop()
                    raise
        self._wake.put(None)

    def _serve(self) -> None:
        with self._lock:
            self._idle += 1
        while True:
            told = _is_told(self._wake, IDLE_SECONDS)
            with self._lock:
                if told and not self._jobs:
                    continue
                self._idle -= 1
                if not self._jobs:
                    return
                work, leave = self._jobs.popleft()
            work()
            with self._lock:
                self._idle += 1
            leave()
            del work, leave  # and all that they keep alive


def _is_told(messages: queue.SimpleQueue[None], seconds: float) -> bool:
    """Whether a message comes within some seconds."""
    try:
        messages.get(timeout=seconds)
    except queue.Empty:
        return False
    return True


HELPERS = Helpers()


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
        self.lock, self.left = threading.Lock(), queue.SimpleQueue[None]()

    def start(self, size: int) -> int:
        """Call threads; how many the system gives."""
        for started in range(size):
            self.expect(1)
            try:
                HELPERS.call(self.work, self.leave)
            except RuntimeError:
                self.expect(-1)
                return started
        return size

    def expect(self, more: int) -> None:
        with self.lock:
            self.expected += more

    def work(self) -> None:
        with self.lock:
            self.at_work += 1
            if self.closed:
                return
            self.expected -= 1
        try:
            self.worker()
        except BaseException as error:
            self.raised.append(error)

    def leave(self) -> None:
        with self.lock:
            self.at_work -= 1
        self.left.put(None)

    def close(self, error: BaseException, stop: Callable[[], object] | None) -> None:
        """Let no one begin any more, and have those at work stop."""
        self.raised.append(error)
        with self.lock:
            self.closed, self.expected = True, 0
        if stop:
            stop()

    def wait(self) -> None:
        while self.expected or self.at_work:
            _is_told(self.left, LOOK_SECONDS)
