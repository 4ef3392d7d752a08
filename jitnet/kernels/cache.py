"""Where compiled kernels are kept between processes.

Numba's own key for a compiled function holds neither the flags nor the sources of the functions
it calls, so the folder is named by a digest of all of the package's sources, the compiler's
version and the settings that change code. An edit anywhere makes a new folder; the old one is
simply not read.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import pickle
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import llvmlite
import numba
from numba import config
from numba.core.caching import CompileResultCacheImpl, FunctionCache, UserProvidedCacheLocator
from numba.core.serialize import dumps

PACKAGE = Path(__file__).parents[1]


class Watcher(Protocol):
    """Who is told that kernels are compiled, because they are not in the cache."""

    def compiling(self) -> None:
        """Compilation begins; said once for each kernel."""

    def compiled(self, seconds: float) -> None:
        """All kernels are there."""


watchers: list[Watcher] = []


def _tell_compiling() -> None:
    _State.missed = True
    for watcher in watchers:
        watcher.compiling()


class _State:
    """Whether a kernel was missing in the cache since a compilation was last waited for."""

    missed = False


def _digest() -> str:
    digest = hashlib.sha256()
    settings = (numba.__version__, llvmlite.__version__, sys.version_info[:2], config.BOUNDSCHECK)
    digest.update(repr(settings).encode())
    for path in sorted(PACKAGE.rglob("*.py")):
        digest.update(path.relative_to(PACKAGE).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


DIGEST = _digest()


def _user_cache() -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


def _find_folder() -> Path | None:
    """The first folder that can be written: NUMBA_CACHE_DIR's, else the user's; none is allowed."""
    for chosen in (config.CACHE_DIR, ""):
        with contextlib.suppress(OSError, RuntimeError):  # RuntimeError: no home is known
            base = Path(chosen) if chosen else _user_cache()
            folder = (base / "jitnet" / DIGEST).absolute()
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                return folder
    return None


FOLDER = _find_folder()


class _Locator(UserProvidedCacheLocator):  # type: ignore[misc]
    def __init__(self, function: Any, path: str) -> None:
        self._py_file = path
        self._lineno = function.__code__.co_firstlineno

    @classmethod
    def from_function(cls, function: Any, path: str) -> _Locator | None:
        return None if FOLDER is None else cls(function, path)

    def get_cache_path(self) -> str:
        return str(FOLDER)

    def get_source_stamp(self) -> str:
        return DIGEST


class _Files(CompileResultCacheImpl):  # type: ignore[misc]
    """What a file holds is sealed: LLVM ends the process where it is given damaged code."""

    _locator_classes = (_Locator,)

    def reduce(self, compiled: Any) -> tuple[bytes, bytes]:
        content = dumps(super().reduce(compiled))
        return hashlib.sha256(content).digest(), content

    def rebuild(self, target_context: Any, sealed: tuple[bytes, bytes]) -> Any:
        seal, content = sealed
        if hashlib.sha256(content).digest() != seal:
            raise ValueError("a cached kernel is damaged")
        return super().rebuild(target_context, pickle.loads(content))


class KernelCache(FunctionCache):  # type: ignore[misc]
    """Numba's cache of one function that survives damaged files and full disks."""

    _impl_class = _Files

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """The compiled function of a signature, or None where it has to be compiled."""
        try:
            found = super().load_overload(sig, target_context)
        except Exception:  # a truncated or foreign file raises whatever its bytes suggest
            with contextlib.suppress(OSError):
                self.flush()
            found = None
        if found is None:
            _tell_compiling()
        return found

    def save_overload(self, sig: Any, data: Any) -> None:
        """Store what was compiled; a cache that can no longer be written is given up."""
        try:
            super().save_overload(sig, data)
        except OSError:
            self.disable()


_in_process = threading.RLock()


@contextlib.contextmanager
def compilation() -> Iterator[None]:
    """Load or compile kernels within: one thread of one process at a time, and watchers told."""
    with _in_process, _between_processes(), _interrupts_kept():
        began, _State.missed = time.perf_counter(), False
        if FOLDER is None:
            _tell_compiling()
        yield
        if _State.missed:
            for watcher in watchers:
                watcher.compiled(time.perf_counter() - began)


@contextlib.contextmanager
def _between_processes() -> Iterator[None]:
    """Hold the folder's lock, where it has one: a lost folder or a file system may know none."""
    with contextlib.ExitStack() as held:
        if FOLDER is not None:
            with contextlib.suppress(OSError):
                lock = held.enter_context((FOLDER / "lock").open("a+b"))
                _lock_file(lock.fileno())
                held.callback(_unlock_file, lock.fileno())  # a forked child may hold it open
        yield


@contextlib.contextmanager
def _interrupts_kept() -> Iterator[None]:
    """Raise an interrupt again that got lost: what LLVM calls in Python swallows exceptions."""
    came = False

    def note(number: int, frame: Any) -> None:
        nonlocal came
        came = True
        signal.default_int_handler(number, frame)

    if (
        threading.current_thread() is not threading.main_thread()
        or signal.getsignal(signal.SIGINT) is not signal.default_int_handler
    ):
        yield
        return
    signal.signal(signal.SIGINT, note)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        if came and not isinstance(sys.exc_info()[1], KeyboardInterrupt):
            raise KeyboardInterrupt


if sys.platform == "win32":
    import msvcrt

    def _lock_file(handle: int) -> None:
        while True:
            try:
                msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
                return
            except OSError:
                time.sleep(0.05)

    def _unlock_file(handle: int) -> None:
        msvcrt.locking(handle, msvcrt.LK_UNLCK, 1)
else:
    import fcntl

    def _lock_file(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX)

    def _unlock_file(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_UN)
