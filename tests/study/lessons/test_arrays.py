"""Shapes: broadcasting, its trap, and the dimensions of a deep network."""

from collections.abc import Callable

import numpy as np
import pytest

from jitnet.study.lessons.lesson import Result

Lesson = Callable[[str], Result]

N = (2, 3, 5, 4, 2, 1)


def test_a_column_plus_a_number_adds_it_to_each_row(lesson: Lesson) -> None:
    found = lesson("broadcasting").numbers["sums"][0]
    assert found["shapes"] == "(4, 1) + a number"
    assert found["sum"] == [[101], [102], [103], [104]]


def test_a_matrix_plus_a_row_adds_it_to_each_row(lesson: Lesson) -> None:
    found = lesson("broadcasting").numbers["sums"][1]
    assert found["shapes"] == "(2, 3) + (1, 3)"
    assert found["sum"] == [[101, 202, 303], [104, 205, 306]]


def test_a_matrix_plus_a_column_adds_it_to_each_column(lesson: Lesson) -> None:
    found = lesson("broadcasting").numbers["sums"][2]
    assert found["shapes"] == "(2, 3) + (2, 1)"
    assert found["sum"] == [[101, 102, 103], [204, 205, 206]]


def test_percentages_of_each_column_add_up_to_100(lesson: Lesson) -> None:
    shares = np.array(lesson("broadcasting").numbers["percentages"])
    assert shares.shape == (3, 4)
    np.testing.assert_allclose(shares.sum(axis=0), 100, rtol=1e-12)
    np.testing.assert_allclose(shares[:, 1], [100 * 80 / 197, 100 * 117 / 197, 0], rtol=1e-12)


def test_an_array_with_one_side_has_no_transpose_and_its_product_is_a_number(
    lesson: Lesson,
) -> None:
    one_side, column, row = lesson("broadcasting").numbers["shapes"]
    assert one_side["a"] == one_side["a.T"] == "(5,)"
    assert one_side["a @ a.T"] == "the number 55"  # 1 + 4 + 9 + 16 + 25
    assert (column["a"], column["a.T"], column["a @ a.T"]) == ("(5, 1)", "(1, 5)", "(5, 5)")
    assert (row["a"], row["a.T"], row["a @ a.T"]) == ("(1, 5)", "(5, 1)", "(1, 1)")


def test_the_trap_gives_a_wrong_loss_and_the_assertion_catches_it(lesson: Lesson) -> None:
    found = lesson("broadcasting").numbers
    assert found["mean"] == {"stretched_shape": "(5, 5)", "wrong": 5.0, "right": 1.0}
    assert found["rank_1_caught"] is True


@pytest.mark.parametrize("layer", range(1, len(N)))
def test_each_array_has_the_courses_shape(layer: int, lesson: Lesson) -> None:
    found = lesson("dimensions").numbers
    row, m = found["layers"][layer], found["m"]
    assert row["W"] == row["dW"] == [N[layer], N[layer - 1]]
    assert row["b"] == row["db"] == [N[layer], 1]
    assert row["Z"] == row["A"] == [N[layer], m]
    assert row["parameters"] == N[layer] * N[layer - 1] + N[layer]


def test_the_network_has_66_parameters(lesson: Lesson) -> None:
    found = lesson("dimensions").numbers
    assert found["parameters"] == 66 == sum(row["parameters"] for row in found["layers"][1:])


def test_columns_and_rows_give_the_same_prediction(lesson: Lesson) -> None:
    assert lesson("dimensions").numbers["difference"] < 1e-14
