"""The objective: a loss and its scaling."""

from __future__ import annotations

from typing import NamedTuple


class Objective(NamedTuple):
    """A loss and its settings; the defaults of the last three are this library's definitions."""

    loss: str
    """A name in ``LOSSES``."""
    smoothing: float = 0.0
    """Label smoothing ε of softmax_crossentropy."""
    quantile: float = 0.5
    """The level of the quantile loss."""
    gain: float = 1.0
    """The loss's scale where its gradient is taken."""
    scale: float = 1.0
    """The loss's scale where it is reported."""
    per_example: bool = False
    """Whether l2 is for one example, so that a batch's is divided by its Σ w, and a batch counts in
    the epoch's loss by its number of examples, not by their weights."""
