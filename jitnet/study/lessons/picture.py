"""How the lessons' pictures look: sizes, axes, and colours that colour-blind readers tell apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["BLACK", "BLUE", "GREEN", "ORANGE", "PINK", "panels", "steps_to_show"]

# The palette of Okabe and Ito, https://jfly.uni-koeln.de/color/
BLACK = "#000000"
BLUE = "#0072B2"
GREEN = "#009E73"
ORANGE = "#D55E00"
PINK = "#CC79A7"


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
    figure.set_layout_engine("constrained")
    axes = figure.subplots(rows, columns, squeeze=False, **options)
    for panel in axes.flat:
        panel.spines[["top", "right"]].set_visible(False)
    return axes


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
