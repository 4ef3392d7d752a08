"""What a column's kind is, and what is learned of it from the training rows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from jitnet.arrays import Array
from jitnet.quoting import quoted, shortened
from jitnet.tabular.columns import Category, Column, Date, Number, Ordinal, Scale
from jitnet.tabular.edges import bin_edges
from jitnet.tabular.values import as_text, numbers_of

LEAST_ROWS = 5
"""Rows that a value must have for a feature of its own."""
MOST_VALUES = 1 << 16
"""Values of a category that are told apart, the most frequent ones."""
TEXT_SHARE, TEXT_VALUES = 0.5, 20
"""A column of text has more different values than this share of its rows, and than this number."""


class Refused(Exception):
    """A column that cannot be learned from, and why."""


def learn(
    series: Any, bins: int, *, as_category: bool = False, order: Sequence[str] | None = None
) -> Column:
    """Learn a column from a Polars series of the training rows.

    Parameters
    ----------
    series : polars.Series
        The column.
    bins : int
        Bins that numbers are cut into, at most; fewer than 2 are none.
    as_category : bool, default False
        Whether numbers are categories, such as postal codes.
    order : sequence of str, optional
        The values from the lowest to the highest, of a column that has such an order.

    Returns
    -------
    Number, Ordinal, Date or Category

    Raises
    ------
    Refused
        If there is nothing to learn from it.
    """
    import polars as pl

    kind = series.dtype
    if not (kind.is_numeric() or kind in _kinds()):
        raise Refused(f"values of the type {kind} cannot be learned from")
    _check_varies(series)
    if order is None and kind == pl.Enum:
        order = kind.categories.to_list()
    if order is None and kind == pl.Boolean:
        order = ("false", "true")
    if order is not None:
        return _learn_ordinal(series, tuple(order), bins)
    if kind in (pl.Date, pl.Datetime):
        blank = Date(series.name, ())
        return Date(series.name, _scales(numbers_of(blank, series), bins))
    if kind.is_numeric() and not as_category:
        _check_numbers_something(series)
        blank_number = Number(series.name, ())
        return Number(series.name, _scales(numbers_of(blank_number, series), bins))
    return _learn_category(as_text(series), of_numbers=kind.is_numeric())


def _kinds() -> tuple[Any, ...]:
    """The types of values beside numbers that a column may have."""
    import polars as pl

    return pl.String, pl.Categorical, pl.Enum, pl.Boolean, pl.Date, pl.Datetime, pl.Null


def _check_varies(series: Any) -> None:
    if series.null_count() == len(series):
        raise Refused("every value is missing")
    if series.null_count() == 0 and series.n_unique() == 1:
        raise Refused(f"every value is {series[0]!r}")


def _check_numbers_something(series: Any) -> None:
    """Refuse numbers of the rows."""
    if series.dtype.is_integer() and series.null_count() == 0:
        spread = int(series.max()) - int(series.min())
        if len(series) > TEXT_VALUES and series.n_unique() == len(series) > spread / 2:
            raise Refused("it numbers the rows")


def _scales(numbers: Array, bins: int) -> tuple[Scale, ...]:
    return tuple(_scale(part, bins) for part in numbers.T)


def _scale(numbers: Array, bins: int) -> Scale:
    known = numbers[~np.isnan(numbers)]
    if not len(known):
        raise Refused("no value is a finite number")
    edges = bin_edges(known, bins) if bins > 1 else known[:0]
    with np.errstate(over="ignore", invalid="ignore"):
        mean, deviation = float(known.mean()), float(known.std()) or 1.0
    if not math.isfinite(deviation):
        raise Refused(f"its numbers, up to {np.abs(known).max():g}, are too large")
    return Scale(
        mean=mean,
        deviation=deviation,
        fill=float(np.median(known)),
        edges=tuple(edges.tolist()) if len(edges) > 2 else (),
        missing=len(known) < len(numbers),
    )


def _learn_ordinal(series: Any, order: tuple[str, ...], bins: int) -> Ordinal:
    found = set(as_text(series).drop_nulls().unique())
    if unknown := sorted(found - set(order)):
        raise ValueError(
            f"column {series.name!r}: {quoted(unknown[0])} is not in its order "
            f"{shortened(', '.join(order))}"
        )
    blank = Ordinal(series.name, order, ())
    return Ordinal(series.name, order, _scales(numbers_of(blank, series), max(bins, len(order))))


def _learn_category(values: Any, *, of_numbers: bool) -> Category:
    counts = values.drop_nulls().rename("value").value_counts(name="rows")
    counts = counts.sort(["rows", "value"], descending=[True, False])
    different, rows = counts["value"].to_list(), counts["rows"].to_numpy()
    if len(different) > max(TEXT_VALUES, TEXT_SHARE * int(rows.sum())):
        raise Refused(f"it is text: {len(different):,} different values in {len(values):,} rows")
    frequent = int((rows >= min(LEAST_ROWS, rows[0])).sum())
    frequent = min(frequent, MOST_VALUES)
    missing = values.null_count()
    weights = [*rows[:frequent], *[rows[frequent:].sum()] * (frequent < len(rows))]
    weights += [missing] * (missing > 0)
    return Category(
        name=values.name,
        values=tuple(different[:frequent]),
        shares=tuple(float(weight / len(values)) for weight in weights),
        rare=tuple(sorted(different[frequent:])),
        missing=missing > 0,
        of_numbers=of_numbers,
    )
