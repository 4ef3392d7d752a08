"""Diagrams: boxes with words, arrows between them, and arrays as grids of cells."""

from __future__ import annotations

from typing import Any

import numpy as np

from jitnet.study.picture import BLACK, GREY

__all__ = ["arrow", "blank", "box", "grid", "write"]

INK = "#222222"


def blank(panel: Any, width: float, height: float) -> None:
    """Make a panel a sheet of paper, whose units are as long as they are high.

    Parameters
    ----------
    panel : matplotlib.axes.Axes
        Where to draw.
    width, height : float
        Of the sheet; (0, 0) is below on the left.
    """
    panel.set(xlim=(0, width), ylim=(0, height), aspect="equal")
    panel.set_axis_off()


def write(panel: Any, x: float, y: float, text: str, **style: Any) -> None:
    """Write text around a place.

    Parameters
    ----------
    panel : matplotlib.axes.Axes
        Where to write.
    x, y : float
        The text's middle.
    text : str
        What.
    **style
        What else ``panel.text`` is told.
    """
    panel.text(x, y, text, **{"ha": "center", "va": "center", "color": INK, **style})


def box(
    panel: Any, x: float, y: float, text: str, color: str, size: tuple[float, float] = (1.9, 0.9)
) -> None:
    """Draw a box with words in it.

    Parameters
    ----------
    panel : matplotlib.axes.Axes
        Where to draw.
    x, y : float
        The box's middle.
    text : str
        What stands in it.
    color : str
        Of its edge.
    size : (float, float)
        Its width and height.
    """
    from matplotlib.patches import FancyBboxPatch

    width, height = size
    corner = (x - width / 2, y - height / 2)
    shape = FancyBboxPatch(
        corner, width, height, boxstyle="round,pad=0,rounding_size=0.15", facecolor="white",
        edgecolor=color, linewidth=1.6, zorder=2,
    )  # fmt: skip
    panel.add_patch(shape)
    write(panel, x, y, text, zorder=3)


def arrow(
    panel: Any, start: tuple[float, float], end: tuple[float, float], color: str = GREY
) -> None:
    """Draw an arrow.

    Parameters
    ----------
    panel : matplotlib.axes.Axes
        Where to draw.
    start, end : (float, float)
        From where to where.
    color : str
        Its colour.
    """
    line = {"arrowstyle": "-|>", "color": color, "linewidth": 1.4, "shrinkA": 0, "shrinkB": 0}
    panel.annotate("", end, start, arrowprops=line, zorder=1)


def grid(
    panel: Any,
    left: float,
    top: float,
    cells: Any,
    color: str = BLACK,
    *,
    own: tuple[int, int] | None = None,
    numbers: bool = True,
) -> None:
    """Draw a matrix as cells of side 1.

    Parameters
    ----------
    panel : matplotlib.axes.Axes
        Where to draw.
    left, top : float
        The upper left corner.
    cells : array_like, shape (rows, columns)
        The numbers.
    color : str
        Of the cells.
    own : (int, int), optional
        How many rows and columns there are in memory; the other cells are drawn pale, as what
        broadcasting makes up.
    numbers : bool
        Whether to write the numbers into the cells.
    """
    from matplotlib.patches import Rectangle

    cells = np.asarray(cells)
    rows, columns = own or cells.shape
    for (row, column), number in np.ndenumerate(cells):
        there = row < rows and column < columns
        corner = (left + column, top - row - 1)
        panel.add_patch(
            Rectangle(
                corner, 1, 1, facecolor=(color, 0.18 if there else 0.0),
                edgecolor=color if there else (color, 0.45), linewidth=1.0,
                linestyle="-" if there else ":",
            )
        )  # fmt: skip
        if numbers:
            ink = INK if there else "#999999"
            write(panel, corner[0] + 0.5, corner[1] + 0.5, f"{number:g}", color=ink, fontsize=9)
