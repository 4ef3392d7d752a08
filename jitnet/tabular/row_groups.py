"""The rows of a Parquet file, in order or shuffled, some thousand at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from jitnet.tabular.columnar import scan_columns
from jitnet.tabular.frames import INSTALL
from jitnet.tabular.reading import refused

ROWS_AT_ONCE = 1 << 14
READ_AHEAD = 1 << 18
"""Bytes of a column that are read at once."""
OPEN_GROUPS = 4
"""Row groups that are read side by side while rows are shuffled."""


class RowGroups:
    """A Parquet file that is read row group by row group; no more than parts of some are in memory.

    Parameters
    ----------
    path : Path
        The file.

    Raises
    ------
    OSError
        If the file cannot be read.
    ValueError
        If it is damaged: here, or where it is read.
    ImportError
        Without pyarrow.
    """

    def __init__(self, path: Path) -> None:
        try:
            import pyarrow.parquet as pq
        except ImportError as error:
            raise ImportError(f"a file that streams needs pyarrow: {INSTALL}") from error

        # by default a whole row group is read ahead
        self._file: Any = partial(pq.ParquetFile, path, pre_buffer=False, buffer_size=READ_AHEAD)
        with path.open("rb"):  # the system's own error where there is no such file
            self._path = path
        with refused(path):
            scan_columns(path, ".parquet")
        with refused(path), self._file() as file:
            groups = range(file.metadata.num_row_groups)
            counts = [file.metadata.row_group(group).num_rows for group in groups]
        self.starts = np.concatenate([[0], np.cumsum(counts)])

    def __len__(self) -> int:
        """Rows of the file."""
        return int(self.starts[-1])

    @property
    def groups(self) -> range:
        """The row groups."""
        return range(len(self.starts) - 1)

    def in_order(self, groups: Iterable[int] | None = None) -> Iterator[tuple[int, Any]]:
        """Frames of the rows in their order, each with the place of its first row."""
        for group in self.groups if groups is None else groups:
            yield from self._pieces(group)

    def shuffled(self, rows: int, rng: np.random.Generator) -> Iterator[tuple[Any, Any]]:
        """Frames of about so many rows, shuffled, each with its rows' places in the file.

        The row groups come in a random order, four side by side, a piece of one of them at a time;
        a frame's rows are shuffled among themselves. So two rows of one piece of 16,384 rows meet
        in the same frame, and rows of different groups in random ones: the shuffle is complete
        where a frame holds the whole file, and else as good as the order within a piece allows.
        """
        import polars as pl

        waiting = list(rng.permutation(len(self.groups)))
        opened: list[Iterator[tuple[int, Any]]] = []
        frames, places, count = [], [], 0
        while waiting or opened:
            while waiting and len(opened) < OPEN_GROUPS:
                opened.append(self._pieces(int(waiting.pop())))
            chosen = opened[rng.integers(len(opened))]
            piece = next(chosen, None)
            if piece is None:
                opened.remove(chosen)
                continue
            frames.append(piece[1])
            places.append(np.arange(piece[0], piece[0] + len(piece[1])))
            count += len(piece[1])
            if count >= rows:
                order = rng.permutation(count)
                yield pl.concat(frames)[order], np.concatenate(places)[order]
                frames, places, count = [], [], 0
        if frames:
            order = rng.permutation(count)
            yield pl.concat(frames)[order], np.concatenate(places)[order]

    def _pieces(self, group: int) -> Iterator[tuple[int, Any]]:
        import polars as pl

        first = int(self.starts[group])
        with refused(self._path), self._file() as file:
            for batch in file.iter_batches(ROWS_AT_ONCE, row_groups=[group], use_threads=False):
                frame = pl.DataFrame(batch)
                yield first, frame
                first += len(frame)
