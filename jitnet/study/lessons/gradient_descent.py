"""Gradient descent: w goes down the slope, from the right of the minimum and from its left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from jitnet.study.lessons.layout import in_columns, lay_out
from jitnet.study.lessons.lesson import Result
from jitnet.study.picture import BLACK, BLUE, GREEN, ORANGE, panels

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
    """The ways down the bowl, and the distance to the minimum step by step."""
    bowl, distance = panels(figure, 1, 2, inches=(10, 4))[0]
    w = np.linspace(-2, 6, 200)
    bowl.plot(w, cost(w), color=BLACK, linewidth=1)
    for name, found in result.numbers["descents"].items():
        path = np.array(found["path"])
        near = path[np.abs(path - MINIMUM) < 4]
        bowl.plot(near, cost(near), "o-", color=COLORS[name], markersize=4, linewidth=1, label=name)
        label = f"{name}, α = {found['rate']:g}"
        line = "--" if name == "from the left" else "-"
        distance.semilogy(np.abs(path - MINIMUM), line, color=COLORS[name], label=label)
    bowl.set(xlabel="weight w", ylabel="cost J(w)", title="J(w) = (w − 2)² + 1")
    distance.set(xlabel="step", ylabel="|w − 2|, log scale", title="distance to the minimum")
    for panel in (bowl, distance):
        panel.legend(frameon=False)


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
