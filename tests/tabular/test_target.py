"""The task that a target's values say, and the way there and back."""

from datetime import date
from typing import Any

import numpy as np
import polars as pl
import pytest

import jitnet as jn


def learned(values: Any, **settings: Any) -> jn.Table:
    frame = pl.DataFrame({"x": np.arange(len(values)) % 7 * 0.5, "y": values})
    return jn.Table(**settings).fit(frame, target="y")


@pytest.mark.parametrize(
    ("values", "classes"),
    [
        (["b", "a", "b", "a"], ("a", "b")),
        ([True, False, True, False], ("false", "true")),
        ([3, 1, 2, 3, 10, 2, 10, 1], (1, 2, 3, 10)),
        ([1.0, 2.0, 1.0, 2.0], (1, 2)),
        ([0.5, 1.5, 2.5, 0.5], ()),
        (list(range(40)), ()),
    ],
)
def test_the_task_is_found_from_the_values(values: Any, classes: tuple[Any, ...]) -> None:
    assert learned(values).target.classes == classes


def test_the_task_may_be_given() -> None:
    assert learned([1, 2, 3, 1, 2, 3], task="regression").target.classes == ()
    assert len(learned([k % 30 for k in range(90)], task="classification").target.classes) == 30


def test_classes_go_to_their_places_and_back() -> None:
    table = learned(["b", "a", "c", "a"])
    places = table.targets({"y": ["c", "a", "b"]})
    assert places.tolist() == [2, 0, 1]
    assert table.inverse(np.eye(3)[places]).tolist() == ["c", "a", "b"]


def test_whole_numbers_come_back_as_such() -> None:
    assert learned([1, 2, 1, 2]).inverse(np.array([[0.2, 0.8]])).tolist() == [2]


def test_a_number_is_learned_with_the_mean_0_and_the_deviation_1_and_comes_back() -> None:
    values = [0.5, 2.25, 7.0, -1.5, 3.75]
    table = learned(values)
    encoded = table.targets({"y": values})
    np.testing.assert_allclose([encoded.mean(), encoded.std()], [0, 1], atol=1e-12)
    np.testing.assert_allclose(table.inverse(encoded[:, None]), values, rtol=1e-12)


def test_a_skewed_positive_number_is_learned_as_its_logarithm() -> None:
    values = np.exp(np.random.default_rng(0).normal(5, 1.5, 500))
    table = learned(values)
    assert table.target.is_log
    np.testing.assert_allclose(table.inverse(table.targets({"y": values})[:, None]), values)
    assert not learned(np.random.default_rng(0).normal(5, 0.5, 500)).target.is_log
    with pytest.raises(ValueError, match="row 2, column 'y': the target is learned as its log"):
        table.targets({"y": [1.0, -1.0]})


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([0.5, None, 0.7], "row 2, column 'y': the target is missing, in 1 of 3 rows"),
        ([0.5, 0.6, float("nan")], "row 3, column 'y': the target is missing"),
        ([0.5, 0.6, float("inf")], "row 3, column 'y': the target is inf"),
        (["a", "a", "a"], "every row has the target 'a'"),
        (["a", "b", "c"], "each row has a class of its own, such as 'a'"),
        ([date(2024, 1, d) for d in (1, 2, 1, 2)], "values of the type Date cannot be predicted"),
        ([[1], [2], [1], [2]], "values of the type List"),
        ([1.5e308, -1.5e308, 0.5], "have the deviation (inf|nan), by which they cannot be scaled"),
        ([1e-300, 2e-300, 3.5e-300], "have the deviation 0, by which they cannot be scaled"),
    ],
)
def test_a_target_that_cannot_be_learned_is_named(values: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        learned(values)


def test_a_class_that_was_not_there_is_named() -> None:
    with pytest.raises(ValueError, match="row 2, column 'y': 'd' is none of the classes a, b"):
        learned(["a", "b", "a", "b"]).targets({"y": ["a", "d"]})


def test_text_is_no_number_to_predict() -> None:
    with pytest.raises(ValueError, match="column 'y': 'a' is no number"):
        learned(["a", "b", "a"], task="regression")


def test_fractions_are_no_classes() -> None:
    with pytest.raises(ValueError, match=r"row 2, column 'y': 1\.5 is no class"):
        learned([1.0, 1.5, 1.0, 1.5], task="classification")


def test_whole_numbers_beyond_64_bits_are_numbers() -> None:
    assert learned([1e30, 2e30] * 9).target.classes == ()


def test_large_whole_numbers_stay_different_classes() -> None:
    classes = 2**62, 2**62 + 1
    table = learned([*classes] * 4)
    assert table.target.classes == classes
    assert table.targets({"y": [*classes]}).tolist() == [0, 1]


def test_of_many_classes_a_few_are_named() -> None:
    with pytest.raises(ValueError, match=r"'x' is none of the classes a0, .{,60}, …$"):
        learned([f"a{k // 2}" for k in range(400)]).targets({"y": ["x"]})
