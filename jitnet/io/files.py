"""Writing a file: whole or not at all where that can be done, and in place where it cannot."""

from __future__ import annotations

import errno
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from os import PathLike
from pathlib import Path
from typing import BinaryIO

IN_PLACE = {
    errno.EBUSY,  # the file is a mount of its own
    errno.EXDEV,
    errno.EACCES,  # the folder cannot be written
    errno.EPERM,  # nor a file given its owner, or moved over another's
    errno.EROFS,
    errno.EINVAL,  # a file system that cannot move or synchronise
    errno.ENOSYS,
    errno.ENOTSUP,
    errno.ENOENT,  # no folder: opening the file says it with the file's name
    errno.ENOTDIR,
}
"""Why a file cannot be written beside its place and moved there, although it may be written."""


def write_file(path: str | PathLike[str], content: bytes) -> None:
    """Write a file through symbolic links; one that stands there keeps its owner and its rights.

    It is written beside its place and moved there, so that there is always the old file or the new
    one. Where that cannot be done, and for a device or a pipe, it is written in place.
    """
    found = _stat(path)  # the system's own error where links lead in a circle
    target = _followed(path)
    if found is not None:
        if not (stat.S_ISREG(found.st_mode) and found == _stat(target)):
            _write_in_place(path, content)
            return
        os.close(os.open(target, os.O_WRONLY))  # the system's own error where it is protected
    try:
        _replace(target, content, found)
    except OSError as error:
        if error.errno not in IN_PLACE:
            raise
        _write_in_place(path, content)


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """A file to write within, beside its place, where it is moved when all has gone well.

    It goes through symbolic links, and a file that stands there keeps its owner and its rights. It
    is for what is too large to be held in memory; `write_file` is for what is not. Where it cannot
    be moved there, it is copied there.
    """
    found, path = _stat(path), _followed(path)
    with _folder_beside(path, found) as folder:
        written = Path(folder) / path.name
        yield written
        with written.open("r+b") as file:
            os.fsync(file.fileno())
        _put(written, path, found)
    _keep_name(path.parent)


def _put(written: Path, path: Path, found: os.stat_result | None) -> None:
    """Move a file to its place, or copy it there: a device and a pipe stay what they are."""
    if _is_replaced(found):
        try:
            if found is not None:
                _give_owner_and_rights(written, path, found)
            written.replace(path)
            return
        except OSError as error:
            if error.errno not in IN_PLACE:
                raise
    with written.open("rb") as source, _opened_in_place(path) as target:
        shutil.copyfileobj(source, target)


def _is_replaced(found: os.stat_result | None) -> bool:
    """Whether a new file takes the place of what stands there, if anything does."""
    return found is None or stat.S_ISREG(found.st_mode)


def _folder_beside(path: Path, found: os.stat_result | None) -> tempfile.TemporaryDirectory[str]:
    """A folder for what is to be moved to a path, elsewhere where there can be none beside it."""
    if _is_replaced(found):
        try:
            return tempfile.TemporaryDirectory(dir=path.parent, prefix=".jitnet-")
        except OSError as error:
            if error.errno not in IN_PLACE:
                raise
    return tempfile.TemporaryDirectory(prefix="jitnet-")


def can_be_written(path: str | PathLike[str]) -> bool:
    """Whether `write_file` may be expected to succeed; nothing is opened."""
    try:
        found = _stat(path)
    except OSError:
        return False
    if found is not None:
        return not stat.S_ISDIR(found.st_mode) and _may_write(path)
    folder = _followed(path).parent
    return folder.is_dir() and _may_write(folder)


def check_apart(output: Path, *inputs: Path, option: str = "output") -> None:
    """Refuse an output that is one of the inputs, which it would replace."""
    for path in inputs:
        if output.exists() and path.exists() and output.samefile(path):
            raise ValueError(
                f"argument --{option}: {str(output)!r} is the input itself, which it would replace"
            )


def _may_write(path: str | PathLike[str]) -> bool:
    return os.access(path, os.W_OK, effective_ids=os.access in os.supports_effective_ids)


def _followed(path: str | PathLike[str]) -> Path:
    """Where a file is that symbolic links may lead to."""
    target = Path(path)
    while target.is_symlink():
        target = target.parent / target.readlink()
    return target


def _stat(path: str | PathLike[str]) -> os.stat_result | None:
    try:
        return Path(path).stat()
    except FileNotFoundError:
        return None


def _replace(target: Path, content: bytes, found: os.stat_result | None) -> None:
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".jitnet-") as folder:
        written = Path(folder) / "file"
        with written.open("xb") as file:
            if found is not None:
                _give_owner_and_rights(written, target, found)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        written.replace(target)
    _keep_name(target.parent)


def _keep_name(folder: Path) -> None:
    """Have a folder's list of files on the disk, where the system can do that."""
    with suppress(OSError):
        place = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(place)
        finally:
            os.close(place)


def _give_owner_and_rights(written: Path, target: Path, found: os.stat_result) -> None:
    new = written.stat()
    if (new.st_uid, new.st_gid) != (found.st_uid, found.st_gid):
        os.chown(written, found.st_uid, found.st_gid)
    shutil.copystat(target, written)


def _write_in_place(path: str | PathLike[str], content: bytes) -> None:
    with _opened_in_place(path) as file:
        file.write(content)


def _opened_in_place(path: str | PathLike[str]) -> BinaryIO:
    return open(path, "wb", opener=_open_existing if Path(path).exists() else None)


def _open_existing(path: str, flags: int) -> int:
    """Open without the wish to create: in a shared folder Linux forbids that for another's file."""
    return os.open(path, flags & ~os.O_CREAT)
