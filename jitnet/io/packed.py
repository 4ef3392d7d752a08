"""Packed files: how much they may become when they are unpacked."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path

MOST_BYTES = 1 << 30
"""Bytes that any file may become."""
MOST_TIMES = 500
"""How many times its own bytes a file may become beyond that; deflate packs zeros 1,000 times."""
AT_ONCE = 1 << 20


def check_gzip(path: Path) -> None:
    """Refuse a gzip file that would fill the memory.

    Raises
    ------
    ValueError
        If it would.
    EOFError, OSError, zlib.error
        If it is damaged.
    """
    packed = path.stat().st_size
    if packed * 1032 <= MOST_BYTES:  # deflate packs no better
        return
    size = 0
    with gzip.open(path) as file:
        while piece := len(file.read(AT_ONCE)):
            size += piece
            check_unpacked(size, packed)


def check_zip(path: Path) -> None:
    """Refuse a zip file that would fill the memory; no member gives more than it says.

    Raises
    ------
    ValueError
        If it would.
    OSError, zipfile.BadZipFile
        If it is damaged.
    """
    with zipfile.ZipFile(path) as archive:
        size = sum(member.file_size for member in archive.infolist())
    check_unpacked(size, path.stat().st_size)


def check_unpacked(size: int, packed: int, most_times: int = MOST_TIMES) -> None:
    """Refuse a size that no honest file of so many bytes has."""
    if size > max(MOST_BYTES, most_times * packed):
        raise ValueError(
            f"its {packed:,} bytes would become more than {MOST_BYTES:,} and more than "
            f"{most_times:,} times as many, which is refused"
        )
