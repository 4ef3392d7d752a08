"""The report of a table's model: data, network, curves, scores, importance, what was unseen."""

from __future__ import annotations

from datetime import date
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np

from jitnet.io.files import write_file
from jitnet.plots.curves import plot_history
from jitnet.plots.importance import permutation_importance, plot_importance
from jitnet.plots.predictions import plot_predicted
from jitnet.report.html import image, note, page, section, table
from jitnet.report.scores import beside, class_scores, figures
from jitnet.tabular.columns import Category, Column, Ordinal
from jitnet.tabular.frames import as_polars
from jitnet.tabular.scores import Classification, Scores
from jitnet.tabular.told import network_in_words
from jitnet.version import package_version

if TYPE_CHECKING:
    from jitnet.tabular.model import TableModel

SHOWN = 8
"""How many values of a column are named, at most."""


def write_report(
    path: str | PathLike[str], model: TableModel, frame: Any, *, boosting: Scores | None = None
) -> None:
    """Write a page on how a model was trained and how well it does.

    Parameters
    ----------
    path : str or path-like
        The page's file, written as a whole; it needs no other file and no network.
    model : TableModel
        A fitted model.
    frame : DataFrame of pandas, Polars or Arrow
        Rows with the target that were not trained on.
    boosting : Scores, optional
        What gradient boosting reaches on those rows, to stand beside.

    Raises
    ------
    ImportError
        Without matplotlib: ``pip install 'jitnet[plot]'``, in a checkout ``pip install '.[plot]'``.
    """
    rows = as_polars(frame)
    scores = model.evaluate(rows)
    parts = [
        note(f"{model.table.target.about}. Written by jitnet {package_version()}, {date.today()}."),
        figures(scores, f"{len(rows):,}", "rows held out"),
        section(
            "Scores on rows that were held out",
            *beside(scores, boosting),
            *_scores(model, scores, rows),
        ),
        section("Which columns matter", _importance(model, rows, scores)),
        section("Training", *_training(model)),
        section("Columns", _columns(model)),
        section("Unseen, missing, left out", _strange(model, rows)),
    ]
    write_file(path, page(f"{model.table.target.name}: a report", parts).encode())


def _scores(model: TableModel, scores: Scores, rows: Any) -> list[str]:
    target = model.table.target
    if isinstance(scores, Classification):
        names, P = [str(name) for name in target.classes], model.predict_proba(rows)
        return class_scores(scores, names, P, model.table.targets(rows), counted="rows")
    true = rows[target.name].to_numpy().astype(np.float64)
    said = model.predict(rows)
    return [
        image(
            lambda theme: plot_predicted(true, said, target.name, theme=theme),
            "Predicted over true numbers, and the residuals",
            vectors=False,
        )
    ]


def _importance(model: TableModel, rows: Any, scores: Scores) -> str:
    falls = permutation_importance(model, rows)
    return image(
        lambda theme: plot_importance(falls, scores.main[0], theme=theme),
        "By how much the score falls when a column's values are shuffled",
    )


def _training(model: TableModel) -> list[str]:
    settings = model.settings
    rows = [
        (
            "network",
            f"{network_in_words(model)}, ReLU"
            + f", dropout {settings.dropout:g}" * (settings.dropout > 0),
        ),
        ("networks", str(len(model.networks))),
        ("epochs", str(settings.epochs)),
        ("batch size", str(settings.batch_size)),
        ("highest learning rate", f"{settings.learning_rate:g}, by a cosine"),
        ("weight decay", f"{settings.weight_decay:g}"),
        ("seed", str(model.seed)),
    ]
    parts = [table(["setting", "value"], rows)]
    history = model.networks[0].history
    if history:
        parts.insert(0, image(lambda theme: plot_history(history, theme=theme), "Epoch by epoch"))
    return parts


def _columns(model: TableModel) -> str:
    rows = [(column.name, column.KIND, _values(column)) for column in model.table.columns]
    return table(["column", "kind", "of the training rows"], rows)


def _values(column: Column) -> str:
    if isinstance(column, Ordinal):
        return " < ".join(column.values)
    if isinstance(column, Category):
        shares = zip(column.values[:SHOWN], column.shares, strict=False)
        named = ", ".join(f"{value} ({share:.0%})" for value, share in shares)
        more = len(column.values) + len(column.rare) - SHOWN
        return f"{named} and {more} more" if more > 0 else named
    first = column.scales[0]
    return f"{first.described}, median {first.fill:.4g}"


def _strange(model: TableModel, rows: Any) -> str:
    unseen, missing = model.table.unseen(rows), model.table.missing(rows)
    lines = [
        (name, "not seen in training", f"{', '.join(list(values)[:SHOWN])}: "
         f"{sum(values.values()):,} rows")
        for name, values in unseen.items()
    ]  # fmt: skip
    lines += [(name, "missing", f"{count:,} rows") for name, count in missing.items()]
    lines += [(name, "left out", reason) for name, reason in model.table.refused.items()]
    if not lines:
        return note("Nothing: every value was seen in training, and none is missing.")
    return table(["column", "what", "where"], lines)
