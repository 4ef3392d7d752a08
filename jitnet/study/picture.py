"""How the study's pictures look: sizes, axes, and colours that colour-blind readers tell apart."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = [
    "AMBER", "BLACK", "BLUE", "GREEN", "GREY", "ORANGE", "PALE", "PINK", "SKY", "note",
    "panels", "picture", "save", "steps_to_show",
]  # fmt: skip

# The palette of Okabe and Ito, https://jfly.uni-koeln.de/color/, and two greys
BLACK = "#000000"
BLUE = "#0072B2"
SKY = "#56B4E9"
GREEN = "#009E73"
AMBER = "#E69F00"
ORANGE = "#D55E00"
PINK = "#CC79A7"
GREY = "#767676"
PALE = "#F2F2F2"

STYLE: dict[str, Any] = {
    "axes.labelcolor": "#222222",
    "axes.edgecolor": "#888888",
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlepad": 10.0,
    "axes.titlesize": 11.5,
    "figure.titlesize": 12.5,
    "font.size": 10.0,
    "legend.fontsize": 9.5,
    "legend.frameon": False,
    "lines.linewidth": 1.8,
    "xtick.color": "#555555",
    "ytick.color": "#555555",
}


@contextmanager
def picture() -> Iterator[Figure]:
    """A figure in the study's style, to be drawn on and saved within.

    Yields
    ------
    matplotlib.figure.Figure
        Whatever the user's own style is.
    """
    import matplotlib.style
    from matplotlib.figure import Figure

    with matplotlib.style.context(["default", STYLE]):
        yield Figure(layout="constrained")


def save(figure: Figure, path: Path) -> None:
    """Write a figure; the ending says the format.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        What was drawn.
    path : Path
        A file that ends in .png, .svg or .pdf.
    """
    figure.savefig(path, dpi=150)


def panels(
    figure: Figure, rows: int, columns: int, *, inches: tuple[float, float], **options: Any
) -> Any:
    """Size a figure and cut it into panels.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        Where to draw.
    rows, columns : int
        How many panels there are.
    inches : (float, float)
        Width and height of the figure.
    **options
        What else ``figure.subplots`` is told.

    Returns
    -------
    ndarray of matplotlib.axes.Axes, shape (rows, columns)
        Axes without the upper and the right edge.
    """
    figure.set_size_inches(*inches)
    figure.set_layout_engine("constrained", w_pad=0.12, h_pad=0.1)
    return figure.subplots(rows, columns, squeeze=False, **options)


def note(panel: Any, text: str, at: tuple[float, float], to: tuple[float, float]) -> None:
    """Write beside a point of a curve, with a thin line to it.

    Parameters
    ----------
    panel : matplotlib.axes.Axes
        Where to write.
    text : str
        What.
    at, to : (float, float)
        The text's place and the point's, as the data has them.
    """
    panel.annotate(
        text, to, at, color="#333333", fontsize=9.5, ha="center", va="center",
        arrowprops={"arrowstyle": "-", "color": GREY, "linewidth": 0.8, "shrinkB": 3},
    )  # fmt: skip


def steps_to_show(count: int) -> list[int]:
    """Choose about a hundred of the steps 1 to count, close together at first: for a log scale.

    Parameters
    ----------
    count : int
        How many steps there are.

    Returns
    -------
    list of int

    Examples
    --------
    >>> steps_to_show(10)
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
    """
    steps: list[int] = np.unique(np.geomspace(1, count, 100).round().astype(int)).tolist()
    return steps
