"""An image and numbers: together they explain more, and no map knows what is to be predicted."""

from collections.abc import Callable

import numpy as np
import pytest

from jitnet.study.lessons import image_and_numbers
from jitnet.study.lessons.image_and_numbers import PATCH
from jitnet.study.lessons.lesson import Result

Lesson = Callable[[str], Result]
Examples = tuple[np.ndarray, np.ndarray, np.ndarray]


@pytest.fixture
def examples() -> Examples:
    """Cells, log prices, and which of 300 houses are held out."""
    rng = np.random.default_rng(0)
    return rng.integers(0, 6, (300, 2)), rng.normal(size=300), np.arange(300) % 5 == 4


def test_both_explain_more_than_either(lesson: Lesson) -> None:
    models = lesson("image_and_numbers").numbers["models"]
    alone = max(models["numbers"]["r2"], models["map"]["r2"])
    assert 1 - models["both"]["r2"] < (1 - alone) / 2
    assert models["both"]["error"] < 0.75 * min(
        models[name]["error"] for name in ("numbers", "map")
    )


def test_a_map_says_more_than_coordinates(lesson: Lesson) -> None:
    models = lesson("image_and_numbers").numbers["models"]
    assert models["both"]["r2"] > models["numbers and coordinates"]["r2"] + 0.01


def test_no_map_shows_a_price_that_is_held_out(examples: Examples) -> None:
    cells, price, test = examples
    others = np.where(test, price + 100, price)
    found, expected = (image_and_numbers._maps(cells, given, test) for given in (others, price))
    np.testing.assert_array_equal(found, expected)


def test_no_map_shows_its_own_price_but_others_do(examples: Examples) -> None:
    cells, price, test = examples
    other = price.copy()
    other[0] += 1
    before, after = (image_and_numbers._maps(cells, given, test) for given in (price, other))
    np.testing.assert_allclose(after[0], before[0], atol=1e-6)  # of sums in which it was
    neighbour = np.flatnonzero((cells == cells[0]).all(axis=1))[1]
    middle = PATCH // 2
    assert after[neighbour, middle, middle, 0] > before[neighbour, middle, middle, 0] + 1e-3
