"""Gradient descent: w goes down the slope, from the right of the minimum and from its left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from jitnet.study.lessons.layout import in_columns, lay_out
from jitnet.study.lessons.lesson import Result
from jitnet.study.picture import BLACK, BLUE, GREEN, GREY, ORANGE, panels

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MINIMUM = 2.0
STEPS = 40
SHOWN = (0, 1, 2, 3, 10, 20, 40)
FAIR, TOO_LARGE = 0.1, 1.05
DESCENTS = {
    "from the right": (5.0, FAIR),
    "from the left": (-1.0, FAIR),
    "at too large a rate": (2.5, TOO_LARGE),
}
COLORS = dict(zip(DESCENTS, (BLUE, GREEN, ORANGE), strict=True))
START = {"marker": "o", "markerfacecolor": "white", "markersize": 9, "linestyle": "none"}
FARTHEST = 4.0
"""How far from the minimum pictures show w."""

TEXT = """\
J(w) = (w − 2)² + 1 is a bowl with its minimum at w = 2. Its slope is dw = 2(w − 2), and a step
is

  w ← w − α dw

On the right of the minimum the slope is positive, so w falls; on the left it is negative, so w
rises. The same line of code goes down from both sides, in shorter and shorter steps, as the
slope shrinks by itself. With a rate too large each step lands beyond the minimum and higher up
than it began, where the slope is steeper still: w swings out.

{table}

The first two rates are α = {fair:g}, the third is α = {large:g}. On this bowl a step multiplies
the distance to the minimum by 1 − 2α: by {shrinks:g} and by {grows:.4g}. A factor below 1 in
size shrinks it, one above 1 lets it grow; with α = 1 it is −1, and w would swing for ever."""


def run() -> Result:
    """Descend three times."""
    paths = {name: descend(start, rate) for name, (start, rate) in DESCENTS.items()}
    table = in_columns(
        ("step", *(cell for name in DESCENTS for cell in (f"w {name}", "dw"))),
        [
            (str(step), *(f"{x:+.4f}" for w in _at(paths, step) for x in (w, slope(w))))
            for step in SHOWN
        ],
    )
    numbers: dict[str, Any] = {
        name: {
            "start": start,
            "rate": rate,
            "first_slope": slope(start),
            "path": paths[name],
            "end": paths[name][-1],
            "end_cost": cost(paths[name][-1]),
        }
        for name, (start, rate) in DESCENTS.items()
    }
    text = lay_out(
        TEXT, table=table, fair=FAIR, large=TOO_LARGE, shrinks=1 - 2 * FAIR, grows=1 - 2 * TOO_LARGE
    )
    return Result({"minimum": MINIMUM, "descents": numbers}, text)


def draw(figure: Figure, result: Result) -> None:
    """The ways down the bowl, and w step by step."""
    bowl, steps = panels(figure, 1, 2, inches=(11, 4.6))[0]
    w = np.linspace(MINIMUM - FARTHEST, MINIMUM + FARTHEST, 200)
    bowl.plot(w, cost(w), color=BLACK, linewidth=1)
    for name, found in result.numbers["descents"].items():
        path, color = np.array(found["path"]), COLORS[name]
        near = path[np.abs(path - MINIMUM) < FARTHEST]
        label = f"{name}, α = {found['rate']:g}"
        bowl.plot(near, cost(near), ".-", color=color, linewidth=1, label=label)
        bowl.plot(path[0], cost(path[0]), **START, color=color)
        steps.plot(path, ".-", color=color, linewidth=1)
        steps.plot(0, path[0], **START, color=color)
    steps.axhline(MINIMUM, color=GREY, linewidth=0.8)
    bowl.plot([], [], **START, color=GREY, label="starts")
    bowl.set(xlabel="weight w", ylabel="cost J(w)", title="J(w) = (w − 2)² + 1", ylim=(0, None))
    steps.set(xlabel="step", ylabel="weight w", title="w step by step", xlim=(-0.5, 20.5))
    steps.set(ylim=(MINIMUM - FARTHEST, MINIMUM + FARTHEST), xticks=range(0, 21, 5))
    figure.legend(loc="outside lower center", ncols=4)


def cost(w: Any) -> Any:
    """J(w) = (w − 2)² + 1."""
    return (w - MINIMUM) ** 2 + 1


def slope(w: float) -> float:
    """dJ/dw = 2(w − 2)."""
    return 2 * (w - MINIMUM)


def descend(w: float, rate: float) -> list[float]:
    """Every w on the way, the first one included."""
    path = [w]
    for _ in range(STEPS):
        w -= rate * slope(w)
        path.append(w)
    return path


def _at(paths: dict[str, list[float]], step: int) -> list[float]:
    return [path[step] for path in paths.values()]
