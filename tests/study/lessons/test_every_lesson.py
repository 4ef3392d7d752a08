"""What holds for every lesson in the table."""

import json
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from io import BytesIO
from itertools import combinations
from typing import Any

import pytest

from jitnet.study.lessons.lesson import Result
from jitnet.study.lessons.table import LESSONS, get_lesson
from jitnet.study.picture import picture

ORDER = [
    "slope",
    "computation_graph",
    "cost",
    "gradient_descent",
    "learning_rates",
    "dot_product",
    "loop_order",
    "broadcasting",
    "activations",
    "linear_layers",
    "hidden_units",
    "initialization",
    "dimensions",
    "blocks",
    "gradient_checking",
    "house_prices",
    "scale",
    "first_layer",
    "edges",
    "hyperparameters",
    "cats",
    "data_kinds",
    "sequences",
    "image_and_numbers",
]
"""The lessons in the course's order; that of loops belongs beside the dot product."""

CHEAP = (
    "slope",
    "computation_graph",
    "cost",
    "learning_rates",
    "hidden_units",
    "first_layer",
    "edges",
)


@pytest.fixture(scope="module", params=LESSONS)
def name(request: pytest.FixtureRequest) -> str:
    """Each lesson's name: of the module, so that a lesson's tests follow one another."""
    return str(request.param)


def test_the_lessons_follow_the_course() -> None:
    assert list(LESSONS) == ORDER


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


def test_titles_fit_on_the_line_of_a_listing(name: str) -> None:
    assert 0 < len(LESSONS[name].title) <= 60
    assert "\n" not in LESSONS[name].title


def test_numbers_go_through_json_and_come_back_the_same(
    name: str, lesson: Callable[[str], Result]
) -> None:
    numbers = lesson(name).numbers
    assert json.loads(json.dumps(numbers, allow_nan=False)) == numbers


def test_texts_fit_a_terminal_of_100_columns(name: str, lesson: Callable[[str], Result]) -> None:
    lines = lesson(name).text.splitlines()
    assert max(map(len, lines)) <= 100
    assert len(lines) <= 45
    assert all(line == line.rstrip() for line in lines)


@pytest.mark.parametrize("cheap", CHEAP)
def test_a_lesson_says_the_same_each_time(cheap: str, lesson: Callable[[str], Result]) -> None:
    assert get_lesson(cheap).load().run() == lesson(cheap)


@pytest.fixture(scope="module")
def drawn(lesson: Callable[[str], Result]) -> Callable[[str], Any]:
    """A function that gives a lesson's picture by its name."""
    pytest.importorskip("matplotlib", reason="pictures are drawn with matplotlib")

    @cache
    def figure_of(name: str) -> Any:
        with picture() as figure:
            get_lesson(name).load().draw(figure, lesson(name))
            figure.draw_without_rendering()
            return figure

    return figure_of


def test_every_lesson_draws_its_picture(name: str, drawn: Callable[[str], Any]) -> None:
    figure = drawn(name)
    assert figure.axes
    empty = [axes for axes in figure.axes if axes.axison and not (axes.has_data() or axes.texts)]
    assert not empty
    file = BytesIO()
    figure.savefig(file, format="png")
    assert file.getvalue().startswith(b"\x89PNG")


def test_no_text_of_a_picture_lies_across_another_or_beyond_the_paper(
    name: str, drawn: Callable[[str], Any]
) -> None:
    figure = drawn(name)
    boxes = [(text.get_text(), text.get_window_extent()) for text in _texts(figure)]
    paper = figure.bbox
    for text, box in boxes:
        assert paper.x0 <= box.x0, text
        assert box.x1 <= paper.x1, text
        assert paper.y0 <= box.y0, text
        assert box.y1 <= paper.y1, text
    crossing = [
        (one, other)
        for (one, first), (other, second) in combinations(boxes, 2)
        if first.shrunk(0.98, 0.9).overlaps(second.shrunk(0.98, 0.9))
    ]
    assert crossing == []


def test_no_legend_covers_what_it_explains(name: str, drawn: Callable[[str], Any]) -> None:
    figure = drawn(name)
    from matplotlib.transforms import Bbox

    for axes in figure.axes:
        legend = axes.get_legend()
        box = legend and Bbox.intersection(legend.get_window_extent(), axes.bbox)
        if box is None:
            continue
        for line in axes.get_lines():
            path = line.get_transform().transform_path(line.get_path())
            if line.get_linestyle() == "None":
                assert box.count_contains(path.vertices) == 0, line.get_label()
            else:
                assert not path.intersects_bbox(box, filled=False), line.get_label()
        for patch in axes.patches:
            seen = Bbox.intersection(patch.get_window_extent(), axes.bbox)
            assert seen is None or not box.overlaps(seen)


def _texts(figure: Any) -> list[Any]:
    """What is written in a figure where it is seen; ticks beyond an axis's limits are not."""
    from matplotlib.axis import Axis
    from matplotlib.text import Text

    hidden: set[Any] = set()
    for axes in figure.findobj(lambda artist: hasattr(artist, "axison")):
        if not axes.axison:
            hidden.update(text for axis in (axes.xaxis, axes.yaxis) for text in axis.findobj(Text))
    for axis in figure.findobj(Axis):
        low, high = sorted(axis.get_view_interval())
        for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks()):
            if not low <= tick.get_loc() <= high:
                hidden.update(tick.findobj(Text))
    return [
        text
        for text in figure.findobj(Text)
        if text.get_text().strip() and text.get_visible() and text not in hidden
    ]
