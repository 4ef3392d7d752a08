"""Tables as text: cells in columns."""

from __future__ import annotations

from collections.abc import Sequence

from jitnet.streams import visible


def column_widths(rows: Sequence[Sequence[str]]) -> list[int]:
    """The width of each column: that of its widest cell."""
    return [max(map(len, column)) for column in zip(*rows, strict=True)]


def format_row(cells: Sequence[str], widths: Sequence[int], left: int = 1, gap: str = "  ") -> str:
    """Lay cells out in columns whose widths are known.

    Parameters
    ----------
    cells : sequence of str
        The row; it may end before the last column.
    widths : sequence of int
        The columns' widths.
    left : int, default 1
        How many of the first columns are aligned to the left; the others are to the right.
    gap : str, default two spaces
        What stands between two columns.

    Returns
    -------
    str

    Examples
    --------
    >>> format_row(("tanh", "0.42"), (6, 6))
    'tanh      0.42'
    """
    return gap.join(
        cell.ljust(width) if place < left else cell.rjust(width)
        for place, (cell, width) in enumerate(zip(cells, widths, strict=False))
    )


def format_table(rows: Sequence[Sequence[str]], left: int = 1, indent: str = "") -> str:
    """Lay rows of as many cells each out in columns as wide as their widest cells.

    Parameters
    ----------
    rows : sequence of sequence of str
        The rows, the header first where there is one.
    left : int, default 1
        As in `format_row`.
    indent : str, default ""
        What each line begins with.

    Returns
    -------
    str
        One line a row, without spaces at its end.

    Examples
    --------
    >>> print(format_table([("unit", "slope"), ("tanh", "0.42"), ("relu", "1.00")]))
    unit  slope
    tanh   0.42
    relu   1.00
    """
    lines = [[visible(cell).replace("\n", "\\n") for cell in row] for row in rows]
    widths = column_widths(lines)
    return "\n".join((indent + format_row(line, widths, left)).rstrip() for line in lines)


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Lay a table out in Markdown, its columns padded so that the source can be read.

    Parameters
    ----------
    header : sequence of str
        The columns' names.
    rows : sequence of sequence of str
        As many cells a row as there are names.

    Returns
    -------
    str
        One line a row, the last one ended.

    Examples
    --------
    >>> print(markdown_table(["n", "ratio"], [["1024", "1.2"]]), end="")
    | n    | ratio |
    | ---- | ----- |
    | 1024 | 1.2   |
    """
    widths = column_widths([header, *rows])
    lines = [header, ["-" * width for width in widths], *rows]
    cells = (format_row(line, widths, left=len(widths), gap=" | ") for line in lines)
    return "".join(f"| {line} |\n" for line in cells)
