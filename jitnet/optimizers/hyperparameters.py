"""Where a hyperparameter stands in the small array that the update loops read, and its checks."""

from __future__ import annotations

from jitnet.checks import check_number
from jitnet.schedules import Schedule, as_schedule

CLIP_NORM, FIRST_DECAY, SECOND_DECAY, EPSILON, WEIGHT_DECAY, EPSILON_HAT = range(6)
"""A clip norm, a decay of a moment or of the weights of 0 is none."""


def check_optimizer(
    learning_rate: float | Schedule, clip_norm: float | None, **shares: float
) -> None:
    """Refuse what makes no sense: rates that are not positive, ``shares`` outside [0, 1)."""
    as_schedule(learning_rate)
    if clip_norm is not None:
        check_number("clip_norm", clip_norm, above=0.0)
    for name, share in shares.items():
        check_number(name, share, least=0.0, below=1.0)
