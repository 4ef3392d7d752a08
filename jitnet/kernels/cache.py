"""Where compiled kernels are kept between processes.

Numba's own key for a compiled function holds neither the flags nor the sources of the functions
it calls, so the folder is named by a digest of all of the package's sources, the compiler's
version and the settings that change code. An edit anywhere makes a new folder; the old one is
simply not read. A folder that can only be read, one in a container's image for instance, is read,
and what it lacks is kept in the user's own.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import pickle
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Protocol

import llvmlite
import numba
from numba import config
from numba.core.caching import (
    CompileResultCacheImpl,
    FunctionCache,
    IndexDataCacheFile,
    UserProvidedCacheLocator,
)
from numba.core.serialize import dumps

from jitnet.kernels.signals import signals_kept

PACKAGE = files("jitnet")
"""Where the package is imported from: a folder, or a place within a zip file."""


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
    """The lock of compilations, and whether a kernel was missing in the cache in this one."""

    lock = threading.RLock()
    missed = False


def _sources(folder: Traversable, inside: str = "") -> Iterator[tuple[str, bytes]]:
    """The package's modules by their names: sources, or their compiled form where that is all."""
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        name = f"{inside}{entry.name}"
        if entry.is_dir():
            if entry.name != "__pycache__":
                yield from _sources(entry, f"{name}/")
        elif name.endswith((".py", ".pyc")):
            yield name, entry.read_bytes()


def _digest(package: Traversable = PACKAGE) -> str | None:
    """What the kernels are made of; None where that cannot be known, so that none is kept."""
    digest = hashlib.sha256()
    settings = (numba.__version__, llvmlite.__version__, sys.version_info[:2], config.BOUNDSCHECK)
    digest.update(repr(settings).encode())
    own = False
    with contextlib.suppress(OSError):
        for name, content in _sources(package):
            digest.update(name.encode() + b"\0" + content)
            own |= name.startswith("kernels/cache.py")
    return digest.hexdigest()[:16] if own else None


DIGEST = _digest()


def _user_cache() -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


def _folders() -> tuple[list[Path], Path | None]:
    """The folders that kernels are read from, and the one that they are written to, if any.

    These are NUMBA_CACHE_DIR's, and where that cannot be written the user's own besides.
    """
    folders: list[Path] = []
    bases = [Path(config.CACHE_DIR)] if config.CACHE_DIR else []
    with contextlib.suppress(RuntimeError):  # no home is known
        bases.append(_user_cache())
    for base in bases if DIGEST else []:
        folders.append((base / "jitnet" / str(DIGEST)).absolute())
        with contextlib.suppress(OSError):
            folders[-1].mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folders[-1]):
                return folders, folders[-1]
    return folders, None


FOLDERS, FOLDER = _folders()


class _Locator(UserProvidedCacheLocator):  # type: ignore[misc]
    def __init__(self, function: Any, path: str) -> None:
        self._py_file = path
        self._lineno = function.__code__.co_firstlineno

    @classmethod
    def from_function(cls, function: Any, path: str) -> _Locator | None:
        return cls(function, path) if FOLDERS else None

    def get_cache_path(self) -> str:
        return str(FOLDER or FOLDERS[0])

    def get_source_stamp(self) -> str:
        return str(DIGEST)


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
    """Numba's cache of one function, of several folders, that survives damage and full disks."""

    _impl_class = _Files

    def __init__(self, function: Any) -> None:
        super().__init__(function)
        names = self._impl.filename_base
        self._places = [IndexDataCacheFile(str(folder), names, str(DIGEST)) for folder in FOLDERS]

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """The compiled function of a signature, or None where it has to be compiled."""
        target_context.refresh()
        key = self._index_key(sig, target_context.codegen())
        for place in self._places:
            try:
                found = place.load(key)
                if found is not None:
                    return self._impl.rebuild(target_context, found)
            except Exception:  # a truncated or foreign file raises whatever its bytes suggest
                with contextlib.suppress(OSError):
                    place.flush()
        _tell_compiling()
        return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Store what was compiled; a cache that cannot be written any more is given up."""
        if FOLDER is None:
            return
        try:
            super().save_overload(sig, data)
        except OSError:
            self.disable()


@contextlib.contextmanager
def compilation() -> Iterator[None]:
    """Load or compile kernels within: one thread of one process at a time, and watchers told."""
    with _State.lock, _between_processes(), signals_kept():
        began, _State.missed = time.perf_counter(), False
        if not FOLDERS:
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


def _forget_the_lock() -> None:
    _State.lock = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=lambda: _State.lock.acquire(),  # a child finds no kernel half compiled
        after_in_parent=lambda: _State.lock.release(),
        after_in_child=_forget_the_lock,
    )


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
