"""The table of a network's dimensions."""

from __future__ import annotations

from collections.abc import Sequence

from jitnet.layers import Dense

COLUMNS = ("layer", "W", "b", "Z, A", "activation", "parameters")


def format_summary(layers: Sequence[Dense], n_features: int) -> str:
    """Each layer's shapes as the course's table has them, for m examples as rows, and the sum.

    Parameters
    ----------
    layers : sequence of Dense
        The layers.
    n_features : int
        Features of an example.

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
    total, n_in = 0, n_features
    for number, layer in enumerate(layers, 1):
        n_out = layer.units
        count = n_in * n_out + n_out * layer.bias
        bias = f"({n_out},)" if layer.bias else "-"
        shapes = (f"({n_in}, {n_out})", bias, f"(m, {n_out})")
        rows.append((str(number), *shapes, layer.activation, f"{count:,}"))
        total, n_in = total + count, n_out
    rows.append(("total", "", "", "", "", f"{total:,}"))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join([*(cell.ljust(w) for cell, w in zip(row, widths, strict=False)), ""])[
            : -2 - widths[-1]
        ]
        + row[-1].rjust(widths[-1])
        for row in rows
    )
