"""A skewed number counts by its logarithm where that goes with the target better on other rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import jitnet as jn
from jitnet.tabular.columns import Number
from jitnet.tabular.encoder import symmetric_log

RNG = np.random.default_rng(0)
SIZE = RNG.lognormal(3.0, 1.5, 2000)
NOISE = RNG.normal(0.0, 0.1, 2000)
TARGETS = {
    "logarithm": np.log(SIZE) + NOISE,
    "number": SIZE / 50 + NOISE,
    "class by logarithm": np.where(np.log(SIZE) + 10 * NOISE > 3, "yes", "no"),
}


def frame(target: str, **columns: Any) -> pl.DataFrame:
    return pl.DataFrame({"size": SIZE, **columns, "y": TARGETS[target]})


def learned(rows: pl.DataFrame, *, validation: bool = True) -> jn.Table:
    return jn.Table().fit(rows[:1500], "y", validation=rows[1500:] if validation else None)


def unit_of(table: jn.Table, name: str = "size") -> float:
    (column,) = (c for c in table.columns if c.name == name)
    assert isinstance(column, Number)
    return column.scales[0].unit


@pytest.mark.parametrize(
    ("target", "is_log"), [("logarithm", True), ("number", False), ("class by logarithm", True)]
)
def test_the_validation_rows_choose(target: str, is_log: bool) -> None:
    table = learned(frame(target))
    assert bool(unit_of(table)) == is_log
    assert table.features[0] == ("logarithm of size" if is_log else "size")
    assert unit_of(learned(frame(target), validation=False)) == 0


def test_other_validation_rows_may_choose_otherwise() -> None:
    rows = frame("logarithm")
    others = rows[1500:].with_columns(y=-pl.col("y"))
    assert unit_of(jn.Table().fit(rows[:1500], "y", validation=rows[1500:]))
    assert not unit_of(jn.Table().fit(rows[:1500], "y", validation=others))


def test_numbers_that_are_not_skewed_or_few_stay_as_they_are() -> None:
    rows = frame("logarithm", even=np.log(SIZE), mirrored=-SIZE, few=np.floor(np.log(SIZE)))
    table = learned(rows)
    assert unit_of(table)
    assert [unit_of(table, name) for name in ("even", "mirrored", "few")] == [0, 0, 0]


def test_the_feature_is_the_scaled_logarithm_of_either_sign() -> None:
    table = learned(frame("logarithm"))
    unit = unit_of(table)
    assert unit == np.median(SIZE[:1500])
    logs = np.log1p(SIZE / unit)
    mean, deviation = logs[:1500].mean(), logs[:1500].std()
    given = np.array([0.0, 5.0, -5.0, 1e6, 1e308, -1e308])
    expected = (np.sign(given) * np.log(1 + np.abs(given) / unit) - mean) / deviation
    found = table.transform(pl.DataFrame({"size": given}))[:, 0]
    np.testing.assert_allclose(found, np.clip(expected, -10, 10), rtol=1e-6)
    for place, size in enumerate(given):
        assert table.transform_row({"size": float(size)})[0, 0] == found[place]
    np.testing.assert_array_equal(symmetric_log(-given, unit), -symmetric_log(given, unit))


def test_a_saved_model_has_it_and_says_so(tmp_path: Path) -> None:
    rows = frame("logarithm")
    model = jn.TableModel("y", epochs=2).fit(rows)
    assert unit_of(model.table)
    model.save(tmp_path / "model.safetensors")
    loaded = jn.load(tmp_path / "model.safetensors")
    assert loaded.table.columns == model.table.columns
    np.testing.assert_array_equal(loaded.predict(rows), model.predict(rows))
    (column,) = model.table.columns
    assert isinstance(column, Number)
    assert " of ln(1 + |x| / " in column.scales[0].described


@pytest.mark.filterwarnings("error")
def test_numbers_of_the_widest_range_are_no_warning() -> None:
    sizes = np.where(np.arange(2000) % 9 == 0, 1e140, 1e-200) * RNG.random(2000)
    assert not unit_of(learned(frame("logarithm").with_columns(size=sizes)))


def test_validation_rows_without_a_column_or_with_a_new_class_are_refused() -> None:
    rows = frame("class by logarithm")
    with pytest.raises(ValueError, match="there is no column 'size'"):
        jn.Table().fit(rows, "y", validation=rows.drop("size"))
    with pytest.raises(ValueError, match="'perhaps'"):
        jn.Table().fit(rows, "y", validation=rows.with_columns(y=pl.lit("perhaps")))
