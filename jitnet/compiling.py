"""Kernels compiled before they are called, by two processes where that is worth a second one.

Numba compiles one kernel at a time in a process. So another process compiles those that are missing
into the same cache: from the last one backwards, as this one begins with the first. Each takes what
the other has not begun, and loads what the other has made. What the second cannot name or compile,
the first compiles.
"""

from __future__ import annotations

import contextlib
import io
import os
import pickle
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from numba import config
from numba.core.dispatcher import Dispatcher

from jitnet.kernels.cache import LOCKS, compilation, folders
from jitnet.kernels.digest import Digest
from jitnet.kernels.jit import Kernel
from jitnet.kernels.locks import LOOK_SECONDS
from jitnet.kernels.signals import handle_signals
from jitnet.threads import available_threads

Job = tuple[Kernel, tuple[Any, ...]]
"""A kernel that Python calls, and the types of its arguments."""

WORTH = 25
"""Functions of missing kernels from which a second process pays: each takes some 0.1 s, and the
process a second and a half until its first kernel is there."""

HELP = (
    "import pickle, sys; path, jobs = pickle.load(sys.stdin.buffer); sys.path[:] = path; "
    "from jitnet.compiling import help_with; help_with(jobs)"
)


def prepare(jobs: Iterable[Job]) -> None:
    """Load or compile kernels for the types of their arguments.

    Parameters
    ----------
    jobs : iterable of (kernel, types)
        Kernels that Python calls, each with a tuple of Numba's types. Another process finds one as
        a module's attribute, as the twin of such, or by the factory that made it
        (`jitnet.kernels.jit.factory`) and its arguments.

    Examples
    --------
    >>> from numba import types
    >>> from jitnet.study.matmul.compiled import multiply
    >>> matrix = types.Array(types.float64, 2, "C")
    >>> prepare([(multiply, (matrix, matrix))])
    >>> (matrix, matrix) in multiply.signatures
    True
    """
    if config.DISABLE_JIT:
        return
    with compilation():
        jobs = [job for job in dict.fromkeys(jobs) if not _is_compiled(job)]
        missing = [job for job in jobs if not _is_kept(job)]
        with _second_process(missing):
            left = missing
            while left:
                before, left = left, _compile_free(left)
                if len(left) == len(before):
                    time.sleep(LOOK_SECONDS)
        for kernel, types in jobs:
            _compile(kernel, types)


def help_with(jobs: list[bytes]) -> None:
    """Compile, in a second process, what the first has not begun."""
    left: list[Job] = []
    for job in reversed(jobs):
        with contextlib.suppress(Exception):  # it can only be found in the first
            left.append(pickle.loads(job))
    with compilation():
        while (now := _compile_free(left, stop=False)) != left:
            left = now


def _compile_free(jobs: list[Job], *, stop: bool = True) -> list[Job]:
    """Compile or load what no other process is compiling; the jobs that are left.

    What fails is left to the first process, which stops there.
    """
    left = []
    for job in jobs:
        handle_signals()
        kernel, types = job
        if not _cache(kernel).claim(types):
            left.append(job)
            continue
        try:
            _compile(kernel, types)
        except Exception:
            if stop:
                raise
        finally:
            _cache(kernel).disclaim(types)
    return left


def _compile(kernel: Any, types: tuple[Any, ...]) -> None:
    kernel.compile(types)


def _cache(kernel: Any) -> Any:
    return kernel._cache


def _is_compiled(job: Job) -> bool:
    kernel: Any = job[0]
    return job[1] in kernel.overloads


def _is_kept(job: Job) -> bool:
    return bool(_cache(job[0]).has(job[1]))


@contextlib.contextmanager
def _second_process(missing: list[Job]) -> Iterator[None]:
    """Have a second process help within, if that is worth it."""
    named = list(_named(missing)) if _are_worth_it(missing) else []
    process = _start(named) if named and _can_help() else None
    try:
        yield
    finally:
        if process is not None:
            process.kill()
            process.wait()


def _are_worth_it(jobs: list[Job]) -> bool:
    if len(jobs) < 2:
        return False
    with contextlib.suppress(Exception):  # a stranger's object raises whatever it likes
        return Digest().add(*(kernel for kernel, _ in jobs)).functions() >= WORTH
    return False


def _can_help() -> bool:
    """Whether there is a core and a folder for a second process, and one may be started.

    One is enough where many processes start at once. A program that Python is embedded in would be
    started a second time.
    """
    folder, program = folders().written, Path(sys.executable or "").name.lower()
    return (
        folder is not None
        and "python" in program
        and available_threads() > 1
        and LOCKS.take(folder / "second")
    )


def _start(jobs: list[bytes]) -> subprocess.Popen[bytes] | None:
    command = [sys.executable, *["-O"] * sys.flags.optimize, "-c", HELP]
    environment = os.environ | ({"NUMBA_CACHE_DIR": config.CACHE_DIR} if config.CACHE_DIR else {})
    with contextlib.suppress(OSError):
        process = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        assert process.stdin is not None
        with contextlib.suppress(OSError), process.stdin as pipe:
            pipe.write(pickle.dumps((sys.path, jobs)))
        return process
    return None


def _named(jobs: list[Job]) -> Iterator[bytes]:
    """The jobs of which another process can find the kernel."""
    for job in jobs:
        content = io.BytesIO()
        with contextlib.suppress(Exception):  # a pickler raises whatever it meets
            _Namer(content).dump(job)
            yield content.getvalue()


class _Namer(pickle.Pickler):
    """Writes kernels as where they are found."""

    def reducer_override(self, thing: Any) -> Any:
        """How to find a kernel."""
        if not isinstance(thing, Dispatcher):
            return NotImplemented
        known, place = vars(thing), (thing.__module__, str(vars(thing)["__qualname__"]))
        if "twin_of" in known:
            return getattr, (known["twin_of"], "serial")
        if "made_by" in known:
            return known["made_by"]
        if place[0] == "__main__" or _find(*place) is not thing:
            raise pickle.PicklingError(f"no other process finds {place[1]}")
        return _find, place


def _find(module: str, name: str) -> Any:
    __import__(module)
    found: Any = sys.modules[module]
    for part in name.split("."):
        found = getattr(found, part)
    return found
