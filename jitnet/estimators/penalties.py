"""How the preset chooses the penalty: along a path from a strong one to weak ones.

Each stage goes on from the coefficients of the one before, which costs no more epochs than one fit
(Friedman, Hastie and Tibshirani, 2010, *Regularization paths for generalized linear models*). A
weaker penalty is taken only where it lowers the loss of held-out examples by more than chance.
"""

from __future__ import annotations

from itertools import accumulate, pairwise
from typing import NamedTuple

import numpy as np

from jitnet.arrays import Array

PATH = ((1.0, 8), (0.1, 6), (0.0001, 12))
"""Penalties, as ``alpha`` means them, and parts of the epochs."""

ERRORS = 2.0
"""Standard errors that count as more than chance."""

PARTS = 10
"""Parts of the held-out examples whose mean losses say how much chance there is."""


class Stage(NamedTuple):
    """A part of a fit: its penalty, and its epochs."""

    alpha: float
    epochs: int


def stages_of(n_epochs: int) -> list[Stage]:
    """The path's stages in so many epochs."""
    alphas, parts = [alpha for alpha, _ in PATH], [part for _, part in PATH]
    ends = [n_epochs * part // sum(parts) for part in accumulate(parts, initial=0)]
    pairs = zip(alphas, pairwise(ends), strict=True)
    return [Stage(alpha, end - start) for alpha, (start, end) in pairs if end > start]


def is_better(after: Array, before: Array) -> bool:
    """Whether the losses of some parts are lower than before by more than chance."""
    gains = before - after
    gains = gains[np.isfinite(gains)]
    if len(gains) < 2:
        return False
    return bool(gains.mean() > ERRORS * gains.std(ddof=1) / np.sqrt(len(gains)))
