"""The rows of a table that are trained on, validated on and tested with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from jitnet.arrays import Array
from jitnet.checks import check_number
from jitnet.datasets.splits import drawn_folds, drawn_share, last_of_each
from jitnet.tabular.target import has_classes


def held_out(
    rows: Any,
    target: str,
    share: float,
    seed: int,
    *,
    task: str | None = None,
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
    task : str, optional
        What is done with the target, as in `Table`. No row is held out whose class none is left of
        to learn from.
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
    check_number("share", share, above=0.0, below=1.0)
    _check_cut(group, time)
    if time is not None:
        mask = last_of_each(_in_order(rows, time), np.zeros(len(rows), np.int64), share)
    elif group is not None:
        places = _places(rows, group)
        order = np.random.default_rng(seed).permutation(places.max() + 1)
        mask = last_of_each(order, np.zeros(len(order), np.int64), share)[places]
    else:
        mask = drawn_share(_labels(rows[target], 1 / share), share, seed)
    if has_classes(rows[target], task):
        is_drawn = group is None and time is None
        mask = _with_known_classes(rows[target], ~mask, mask, is_drawn=is_drawn)
    if not mask.any() or mask.all():
        raise ValueError(f"{len(rows)} rows cannot be cut so that {share:.0%} are held out")
    return mask


def _labels(series: Any, parts: float) -> Array:
    """The place of each value, where there are few for so many parts; else all are alike."""
    if series.n_unique() > len(series) / parts / 2:
        return np.zeros(len(series), np.int64)
    labels: Array = series.rank("dense").to_numpy().astype(np.int64)
    return labels


def _places(rows: Any, group: str) -> Array:
    """The place of each row's group."""
    different, own = np.unique(rows[group].rank("dense").fill_null(0), return_inverse=True)
    if len(different) < 2:
        raise ValueError(f"column {group!r} has one group, which cannot be cut")
    places: Array = own
    return places


def _check_cut(group: str | None, time: str | None) -> None:
    if group is not None and time is not None:
        raise ValueError("rows are held out by a group or by a time, not by both")


def folds_of(
    rows: Any,
    target: str,
    count: int,
    seed: int,
    *,
    task: str | None = None,
    group: str | None = None,
    time: str | None = None,
) -> Iterator[tuple[Array, Array]]:
    """Which rows are trained on and which tested with in each fold of a cross-validation.

    With a time the rows are tested with that come right after those that are trained on. Of a class
    with fewer rows than folds all are trained on in each fold. The arguments are those of
    `held_out`.
    """
    _check_cut(group, time)
    if time is None:
        folds = _folds(rows, target, count, seed, group)
        pairs = [(folds != fold, folds == fold) for fold in range(count)]
    else:
        part = np.empty(len(rows), np.int64)
        part[_in_order(rows, time)] = np.arange(len(rows)) * (count + 1) // len(rows)
        pairs = [(part < fold, part == fold) for fold in range(1, count + 1)]
    by_classes = has_classes(rows[target], task)
    is_drawn = group is None and time is None
    for learned, tested in pairs:
        if by_classes:
            tested = _with_known_classes(rows[target], learned, tested, is_drawn=is_drawn)
        yield learned, tested


def _with_known_classes(series: Any, learned: Array, tested: Array, *, is_drawn: bool) -> Array:
    """The tested rows whose class some learned row has; a user's own cut must have no others."""
    known: Array = series.is_in(series.filter(learned).unique().implode()).to_numpy()
    new = tested & ~known
    if new.any() and not is_drawn:
        raise ValueError(
            f"row {int(new.argmax()) + 1}, column {series.name!r}: no row of the class "
            f"{series[int(new.argmax())]!r} is left to learn from"
        )
    return tested & known


def _in_order(rows: Any, time: str) -> Array:
    if not (rows[time].dtype.is_numeric() or rows[time].dtype.is_temporal()):
        raise ValueError(f"column {time!r} has no times, but values such as {rows[time][0]!r}")
    order: Array = rows[time].arg_sort(nulls_last=False).to_numpy()
    return order


def _folds(rows: Any, target: str, count: int, seed: int, group: str | None) -> Array:
    """The fold (n_rows,) of each row."""
    if group is not None:
        places = _places(rows, group)
        groups = int(places.max()) + 1
        if groups < count:
            raise ValueError(f"column {group!r} has {groups} groups, too few for {count} parts")
        dealt: Array = (np.random.default_rng(seed).permutation(groups) % count)[places]
        return dealt
    if len(rows) < count:
        raise ValueError(f"there are {len(rows)} rows, too few for {count} parts")
    return drawn_folds(_labels(rows[target], count), count, seed)
