"""IDX files: arrays as MNIST's authors store them, packed by gzip or as they are."""

from __future__ import annotations

import gzip
import io
import math
import zlib
from os import PathLike
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from jitnet.io.packed import check_gzip
from jitnet.quoting import shortened

__all__ = ["read_idx"]

TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
"""The third byte of a file: what its numbers are, the highest byte first."""

GZIP = b"\x1f\x8b"
"""How a packed file begins; an IDX file begins with two zeros."""

MAGIC_BYTES = 4

LONGEST = 200
"""Letters of a shape that are said: a header may have 255 axes."""


def read_idx(path: str | PathLike[str]) -> NDArray[Any]:
    """Read an IDX file.

    Its first four bytes are two zeros, the type of the numbers and how many axes there are; then
    come the axes' lengths, four bytes each, and the numbers.

    Parameters
    ----------
    path : str or path-like
        The file. Whether it is packed is seen by its content, not by its name.

    Returns
    -------
    ndarray
        Read-only. A memory map where the file is not packed: images are read as they are used.

    Raises
    ------
    OSError
        If the file cannot be read.
    ValueError
        If it is no whole IDX file.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder) / "labels-idx1-ubyte"
    ...     size = path.write_bytes(bytes([0, 0, 0x08, 1, 0, 0, 0, 3, 5, 0, 4]))
    ...     read_idx(path).tolist()
    [5, 0, 4]
    """
    path = Path(path)
    with path.open("rb") as file:
        if file.read(len(GZIP)) == GZIP:
            return _read_packed(path)
        file.seek(0)
        dtype, shape, start = _read_header(file, path)
    _check_size(path.stat().st_size - start, dtype, shape, path)
    return np.memmap(path, dtype, "r", start, shape)


def _read_packed(path: Path) -> NDArray[Any]:
    try:
        check_gzip(path)
        with gzip.open(path) as file:
            content = file.read()
    except (EOFError, ValueError, gzip.BadGzipFile, zlib.error) as error:
        raise ValueError(f"{path} is damaged: {error}") from None
    dtype, shape, start = _read_header(io.BytesIO(content), path)
    _check_size(len(content) - start, dtype, shape, path)
    return np.frombuffer(content, dtype, offset=start).reshape(shape)


def axes_in_idx(path: Path) -> int:
    """How many axes an IDX file has, by its first bytes alone; 0 where it is none.

    Raises
    ------
    EOFError, OSError, zlib.error
        If it cannot be read, or is packed and damaged.
    """
    with path.open("rb") as file:
        is_packed = file.read(len(GZIP)) == GZIP
    opener: Any = gzip.open if is_packed else open
    with opener(path, "rb") as file:
        magic = file.read(MAGIC_BYTES)
    return magic[3] if _is_magic(magic) else 0


def _is_magic(magic: bytes) -> bool:
    return len(magic) == MAGIC_BYTES and magic[:2] == b"\0\0" and magic[2] in TYPES and magic[3] > 0


def _read_header(file: BinaryIO, path: Path) -> tuple[np.dtype[Any], tuple[int, ...], int]:
    """The type, the shape, and where the numbers begin."""
    magic = file.read(MAGIC_BYTES)
    if not _is_magic(magic):
        raise ValueError(f"{path} is no IDX file: it begins with {magic!r}")
    axes = magic[3]
    lengths = file.read(4 * axes)
    if len(lengths) < 4 * axes:
        raise ValueError(f"{path} is cut off: it ends before the lengths of its {axes} axes do")
    shape = tuple(np.frombuffer(lengths, ">u4").tolist())
    return np.dtype(TYPES[magic[2]]), shape, len(magic) + len(lengths)


def _check_size(found: int, dtype: np.dtype[Any], shape: tuple[int, ...], path: Path) -> None:
    """Refuse a file that has more or fewer numbers than its header says."""
    expected = math.prod(shape) * dtype.itemsize
    if found != expected:
        kind = "is cut off" if found < expected else "is too long"
        sizes = shortened("×".join(map(str, shape)), LONGEST)
        wanted = shortened(f"{expected:,}", LONGEST)
        raise ValueError(f"{path} {kind}: {sizes} numbers take {wanted} bytes, there are {found:,}")
