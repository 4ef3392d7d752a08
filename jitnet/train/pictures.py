"""``--plot``: the curves in a file, or all pictures that suit in a folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np

from jitnet.arrays import Array
from jitnet.streams import say

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from jitnet.model import Sequential
    from jitnet.tabular.model import TableModel

Picture = tuple[str, Callable[[], "Figure"]]
"""A picture's name, and what draws it."""


def draw(path: Path | None, history: Any, others: Callable[[], Iterator[Picture]]) -> None:
    """Draw the curves into a file with an ending, or these and others into a folder."""
    if path is None:
        return
    if path.suffix:
        history.plot().savefig(path, dpi=120)
        say(f"curves          {path}")
        return
    path.mkdir(parents=True, exist_ok=True)
    names = []
    for name, figure in [("curves", history.plot), *others()]:
        figure().savefig(path / f"{name}.png", dpi=120)
        names.append(name)
    say(f"pictures        {path}: {', '.join(names)}")


def of_table(model: TableModel, test: Any) -> Iterator[Picture]:
    """What a table's model says beside what is so, and which columns matter."""
    import polars as pl

    from jitnet.plots.importance import permutation_importance, plot_importance
    from jitnet.plots.predictions import plot_calibration, plot_confusion, plot_predicted
    from jitnet.tabular.columns import Number
    from jitnet.tabular.scores import Classification

    scores, target = model.evaluate(test), model.table.target
    if isinstance(scores, Classification):
        P = model.predict_proba(test)
        right = P.argmax(axis=1) == model.table.targets(test)
        yield "confusion", lambda: plot_confusion(scores.confusion, target.classes)
        yield "calibration", lambda: plot_calibration(P.max(axis=1), right)
        columns = model.table.columns
        if [type(column) for column in columns] == [Number, Number]:
            there = [pl.col(column.name).is_finite() for column in columns]
            if len(rows := test.filter(there)):
                yield "regions", lambda: _regions(model, rows)
    else:
        true = test[target.name].to_numpy().astype(np.float64)
        yield "predicted", lambda: plot_predicted(true, model.predict(test), target.name)
    falls = permutation_importance(model, test)
    yield "importance", lambda: plot_importance(falls, scores.main[0])


def _regions(model: TableModel, rows: Any) -> Figure:
    """Which class a table's model says where, of two columns of numbers."""
    from jitnet.plots.weights import plot_regions

    names = [column.name for column in model.table.columns]
    by_columns = SimpleNamespace(
        predict=lambda grid: model.predict(dict(zip(names, grid.T, strict=True)))
    )
    X, y = rows.select(names).to_numpy(), rows[model.target].to_numpy()
    return plot_regions(by_columns, X, y, names=names)


def of_images(model: Sequential, X: Array, y: Array) -> Iterator[Picture]:
    """What a network says of images beside what they are, and its first weights."""
    from jitnet.plots.mistakes import most_wrong, plot_mistakes
    from jitnet.plots.predictions import plot_calibration, plot_confusion
    from jitnet.plots.weights import plot_filters
    from jitnet.tabular.scores import classification_scores

    P = model.predict(X)
    classes: Sequence[Any] = model.classes or range(P.shape[1])
    confusion = classification_scores(y, P).confusion
    yield "confusion", lambda: plot_confusion(confusion, classes)
    yield "calibration", lambda: plot_calibration(P.max(axis=1), P.argmax(axis=1) == y)
    if len(most_wrong(y, P)):
        yield "mistakes", lambda: plot_mistakes(X, y, P, classes)
    yield "filters", lambda: plot_filters(model, _sides(X))


def _sides(X: Array) -> tuple[int, int] | None:
    """Height and width of images; of rows of pixels they are not known."""
    return (int(X.shape[1]), int(X.shape[2])) if X.ndim > 2 else None
