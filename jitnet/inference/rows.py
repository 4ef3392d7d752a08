"""A file's rows, those of tables some thousand at a time, as they need not fit into memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jitnet.tabular.columnar import scan_columns
from jitnet.tabular.reading import (
    TEXT,
    check_lines,
    kind_of,
    read_table,
    refused,
    scan_text,
    without_empty_end,
)

ROWS_AT_ONCE = 1 << 15


def rows_of(path: Path, *, header: bool = True) -> Any:
    """All rows of a file; one that cannot be read is a ValueError too."""
    try:
        return read_table(path, header=header)
    except OSError as error:
        raise ValueError(f"{str(path)!r} cannot be read: {error.strerror}") from None


def pieces_of(path: Path, *, header: bool = True) -> Iterator[tuple[int, Any]]:
    """Frames of a file's rows, each with the number of rows before it.

    Parameters
    ----------
    path : Path
        A file as `read_table` takes it.
    header : bool, default True
        Whether the first line of a text file has the names.

    Yields
    ------
    int, polars.DataFrame
        Of a text file, whose columns are all text.

    Raises
    ------
    ValueError
        As from `read_table`, before or between frames.
    """
    import polars as pl

    kind, before = kind_of(path), 0
    if kind == ".npz":
        yield 0, rows_of(path)
        return
    held_back = None  # empty lines, which count if others follow
    is_whole = kind not in TEXT
    with refused(path):
        for piece in _scanned(path, kind, header).collect_batches(
            chunk_size=ROWS_AT_ONCE, maintain_order=True
        ):
            rows = piece if held_back is None else pl.concat([held_back, piece])
            rows, held_back = without_empty_end(rows)
            if not is_whole and len(rows) and rows.to_series(rows.width - 1).null_count():
                check_lines(path, header)  # a row may end too early
                is_whole = True
            if len(rows):
                yield before, rows
                before += len(rows)
    if not before:
        raise ValueError(f"{str(path)!r} has no rows")


def _scanned(path: Path, kind: str, header: bool) -> Any:
    return scan_text(path, header) if kind in TEXT else scan_columns(path, kind)
