"""What holds for every lesson in the table."""

import json
import subprocess
import sys
from collections.abc import Callable
from io import BytesIO

import pytest

from jitnet.study.lessons.lesson import Result
from jitnet.study.lessons.table import LESSONS, get_lesson

DRAWN = {
    "activations": 3,
    "cats": 9,
    "cost": 2,
    "first_layer": 32,
    "gradient_descent": 2,
    "hidden_units": 8,
    "house_prices": 2,
    "hyperparameters": 2,
    "initialization": 2,
    "linear_layers": 3,
    "scale": 1,
}
"""How many axes each picture has, a colour bar's included."""

CHEAP = ("slope", "computation_graph", "cost", "first_layer", "hyperparameters", "data_kinds")


def test_the_lessons_are_those_of_the_course() -> None:
    assert list(LESSONS) == [
        "slope",
        "computation_graph",
        "cost",
        "gradient_descent",
        "broadcasting",
        "activations",
        "linear_layers",
        "hidden_units",
        "initialization",
        "dimensions",
        "house_prices",
        "scale",
        "first_layer",
        "hyperparameters",
        "cats",
        "data_kinds",
    ]


def test_an_unknown_name_is_answered_with_those_there_are() -> None:
    with pytest.raises(ValueError, match="there is no lesson 'slop'") as error:
        get_lesson("slop")
    for name in LESSONS:
        assert name in str(error.value)


def test_listing_the_lessons_loads_none_of_them() -> None:
    listing = (
        "import sys; from jitnet.study.lessons.table import LESSONS;"
        "print([l.module for l in LESSONS.values()"
        " if f'jitnet.study.lessons.{l.module}' in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", listing], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("name", LESSONS)
def test_titles_fit_on_the_line_of_a_listing(name: str) -> None:
    assert 0 < len(LESSONS[name].title) <= 60
    assert "\n" not in LESSONS[name].title


@pytest.mark.parametrize("name", LESSONS)
def test_numbers_go_through_json_and_come_back_the_same(
    name: str, lesson: Callable[[str], Result]
) -> None:
    numbers = lesson(name).numbers
    assert json.loads(json.dumps(numbers, allow_nan=False)) == numbers


@pytest.mark.parametrize("name", LESSONS)
def test_texts_fit_a_terminal_of_100_columns(name: str, lesson: Callable[[str], Result]) -> None:
    lines = lesson(name).text.splitlines()
    assert max(map(len, lines)) <= 100
    assert len(lines) <= 45
    assert all(line == line.rstrip() for line in lines)


@pytest.mark.parametrize("name", CHEAP)
def test_a_lesson_says_the_same_each_time(name: str, lesson: Callable[[str], Result]) -> None:
    assert get_lesson(name).load().run() == lesson(name)


@pytest.mark.parametrize("name", LESSONS)
def test_a_lesson_draws_if_a_picture_says_more(name: str, lesson: Callable[[str], Result]) -> None:
    module = get_lesson(name).load()
    assert hasattr(module, "draw") == (name in DRAWN)
    if name not in DRAWN:
        return
    reason = "pictures are drawn with matplotlib"
    figure = pytest.importorskip("matplotlib.figure", reason=reason).Figure()
    module.draw(figure, lesson(name))
    file = BytesIO()
    figure.savefig(file, format="png")
    assert file.getvalue().startswith(b"\x89PNG")
    assert len(figure.axes) == DRAWN[name]
    assert sum(axes.has_data() for axes in figure.axes) >= min(DRAWN[name], 26)
