"""The slope, the computation graph, the cost and the descent have the course's numbers."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from jitnet.study.lessons.lesson import Result

Lesson = Callable[[str], Result]


def slope_row(lesson: Lesson, function: str, a: float) -> dict[str, Any]:
    rows = lesson("slope").numbers["slopes"]
    (row,) = [row for row in rows if (row["function"], row["a"]) == (function, a)]
    return dict(row)


@pytest.mark.parametrize(("a", "moved"), [(2, 6.003), (5, 15.003)])
def test_the_slope_of_3a_is_3_everywhere(a: float, moved: float, lesson: Lesson) -> None:
    row = slope_row(lesson, "3a", a)
    assert row["moved"] == pytest.approx(moved, rel=1e-12)
    assert row["slope"] == row["exact"] == 3


@pytest.mark.parametrize(
    ("function", "a", "moved", "exact"),
    [
        ("a²", 2, 4.004001, 4),
        ("a²", 5, 25.010001, 10),
        ("a³", 2, 8.012006001, 12),
        ("a³", 5, 125.075015001, 75),
        ("log a", 2, 0.69364705, 0.5),
        ("log a", 5, 1.60963789, 0.2),
    ],
)
def test_slopes_change_from_place_to_place(
    function: str, a: float, moved: float, exact: float, lesson: Lesson
) -> None:
    row = slope_row(lesson, function, a)
    assert row["moved"] == pytest.approx(moved, rel=1e-7)
    assert row["exact"] == pytest.approx(exact, rel=1e-12)
    assert row["slope"] == pytest.approx(exact, rel=1e-3)  # the width is a thousandth


def test_a_narrower_width_comes_closer_to_the_slope(lesson: Lesson) -> None:
    found = lesson("slope").numbers["slope_of_a2_at_2_by_width"]
    assert found == pytest.approx({"0.1": 4.1, "0.01": 4.01, "0.001": 4.001, "0.0001": 4.0001})


def test_forward_through_the_graph_gives_33(lesson: Lesson) -> None:
    values = lesson("computation_graph").numbers["product"]["forward"]
    assert values == {"a": 5, "b": 3, "c": 2, "u": 6, "v": 11, "J": 33}


def test_backward_through_the_graph_gives_the_courses_derivatives(lesson: Lesson) -> None:
    graph = lesson("computation_graph").numbers["product"]
    assert graph["backward"] == {"v": 3, "a": 3, "u": 3, "b": 6, "c": 9}
    assert graph["nudged"] == pytest.approx(graph["backward"], rel=1e-9)


def test_backward_through_logistic_regression_gives_a_minus_y(lesson: Lesson) -> None:
    graph = lesson("computation_graph").numbers["logistic"]
    at, slopes = graph["forward"], graph["backward"]
    z = at["w1"] * at["x1"] + at["w2"] * at["x2"] + at["b"]
    a = 1 / (1 + math.exp(-z))
    assert (at["z"], at["a"]) == pytest.approx((z, a), rel=1e-12)
    assert at["loss"] == pytest.approx(-math.log(a), rel=1e-12)  # y is 1
    dz = a - at["y"]
    expected = {"a": -1 / a, "z": dz, "w1": at["x1"] * dz, "w2": at["x2"] * dz, "b": dz}
    assert slopes == pytest.approx(expected, rel=1e-12)
    assert graph["nudged"] == pytest.approx(slopes, rel=1e-5)  # off by the nudge's square


def test_squared_error_bends_downwards_and_has_two_minima(lesson: Lesson) -> None:
    found = lesson("cost").numbers["mse"]
    assert found["smallest_second_difference"] < -1e-5
    assert found["sign_changes"] >= 2
    assert len(found["minima"]) == 2


def test_cross_entropy_is_convex_and_has_one_minimum(lesson: Lesson) -> None:
    found = lesson("cost").numbers["binary_crossentropy"]
    assert found["smallest_second_difference"] > 0
    assert found["sign_changes"] == 0
    assert len(found["minima"]) == 1


@pytest.mark.parametrize("loss", ["mse", "binary_crossentropy"])
def test_descent_ends_in_the_minima_that_the_curve_shows(loss: str, lesson: Lesson) -> None:
    found = lesson("cost").numbers[loss]
    minima = found["minima"]
    expected = [minima[0], minima[-1]]
    assert found["ends"] == pytest.approx(expected, abs=0.0051)  # half a step of the curve's w


def test_on_squared_error_descent_from_the_right_gets_stuck_higher_up(lesson: Lesson) -> None:
    left, right = lesson("cost").numbers["mse"]["end_costs"]
    assert right > left + 0.05


def test_from_the_right_w_falls_and_from_the_left_it_rises(lesson: Lesson) -> None:
    descents = lesson("gradient_descent").numbers["descents"]
    right, left = descents["from the right"], descents["from the left"]
    assert right["first_slope"] > 0
    assert np.all(np.diff(right["path"]) < 0)
    assert left["first_slope"] < 0
    assert np.all(np.diff(left["path"]) > 0)


@pytest.mark.parametrize("side", ["from the right", "from the left"])
def test_both_sides_end_at_the_minimum(side: str, lesson: Lesson) -> None:
    found = lesson("gradient_descent").numbers
    end = found["descents"][side]["end"]
    assert end == pytest.approx(found["minimum"], abs=1e-3)  # 3 · 0.8⁴⁰ = 4e-4
    assert found["descents"][side]["end_cost"] == pytest.approx(1, abs=1e-6)


def test_the_first_step_from_the_right_is_the_rate_times_the_slope(lesson: Lesson) -> None:
    right = lesson("gradient_descent").numbers["descents"]["from the right"]
    assert right["path"][:2] == pytest.approx([5.0, 5.0 - 0.1 * 6.0], rel=1e-12)


def test_a_rate_too_large_goes_farther_away_with_each_step(lesson: Lesson) -> None:
    path = np.array(lesson("gradient_descent").numbers["descents"]["at too large a rate"]["path"])
    distance = np.abs(path - 2)
    np.testing.assert_allclose(distance[1:] / distance[:-1], 1.1, rtol=1e-9)
    assert np.all(np.sign(path[1:] - 2) == -np.sign(path[:-1] - 2)), "it swings"
