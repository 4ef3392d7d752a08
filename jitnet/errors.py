"""Errors of the library's own."""

from __future__ import annotations


class NotFittedError(ValueError, AttributeError):
    """A model is asked for what only a built one can do.

    It is a ValueError and an AttributeError, as scikit-learn's is.
    """
