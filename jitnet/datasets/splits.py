"""Parts of a data set that are the same on every machine: cut by counting, without a seed."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from jitnet.checks import check_whole
from jitnet.frames import in_range

__all__ = ["every_nth_of_each_class", "stratified_folds"]

MOST_FOLDS = 2**63 - 1
NEVER = -1
"""The fold of examples that are never left out."""


def every_nth_of_each_class(y: ArrayLike, n: int = 5) -> NDArray[np.bool_]:
    """Hold out the n-th, the 2n-th, … example of each class, in the order they stand in.

    Parameters
    ----------
    y : array_like, shape (n_samples,)
        The class of each example: numbers or strings.
    n : int, default 5
        At least 2. A class with fewer than n examples has none held out.

    Returns
    -------
    ndarray of bool, shape (n_samples,)
        True where an example is held out.

    Raises
    ------
    TypeError
        If ``n`` is not a whole number.
    ValueError
        If ``y`` is empty or not one-dimensional, or ``n`` is below 2.

    Examples
    --------
    >>> every_nth_of_each_class([7, 7, 8, 7, 8, 7], n=2)
    array([False,  True, False, False,  True,  True])
    """
    held_out: NDArray[np.bool_] = (
        stratified_folds(y, check_whole("n", n, least=2, most=MOST_FOLDS)) == n - 1
    )
    return held_out


def stratified_folds(y: ArrayLike, n_folds: int = 5) -> NDArray[np.int64]:
    """Deal each class out to the folds in turn: its k-th example (from 0) to fold k mod n_folds.

    The last fold is what `every_nth_of_each_class` holds out.

    Parameters
    ----------
    y : array_like, shape (n_samples,)
        The class of each example: numbers or strings.
    n_folds : int, default 5
        At least 2.

    Returns
    -------
    ndarray of int64, shape (n_samples,)
        The fold of each example, 0 to n_folds - 1. The sizes of a class in two folds differ by at
        most one.

    Raises
    ------
    TypeError
        If ``n_folds`` is not a whole number.
    ValueError
        If ``y`` is empty or not one-dimensional, or ``n_folds`` is below 2.

    Examples
    --------
    >>> stratified_folds(["a", "a", "b", "a", "b"], n_folds=2)
    array([0, 1, 0, 0, 1])
    """
    return _rank_in_class(y) % check_whole("n_folds", n_folds, least=2, most=MOST_FOLDS)


def drawn_folds(y: ArrayLike, n_folds: int, seed: int) -> NDArray[np.int64]:
    """`stratified_folds` of the examples in an order that a seed draws.

    Examples of a class with fewer of them than folds are in the fold `NEVER`.
    """
    order = np.random.default_rng(seed).permutation(len(np.asarray(y)))
    classes = np.asarray(y)[order]
    _, own, counts = np.unique(classes, return_inverse=True, return_counts=True)
    folds = np.empty(len(order), np.int64)
    folds[order] = np.where(counts[own] < n_folds, NEVER, stratified_folds(classes, n_folds))
    return folds


def drawn_share(y: ArrayLike, share: float, seed: int) -> NDArray[np.bool_]:
    """Hold out a share of each class that a seed draws; of a class never all."""
    order = np.random.default_rng(seed).permutation(len(np.asarray(y)))
    return last_of_each(order, np.asarray(y), share)


def last_of_each(order: NDArray[Any], labels: NDArray[Any], share: float) -> NDArray[np.bool_]:
    """The last of each label in an order: a share of them, and of few ones none."""
    sorted_by_label = order[np.argsort(labels[order], kind="stable")]
    _, counts = np.unique(labels, return_counts=True)
    rank = np.arange(len(order)) - np.repeat(np.cumsum(counts) - counts, counts)
    mask = np.zeros(len(order), np.bool_)
    held = np.minimum(np.round(share * counts), counts - 1)
    mask[sorted_by_label] = rank >= np.repeat(counts - held, counts)
    return mask


def _rank_in_class(y: ArrayLike) -> NDArray[np.int64]:
    """Count the earlier examples of the same class, for each example."""
    classes = _check_classes(y)
    with in_range("y"):
        order = np.argsort(classes, kind="stable")
    in_order = classes[order]
    rank = np.empty(len(classes), dtype=np.int64)
    rank[order] = np.arange(len(classes)) - np.searchsorted(in_order, in_order)
    return rank


def _check_classes(y: ArrayLike) -> NDArray[Any]:
    classes = np.asarray(y)
    if classes.ndim != 1 or classes.size == 0:
        raise ValueError(
            f"y must be one class for each example, shape (n_samples,), got shape {classes.shape}"
        )
    return classes
