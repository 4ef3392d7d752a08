"""What a lesson gives back."""

from __future__ import annotations

from typing import Any, NamedTuple

__all__ = ["MissingData", "Result"]


class MissingData(ValueError):
    """A lesson's data are not here; the message says where they are to be had."""


class Result(NamedTuple):
    """What a lesson found out.

    Attributes
    ----------
    numbers : dict of str to Any
        Floats, whole numbers, strings, truth values, and lists and dicts of them: as JSON has them.
    text : str
        The same, explained, for a terminal of 100 columns.
    """

    numbers: dict[str, Any]
    text: str
