"""What the tests of exported tables share: models of every kind of column, and rows for them."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import numpy as np
import polars as pl

import jitnet as jn
from jitnet.export.table import seconds_of
from jitnet.tabular.columns import Category, Date, Number, Ordinal
from jitnet.tabular.values import as_text
from tabular.frames import mixed

AWKWARD = (
    'say "hi"\\n',
    "two\r\nlines",
    "what??/ ??= ?",
    "gr\u00fc\u00dfe \U0001f600",
    "*/ /* %d 7",
    "'",
)
"""Values, and parts of names, that a source has to escape."""

INSTANTS = [
    datetime(1582, 10, 4, 23, 59, 59),
    datetime(1600, 2, 29),
    datetime(1899, 12, 31, 1),
    datetime(1900, 2, 28, 23, 59, 59),
    datetime(1900, 3, 1),
    datetime(1969, 12, 31, 23, 59, 59),
    datetime(1970, 1, 1),
    datetime(1972, 2, 29, 12, 30),
    datetime(2000, 2, 29, 5),
    datetime(2000, 12, 31, 23),
    datetime(2023, 3, 1),
    datetime(2024, 2, 29, 0, 0, 1),
    datetime(2100, 2, 28, 23, 59, 59),
    datetime(2100, 3, 1),
    datetime(2400, 2, 29),
]
"""Edges of days, of months, of leap years and of centuries."""


class Case(NamedTuple):
    """A table's model to be trained, and rows that it is to predict elsewhere."""

    target: str
    frame: pl.DataFrame
    rows: pl.DataFrame
    settings: dict[str, Any]

    def model(self) -> jn.TableModel:
        """The model after little training."""
        return jn.TableModel(self.target, epochs=2, batch_size=32, **self.settings).fit(self.frame)


def halves(frame: pl.DataFrame, target: str, **settings: Any) -> Case:
    """The first half to train on, the second to predict."""
    cut = len(frame) // 2
    return Case(target, frame[:cut], frame[cut:].drop(target), settings)


def of_classes() -> Case:
    frame = mixed(800).drop("price").with_columns(pl.col("size").cast(pl.Float32))
    rows = mixed(300, seed=1).drop("price", "dear")
    strange = pl.int_range(300) % 7 == 0
    rows = rows.with_columns(
        pl.when(strange).then(pl.lit(math.inf)).otherwise("size").cast(pl.Float32).alias("size"),
        pl.when(strange).then(pl.lit("never seen")).otherwise("colour").alias("colour"),
        *(
            pl.when(pl.int_range(300) % 11 == k).then(None).otherwise(name).alias(name)
            for k, name in enumerate(("heated", "sold", "grade"))
        ),
    )
    return Case("dear", frame, rows, {"ensemble": 3})


def of_numbers() -> Case:
    return halves(mixed(800).drop("dear").with_columns(pl.col("size").cast(pl.Float32)), "price")


def of_logarithms() -> Case:
    frame = mixed(800).drop("dear").with_columns(pl.col("size").cast(pl.Float32))
    return halves(frame.with_columns((pl.col("price") / 60).exp()), "price", ensemble=2)


def of_whole_numbers() -> Case:
    """Bins, whole numbers as classes and as categories, and numbers of many digits."""
    rng = np.random.default_rng(3)
    codes, year = rng.integers(-3, 4, 1600), rng.integers(1990, 2021, 1600)
    small = (rng.normal(1e-20, 1e-22, 1600)).astype(np.float32)
    frame = pl.DataFrame({"year": year, "code": codes, "small": small})
    frame = frame.with_columns(grade=(pl.col("year") + pl.col("code")) % 3 - 1)
    return halves(frame, "grade", table=jn.Table(categorical=["code"], bins=9))


def of_dates() -> Case:
    """Dates with and without times, before and after 1970, and none."""
    rng = np.random.default_rng(4)
    edges = [moment + timedelta(seconds=k) for moment in INSTANTS for k in (-1, 0, 1)]
    drawn = [
        datetime(1970, 1, 1) + timedelta(seconds=int(s))
        for s in rng.integers(-20_000_000_000, 20_000_000_000, 300)
    ]
    moments = [*edges, *drawn]
    frame = pl.DataFrame({"at": moments}).with_columns(
        day=pl.col("at").dt.date().reverse(), high=pl.col("at").dt.hour() > 11
    )
    rows = frame.drop("high")
    return Case("high", frame, pl.concat([rows, rows.clear(1)]), {})


def of_awkward_text() -> Case:
    """Rare values, and values and names that a source has to escape."""
    rng = np.random.default_rng(5)
    weights = np.array([*[10] * len(AWKWARD), *[0.2] * 9])
    values = [*AWKWARD, *(f"rare {k}" for k in range(9))]
    columns = {
        name: rng.choice(values, 500, p=weights / weights.sum())
        for name in ("int", "a b", "a-b", "A_b", "7", "\u4e2d\u6587", *AWKWARD)
    }
    names = "label", "_", "weight_0"  # as an output and a tensor of ONNX's are called, and nothing
    numbers = {name: rng.normal(size=500).astype(np.float32) for name in names}
    frame = pl.DataFrame(columns | numbers)
    target = [AWKWARD[len(a) % len(AWKWARD)] for a in columns["int"]]
    return halves(frame.with_columns(pl.Series('"', target)), '"')


def of_text_alone() -> Case:
    """No numbers; a category of a single feature, and an empty text that is a value."""
    rng = np.random.default_rng(6)
    frame = pl.DataFrame(
        {
            "one": rng.choice(["", "b", "c"], 200),
            "two": [None if k % 3 else "there" for k in range(200)],
            "y": rng.choice([True, False], 200),
        }
    )
    return halves(frame, "y")


def of_numbers_alone() -> Case:
    """No category, no bins and nothing missing: shares alone."""
    X = np.random.default_rng(7).normal(size=(200, 3)).astype(np.float32)
    return halves(pl.DataFrame({"a": X[:, 0], "b": X[:, 1], "y": X.sum(axis=1)}), "y")


def of_skewed_numbers() -> Case:
    """Numbers that count by their logarithms, of both signs, with gaps; and one that does not."""
    rng = np.random.default_rng(8)
    size, noise = rng.lognormal(0.0, 2.0, 1200), rng.normal(0.0, 0.1, 1200)
    frame = pl.DataFrame(
        {
            "even": noise.astype(np.float32),
            "size": size.astype(np.float32),
            "signed": np.where(noise > -0.1, size, -size).astype(np.float32),
            "gaps": [None if k % 19 == 4 else float(np.float32(x)) for k, x in enumerate(size)],
            "y": np.log(size) + noise,
        }
    ).with_columns(pl.col("gaps").cast(pl.Float32))
    return halves(frame, "y")


def of_many_values(*names: str) -> Case:
    """Categories with a vector for each value; some that are missing, and some never seen."""
    rng = np.random.default_rng(0)
    shop, code, size = rng.integers(300, size=5000), rng.integers(400, size=5000), rng.random(5000)
    known = {"size": size.astype(np.float32), "shop": [f"shop {k}" for k in shop], "code": code}
    columns = names or tuple(known)
    frame = pl.DataFrame({name: known[name] for name in columns})
    frame = frame.with_columns(price=np.sin(shop) + size + code / 400)
    elsewhere = pl.when(pl.int_range(50) % 5 == 0).then(pl.lit("elsewhere")).otherwise("shop")
    rows = frame.drop("price")[:50].with_columns(shop=elsewhere)
    rows = rows.with_columns(shop=pl.when(pl.int_range(50) % 7 != 0).then("shop"))
    table = jn.Table(categorical=["code"] if "code" in columns else [])
    return Case("price", frame, rows, {"table": table, "ensemble": 2})


def of_one_of_many_values() -> Case:
    """A category with a vector for each value, and nothing else."""
    return of_many_values("shop")


def of_two_of_many_values() -> Case:
    """No features at all, but vectors."""
    return of_many_values("shop", "code")


CASES: dict[str, Callable[[], Case]] = {
    maker.__name__.replace("_", " "): maker
    for maker in (
        of_classes,
        of_numbers,
        of_logarithms,
        of_whole_numbers,
        of_dates,
        of_awkward_text,
        of_text_alone,
        of_numbers_alone,
        of_skewed_numbers,
        of_many_values,
        of_one_of_many_values,
        of_two_of_many_values,
    )
}


def _text(series: Any) -> list[str | None]:
    return [None if value is None else str(value) for value in as_text(series).to_list()]


def _seconds(series: Any) -> list[int | None]:
    return [None if when is None else seconds_of(when) for when in series.to_list()]


def _floats(series: Any) -> list[float | None]:
    return [None if x is None else float(x) for x in series.to_list()]


VALUES: dict[type, Callable[[Any], list[Any]]] = {
    Number: _floats,
    Ordinal: _text,
    Date: _seconds,
    Category: _text,
}


def values_of(model: jn.TableModel, rows: pl.DataFrame) -> dict[str, list[Any]]:
    """Each column's values as exports take them; None is a missing one."""
    return {c.name: VALUES[type(c)](rows[c.name]) for c in model.table.columns}


def expected_of(model: jn.TableModel, rows: pl.DataFrame) -> Any:
    """Probabilities, or numbers in the target's units, as (n, outputs)."""
    if model.table.target.classes:
        return model.predict_proba(rows)
    return model.predict(rows)[:, np.newaxis]


def assert_as_predicted(model: jn.TableModel, found: Any, rows: pl.DataFrame) -> None:
    """Probabilities agree to 1e-5, numbers to 1e-5 of their own."""
    expected = expected_of(model, rows)
    relative = 0.0 if model.table.target.classes else 1e-5
    absolute = 0.0 if relative else 1e-5
    if relative and not model.table.target.is_log:  # a number near 0 has the others' precision
        absolute = 1e-5 * float(np.abs(expected).mean())
    np.testing.assert_allclose(found, expected, rtol=relative, atol=absolute)
