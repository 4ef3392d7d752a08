"""A table that does not fit into memory: learned from a sample, trained on piece by piece."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from jitnet.arrays import Array
from jitnet.fitting import Record, shown
from jitnet.history import History
from jitnet.kernels.random import GOLDEN, ROUNDS
from jitnet.progress import Progress, make_progress
from jitnet.tabular.preset import settings_for
from jitnet.tabular.reading import suffix_of
from jitnet.tabular.row_groups import RowGroups
from jitnet.tabular.table import Table, check_there
from jitnet.tabular.target import check_complete
from jitnet.tabular.training import new_network, seed_of

if TYPE_CHECKING:
    from jitnet.model import Sequential
    from jitnet.tabular.model import TableModel

SAMPLE_ROWS = 100_000
"""Rows that the columns are learned from, about, drawn all over the file."""
HELD_OUT_ROWS = 50_000
"""Rows to validate on and to test with, at most."""
BUFFER_BYTES = 64 << 20
"""Features of the rows that are shuffled together, and of those that are held out."""
TURN = 10
"""Of about so many rows one is tested with, and one validated on."""
TESTED, VALIDATED = 0, 1


class Parts(NamedTuple):
    """What of a file is kept in memory: frames, or lists of them."""

    sample: Any
    validation: Any
    test: Any
    rows: int
    """Rows to train on."""


def fit_file(
    model: TableModel,
    path: Path,
    *,
    progress: bool | Progress | None = None,
) -> Any:
    """Learn a table's file that need not fit into memory.

    A tenth of the rows is drawn to test with and one to validate on, of both about 50,000. The
    columns are learned from about 100,000 of the others. Then these stream through the network: an
    epoch is a pass over the file in a new order, as complete as `RowGroups.shuffled` says.

    Parameters
    ----------
    model : TableModel
        The model, which is fitted.
    path : Path
        A .parquet file.
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
    groups = row_groups(path)
    parts = joined([drawn_parts(groups, group, model.target) for group in groups.groups])
    checked, test = learn(model, parts)
    check_targets(groups, model.table)
    shown = make_progress(progress)
    model.networks = [
        _trained(model, groups, parts.rows, checked, place, shown)
        for place in range(model.settings.ensemble)
    ]
    return test


def row_groups(path: Path) -> RowGroups:
    """The rows of a file, which must be Parquet."""
    if suffix_of(path) != ".parquet":
        raise ValueError(
            "only Parquet streams; polars.scan_csv(…).sink_parquet(…) makes it of a text file"
        )
    return RowGroups(path)


def drawn_parts(groups: RowGroups, group: int, target: str) -> Parts:
    """Of a row group: rows to learn the columns from, and rows that are held out."""
    held = max(1, len(groups) // TURN)
    sample_share = SAMPLE_ROWS / max(1, len(groups) - 2 * held)
    sample, validation, test = [], [], []
    rows = 0
    for first, piece in groups.in_order([group]):
        check_there([target], piece)
        try:
            check_complete(piece[target])
        except ValueError as error:
            raise ValueError(f"after row {first:,}: {error}") from None
        turn = _turns(np.arange(first, first + len(piece)))
        drawn = np.random.default_rng(first).random(len(piece))
        test.append(piece.filter((turn == TESTED) & (drawn < HELD_OUT_ROWS / held)))
        validation.append(piece.filter((turn == VALIDATED) & (drawn < HELD_OUT_ROWS / held)))
        sample.append(piece.filter((turn > VALIDATED) & (drawn < sample_share)))
        rows += int((turn > VALIDATED).sum())
    return Parts(sample, validation, test, rows)


def joined(parts: Sequence[Parts]) -> Parts:
    """The parts of all row groups together."""
    import polars as pl

    def frame(name: str) -> Any:
        return pl.concat([piece for part in parts for piece in getattr(part, name)])

    found = Parts(frame("sample"), frame("validation"), frame("test"), sum(p.rows for p in parts))
    if not all(map(len, found[:3])):
        raise ValueError("the file has too few rows to be cut into parts")
    return found


def learn(model: TableModel, parts: Parts) -> tuple[tuple[Any, Array], Any]:
    """Learn the columns, and choose the settings; returns what is validated on and tested with."""
    model.table.fit(parts.sample, model.target, validation=parts.validation)
    model.settings = settings_for(parts.rows, model.table.target)._replace(**model.given)
    most = BUFFER_BYTES // _row_bytes(model.table)
    validation, test = (_spread(part, most) for part in (parts.validation, parts.test))
    return (model.table.transform(validation), model.table.targets(validation)), test


def _row_bytes(table: Table) -> int:
    """Bytes of a row's features, of float32, and of its embedded codes, of int64."""
    return 4 * len(table.features) + 8 * len(table.embedded)


def rows_to_train_on(frame: Any, places: Array) -> Any:
    """Those rows of a frame that are not held out, of their places in the file."""
    return frame.filter(_turns(places) > VALIDATED)


def _turns(places: Array) -> Array:
    """Which of ten parts each row belongs to, drawn by its place in the file (SplitMix64)."""
    bits = (places.astype(np.uint64) + np.uint64(1)) * np.uint64(GOLDEN)
    for shift, factor in ROUNDS:
        bits = (bits ^ (bits >> np.uint64(shift))) * np.uint64(factor)
    turns: Array = (bits >> np.uint64(33)) % np.uint64(TURN)
    return turns


def _spread(rows: Any, most: int) -> Any:
    """Some of the rows, at equal distances, so that there are not more than that."""
    return rows[:: max(1, -(-len(rows) // most))]


def check_targets(groups: RowGroups, table: Table, own: Iterable[int] | None = None) -> None:
    """Refuse a class that the sample does not have, or no logarithm, before any step."""
    if table.target.classes or table.target.is_log:
        for first, piece in groups.in_order(own):
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
    settings, table = model.settings, model.table
    seed = seed_of(model.seed, place)
    network = new_network(settings, table, rows, seed=seed, n_threads=model.n_threads)
    rng = np.random.default_rng(seed)
    together = max(settings.batch_size, BUFFER_BYTES // _row_bytes(table))
    best, weights = np.inf, None
    history = History(loss=[], val_loss=[])
    with shown(progress, settings.epochs):
        for epoch in range(settings.epochs):
            loss, seen = 0.0, 0
            for frame, places in groups.shuffled(together, rng):
                part = rows_to_train_on(frame, places)
                if not len(part):
                    continue
                X, y = table.transform(part), table.targets(part)
                passed = network.fit(X, y, epochs=1, batch_size=settings.batch_size, progress=False)
                loss += passed["loss"][-1] * len(part)
                seen += len(part)
                progress.update(epoch + seen / rows, {"loss": loss / seen})
            reached = network.evaluate(*checked)["loss"]
            progress.update(epoch + 1, {"loss": loss / seen, "val_loss": reached})
            history["loss"].append(loss / seen)
            history["val_loss"].append(reached)
            if reached < best:
                best, weights = reached, network.get_weights()
    assert weights is not None
    network.set_weights(weights)
    network._record = Record(history)
    return network
