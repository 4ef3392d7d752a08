"""The column that is predicted: its task, found from its values, and the way there and back."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from jitnet.arrays import Array
from jitnet.quoting import quoted
from jitnet.tabular.values import as_text, text_of_one

TASKS = ("classification", "regression")
MOST_CLASSES = 20
"""Different whole numbers up to which a target has classes, if there are two rows of each."""
LEAST_CLASS, MOST_CLASS = -(2**63), 2**63 - 1
"""Whole numbers that may be classes."""
SHOWN = 7
"""Classes that are named, at most."""
SKEWED, LESS = 1.0, 0.5
"""A positive target is learned as its logarithm where it is more skewed than this, and its
logarithm less than this share of it."""


@dataclass(frozen=True)
class Target:
    """What is predicted.

    Parameters
    ----------
    name : str
        The column's name.
    classes : tuple of str or int, default ()
        The classes, for a classification; those of truth values are ``"false"`` and ``"true"``.
    is_log : bool, default False
        Whether a number is learned as its logarithm.
    mean, deviation : float
        Of the number that is learned.
    typical : float
        What one would say without looking at a row: the place of the most frequent class of the
        training rows, or their mean.
    """

    name: str
    classes: tuple[str | int, ...] = ()
    is_log: bool = False
    mean: float = 0.0
    deviation: float = 1.0
    typical: float = 0.0

    @property
    def task(self) -> str:
        """``"classification"`` or ``"regression"``."""
        return TASKS[0] if self.classes else TASKS[1]

    @property
    def about(self) -> str:
        """What it is in a few words."""
        if self.classes:
            return f"{self.name}, {len(self.classes)} classes: {_some(self.classes)}"
        return f"{self.name}, a number" + ", learned as its logarithm" * self.is_log

    @property
    def loss(self) -> str:
        """The loss that suits."""
        return "softmax_crossentropy" if self.classes else "mse"

    @property
    def n_outputs(self) -> int:
        """Units of a last layer that suits."""
        return len(self.classes) or 1

    def encode(self, series: Any) -> Array:
        """What a network learns: the place of each class, or numbers of mean 0 and deviation 1.

        Raises
        ------
        ValueError
            If a value is missing, no number, or of no class of the training rows.
        """
        check_complete(series)
        if self.classes:
            return self._labels(series)
        numbers = numbers_in(series)
        if self.is_log and numbers.min() <= 0:
            raise ValueError(
                f"{_place(series, int(numbers.argmin()))}: the target is learned as its logarithm, "
                f"and {numbers.min():g} has none"
            )
        learned = np.log(numbers) if self.is_log else numbers
        encoded: Array = (learned - self.mean) / self.deviation
        return encoded

    def decode(self, predictions: Array) -> Array:
        """The classes or numbers (n,) that a network's predictions (n, n_outputs) say."""
        if predictions.ndim != 2 or predictions.shape[1] != self.n_outputs:
            raise ValueError(
                f"predictions must have the shape (n_rows, {self.n_outputs}), got "
                f"{predictions.shape}"
            )
        if self.classes:
            classes: Array = np.array(self.classes)[predictions.argmax(axis=1)]
            return classes
        with np.errstate(over="ignore", invalid="ignore"):
            learned = predictions[:, 0].astype(np.float64) * self.deviation + self.mean
            numbers: Array = np.exp(learned) if self.is_log else learned
        return numbers

    def _labels(self, series: Any) -> Array:
        import polars as pl

        names = [text_of_one(value) for value in self.classes]
        labels = as_text(series).replace_strict(
            names, list(range(len(names))), default=None, return_dtype=pl.Int64
        )
        if labels.null_count():
            row = int(labels.is_null().arg_max())
            raise ValueError(
                f"{_place(series, row)}: {series[row]!r} is none of the classes "
                f"{_some(self.classes)}"
            )
        return np.asarray(labels.to_numpy())


def learn_target(series: Any, task: str | None = None, whole: Any = None) -> Target:
    """Learn the target from a Polars series of the training rows.

    Parameters
    ----------
    series : polars.Series
        The column.
    task : {"classification", "regression"}, optional
        By default text, truth values and up to 20 different whole numbers are classes, and other
        numbers are predicted as such.
    whole : polars.Series, optional
        All rows that the training rows are a part of, by which alone the task is chosen, and
        whether there is a logarithm of each; these rows by default.

    Returns
    -------
    Target

    Raises
    ------
    ValueError
        If a value is missing, no number and no class, or all are the same.
    """
    check_complete(series)
    if task not in (None, *TASKS):
        raise ValueError(f"task must be one of {', '.join(TASKS)}, got {quoted(task)}")
    whole = series if whole is None else whole
    of_classes = has_classes(whole, task)
    if series.n_unique() == 1:
        raise ValueError(f"column {series.name!r}: every row has the target {series[0]!r}")
    if of_classes:
        target = Target(series.name, classes=_classes(series))
        return replace(target, typical=float(np.bincount(target.encode(series)).argmax()))
    numbers = numbers_in(series)
    with np.errstate(over="ignore", invalid="ignore"):
        is_log = _is_better_as_log(numbers_in(whole))
        learned = np.log(numbers) if is_log else numbers
        mean, deviation = float(learned.mean()), float(learned.std())
        typical = float(numbers.mean())
    if not (deviation > 0 and math.isfinite(deviation) and math.isfinite(typical)):
        raise ValueError(
            f"column {series.name!r}: the numbers from {numbers.min():g} to {numbers.max():g} have "
            f"the deviation {deviation:g}, by which they cannot be scaled"
        )
    return Target(series.name, is_log=is_log, mean=mean, deviation=deviation, typical=typical)


def has_classes(series: Any, task: str | None = None) -> bool:
    """Whether a target is of classes, by the task or by its values."""
    _check_kind(series)
    return (task or _task_of(series)) == TASKS[0]


def check_complete(series: Any) -> None:
    """Refuse a target that is missing somewhere."""
    missing = series.is_null()
    if series.dtype.is_float():
        missing = missing | series.is_nan().fill_null(True)
    if not len(series):
        raise ValueError(f"column {series.name!r}: there are no rows")
    if missing.any():
        row = int(missing.arg_max())
        raise ValueError(
            f"{_place(series, row)}: the target is missing, in {int(missing.sum()):,} of "
            f"{len(series):,} rows; leave those rows out"
        )


def _check_kind(series: Any) -> None:
    """Refuse what is neither a number nor a class, such as dates and lists."""
    import polars as pl

    kind = series.dtype
    if not (kind.is_numeric() or kind in (pl.String, pl.Categorical, pl.Enum, pl.Boolean)):
        raise ValueError(
            f"column {series.name!r}: values of the type {kind} cannot be predicted, but numbers, "
            "text and truth values can"
        )


def _task_of(series: Any) -> str:
    if not series.dtype.is_numeric():
        return TASKS[0]
    whole = _whole(series).null_count() == 0
    few = series.n_unique() <= min(MOST_CLASSES, max(2, len(series) // 2))
    return TASKS[0] if whole and few else TASKS[1]


def _classes(series: Any) -> tuple[str | int, ...]:
    text = as_text(series)
    if text.n_unique() == len(text) and len(text) > 2:
        raise ValueError(
            f"column {series.name!r}: each row has a class of its own, such as {text[0]!r}"
        )
    if series.dtype.is_numeric():
        whole = _whole(series)
        if whole.null_count():
            row = int(whole.is_null().arg_max())
            raise ValueError(
                f"{_place(series, row)}: {series[row]!r} is no class; numbers that are classes are "
                "whole ones of at most 64 bits"
            )
        return tuple(whole.unique().sort().to_list())
    return tuple(text.unique().sort().to_list())


def _whole(series: Any) -> Any:
    """The whole numbers among some numbers; the others are missing."""
    import polars as pl

    whole = series.cast(pl.Int64, strict=False)
    return whole.set(whole.cast(series.dtype) != series, None)


def numbers_in(series: Any) -> Array:
    """A target's numbers, (n,) of float64, all of them finite."""
    import polars as pl

    if not series.dtype.is_numeric():
        raise ValueError(f"column {series.name!r}: {series[0]!r} is no number to be predicted")
    numbers = series.cast(pl.Float64).to_numpy()
    if not np.isfinite(numbers).all():
        row = int(np.flatnonzero(~np.isfinite(numbers))[0])
        raise ValueError(f"{_place(series, row)}: the target is {numbers[row]}")
    return np.asarray(numbers)


def _is_better_as_log(numbers: Array) -> bool:
    if numbers.min() <= 0:
        return False
    skew = abs(skewness(numbers))
    return skew > SKEWED and abs(skewness(np.log(numbers))) < LESS * skew


def skewness(numbers: Array) -> float:
    """The third standardised moment."""
    deviation = float(numbers.std())
    return float(np.mean(((numbers - numbers.mean()) / deviation) ** 3)) if deviation else 0.0


def _some(classes: tuple[str | int, ...]) -> str:
    """The first classes, as text."""
    return ", ".join(map(str, classes[:SHOWN])) + ", …" * (len(classes) > SHOWN)


def _place(series: Any, row: int) -> str:
    return f"row {row + 1}, column {series.name!r}"
