"""What is learned of a table's columns, and what a row's values become."""

from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import jitnet as jn
from jitnet.tabular.columns import Category, Date, Number, Ordinal
from jitnet.tabular.edges import bin_edges
from jitnet.tabular.values import category_text, text_of_one
from tabular.frames import mixed


def learned(frame: Any, target: str = "price", **settings: Any) -> jn.Table:
    return jn.Table(**settings).fit(frame, target=target)


def column(table: jn.Table, name: str) -> Any:
    return next(column for column in table.columns if column.name == name)


def test_each_kind_of_column_is_recognised() -> None:
    kinds = {c.name: type(c) for c in learned(mixed(), drop=["dear"]).columns}
    assert kinds == {
        "size": Number, "colour": Category, "grade": Ordinal, "heated": Ordinal, "sold": Date,
    }  # fmt: skip


def test_a_number_is_scaled_by_the_training_rows_alone() -> None:
    frame = pl.DataFrame({"x": [1.0, 2.0, 3.0, 6.0], "y": [0.1, 0.2, 0.3, 0.4]})
    table = learned(frame, "y")
    np.testing.assert_allclose(
        table.transform({"x": [3.0, 13.0]})[:, 0],
        np.array([0.0, 10 / np.std([1, 2, 3, 6])]),
        rtol=1e-6,
    )


def test_a_bins_feature_runs_from_0_to_1_between_its_edges() -> None:
    frame = pl.DataFrame({"x": np.arange(101.0), "y": np.arange(101.0) ** 2})
    table = learned(frame, "y", bins=4)
    assert column(table, "x").scales[0].edges == (0.0, 25.0, 50.0, 75.0, 100.0)
    features = table.transform({"x": [-5.0, 10.0, 60.0, 200.0]})[:, 1:]
    np.testing.assert_allclose(
        features, np.array([[0, 0, 0, 0], [0.4, 0, 0, 0], [1, 1, 0.4, 0], [1, 1, 1, 1]]), rtol=1e-6
    )


def test_a_frequent_value_leaves_edges_for_the_others() -> None:
    edges = bin_edges(np.array([0.0] * 900 + list(range(1, 101))), 8)
    assert len(edges) >= 5, "quantiles of all values would be 0 but for the last"


def test_no_more_edges_than_different_values() -> None:
    assert bin_edges(np.array([3.0, 1.0, 1.0, 2.0]), 32).tolist() == [1.0, 2.0, 3.0]


def test_a_missing_number_counts_as_the_median_and_is_marked() -> None:
    frame = pl.DataFrame({"x": [1.0, 2.0, 9.0, None], "y": [0.1, 0.2, 0.3, 0.4]})
    table = learned(frame, "y")
    assert table.features == ["x", "x is missing"]
    given, missing = table.transform({"x": [2.0, None]})
    assert given[0] == missing[0]
    assert (given[1], missing[1]) == (0.0, 1.0)


def test_a_number_that_is_not_finite_is_missing() -> None:
    frame = pl.DataFrame({"x": [1.0, 2.0, np.nan, np.inf], "y": [0.1, 0.2, 0.3, 0.4]})
    features = learned(frame, "y").transform(frame)
    assert features[:, 1].tolist() == [0, 0, 1, 1]


def test_a_category_has_a_feature_a_value_the_most_frequent_first() -> None:
    values = ["a"] * 6 + ["b"] * 8
    frame = pl.DataFrame({"x": values, "y": np.arange(14.0)})
    table = learned(frame, "y")
    assert table.features == ["x is b", "x is a"]
    assert table.transform({"x": ["a", "b"]}).tolist() == [[0, 1], [1, 0]]


def test_rare_values_share_a_feature_which_an_unseen_value_has_too() -> None:
    values = ["a"] * 8 + ["b"] * 8 + ["c", "d"]
    table = learned(pl.DataFrame({"x": values, "y": np.arange(18.0)}), "y")
    assert column(table, "x").rare == ("c", "d")
    assert table.transform({"x": ["c", "d", "zebra"]}).tolist() == [[0, 0, 1]] * 3


def test_an_unseen_value_without_rare_ones_has_the_training_rows_shares() -> None:
    values = ["a"] * 15 + ["b"] * 5
    table = learned(pl.DataFrame({"x": values, "y": np.arange(20.0)}), "y")
    assert table.transform({"x": ["zebra"]}).tolist() == [[0.75, 0.25]]


def test_unseen_values_are_counted_and_rare_ones_are_not_among_them() -> None:
    values = ["a"] * 8 + ["b"] * 8 + ["c"]
    table = learned(pl.DataFrame({"x": values, "y": np.arange(17.0)}), "y")
    counts = table.unseen({"x": ["a", "c", "zebra", "zebra", "yak", None]})
    assert counts == {"x": {"zebra": 2, "yak": 1}}


def test_missing_values_are_counted() -> None:
    frame = mixed(100)
    assert learned(frame, drop=["dear"]).missing(frame) == {"size": 6, "colour": 5}


def test_an_order_makes_ranks_and_an_unknown_value_in_it_is_an_error() -> None:
    frame = pl.DataFrame({"x": ["s", "l", "m", "s"], "y": [0.1, 0.2, 0.3, 0.4]})
    table = learned(frame, "y", ordinal={"x": ["s", "m", "l"]}, bins=0)
    ranks = table.transform({"x": ["s", "m", "l"]})[:, 0]
    assert ranks[0] < ranks[1] < ranks[2]
    with pytest.raises(ValueError, match="column 'x': 'l' is not in its order s, m"):
        learned(frame, "y", ordinal={"x": ["s", "m"]})


def test_dates_become_their_parts() -> None:
    frame = pl.DataFrame({"d": [date(2024, 2, 29), date(2024, 3, 1)], "y": [1.5, 2.5]})
    scales = column(learned(frame, "y"), "d").scales
    means = [scale.mean for scale in scales]
    days = [(day - date(1970, 1, 1)).days for day in frame["d"]]
    assert means == [np.mean(days), 2.5, 15.0, 4.5, 0.0]  # a Thursday, then a Friday


def test_whole_numbers_may_be_categories() -> None:
    frame = pl.DataFrame({"code": [10, 20] * 8, "y": np.arange(16.0)})
    table = learned(frame, "y", categorical=["code"])
    assert table.features == ["code is 10", "code is 20"]
    assert table.transform({"code": [20.0]}).tolist() == table.transform({"code": ["20"]}).tolist()


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ([f"a text of its own, {k}" for k in range(300)], "it is text: 300 different values"),
        ([7] * 300, "every value is 7"),
        ([None] * 300, "every value is missing"),
        (list(range(1000, 1300)), "it numbers the rows"),
        ([[1, 2]] * 150 + [[3]] * 150, "values of the type List"),
    ],
)
def test_a_column_that_teaches_nothing_is_left_out_with_the_reason(
    values: list[Any], reason: str
) -> None:
    frame = pl.DataFrame({"x": np.linspace(0, 1, 300), "bad": values, "y": np.arange(300.0)})
    table = learned(frame, "y")
    assert [c.name for c in table.columns] == ["x"]
    assert reason in table.refused["bad"]


def test_nothing_to_learn_from_is_an_error_that_says_why() -> None:
    frame = pl.DataFrame({"x": [7, 7, 7], "y": [0.1, 0.2, 0.3]})
    with pytest.raises(ValueError, match="no column to learn from is left: x: every value is 7"):
        learned(frame, "y")


def test_a_number_is_one_category_whatever_stands_beside_it() -> None:
    frame = pl.DataFrame({"code": [1.0, 2.5] * 8, "y": np.arange(16.0)})
    table = learned(frame, "y", categorical=["code"])
    assert table.features == ["code is 1", "code is 2.5"]
    for one in ({"code": [1.0]}, {"code": ["01.0"]}, {"code": [1]}):
        assert table.transform(one).tolist() == [[1, 0]]
    for row in ({"code": 1.0}, {"code": "01"}, {"code": 1}):
        assert table.transform_row(row).tolist() == [[1, 0]]
    assert table.unseen({"code": ["1", "3"]}) == {"code": {"3": 1}}


@pytest.mark.parametrize(
    "value",
    [
        "nan",
        "inf",
        " 1",
        "1_0",
        "\u0663",
        "1e3",
        "1e-7",
        "1e20",
        1e20,
        1e-7,
        1e-5,
        float(2**63),
        0.1,
    ],
)
def test_a_single_value_is_the_category_that_it_is_in_a_frame(value: Any) -> None:
    column = Category("code", ("1",), (1.0,), of_numbers=True)
    in_a_frame = category_text(column, pl.Series("code", [value]))
    assert text_of_one(value, of_numbers=True) == in_a_frame[0]


def test_a_column_may_be_called_as_a_count_is() -> None:
    frame = pl.DataFrame({"rows": ["a", "b"] * 8, "value": ["c", "d"] * 8, "y": np.arange(16.0)})
    table = learned(frame, "y")
    assert table.unseen({"rows": ["new"], "value": ["c"]}) == {"rows": {"new": 1}}


def test_truth_values_are_read_in_any_spelling_and_others_are_counted() -> None:
    frame = pl.DataFrame({"f": [True, False, True, False], "y": [0.5, 1.5, 2.5, 0.5]})
    table = learned(frame, "y")
    expected = table.transform({"f": [True, False]}).tolist()
    for spelled in (["True", "False"], ["true", "false"], ["TRUE", "FALSE"]):
        assert table.transform({"f": spelled}).tolist() == expected
        assert [table.transform_row({"f": f})[0].tolist() for f in spelled] == expected
    assert table.unseen({"f": ["true", "perhaps"]}) == {"f": {"perhaps": 1}}


@pytest.mark.parametrize("text", ["2024-02-29", "29.02.2024", "2024-02-29 00:00", " 2024-02-29"])
def test_a_single_rows_date_has_the_forms_of_columns(text: str) -> None:
    frame = pl.DataFrame({"d": [date(2024, 2, 29), date(2024, 3, 1)], "y": [1.5, 2.5]})
    table = learned(frame, "y")
    expected = table.transform(frame)[:1]
    np.testing.assert_array_equal(table.transform_row({"d": text}), expected)
    np.testing.assert_array_equal(table.transform_row({"d": float("nan")})[0, 0] < 99, True)


def test_a_column_that_is_not_there_is_named_with_those_that_are() -> None:
    frame = mixed(50)
    table = learned(frame)
    with pytest.raises(ValueError, match="no column 'size'; there are 'colour'"):
        table.transform(frame.drop("size"))
    with pytest.raises(ValueError, match="no column 'cost'"):
        learned(frame, "cost")


def test_text_where_numbers_were_is_named_by_row_and_column() -> None:
    table = learned(pl.DataFrame({"x": [1.0, 2.0], "y": [0.5, 0.6]}), "y")
    with pytest.raises(ValueError, match="row 2, column 'x': 'abc' is no number"):
        table.transform({"x": ["1.5", "abc"]})


@pytest.mark.parametrize("of", ["pandas", "arrow", "dict"])
def test_any_frame_gives_the_same_features(of: str) -> None:
    frame = mixed()
    other: Any = {
        "pandas": frame.to_pandas, "arrow": frame.to_arrow, "dict": lambda: frame.to_dict(),
    }[of]()  # fmt: skip
    assert isinstance(other, pd.DataFrame | pa.Table | dict)
    expected = learned(frame)
    table = learned(other)
    assert table.columns == expected.columns
    np.testing.assert_array_equal(table.transform(other), expected.transform(frame))


def test_a_single_row_has_the_features_that_it_has_in_a_frame() -> None:
    frame = mixed(60).with_columns(pl.lit("never seen").alias("colour")).vstack(mixed(60))
    table = learned(mixed())
    rows = [table.transform_row(row)[0] for row in frame.iter_rows(named=True)]
    np.testing.assert_array_equal(rows, table.transform(frame))
    assert table.transform_row({"sold": "2024-05-06"}).shape == (1, len(table.features))


def test_a_single_rows_mistakes_are_named() -> None:
    table = learned(mixed())
    for row, message in (
        ({"size": "abc"}, "column 'size': 'abc' is no number"),
        ({"sold": "soon"}, "column 'sold': 'soon' is no date"),
    ):
        with pytest.raises(ValueError, match=message):
            table.transform_row(row)


def test_a_date_with_a_time_counts_its_hour() -> None:
    frame = pl.DataFrame({"d": [datetime(2024, 1, 1, 5), datetime(2024, 1, 1, 7)], "y": [1.5, 2.5]})
    assert column(learned(frame, "y"), "d").scales[-1].mean == 6.0


def test_a_table_that_has_learned_nothing_says_so() -> None:
    with pytest.raises(jn.NotFittedError, match="call fit first"):
        jn.Table().transform({"x": [1.0]})


def test_what_is_no_frame_is_an_error() -> None:
    with pytest.raises(TypeError, match="must be a frame of pandas, Polars or Arrow"):
        jn.Table().fit(np.zeros((3, 2)), target="x")


def with_column(values: Any) -> jn.Table:
    numbers = [row * 0.5 for row in range(len(values))]
    return learned(pl.DataFrame({"a": values, "b": numbers, "y": numbers}), "y")


def test_dates_of_years_that_python_has_not_are_missing() -> None:
    far = pl.Series([10**8, 0, 31] * 4, dtype=pl.Int32).cast(pl.Date)
    table = with_column(far)
    features = table.transform({"a": far, "b": [1.0] * 12})
    place = table.features.index("a, day number is missing")
    assert features[:, place].tolist() == [1, 0, 0] * 4


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ([1.5e308, -1.5e308, 0.5] * 4, "its numbers, up to 1.5e+308, are too large"),
        (pl.Series([object() for _ in range(12)], dtype=pl.Object), "values of the type Object"),
        ([[1]] * 12, "values of the type List"),
    ],
)
def test_a_column_that_cannot_be_learned_from_is_left_out(values: Any, reason: str) -> None:
    assert reason in with_column(values).refused["a"]


def test_numbers_that_are_categories_may_be_missing() -> None:
    frame = pl.DataFrame({"zip": [1.0, 2.0, None, float("nan")] * 5, "y": [0.5, 1.5] * 10})
    table = learned(frame, "y", categorical=["zip"])
    assert column(table, "zip").values == ("1", "2")


def test_a_number_of_hundreds_of_digits_counts_as_missing() -> None:
    table = with_column([0.5, 1.5, None] * 4)
    given = table.transform_row({"a": 10**400, "b": 1.0})
    np.testing.assert_array_equal(given, table.transform_row({"a": None, "b": 1.0}))


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame([[1, 2]], columns=["a", "a"]),
        pd.DataFrame({"a": [10**30]}),
        pd.DataFrame({"a": [1j]}),
        pa.table([pa.array([1]), pa.array([2])], names=["a", "a"]),
        {"a": [1], "b": [1, 2]},
        pl.LazyFrame({"a": [1]}).select("b"),
    ],
)
def test_a_frame_that_polars_cannot_hold_is_refused_in_one_line(frame: Any) -> None:
    with pytest.raises(ValueError, match="cannot be made a frame of Polars'") as error:
        learned(frame)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("values", [[[1], [2]], pl.Series([object()] * 2, dtype=pl.Object)])
@pytest.mark.parametrize("name", ["size", "colour", "sold"])
def test_values_that_are_no_single_ones_are_refused(name: str, values: Any) -> None:
    rows = mixed()
    with pytest.raises(ValueError, match=f"column '{name}': values of the type"):
        learned(rows).transform(rows[:2].with_columns(pl.Series(name, values)))
