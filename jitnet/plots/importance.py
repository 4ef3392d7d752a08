"""How much a table's model needs each column."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from jitnet.plots.style import COLORS, label, picture

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from jitnet.tabular.model import TableModel

MOST_ROWS = 5000
SHOWN = 20


def permutation_importance(
    model: TableModel, frame: Any, *, repeats: int = 3, seed: int = 0
) -> dict[str, float]:
    """By how much the main score falls where a column's values are shuffled.

    Breiman, 2001, *Random Forests*, section 10.

    Parameters
    ----------
    model : TableModel
        A fitted model.
    frame : DataFrame of pandas, Polars or Arrow
        Rows with the target, best those that were held out; 5,000 of them are taken at most.
    repeats : int, default 3
        Shuffles of each column.
    seed : int, default 0
        The seed of the shuffles.

    Returns
    -------
    dict of str to float
        The fall of the accuracy, or of R², by each column, the greatest first.
    """
    from jitnet.tabular.frames import as_polars

    rng = np.random.default_rng(seed)
    rows = as_polars(frame)
    if len(rows) > MOST_ROWS:
        rows = rows[np.sort(rng.choice(len(rows), MOST_ROWS, replace=False))]
    _, best = model.evaluate(rows).main
    falls = {}
    for column in model.table.columns:
        scores = [
            model.evaluate(rows.with_columns(rows[column.name][rng.permutation(len(rows))])).main[1]
            for _ in range(repeats)
        ]
        falls[column.name] = best - float(np.mean(scores))
    return dict(sorted(falls.items(), key=lambda fall: -fall[1]))


def plot_importance(falls: dict[str, float], score: str, *, theme: str = "light") -> Figure:
    """Draw what `permutation_importance` has found.

    Parameters
    ----------
    falls : dict of str to float
        The fall of the score by each column; the twenty greatest are drawn.
    score : str
        The score's name.
    theme : {"light", "dark"}, default "light"
        The ground it is for.

    Returns
    -------
    matplotlib.figure.Figure
    """
    shown = list(falls.items())[:SHOWN]
    with picture(7.0, 1.0 + 0.3 * len(shown), theme) as figure:
        panel = figure.subplots()
        panel.barh(range(len(shown)), [fall for _, fall in shown], color=COLORS[0])
        panel.set_yticks(range(len(shown)), [label(name) for name, _ in shown])
        panel.invert_yaxis()
        panel.grid(axis="y", visible=False)
        panel.set_xlabel(f"fall of {score} when the column is shuffled")
    return figure
