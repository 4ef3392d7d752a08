"""Gradient boosting on the same rows, to hold the networks against."""

from __future__ import annotations

from typing import Any

import numpy as np

from jitnet.arrays import Array
from jitnet.extras import install
from jitnet.tabular.columns import Category
from jitnet.tabular.scores import Scores, scores_of
from jitnet.tabular.table import Table
from jitnet.tabular.values import codes_of, numbers_of

MOST_CATEGORIES = 255
"""Categories that scikit-learn's trees take as such; columns with more are taken as numbers."""


def boosted_scores(table: Table, rows: Any, test: Any) -> Scores:
    """The scores of scikit-learn's HistGradientBoosting with its defaults.

    It is given the columns' numbers and categories, not the network's features, and chooses by
    itself when to stop.

    Raises
    ------
    ImportError
        Without scikit-learn.
    """
    try:
        from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
    except ImportError as error:
        raise ImportError(f"--baseline needs scikit-learn: {install('sklearn')}") from error

    X, X_test = _inputs(table, rows), _inputs(table, test)
    categories = [
        isinstance(column, Category) and column.unseen < MOST_CATEGORIES
        for column in table.columns
        for _ in getattr(column, "scales", (None,))
    ]
    kind = HistGradientBoostingClassifier if table.target.classes else HistGradientBoostingRegressor
    trees = kind(categorical_features=categories, random_state=0).fit(X, table.targets(rows))
    if table.target.classes:
        outputs = np.zeros((len(test), len(table.target.classes)))
        outputs[:, trees.classes_] = trees.predict_proba(X_test)
    else:
        outputs = trees.predict(X_test)[:, np.newaxis]
    return scores_of(table.target, test, outputs)


def _inputs(table: Table, rows: Any) -> Array:
    """The columns' numbers and codes, (n, …)."""
    parts = [
        codes_of(column, rows[column.name])[:, np.newaxis].astype(np.float64)
        if isinstance(column, Category)
        else numbers_of(column, rows[column.name])
        for column in table.columns
    ]
    return np.hstack(parts)
