"""Ten real tables: three that come with scikit-learn, and seven out of the folder of real data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn import datasets

from data_folder import data_folder
from jitnet.arrays import Array


class Table(NamedTuple):
    """Numbers, categories as ones and zeros, and what is to be predicted."""

    X: Array
    y: Array
    classify: bool


def _table(frame: pd.DataFrame, target: Any, *, classify: bool) -> Table:
    frame = frame.dropna()
    X = pd.get_dummies(frame.drop(columns=target)).to_numpy(np.float32)
    return Table(X, frame[target].to_numpy(), classify)


def _bundled(load: Callable[..., Any], *, classify: bool) -> Table:
    X, y = load(return_X_y=True)
    return Table(X.astype(np.float32), y, classify)


def _wine_quality() -> Table:
    parts = [pd.read_csv(data_folder() / f"wine_quality/winequality-{c}.csv.gz", header=None)
             for c in ("red", "white")]  # fmt: skip
    return _table(pd.concat(parts), 11, classify=False)


def _csv(name: str, target: Any, *, classify: bool, names: bool = True) -> Table:
    frame = pd.read_csv(data_folder() / name, header=0 if names else None, skipinitialspace=True)
    target = frame.columns[target] if isinstance(target, int) else target
    return _table(frame, target, classify=classify)


def adult_halves() -> tuple[Table, Table]:
    """Adult's examples to train on and its own test, with the same columns."""
    train, test = (
        pd.read_csv(
            data_folder() / f"adult/adult.{part}.gz",
            header=None,
            skipinitialspace=True,
            comment="|",
        )
        for part in ("data", "test")
    )
    both = _table(pd.concat([train, test]), 14, classify=True)
    y = np.char.rstrip(both.y.astype(str), ".")  # the test's have one
    cut = len(train)
    return Table(both.X[:cut], y[:cut], True), Table(both.X[cut:], y[cut:], True)


TABLES: dict[str, Callable[[], Table]] = {
    "breast cancer": lambda: _bundled(datasets.load_breast_cancer, classify=True),
    "wine": lambda: _bundled(datasets.load_wine, classify=True),
    "diabetes": lambda: _bundled(datasets.load_diabetes, classify=False),
    "german credit": lambda: _csv("german_credit/german.csv.gz", -1, classify=True, names=False),
    "wine quality": _wine_quality,
    "letter": lambda: _csv("letter/letter-recognition.data.gz", 0, classify=True, names=False),
    "california": lambda: _csv("california/housing.csv.gz", "median_house_value", classify=False),
    "house sales": lambda: _csv("house_sales/house_sales.csv.gz", "price", classify=False),
    "adult": lambda: _csv("adult/adult.data.gz", -1, classify=True, names=False),
    "covertype": lambda: _csv("covertype/covtype_full.csv.gz", -1, classify=True),
}
