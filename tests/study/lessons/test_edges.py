"""Edges: what filters by hand find, and how many of the learned ones are edges."""

from collections.abc import Callable

import numpy as np
import pytest

from jitnet.study.lessons.edges import BY_HAND, SOBEL, edge_shares, strength
from jitnet.study.lessons.lesson import Result

Lesson = Callable[[str], Result]


def test_the_vertical_filter_finds_the_courses_edge(lesson: Lesson) -> None:
    found = lesson("edges").numbers
    assert found["course"] == [[0, 30, 30, 0]] * 4
    assert found["mirrored"] == [[0, -30, -30, 0]] * 4


def test_what_a_filter_finds_is_the_sum_of_the_products_under_it(lesson: Lesson) -> None:
    found = lesson("edges").numbers
    image = np.array(found["image"])
    for name, weights in BY_HAND.items():
        for (y, x), value in np.ndenumerate(found["by_hand"][name]):
            expected = (image[y : y + 3, x : x + 3] * weights).sum()
            assert value == pytest.approx(expected, abs=1e-12)


def test_an_edge_is_strong_whichever_way_it_runs(lesson: Lesson) -> None:
    found = lesson("edges").numbers
    for name in ("Sobel, vertical", "Sobel, horizontal"):
        assert (np.abs(found["by_hand"][name]) <= strength(found) + 1e-12).all()


@pytest.mark.parametrize("angle", [0.0, 0.5, 2.0])
def test_a_turned_sobel_filter_is_all_edge(angle: float) -> None:
    turned = np.cos(angle) * SOBEL + np.sin(angle) * SOBEL.T
    assert edge_shares(3 * turned[np.newaxis]) == pytest.approx(1.0)


def test_a_blur_and_a_line_are_no_edges() -> None:
    blur, line = np.ones((3, 3)), np.array([[-1.0, 2.0, -1.0]] * 3)
    np.testing.assert_allclose(edge_shares(np.array([blur, line])), 0, atol=1e-15)


def test_first_weights_are_edges_by_chance_and_training_makes_more(lesson: Lesson) -> None:
    first, trained = lesson("edges").numbers["edges"].values()
    assert first["mean"] == pytest.approx(2 / 9, abs=0.06)  # 96 filters: three standard errors
    assert trained["mean"] > first["mean"] + 0.15
    assert trained["mostly"] > 3 * first["mostly"]


def test_few_parameters_read_the_digits_and_move_with_the_image(lesson: Lesson) -> None:
    found = lesson("edges").numbers
    assert found["accuracy"] >= 0.95
    assert found["parameters"] == 8 * (3 * 3 + 1) + (3 * 3 * 8 + 1) * 10
    assert found["moved"] == 0


def test_the_learned_filters_are_shown_from_the_most_edge_to_the_least(lesson: Lesson) -> None:
    found = lesson("edges").numbers
    shares = [one["edge"] for one in found["filters"]]
    assert shares == sorted(shares, reverse=True)
    weights = np.array([one["weights"] for one in found["filters"]])
    np.testing.assert_allclose(edge_shares(weights), shares, rtol=1e-6)  # float32 weights
    for one in found["filters"]:
        assert np.shape(one["map"]) == (6, 6)
        assert np.min(one["map"]) >= 0
