"""A derivative is a slope: the height that f gains over a small width, divided by that width."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from jitnet.study.lessons.layout import in_columns, lay_out
from jitnet.study.lessons.lesson import Result
from jitnet.study.picture import BLUE, GREEN, GREY, ORANGE, panels

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDTH = 0.001
PLACES = (2.0, 5.0)
WIDTHS = (0.1, 0.01, 0.001, 0.0001)


class Curve(NamedTuple):
    """A function of a, and the formula of its slope."""

    name: str
    value: Callable[[float], float]
    formula: str
    slope: Callable[[float], float]


CURVES = (
    Curve("3a", lambda a: 3 * a, "3", lambda a: 3.0),
    Curve("a²", lambda a: a**2, "2a", lambda a: 2 * a),
    Curve("a³", lambda a: a**3, "3a²", lambda a: 3 * a**2),
    Curve("log a", math.log, "1/a", lambda a: 1 / a),
)

TEXT = """\
A derivative is a slope: move a by a width of {width}, see by which height f(a) moves, and
divide.

{table}

The straight line 3a has the slope 3 everywhere; the others change theirs from place to place.
Height over width and the formula differ a little, since a curve bends within the width too. The
narrower the width, the less it bends: the slope of a² at a = 2, which is 4, comes out as

{narrowing}"""


def run() -> Result:
    """Measure the slopes of four functions at two places."""
    slopes = [_slope_at(curve, a) for curve in CURVES for a in PLACES]
    square = CURVES[1]
    narrowing = {str(width): height_over_width(square.value, 2.0, width) for width in WIDTHS}
    table = in_columns(
        ("f(a)", "formula", "a", "f(a)", f"f(a + {WIDTH})", "height/width", "slope"),
        [
            (
                str(row["function"]),
                str(row["formula"]),
                f"{row['a']:g}",
                f"{row['value']:.6f}",
                f"{row['moved']:.6f}",
                f"{row['slope']:.4f}",
                f"{row['exact']:.4f}",
            )
            for row in slopes
        ],
        left=2,
    )
    widths = in_columns(
        ("width", "height/width"),
        [(width, f"{slope:.4f}") for width, slope in narrowing.items()],
    )
    return Result(
        {"width": WIDTH, "slopes": slopes, "slope_of_a2_at_2_by_width": narrowing},
        lay_out(TEXT, width=WIDTH, table=table, narrowing=widths),
    )


def draw(figure: Figure, result: Result) -> None:
    """Each curve with its tangents, and the triangle of height and width beside each."""
    rows = panels(figure, 1, len(CURVES), inches=(13, 4))
    grid = np.linspace(0.4, 7, 200)
    for panel, curve in zip(rows.flat, CURVES, strict=True):
        panel.plot(grid, [curve.value(a) for a in grid], color=BLUE)
        for a, color in zip(PLACES, (GREEN, ORANGE), strict=True):
            slope, height = curve.slope(a), curve.value(a)
            ends = np.array([a - 1.2, a + 1.2])
            panel.plot(ends, height + slope * (ends - a), color=color)
            corner = ((a, a + 1, a + 1), (height, height, height + slope))
            panel.plot(*corner, color=GREY, linewidth=0.9, linestyle="--")
            panel.plot(a, height, "o", color=color, label=f"a = {a:g}: slope {slope:.4g}")
        panel.set(title=f"f(a) = {curve.name},  slope {curve.formula}", xlabel="a", ylabel="f(a)")
        panel.set_xticks((0, *PLACES, 7))
        panel.margins(y=0.12)
        panel.legend(loc="upper left", handletextpad=0.2)
    figure.suptitle("The slope is the height that the tangent gains over a width of 1 (dashed)")


def height_over_width(f: Callable[[float], float], a: float, width: float) -> float:
    """(f(a + width) − f(a)) / width, with the noise of the last bits rounded away."""
    return round((f(a + width) - f(a)) / width, 9)


def _slope_at(curve: Curve, a: float) -> dict[str, str | float]:
    return {
        "function": curve.name,
        "formula": curve.formula,
        "a": a,
        "value": curve.value(a),
        "moved": curve.value(a + WIDTH),
        "slope": height_over_width(curve.value, a, WIDTH),
        "exact": curve.slope(a),
    }
