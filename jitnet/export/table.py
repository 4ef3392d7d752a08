"""What a table has learned of its columns, as those who write it elsewhere read it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import numpy as np

from jitnet.export.network import Exported, read
from jitnet.tabular.columns import Category, Column, Date, Ordinal
from jitnet.tabular.encoder import Encoder
from jitnet.tabular.model import TableModel
from jitnet.tabular.target import Target

EPOCH = datetime(1970, 1, 1)
NEVER_SEEN = "a value that was never seen"


class ExportedTable(NamedTuple):
    """A table's model that is being written elsewhere."""

    columns: Sequence[Column]
    encoder: Encoder
    target: Target
    networks: list[Exported]


def read_table_model(model: TableModel) -> ExportedTable:
    """A table's columns, as plain data and as flat arrays, its target, and the networks."""
    table = model.table
    networks = [read(network) for network in model._trained()]
    return ExportedTable(table.columns, Encoder(table.columns), table.target, networks)


class Places(NamedTuple):
    """Which of a category's features is one, or of an embedded one's vectors its own.

    Parameters
    ----------
    values : dict of str to int
        For each value that has a place of its own.
    missing, other : int
        For a missing value and for any other one. Where that is no feature's place, all have their
        share of the training rows.
    """

    values: dict[str, int]
    missing: int
    other: int


def places_of(column: Category) -> Places:
    """The places of a category's values; rare ones and those never seen have one together."""
    if column.embedded:
        known = {value: code for value, code in column.codes.items() if value is not None}
        return Places(known, column.codes[None], column.unseen)
    values = {value: place for place, value in enumerate(column.values)}
    other = len(values) if column.rare else column.unseen
    return Places(values, column.unseen - 1 if column.missing else other, other)


def seconds_of(when: Any) -> int:
    """The seconds of a date or of a date with a time since 1970, by the calendar alone."""
    day = timedelta(days=when.toordinal() - EPOCH.toordinal())
    hours = timedelta(
        hours=getattr(when, "hour", 0),
        minutes=getattr(when, "minute", 0),
        seconds=getattr(when, "second", 0),
    )
    return int((day + hours).total_seconds())


def rows_to_test(columns: Sequence[Column], count: int) -> list[dict[str, Any]]:
    """Rows such as a table was learned from, the first with nothing but missing values.

    No text has a zero in it, with which it would be none in C.
    """
    rng = np.random.default_rng(0)
    rows = [{column.name: _drawn(column, rng) for column in columns} for _ in range(count - 1)]
    return [dict.fromkeys(column.name for column in columns), *rows]


def _drawn(column: Column, rng: np.random.Generator) -> Any:
    if isinstance(column, Category | Ordinal):
        return str(rng.choice([NEVER_SEEN, *(v for v in column.values if "\0" not in v)]))
    scale, most = column.scales[0], np.finfo(np.float32).max
    drawn = rng.normal(scale.mean, scale.deviation)
    if scale.unit:
        with np.errstate(over="ignore"):  # what is infinite becomes the most
            drawn = np.copysign(np.expm1(abs(drawn)) * scale.unit, drawn)
    number = float(np.float32(np.clip(drawn, -most, most)))
    if isinstance(column, Date):
        days = np.clip(number, (datetime.min - EPOCH).days, (datetime.max - EPOCH).days - 1)
        return EPOCH + timedelta(days=int(days), hours=int(rng.integers(24)))
    return number
