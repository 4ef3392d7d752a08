"""How the pictures look, on light and on dark grounds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from jitnet.extras import install
from jitnet.quoting import quoted
from jitnet.streams import visible

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# The palette of Okabe and Ito, https://jfly.uni-koeln.de/color/, in an order of contrast
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8C6BB1", "#767676")
LONGEST = 60
"""Letters of a name."""
INKS = {"light": ("#222222", "#888888", "#ffffff"), "dark": ("#e6e6e6", "#8a8a8a", "#16181c")}
"""Of each theme the colours of text, of axes, and of the ground."""


def style(theme: str) -> dict[str, Any]:
    """Matplotlib's settings for a theme, ``"light"`` or ``"dark"``."""
    if theme not in INKS:
        raise ValueError(f"theme must be one of {', '.join(INKS)}, got {quoted(theme)}")
    text, axes, ground = INKS[theme]
    return {
        "axes.edgecolor": axes,
        "axes.facecolor": ground,
        "axes.grid": True,
        "axes.labelcolor": text,
        "axes.prop_cycle": f"cycler('color', {list(COLORS)})",
        "axes.spines.right": False,
        "axes.spines.top": False,
        "axes.titlecolor": text,
        "axes.titlesize": 11.5,
        "figure.facecolor": ground,
        "figure.titlesize": 12.5,
        "font.size": 10.0,
        "grid.alpha": 0.25,
        "grid.color": axes,
        "legend.fontsize": 9.5,
        "legend.frameon": False,
        "legend.labelcolor": text,
        "lines.linewidth": 1.8,
        "savefig.facecolor": ground,
        "text.color": text,
        "text.parse_math": False,  # a column's name is no formula
        "xtick.color": axes,
        "xtick.labelcolor": text,
        "ytick.color": axes,
        "ytick.labelcolor": text,
    }


def label(name: str) -> str:
    """A name as it stands in a picture: what is long, or steers a terminal, is not drawn as it is.

    Examples
    --------
    >>> label("living area")
    'living area'
    """
    text = visible(name)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


@contextmanager
def picture(width: float, height: float, theme: str = "light") -> Iterator[Figure]:
    """A figure in the library's style, whatever the user's own is.

    Parameters
    ----------
    width, height : float
        In inches.
    theme : {"light", "dark"}, default "light"
        The ground it is for.

    Raises
    ------
    ImportError
        Without matplotlib.
    """
    try:
        import matplotlib.style
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError(f"pictures need the package matplotlib: {install('plot')}") from error

    with matplotlib.style.context(["default", style(theme)]):
        yield Figure(figsize=(width, height), layout="constrained")
