"""The rows of a table that are trained on, validated on and tested with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from jitnet.arrays import Array
from jitnet.datasets import stratified_folds

NEVER = -1
"""The fold of rows that are never held out."""


def held_out(
    rows: Any,
    target: str,
    share: float,
    seed: int,
    *,
    group: str | None = None,
    time: str | None = None,
) -> Array:
    """Which rows are held out.

    Parameters
    ----------
    rows : polars.DataFrame
        The rows.
    target : str
        A column of which the same share of each value is held out, where it has few.
    share : float
        The share of the rows.
    seed : int
        The seed of the draw.
    group : str, optional
        A column whose rows of one value stay together.
    time : str, optional
        A column whose latest rows are held out, instead of a draw.

    Returns
    -------
    ndarray of bool, shape (n_rows,)

    Raises
    ------
    ValueError
        If the rows are too few for that.
    """
    if time is not None:
        count = len(rows)
        mask = np.zeros(count, np.bool_)
        mask[_in_order(rows, time)[count - round(share * count) :]] = True
    else:
        count = max(2, round(1 / share))
        mask = _folds(rows, target, count, seed, group) == count - 1  # of few rows none is there
    if not mask.any() or mask.all():
        raise ValueError(f"{len(rows)} rows cannot be cut so that {share:.0%} are held out")
    return mask


def folds_of(
    rows: Any,
    target: str,
    count: int,
    seed: int,
    *,
    group: str | None = None,
    time: str | None = None,
) -> Iterator[tuple[Array, Array]]:
    """Which rows are trained on and which tested with in each fold of a cross-validation.

    With a time the rows are tested with that come right after those that are trained on. Of a class
    with fewer rows than folds all are trained on in each fold. The arguments are those of
    `held_out`.
    """
    if time is None:
        folds = _folds(rows, target, count, seed, group)
        for fold in range(count):
            yield folds != fold, folds == fold
        return
    part = np.empty(len(rows), np.int64)
    part[_in_order(rows, time)] = np.arange(len(rows)) * (count + 1) // len(rows)
    for fold in range(1, count + 1):
        yield part < fold, part == fold


def _in_order(rows: Any, time: str) -> Array:
    order: Array = rows[time].arg_sort(nulls_last=False).to_numpy()
    return order


def _folds(rows: Any, target: str, count: int, seed: int, group: str | None) -> Array:
    """The fold (n_rows,) of each row."""
    rng = np.random.default_rng(seed)
    if group is not None:
        places = rows[group].rank("dense").fill_null(0).to_numpy().astype(np.int64)
        different, own = np.unique(places, return_inverse=True)
        if len(different) < count:
            raise ValueError(
                f"column {group!r} has {len(different)} groups, too few for {count} parts"
            )
        return (rng.permutation(len(different)) % count)[own]
    if len(rows) < count:
        raise ValueError(f"there are {len(rows)} rows, too few for {count} parts")
    order = rng.permutation(len(rows))
    values = rows[target][order]
    stratified = values.n_unique() <= len(rows) // count // 2
    labels = values.rank("dense").to_numpy() if stratified else np.zeros(len(rows), np.int64)
    folds = np.empty(len(rows), np.int64)
    folds[order] = stratified_folds(labels, count)
    if stratified:
        _, own, rows_of = np.unique(labels, return_inverse=True, return_counts=True)
        folds[order[rows_of[own] < count]] = NEVER
    return folds
