"""A column's numbers and codes, out of a series or out of a single value."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime
from typing import Any

import numpy as np

from jitnet.arrays import Array
from jitnet.quoting import quoted
from jitnet.tabular.columns import Category, Date, Number, Numeric, Ordinal

NAN = math.nan
BEYOND = 2.0**63
"""Whole numbers from here on are no int64, and written as others are."""
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?|[+-]?inf(inity)?|[+-]?nan", re.A | re.I)
"""A number in a text, as Polars reads it."""
TRUTH = ("false", "true")
"""The values of a column of truth values."""
EPOCH = date(1970, 1, 1).toordinal()

DATES = ("%Y-%m-%d", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M", "%d.%m.%Y")
"""The forms of dates; those whose order differs between countries are text."""


def numbers_of(column: Numeric, series: Any) -> Array:
    """The numbers of a Polars series, (n, parts) of float64; what is missing is NaN.

    Raises
    ------
    ValueError
        If there is something else than the column's kind.
    """
    return _NUMBERS[type(column)](column, series)


def codes_of(column: Category, series: Any) -> Array:
    """The codes of a Polars series, (n,) of int64."""
    import polars as pl

    values = category_text(column, series)
    seen, codes = zip(*((v, c) for v, c in column.codes.items() if v is not None), strict=True)
    found = values.replace_strict(seen, codes, default=column.unseen, return_dtype=pl.Int64)
    missing = values.is_null().to_numpy()
    return np.where(missing, column.codes[None], found.to_numpy())


def category_text(column: Category | Ordinal, series: Any) -> Any:
    """The values of a series as a column has them: of numbers that text says, the numbers."""
    import polars as pl

    text = as_text(series)
    if column.values == TRUTH:
        return text.str.to_lowercase()
    if getattr(column, "of_numbers", False) and not series.dtype.is_numeric():
        numbers = text.cast(pl.Float64, strict=False)
        known = text.set(numbers.is_nan().fill_null(False), None)
        return as_text(numbers).fill_null(known)
    return text


def as_text(series: Any) -> Any:
    """The values of a category as text: a number and its text are one value, 1.0 and 1 too."""
    import polars as pl

    if not series.dtype.is_float():
        return _cast_to_text(series)
    known = series.fill_nan(None)
    whole = known.cast(pl.Int64, strict=False)
    is_whole = (whole.cast(pl.Float64) == known).fill_null(False)
    shown = pl.when(is_whole).then(whole.cast(pl.String)).otherwise(known.cast(pl.String))
    return pl.select(shown).to_series().alias(series.name)


def _cast_to_text(series: Any) -> Any:
    import polars as pl

    try:
        return series.cast(pl.String)
    except pl.exceptions.PolarsError:
        raise ValueError(
            f"column {series.name!r}: values of the type {series.dtype} are no single ones"
        ) from None


def as_dates(text: Any) -> Any:
    """Dates, where all of a text are such in one form; else the text as it is."""
    found = _in_best_form(text)
    return found if found.null_count() == text.null_count() else text


def _in_best_form(text: Any) -> Any:
    """Dates in the form that the first one has; what is none is missing."""
    import polars as pl

    first = text.drop_nulls()[:1]
    for form in DATES:
        if len(first) and first.str.to_datetime(form, strict=False).null_count() == 0:
            return text.str.to_datetime(form, strict=False)
    return pl.Series(text.name, [None] * len(text), dtype=pl.Datetime)


def _plain(column: Number, series: Any) -> Array:
    import polars as pl

    if not (series.dtype.is_numeric() or series.dtype in (pl.Boolean, pl.Null)):
        numbers = _cast_to_text(series).cast(pl.Float64, strict=False)
        _check_read(column.name, series, numbers, "number")
        series = numbers
    found = series.cast(pl.Float64).to_numpy().astype(np.float64)
    found[~np.isfinite(found)] = NAN
    plain: Array = found[:, np.newaxis]
    return plain


def _check_read(name: str, given: Any, found: Any, kind: str) -> None:
    """Name the first value that was not read as what the column has."""
    wrong = (found.is_null() & given.is_not_null()).arg_true()
    if len(wrong):
        row = int(wrong[0])
        raise ValueError(
            f"row {row + 1}, column {name!r}: "
            f"{quoted(given[row])} is no {kind}, and the column has "
            f"{kind}s"
        )


def _ranks(column: Ordinal, series: Any) -> Array:
    import polars as pl

    ranks = {value: float(rank) for rank, value in enumerate(column.values)}
    values = category_text(column, series)
    found = values.replace_strict(
        list(ranks), list(ranks.values()), default=None, return_dtype=pl.Float64
    )
    numbers: Array = found.to_numpy().astype(np.float64)[:, np.newaxis]
    return numbers


def _date_parts(column: Date, series: Any) -> Array:
    import polars as pl

    if not series.dtype.is_temporal():
        found = _in_best_form(_cast_to_text(series))
        _check_read(column.name, series, found, "date")
        series = found
    series = _within_years(series)
    time = series.cast(pl.Datetime("us")).dt
    parts = (
        series.cast(pl.Date).cast(pl.Int32),
        time.month(),
        time.day(),
        time.weekday(),
        time.hour(),
    )
    found = [part.cast(pl.Float64).to_numpy() for part in parts]
    return np.column_stack(found)


def _within_years(series: Any) -> Any:
    """Dates of the years 1 to 9999, as Python has them; others are missing."""
    import polars as pl

    unit = getattr(series.dtype, "time_unit", None)
    a_day = 1 if unit is None else 86_400 * {"ms": 10**3, "us": 10**6, "ns": 10**9}[unit]
    first, last = date.min.toordinal() - EPOCH, date.max.toordinal() - EPOCH
    day = series.to_physical() // a_day
    return pl.select(pl.when(day.is_between(first, last)).then(series)).to_series()


_NUMBERS: dict[type, Callable[[Any, Any], Array]] = {
    Number: _plain,
    Ordinal: _ranks,
    Date: _date_parts,
}


def numbers_of_one(column: Numeric, value: Any) -> tuple[float, ...]:
    """The numbers of a single value; NaN where it is missing."""
    return _NUMBERS_OF_ONE[type(column)](column, value)


def text_of_one(value: Any, *, of_numbers: bool = False) -> str | None:
    """A single value of a category as text; see `category_text`."""
    if isinstance(value, str) and of_numbers and NUMBER.fullmatch(value):
        value = float(value)
    if value is None or isinstance(value, str):
        return value if value is None else str.__str__(value)  # of whatever class of text
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, float | np.floating):
        return _text_of_float(value)
    try:
        return str(value)
    except (RecursionError, ValueError):  # lists without an end, whole numbers of many digits
        raise ValueError(f"{quoted(value)} is no value of a category") from None


def _text_of_float(value: Any) -> str | None:
    """A number's text as a frame's column has it."""
    if math.isnan(value):
        return None
    if value.is_integer() and abs(value) < BEYOND:
        return str(int(value))
    text = str(value)
    if "e" not in text:
        return text
    import polars as pl

    found: str = as_text(pl.Series([value]))[0]  # of exponents Python has a form of its own
    return found


def _plain_of_one(column: Number, value: Any) -> tuple[float, ...]:
    try:
        number = NAN if value is None else float(value)
    except OverflowError:  # a whole number of hundreds of digits
        number = NAN
    except (TypeError, ValueError):
        raise ValueError(
            f"column {column.name!r}: {quoted(value)} is no number, and the column has numbers"
        ) from None
    return (number if math.isfinite(number) else NAN,)


def _rank_of_one(column: Ordinal, value: Any) -> tuple[float, ...]:
    text = text_of_one(value)
    if text is not None and column.values == TRUTH:
        text = text.lower()
    return (float(column.values.index(text)) if text in column.values else NAN,)


def _date_parts_of_one(column: Date, value: Any) -> tuple[float, ...]:
    if value is None or value != value:
        return (NAN,) * len(Date.PARTS)
    try:
        when = _date_of_text(value) if isinstance(value, str) else value
        parts = when.toordinal() - EPOCH, when.month, when.day, when.isoweekday()
    except (AttributeError, ValueError):
        raise ValueError(f"column {column.name!r}: {quoted(value)} is no date") from None
    return (*map(float, parts), float(getattr(when, "hour", 0)))


def _date_of_text(text: str) -> datetime:
    """A date in one of the forms that columns have."""
    for form in DATES:
        with suppress(ValueError):
            return datetime.strptime(text.strip(), form.replace("%.f", ".%f"))
    return datetime.fromisoformat(text)


_NUMBERS_OF_ONE: dict[type, Callable[[Any, Any], tuple[float, ...]]] = {
    Number: _plain_of_one,
    Ordinal: _rank_of_one,
    Date: _date_parts_of_one,
}
