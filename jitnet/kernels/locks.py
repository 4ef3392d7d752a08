"""Locks between processes, one for each file that somebody makes."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import time
from pathlib import Path
from typing import BinaryIO

from jitnet.kernels.signals import handle_signals

LOOK_SECONDS = 0.02
"""How often who waits for a lock looks whether it is free."""


class Locks:
    """The locks that this process holds, by the files that it makes.

    A folder that is lost or cannot be written, and a file system without locks, hold nobody up:
    then a file is made twice.
    """

    def __init__(self) -> None:
        self._held: dict[Path, BinaryIO | None] = {}
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._forget)

    def wait_for(self, file: Path) -> None:
        """Take the lock of a file; signals are handled while another process has it."""
        while not self.take(file):
            handle_signals()
            time.sleep(LOOK_SECONDS)

    def take(self, file: Path) -> bool:
        """Take the lock of a file, unless another process has it; whether it is held now."""
        if file in self._held:
            return True
        try:
            lock = _place(file).open("a+b")
        except OSError:
            self._held[file] = None
            return True
        if not _lock(lock.fileno()) or not _is_there(lock, file):
            lock.close()
            return False
        self._held[file] = lock
        return True

    def give_back(self, file: Path) -> None:
        """Let others have the lock of a file."""
        lock = self._held.pop(file, None)
        if lock is not None:
            with contextlib.suppress(OSError):
                _place(file).unlink()
            with contextlib.suppress(OSError):
                _unlock(lock.fileno())  # a forked child may hold it open
            lock.close()

    def give_all_back(self) -> None:
        """Let others have all locks that are held."""
        for file in list(self._held):
            self.give_back(file)

    def _forget(self) -> None:
        """A child has none of its parent's locks."""
        held, self._held = self._held, {}
        for lock in held.values():
            if lock is not None:
                lock.close()


def _place(file: Path) -> Path:
    return file.with_name(f"{file.name}.lock")


def _is_there(lock: BinaryIO, file: Path) -> bool:
    """Whether a lock is still that of the file: who held it before has removed it."""
    try:
        return os.path.samestat(os.fstat(lock.fileno()), _place(file).stat())
    except OSError:
        return False


if sys.platform == "win32":
    import msvcrt

    def _lock(handle: int) -> bool:
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError as error:
            return error.errno not in (errno.EACCES, errno.EDEADLK)
        return True

    def _unlock(handle: int) -> None:
        msvcrt.locking(handle, msvcrt.LK_UNLCK, 1)
else:
    import fcntl

    def _lock(handle: int) -> bool:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            return not isinstance(error, BlockingIOError)
        return True

    def _unlock(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_UN)
