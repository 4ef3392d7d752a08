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
    X, X_test = _inputs(table, rows), _inputs(table, test)
    categories = [
        isinstance(column, Category) and column.unseen < MOST_CATEGORIES
        for column in table.columns
        for _ in getattr(column, "scales", (None,))
    ]
    count, targets = len(table.target.classes), table.targets(rows)
    outputs = boosted_outputs(X, targets, X_test, count, categorical_features=categories)
    return scores_of(table.target, test, outputs)


def boosted_outputs(X: Array, targets: Array, X_test: Array, classes: int, **options: Any) -> Array:
    """What boosting gives for rows to test with: probabilities of classes, or without such numbers.

    Returns
    -------
    ndarray of shape (n_test, n_classes), or (n_test, 1)

    Raises
    ------
    ImportError
        Without scikit-learn.
    """
    try:
        from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
    except ImportError as error:
        raise ImportError(f"--baseline needs scikit-learn: {install('sklearn')}") from error

    if not classes:
        trees = HistGradientBoostingRegressor(random_state=0, **options).fit(X, targets)
        numbers: Array = trees.predict(X_test)[:, np.newaxis]
        return numbers
    trees = HistGradientBoostingClassifier(random_state=0, **options).fit(X, targets)
    outputs = np.zeros((len(X_test), classes))
    outputs[:, trees.classes_] = trees.predict_proba(X_test)
    return outputs


def _inputs(table: Table, rows: Any) -> Array:
    """The columns' numbers and codes, (n, …)."""
    parts = [
        codes_of(column, rows[column.name])[:, np.newaxis].astype(np.float64)
        if isinstance(column, Category)
        else numbers_of(column, rows[column.name])
        for column in table.columns
    ]
    return np.hstack(parts)
