"""A table's file that need not fit into memory, its rows as the networks see them mapped from disk.

Several ranks share them, each of which reads some row groups; and a fit that keeps checkpoints goes
on in their middle, as one of rows in memory does.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from jitnet.arrays import Array
from jitnet.progress import Progress
from jitnet.ranks.agreement import in_all
from jitnet.tabular.row_groups import RowGroups
from jitnet.tabular.streaming import (
    check_targets,
    drawn_parts,
    joined,
    learn,
    row_groups,
    rows_to_train_on,
)

if TYPE_CHECKING:
    from jitnet.tabular.model import TableModel

Files = list[Array]


class Alone:
    """A process among no others, as a communicator."""

    rank, size = 0, 1

    def allgather(self, value: Any) -> list[Any]:
        """What all ranks have."""
        return [value]

    def bcast(self, value: Any) -> Any:
        """What the first rank has."""
        return value

    def Barrier(self) -> None:
        """Wait for nobody."""


def fit_mapped_file(
    model: TableModel,
    path: Path,
    *,
    communicator: Any = None,
    progress: bool | Progress | None = None,
    checkpoints: Path | None = None,
    resume: bool = False,
) -> Any:
    """Learn a table's file, by several ranks to the same bits however many they are.

    Each reads some of its row groups: once for the rows to learn the columns from and those that
    are held out, as `fit_file` draws them, and once to write what the networks see of the others
    into files that are mapped. These lie in the working directory, which ranks share, and are
    removed once all have opened them; they take four bytes a row and feature.

    Parameters
    ----------
    model : TableModel
        The model, which is fitted.
    path : Path
        A .parquet file.
    communicator : mpi4py.MPI.Comm, optional
        The ranks; by default this process is alone.
    progress, checkpoints, resume
        As in `TableModel.fit`.

    Returns
    -------
    polars.DataFrame
        Rows to test with.

    Raises
    ------
    ValueError
        If the file is of another kind, or does not fit.
    """
    ranks = communicator or Alone()
    groups = in_all(ranks, lambda: row_groups(path))
    own = groups.groups[ranks.rank :: ranks.size]
    drawn = in_all(
        ranks, lambda: {group: drawn_parts(groups, group, model.target) for group in own}
    )
    every = {group: part for found in ranks.allgather(drawn) for group, part in found.items()}
    parts = [every[group] for group in groups.groups]
    checked, test = in_all(ranks, lambda: learn(model, joined(parts)))
    in_all(ranks, lambda: check_targets(groups, model.table, own))
    starts = np.cumsum([0, *(part.rows for part in parts)])
    *X, y = _shared_rows(model, groups, list(own), starts, ranks)
    examples = (tuple(X) if len(X) > 1 else X[0]), np.array(y)
    given = progress, checkpoints, resume, communicator
    model._train(lambda place: (examples, checked), (), *given)
    return test


def _shared_rows(
    model: TableModel, groups: RowGroups, own: list[int], starts: Array, ranks: Any
) -> Files:
    """What the networks see of all rows, and their targets: files that every rank has mapped."""
    made = tempfile.mkdtemp(prefix=".jitnet-", dir=".") if ranks.rank == 0 else None
    folder = Path(ranks.bcast(made))
    try:
        if ranks.rank == 0:
            for number, like in enumerate(_encoded(model, next(groups.in_order())[1][:1])):
                shape = int(starts[-1]), *like.shape[1:]
                np.lib.format.open_memmap(
                    folder / f"{number}.npy", mode="w+", dtype=like.dtype, shape=shape
                )
        ranks.Barrier()
        in_all(ranks, lambda: _write(model, groups, own, starts, _mapped(folder, "r+")))
        return _mapped(folder, "r")
    finally:
        ranks.Barrier()
        if ranks.rank == 0:
            shutil.rmtree(folder)


def _mapped(folder: Path, mode: Any) -> Files:
    files = sorted(folder.iterdir(), key=lambda file: int(file.stem))
    return [np.load(file, mmap_mode=mode) for file in files]


def _encoded(model: TableModel, rows: Any) -> Files:
    """What the networks see of rows, one array an input, and the targets."""
    X, y = model._encoded(rows)
    return [*X, y] if isinstance(X, tuple) else [X, y]


def _write(
    model: TableModel, groups: RowGroups, own: list[int], starts: Array, files: Files
) -> None:
    """Write the rows of some groups to their places."""
    for group in own:
        place = int(starts[group])
        for rows in _rows_of(groups, group):
            for file, array in zip(files, _encoded(model, rows), strict=True):
                file[place : place + len(rows)] = array
            place += len(rows)
    for file in files:
        if isinstance(file, np.memmap):
            file.flush()


def _rows_of(groups: RowGroups, group: int) -> Iterator[Any]:
    """The rows of a group that are trained on, piece by piece."""
    for first, piece in groups.in_order([group]):
        rows = rows_to_train_on(piece, np.arange(first, first + len(piece)))
        if len(rows):
            yield rows
