"""Where compiled kernels are kept between processes: a file for each kernel and signature.

A file is named by a digest of the kernel and of all that it reaches (`jitnet.kernels.digest`), so
an edit compiles what is made of it, and two versions lie side by side. The folder is named by what
all kernels share: the compiler's version, the settings that change code, and the sources of this
package. A folder that can only be read, one in a container's image for instance, is read, and what
it lacks is kept in the user's own.
"""

from __future__ import annotations

import contextlib
import copy
import functools
import gc
import hashlib
import io
import os
import pickle
import re
import stat
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import llvmlite
import numba
import numpy as np
from numba import config, types
from numba.core.caching import NullCache
from numba.core.compiler import CompileResult
from numba.core.serialize import NumbaPickler
from numba.core.sigutils import normalize_signature
from numba.core.typing import Signature

from jitnet.kernels.digest import KERNELS, Digest
from jitnet.kernels.locks import Locks
from jitnet.kernels.signals import signals_kept

SOURCES = files(KERNELS)
"""Where this package is imported from: a folder, or a place within a zip file."""
SETTINGS = ("BOUNDSCHECK", "OPT", "LOOP_VECTORIZE", "SLP_VECTORIZE", "DEBUGINFO_DEFAULT")
"""What of numba's configuration changes code."""
LONGEST_NAME = 100
"""Characters of a kernel's name in that of its files; a digest follows."""


class Watcher(Protocol):
    """Who is told that kernels are compiled, because they are not in the cache."""

    def compiling(self) -> None:
        """Compilation begins; said once for each kernel."""

    def compiled(self, seconds: float) -> None:
        """All kernels are there."""


watchers: list[Watcher] = []


class _State:
    """Compilations: their lock; files' names in the one that goes on; if a kernel was missing."""

    lock = threading.RLock()
    names: dict[Any, str | None] | None = None
    missed = False


LOCKS = Locks()


def _digest(sources: Traversable) -> str | None:
    """What all kernels share; None where that cannot be known, so that none is kept.

    The sources are the package's modules, or their compiled form where that is all there is.
    """
    versions = (numba.__version__, llvmlite.__version__, np.__version__, sys.version_info[:2])
    digest = hashlib.sha256(repr(versions).encode())
    digest.update(repr([str(getattr(config, name, None)) for name in SETTINGS]).encode())
    own = False
    with contextlib.suppress(OSError):
        for entry in sorted(sources.iterdir(), key=lambda entry: entry.name):
            if entry.name.endswith((".py", ".pyc")):
                digest.update(entry.name.encode() + b"\0" + entry.read_bytes())
                own |= entry.name.startswith("cache.py")
    return digest.hexdigest()[:16] if own else None


def _user_cache() -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


class Folders(NamedTuple):
    """The folders that kernels are read from, and the one that they are written to, if any.

    These are NUMBA_CACHE_DIR's, and where that cannot be written the user's own besides; neither,
    where another user may have put code there.
    """

    read: tuple[Path, ...]
    written: Path | None


def _is_own(folder: Path) -> bool:
    """Whether a folder is there to which no stranger can have written: the user's or root's."""
    try:
        found = folder.stat()
    except OSError:
        return False
    if not hasattr(os, "geteuid"):
        return True
    return found.st_uid in (0, os.geteuid()) and not found.st_mode & stat.S_IWOTH


@functools.cache
def folders() -> Folders:
    """The folders of this process, looked for when a kernel is first asked for."""
    digest, read = _digest(SOURCES), []
    bases = [Path(config.CACHE_DIR)] if config.CACHE_DIR else []
    with contextlib.suppress(RuntimeError):  # no home is known
        bases.append(_user_cache())
    for base in bases if digest else []:
        folder = (base / "jitnet" / str(digest)).absolute()
        with contextlib.suppress(OSError):
            folder.mkdir(0o755, parents=True, exist_ok=True)
        if not _is_own(folder):
            continue
        read.append(folder)
        with contextlib.suppress(OSError), tempfile.TemporaryFile(dir=folder):
            return Folders(tuple(read), folder)
    return Folders(tuple(read), None)


class KernelCache(NullCache):  # type: ignore[misc]
    """A kernel's compiled forms in files, one a signature, that survive damage and full disks."""

    def __init__(self, kernel: Any) -> None:
        self._kernel = kernel

    @property
    def cache_path(self) -> str | None:
        """The folder, as numba's statistics show it."""
        return str(folders().written) if folders().written else None

    def has(self, signature: Any) -> bool:
        """Whether the compiled function of a signature is in a folder."""
        name = self._name_of(signature)
        return any((folder / name).exists() for folder in folders().read) if name else False

    def claim(self, signature: Any) -> bool:
        """Take the lock for compiling a signature, unless another process has it; see `Locks`."""
        file = self._file_of(signature)
        return file is None or LOCKS.take(file)

    def disclaim(self, signature: Any) -> None:
        """Give the lock back."""
        file = self._file_of(signature)
        if file is not None:
            LOCKS.give_back(file)

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """The compiled function of a signature, or None where it has to be compiled."""
        target_context.refresh()
        found = self._load(sig, target_context)
        if found is None and _State.names is not None and (file := self._file_of(sig)):
            LOCKS.wait_for(file)
            found = self._load(sig, target_context)  # another process may have compiled it
            if found is not None:
                LOCKS.give_back(file)
        if found is None:
            _State.missed = True
            for watcher in watchers:
                watcher.compiling()
        return found

    def save_overload(self, sig: Any, data: Any) -> None:
        """Store what was compiled, where it can be."""
        file = self._file_of(sig)
        if file is None:
            return
        if _can_be_kept(data):
            with contextlib.suppress(OSError):
                _write(file, _seal(data))
        LOCKS.give_back(file)

    def _load(self, signature: Any, target_context: Any) -> Any:
        name = self._name_of(signature)
        for folder in folders().read if name else ():
            try:
                content = (folder / str(name)).read_bytes()
                return _rebuild(content, target_context, normalize_signature(signature)[0])
            except Exception:  # a truncated or foreign file raises whatever its bytes suggest
                continue
        return None

    def _file_of(self, signature: Any) -> Path | None:
        folder, name = folders().written, self._name_of(signature)
        return folder / name if folder and name else None

    def _name_of(self, signature: Any) -> str | None:
        """The file's name; None where another process could not know the kernel again.

        What a kernel reaches may change between compilations, as a notebook's constants do.
        """
        if _State.names is None:
            return self._new_name_of(signature)
        key = self, signature
        if key not in _State.names:
            _State.names[key] = self._new_name_of(signature)
        return _State.names[key]

    def _new_name_of(self, signature: Any) -> str | None:
        kernel = self._kernel
        about = (normalize_signature(signature), kernel.targetctx.codegen().magic_tuple())
        with contextlib.suppress(Exception):  # a stranger's object raises whatever it likes
            digest = Digest().add(kernel, *about).hexdigest()
            name = re.sub(r"[^\w.]+", "", f"{kernel.__module__}.{kernel.__qualname__}", flags=re.A)
            return f"{name[-LONGEST_NAME:]}-{digest[:24]}.nbc"
        return None


def _can_be_kept(compiled: Any) -> bool:
    """Whether compiled code means the same in another process."""
    local = compiled.lifted or compiled.library.has_dynamic_globals
    return not local and not _makes_own_class(compiled.signature.return_type)


def _makes_own_class(kind: Any) -> bool:
    """Whether values of a type are of a script's class: it is copied into the code."""
    made = getattr(kind, "instance_class", None)
    own = made is not None and (made.__module__ == "__main__" or "<locals>" in made.__qualname__)
    return own or (isinstance(kind, types.BaseTuple) and any(map(_makes_own_class, kind)))


class _Pickler(NumbaPickler):  # type: ignore[misc]
    """Classes are known by their names, those of a script too; numba's would be made anew."""

    def reducer_override(self, thing: Any) -> Any:
        if isinstance(thing, type):
            found: Any = sys.modules.get(thing.__module__)
            for name in thing.__qualname__.split("."):
                found = getattr(found, name, None)
            if found is thing:
                return NotImplemented
        return super().reducer_override(thing)


def _seal(compiled: Any) -> bytes:
    """A file's content: LLVM ends the process where it is given damaged code, so it is sealed.

    The arguments' types are not in it: they are those that are asked for when it is loaded, of
    which kernels and a script's classes would become copies.
    """
    code, about, environment, signature, *rest = compiled._reduce()
    about = copy.copy(about)
    about.argtypes = ()
    content = io.BytesIO()
    parts = (code, about, environment, signature.return_type, *rest)
    _Pickler(content, protocol=4).dump(parts)
    return hashlib.sha256(content.getvalue()).digest() + content.getvalue()


def _rebuild(sealed: bytes, target_context: Any, arguments: tuple[Any, ...]) -> Any:
    size = hashlib.sha256().digest_size
    seal, content = sealed[:size], sealed[size:]
    if hashlib.sha256(content).digest() != seal:
        raise ValueError("a cached kernel is damaged")
    code, about, environment, result, *rest = pickle.loads(content)
    about.argtypes, signature = arguments, Signature(result, arguments, None)
    return CompileResult._rebuild(target_context, code, about, environment, signature, *rest)


def _write(file: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f"{file.name}.{os.urandom(6).hex()}")
    try:
        part.write_bytes(content)
        part.replace(file)
    except BaseException:
        with contextlib.suppress(OSError):
            part.unlink()
        raise


@contextlib.contextmanager
def _garbage_kept() -> Iterator[None]:
    """Collect no garbage within: looking for it took 4 to 12 % of a cold compile's time."""
    was_collected = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_collected:
            gc.enable()


@contextlib.contextmanager
def compilation() -> Iterator[None]:
    """Load or compile kernels within: one thread at a time, no kernel by two processes.

    Signals wait until the compiler can be left, and watchers are told.
    """
    with _State.lock, signals_kept(), _garbage_kept():
        if _State.names is not None:
            yield
            return
        began, _State.missed, _State.names = time.perf_counter(), False, {}
        try:
            yield
        finally:
            _State.names = None
            LOCKS.give_all_back()
        if _State.missed:
            for watcher in watchers:
                watcher.compiled(time.perf_counter() - began)


def _forget_the_lock() -> None:
    _State.lock, _State.names = threading.RLock(), None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=lambda: _State.lock.acquire(),  # a child finds no kernel half compiled
        after_in_parent=lambda: _State.lock.release(),
        after_in_child=_forget_the_lock,
    )
