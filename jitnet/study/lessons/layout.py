"""How a lesson's text is laid out: paragraphs that are filled, columns that are kept."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import fill
from typing import Any

import numpy as np

from jitnet.arrays import Array
from jitnet.tables import format_table

__all__ = ["in_columns", "lay_out", "side_by_side"]

WIDTH = 98
MORE = " ░▒▓█"
LESS = " ·-=#"
GAP = "    "


def lay_out(template: str, *values: Any, **named: Any) -> str:
    r"""Put values into a text and fill its paragraphs.

    Parameters
    ----------
    template : str
        Blocks with an empty line between each two. One that begins with two spaces, once it has its
        values, is kept as it is; any other is a paragraph.
    *values, **named
        What ``str.format`` puts in.

    Returns
    -------
    str
        Lines of at most 98 characters, as far as the blocks that are kept allow.

    Examples
    --------
    >>> print(lay_out("A table\nof {n}\n\n  as it is", n=2))
    A table of 2
    <BLANKLINE>
      as it is
    """
    blocks = [block.format(*values, **named) for block in template.split("\n\n")]
    return "\n\n".join(
        block
        if block.startswith("  ")
        else fill(block, WIDTH, break_long_words=False, break_on_hyphens=False)
        for block in blocks
    )


def in_columns(header: Sequence[str], rows: Sequence[Sequence[str]], left: int = 1) -> str:
    """Lay cells out in columns, two spaces from the margin and from each other.

    Parameters
    ----------
    header : sequence of str
        The columns' names.
    rows : sequence of sequence of str
        As many cells a row as there are names.
    left : int, default 1
        How many of the first columns begin at their left edges; the others end at their right ones.

    Returns
    -------
    str
        One line a row.

    Examples
    --------
    >>> print(in_columns(("unit", "slope"), [("tanh", "0.42"), ("relu", "1.00")]))
      unit  slope
      tanh   0.42
      relu   1.00
    """
    return format_table([header, *rows], left, indent="  ")


def side_by_side(images: Sequence[Array], titles: Sequence[str] = ()) -> str:
    """Draw images in ink: ░▒▓█ for numbers above zero, ·-=# for those below, two a pixel.

    Parameters
    ----------
    images : sequence of ndarray, shape (rows, columns)
        Images of one height; the darkest ink is the largest number of each.
    titles : sequence of str, optional
        What stands above each.

    Returns
    -------
    str
        Lines that begin with two spaces.

    Examples
    --------
    >>> print(side_by_side([np.array([[1.0, 0.5, 0.0, -1.0]]), np.eye(1)], ["one", "two"]))
      one         two
      ██▒▒  ##    ██
    """
    drawn = [
        [title.ljust(2 * image.shape[1])] for title, image in zip(titles, images, strict=False)
    ]
    drawn = drawn or [[] for _ in images]
    for rows, image in zip(drawn, images, strict=True):
        levels = np.rint(4 * image / max(float(np.abs(image).max()), 1e-30)).astype(int)
        rows += [
            "".join(2 * (MORE[level] if level >= 0 else LESS[-level]) for level in row)
            for row in levels.tolist()
        ]
    return "\n".join(("  " + GAP.join(row)).rstrip() for row in zip(*drawn, strict=True))
