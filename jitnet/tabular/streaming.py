"""A table that does not fit into memory: learned from a sample, trained on piece by piece."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from jitnet.arrays import Array
from jitnet.fitting import Record
from jitnet.history import History
from jitnet.progress import Progress, make_progress
from jitnet.tabular.preset import settings_for
from jitnet.tabular.reading import suffix_of, typed_text
from jitnet.tabular.row_groups import RowGroups
from jitnet.tabular.table import Table, check_there
from jitnet.tabular.target import check_complete
from jitnet.tabular.training import new_network

if TYPE_CHECKING:
    from jitnet.model import Sequential
    from jitnet.tabular.model import TableModel

SAMPLE_ROWS = 100_000
"""Rows that the columns are learned from, about, drawn all over the file."""
HELD_OUT_ROWS = 50_000
"""Rows to validate on and to test with, at most, at equal distances too."""
BUFFER_BYTES = 64 << 20
"""Features of the rows that are shuffled together, and of those that are held out."""
TURN = 10
"""Of so many rows one is tested with, and one validated on."""
TESTED, VALIDATED = 0, 1


class Parts(NamedTuple):
    """What of a file is kept in memory."""

    sample: Any
    validation: Any
    test: Any
    rows: int
    """Rows to train on."""


def fit_file(
    model: TableModel,
    path: Path,
    *,
    header: bool = True,
    progress: bool | Progress | None = None,
) -> Any:
    """Learn a table's file that need not fit into memory.

    One row of ten is tested with, and one validated on, of both 50,000 at most. The columns are
    learned from about 100,000 of the others. Then these stream through the network:
    an epoch is a pass over the file in a new order, as complete as `RowGroups.shuffled` says.
    A text file is first written as Parquet beside the system's temporary files.

    Parameters
    ----------
    model : TableModel
        The model, which is fitted.
    path : Path
        A .parquet file, or a text file.
    header : bool, default True
        Whether the first line of a text file has the names.
    progress : bool or Progress, optional
        As in `Sequential.fit`.

    Returns
    -------
    polars.DataFrame
        Rows to test with.

    Raises
    ------
    ValueError
        If the file is of another kind, or does not fit.
    """
    with _as_parquet(path, header) as file:
        groups = RowGroups(file)
        parts = _parts(groups, model.target)
        model.table.fit(parts.sample, model.target)
        _check_targets(groups, model.table)
        model.settings = settings_for(parts.rows, model.table.target)._replace(**model.given)
        most = BUFFER_BYTES // (4 * len(model.table.features))
        validation, test = (_spread(part, most) for part in (parts.validation, parts.test))
        checked = model.table.transform(validation), model.table.targets(validation)
        shown = make_progress(progress)
        model.networks = [
            _trained(model, groups, parts.rows, checked, place, shown)
            for place in range(model.ensemble)
        ]
    return test


@contextmanager
def _as_parquet(path: Path, header: bool) -> Iterator[Path]:
    if suffix_of(path) == ".parquet":
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="jitnet-") as folder:
        written = Path(folder) / "rows.parquet"
        typed_text(path, header).sink_parquet(written, row_group_size=1 << 16)
        yield written


def _parts(groups: RowGroups, target: str) -> Parts:
    """One pass over the file: rows to learn the columns from, and held out at equal distances."""
    import polars as pl

    held = len(groups) // TURN
    steps = {TESTED: _step(held, HELD_OUT_ROWS), VALIDATED: _step(held, HELD_OUT_ROWS)}
    share = SAMPLE_ROWS / max(1, len(groups) - 2 * held)
    sample, validation, test = [], [], []
    for first, piece in groups.in_order():
        check_there([target], piece)
        place = np.arange(first, first + len(piece))
        turn, number = place % TURN, place // TURN
        try:
            check_complete(piece[target])
        except ValueError as error:
            raise ValueError(f"after row {first:,}: {error}") from None
        test.append(piece.filter((turn == TESTED) & (number % steps[TESTED] == 0)))
        validation.append(piece.filter((turn == VALIDATED) & (number % steps[VALIDATED] == 0)))
        drawn = np.random.default_rng(first).random(len(piece)) < share
        sample.append(piece.filter(_is_trained_on(place) & drawn))
    rows = int(_is_trained_on(np.arange(len(groups))).sum())
    return Parts(pl.concat(sample), pl.concat(validation), pl.concat(test), rows)


def _spread(rows: Any, most: int) -> Any:
    """Some of the rows, at equal distances, so that there are not more than that."""
    return rows[:: _step(len(rows), most)]


def _step(count: int, most: int) -> int:
    """Every how many-th of so many rows is taken, so that there are not more than that."""
    return max(1, -(-count // most))


def _is_trained_on(place: Array) -> Array:
    turn = place % TURN
    mask: Array = (turn != TESTED) & (turn != VALIDATED)
    return mask


def _check_targets(groups: RowGroups, table: Table) -> None:
    """Refuse a class that the sample does not have, before any step."""
    if table.target.classes:
        for first, piece in groups.in_order():
            try:
                table.targets(piece)
            except ValueError as error:
                raise ValueError(f"after row {first:,}: {error}") from None


def _trained(
    model: TableModel,
    groups: RowGroups,
    rows: int,
    checked: tuple[Array, Array],
    place: int,
    progress: Progress,
) -> Sequential:
    """A network that has seen each row once an epoch; its weights are those of the best one."""
    from jitnet.tabular.model import SEEDS_APART

    settings, table = model.settings, model.table
    seed = model.seed + SEEDS_APART * place
    network = new_network(settings, table.target, rows, seed=seed, n_threads=model.n_threads)
    rng = np.random.default_rng(seed)
    together = max(settings.batch_size, BUFFER_BYTES // (4 * len(table.features)))
    best, weights = np.inf, None
    history = History(loss=[], val_loss=[])
    progress.start(settings.epochs)
    try:
        for epoch in range(settings.epochs):
            loss, seen = 0.0, 0
            for frame, places in groups.shuffled(together, rng):
                part = frame.filter(_is_trained_on(places))
                if not len(part):
                    continue
                passed = network.partial_fit(
                    table.transform(part), table.targets(part), batch_size=settings.batch_size
                )
                loss += passed["loss"][-1] * len(part)
                seen += len(part)
                progress.update(epoch + seen / rows, {"loss": loss / seen})
            reached = network.evaluate(*checked)["loss"]
            progress.update(epoch + 1, {"loss": loss / seen, "val_loss": reached})
            history["loss"].append(loss / seen)
            history["val_loss"].append(reached)
            if reached < best:
                best, weights = reached, network.get_weights()
    finally:
        progress.close()
    assert weights is not None
    network.set_weights(weights)
    network._record = Record(history)
    return network
