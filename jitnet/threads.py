"""How many threads there are for steps, and a team of them."""

from __future__ import annotations

import _thread
import contextlib
import functools
import math
import os
import queue
import sys
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import numpy as np
from numba import config

from jitnet.checks import check_whole
from jitnet.kernels.cache import compilation
from jitnet.kernels.team import wait_until_zero
from jitnet.kernels.turn import DOOR, INSIDE

PARALLEL_FLOPS = 4e6
"""Floating-point operations of a step from which a second thread pays: at a million two threads
gained a tenth, at 16 million a half."""

MOST_THREADS = 256

LOOK_SECONDS = 0.2
"""How often a waiting thread looks for an interrupt, where the system does not wake it for one."""

IDLE_SECONDS = 1.0
"""How long a thread waits for the next team before it ends."""

BACK_SECONDS = 0.01
"""How long a host waits for its helpers to be there for the next team."""

CGROUPS = Path("/sys/fs/cgroup")
OWN_CGROUPS = Path("/proc/self/cgroup")


def available_threads() -> int:
    """Threads that this process may use now: the least that anyone has set.

    These are the cores there are for the process, what a container is allowed, and the usual limits
    (README.md lists them): OMP_NUM_THREADS, NUMBA_NUM_THREADS, numba.set_num_threads,
    threadpoolctl's threadpool_limits and the threads of a worker of Dask's; within
    `share_of_threads` that share of them.
    """
    limits = [int(config.NUMBA_NUM_THREADS), *_limits_of_others(), *_container_limits()]
    return max(1, min(_share.get() or MOST_THREADS, *limits))


_share: ContextVar[int | None] = ContextVar("share_of_threads", default=None)


@contextlib.contextmanager
def share_of_threads(threads: int) -> Iterator[None]:
    """Have calls within this context use at most so many threads, while others use the rest."""
    token = _share.set(threads)
    try:
        yield
    finally:
        _share.reset(token)


def _container_limits() -> Iterator[int]:
    """The cores that each control group of this process is allowed."""
    for files in _quota_files(OWN_CGROUPS, CGROUPS):
        with contextlib.suppress(OSError, ValueError):
            quota, period = " ".join(file.read_text() for file in files).split()
            if int(quota) > 0:  # "max" or -1 where there is no limit
                yield math.ceil(int(quota) / int(period))


@functools.cache
def _quota_files(own: Path, root: Path) -> tuple[tuple[Path, ...], ...]:
    """The files of each group's quota, of version 1 or 2, found once in a process.

    A container sees its own group as the root, or a path of groups of which each has a limit. To
    look for them anew had this take 79 µs, of each call, where it takes 26.
    """
    found = []
    with contextlib.suppress(OSError):
        for line in own.read_text().splitlines():
            _, kinds, path = line.split(":", 2)
            if kinds and "cpu" not in kinds.split(","):
                continue
            names = ("cpu.cfs_quota_us", "cpu.cfs_period_us") if kinds else ("cpu.max",)
            group = root / kinds / path.strip("/")
            for folder in (group, *group.parents):
                files = tuple(folder / name for name in names)
                found += [files] * all(file.exists() for file in files)
                if folder == root / kinds:
                    break
    return tuple(found)


_of_this_call: ContextVar[int | None] = ContextVar("n_threads", default=None)


def asked_for(n_threads: int | None) -> int | None:
    """Threads that somebody has asked for: of this call, or else ``n_threads`` of the model."""
    return _of_this_call.get() or n_threads


def threads_of_call(n_threads: int | None) -> contextlib.AbstractContextManager[None]:
    """Have a call's own number of threads count within it, where one is given.

    Raises
    ------
    TypeError, ValueError
        If it is none from 1 to 256.
    """
    found = check_threads(n_threads)
    return contextlib.nullcontext() if found is None else _counting(found)


@contextlib.contextmanager
def _counting(n_threads: int) -> Iterator[None]:
    token = _of_this_call.set(n_threads)
    try:
        yield
    finally:
        _of_this_call.reset(token)


def check_threads(n_threads: int | None) -> int | None:
    """A number of threads that a team may have; None is as many as pay."""
    if n_threads is None:
        return None
    return check_whole("n_threads", n_threads, least=1, most=MOST_THREADS)


def _limits_of_others() -> list[int]:
    limits = [limit for limit in (thread_limit.threads,) if limit]
    with contextlib.suppress(ValueError):  # a list says how many threads each level of nesting has
        limits.append(int(os.environ.get("OMP_NUM_THREADS", "").split(",")[0]))
    numbas = sys.modules.get("numba.np.ufunc.parallel")
    if numbas is not None and numbas._is_initialized:  # set_num_threads initializes them
        limits.append(int(numbas.get_num_threads()))
    dasks = sys.modules.get("distributed.worker")
    if dasks is not None:
        with contextlib.suppress(AttributeError, ValueError):  # this thread works for none
            limits.append(int(dasks.get_worker().state.nthreads))
    return [limit for limit in limits if limit > 0]


def left_over(threads: int) -> int:
    """Return ``threads``, or as many as other fits leave, but at least one.

    Those beside which there is a share of the threads leave that.
    """
    if threads == 1 or _share.get() is not None:
        return threads
    return max(1, min(threads, available_threads() - int(DOOR[INSIDE])))


Back = queue.SimpleQueue[None]


class Helpers:
    """Threads that stay for the next team, so that a fit starts none for each of its slices.

    A thread just started may share its parent's core for some 15 ms: with new ones for each slice,
    steps of digits took 95 to 204 µs in slices of 10 to 40 ms, with these 65.

    An exception may come between any two lines of a caller's, so what a caller does are single
    operations of a list and a queue: none can be left half done, and there is no lock to be left
    taken. A call that is lost is one thread less in a team.
    """

    def __init__(self) -> None:
        self._forget()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._forget)

    def _forget(self) -> None:
        self._calls = queue.SimpleQueue[tuple[Callable[[], object], Back]]()
        self._idle: list[None] = []

    def call(self, work: Callable[[], object], back: Back) -> int:
        """Have a thread call ``work``, and put None into ``back`` when it is free again.

        Returns 1, or 0 where the system gives no thread.
        """
        if len(self._idle) <= self._calls.qsize():
            try:
                _thread.start_new_thread(self._serve, (self._calls, self._idle))
            except RuntimeError:
                return 0
        self._calls.put((work, back))
        return 1

    @staticmethod
    def _serve(
        calls: queue.SimpleQueue[tuple[Callable[[], object], Back]], idle: list[None]
    ) -> None:
        idle.append(None)
        while True:
            try:
                work, back = calls.get(timeout=IDLE_SECONDS)
            except queue.Empty:
                idle.pop()
                try:
                    work, back = calls.get_nowait()  # it came at the last moment
                except queue.Empty:
                    return
            else:
                idle.pop()
            work()
            idle.append(None)
            back.put(None)
            del work, back  # and all that they keep alive


HELPERS = Helpers()


Work = Callable[[int, Any], Any]
"""``work(wanted, team)``: compiled code that a team runs. The host passes how many threads it
wants, the others 0 (`jitnet.kernels.team.join`)."""


def run_team(size: int, work: Work, team: Any) -> Any:
    """Call ``work`` on ``size`` threads, the calling one as the host, and return what it returns.

    The host is the last at work in the compiled code, which sees no exceptions. So nobody is at
    work any more when one ends this call.

    Threads of Python's own, which compiled code lets run side by side: numba's threading layers end
    the process where two threads at once, or a forked child, launch parallel code; these do not.
    """
    back = Back()
    called = sum(HELPERS.call(lambda: work(0, team), back) for _ in range(size - 1))
    result = work(size, team)
    for _ in range(called):  # the next team would have a new thread instead of one on its way back
        wait_for(back, BACK_SECONDS)
    return result


def wait_for(news: Back, seconds: float) -> None:
    """Wait for news, but not longer than some seconds.

    All of it is C: an exception within the Python of a Condition would leave it broken.
    """
    with contextlib.suppress(queue.Empty):
        news.get(timeout=seconds)


def run_team_apart(size: int, work: Work, team: Any, stop: Callable[[], object]) -> Any:
    """`run_team` for long work, with a thread of its own as the host: the calling one only waits.

    So it sees an interrupt at once, and has the team ``stop``.
    """
    host = _Host(lambda: run_team(size, work, team), stop)
    with host, host, host:  # for an exception while another is handled, and one more
        HELPERS.call(host.run, host.news)
        return host.result()


class _Host:
    """Work on another thread, which is over when this context is left, whatever comes.

    Parameters
    ----------
    work : callable
        The work.
    stop : callable
        Has it end early.
    """

    def __init__(self, work: Callable[[], Any], stop: Callable[[], object]) -> None:
        self.stop = stop
        self._to_do = [work]
        self._at_work = np.zeros(1, np.int64)
        self._over, self.news = False, Back()
        self._result: Any = None
        self._error: BaseException | None = None

    def run(self) -> None:
        """Do the work if it is still to be done; on a helper, where no signal is handled."""
        self._at_work[0] = 1
        try:
            work = self._to_do.pop()
            self._result = work()
            del work
        except BaseException as error:
            self._error = error
        self._over = True
        self._at_work[0] = 0

    def result(self) -> Any:
        """Wait for what the work returns or raises; where no thread begins it, do it."""
        while not self._over:
            wait_for(self.news, LOOK_SECONDS)
            try:
                work = self._to_do.pop()
            except IndexError:
                continue
            return work()
        if self._error is not None:
            raise self._error
        return self._result

    def __enter__(self) -> None:
        prepare_for_long_work()

    def __exit__(self, *_: object) -> None:
        self._to_do.clear()
        self.stop()
        wait_until_zero(self._at_work)


_compiled: list[None] = []


def prepare_for_long_work() -> None:
    """Load or compile what `run_team_apart` waits by, once in a process."""
    if not _compiled:
        with compilation():
            wait_until_zero(np.zeros(1, np.int64))
        _compiled.append(None)


class _ThreadLimit:
    """The limit that threadpoolctl sets; 0 where there is none."""

    threads = 0


thread_limit = _ThreadLimit()


def _obey_threadpoolctl() -> None:
    """Make `threadpoolctl.threadpool_limits` and `threadpool_info` know these threads."""
    try:
        import threadpoolctl
    except ImportError:
        return

    class JitnetController(threadpoolctl.LibController):  # type: ignore[misc]
        """Threads of ours, found by the library that numba compiles with."""

        user_api = "jitnet"
        internal_api = "jitnet"
        filename_prefixes = ("libllvmlite", "llvmlite")

        def get_num_threads(self) -> int:
            return thread_limit.threads or int(config.NUMBA_NUM_THREADS)

        def set_num_threads(self, num_threads: int) -> None:
            thread_limit.threads = num_threads

        def get_version(self) -> str | None:
            return None

        def set_additional_attributes(self) -> None:
            pass

    threadpoolctl.register(JitnetController)


_obey_threadpoolctl()
