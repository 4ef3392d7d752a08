"""Files that hold columns, Parquet's and Arrow's, of which a few bytes may be a billion rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jitnet.io.packed import check_unpacked

ARROW = (".arrow", ".feather", ".ipc")
MOST_TIMES = 10_000
"""How many times its own bytes a file may become: columns that hardly change become many."""
BYTES_A_VALUE = 8


def scan_columns(path: Path, kind: str) -> Any:
    """A file as a lazy frame.

    Raises
    ------
    ValueError
        If its rows would fill the memory.
    polars.exceptions.PolarsError
        If it is damaged.
    """
    import polars as pl

    scan = pl.scan_ipc if kind in ARROW else pl.scan_parquet
    rows = scan(path, glob=False)
    count = rows.select(pl.len()).collect().item() * len(rows.collect_schema())
    check_unpacked(BYTES_A_VALUE * count, path.stat().st_size, MOST_TIMES)
    return rows
