"""Errors of the library's own."""

from __future__ import annotations

from typing import Any

import numpy as np


class NotFittedError(ValueError, AttributeError):
    """A model is asked for what only a built one can do.

    It is a ValueError and an AttributeError, as scikit-learn's is.
    """


def overflow(what: str, dtype: Any) -> str:
    """What is said where numbers on the way are too great for a type."""
    kind = np.dtype(dtype)
    return (
        f"{what}: numbers on the way are beyond {np.finfo(kind).max:.2g}, the greatest one of "
        f"{kind.name}; scale the inputs and targets to mean 0 and deviation 1"
    )
