"""All that training changes, to compare models by."""

from __future__ import annotations

from typing import Any

from jitnet import Sequential


def state_of(model: Sequential) -> Any:
    """A built model's parameters, moments and counts as bytes; None of one that is not built."""
    kept = model.__getstate__()["_engine"]
    if kept is None:
        return None
    shape, _, state, rate_scale = kept
    return shape, [array.tobytes() for array in state], rate_scale
