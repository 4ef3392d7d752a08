"""How a network is shown: the table of its dimensions, and a line of code that makes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import MISSING, fields, is_dataclass
from typing import Any

from jitnet.layers import Dense

COLUMNS = ("layer", "W", "b", "Z, A", "activation", "parameters")


def format_summary(layers: Sequence[Dense], n_features: int | None) -> str:
    """Each layer's shapes as the course's table has them, for m examples as rows, and the sum.

    What depends on a number of features that is not known yet is a question mark.

    Parameters
    ----------
    layers : sequence of Dense
        The layers.
    n_features : int or None
        Features of an example, if they are known.

    Returns
    -------
    str
        Lines of text.

    Examples
    --------
    >>> print(format_summary([Dense(3, activation="tanh"), Dense(1)], 2))
    layer  W       b     Z, A    activation  parameters
    1      (2, 3)  (3,)  (m, 3)  tanh                 9
    2      (3, 1)  (1,)  (m, 1)  identity             4
    total                                            13
    """
    rows: list[tuple[str, ...]] = [COLUMNS]
    total: int | None = 0
    n_in = n_features
    for number, layer in enumerate(layers, 1):
        n_out = layer.units
        count = None if n_in is None else n_in * n_out + n_out * layer.bias
        bias = f"({n_out},)" if layer.bias else "-"
        shapes = (f"({'?' if n_in is None else n_in}, {n_out})", bias, f"(m, {n_out})")
        rows.append((str(number), *shapes, layer.activation, _known(count)))
        total = None if total is None or count is None else total + count
        n_in = n_out
    rows.append(("total", "", "", "", "", _known(total)))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join([*(cell.ljust(w) for cell, w in zip(row, widths, strict=False)), ""])[
            : -2 - widths[-1]
        ]
        + row[-1].rjust(widths[-1])
        for row in rows
    )


def _known(number: int | None) -> str:
    return "?" if number is None else f"{number:,}"


def short_repr(value: Any) -> str:
    """A dataclass as it would be written: what has its default is left out.

    Examples
    --------
    >>> short_repr(Dense(3, activation="tanh"))
    "Dense(3, activation='tanh')"
    """
    if not is_dataclass(value):
        return repr(value)
    given = []
    for part in sorted(fields(value), key=lambda part: part.kw_only is True):
        content = getattr(value, part.name)
        if part.default is MISSING and not part.kw_only:
            given.append(short_repr(content))
        elif content != part.default:
            given.append(f"{part.name}={short_repr(content)}")
    return f"{type(value).__name__}({', '.join(given)})"
