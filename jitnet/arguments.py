"""Values on the command line, each with its complaint about a text that is none."""

from __future__ import annotations

import math
from argparse import ArgumentTypeError


def as_whole(text: str, least: int | None = None) -> int:
    """A whole number, of at least ``least``."""
    try:
        number = int(text)
    except ValueError:
        raise ArgumentTypeError(f"expected a whole number, got {text!r}") from None
    if least is not None and number < least:
        raise ArgumentTypeError(f"expected at least {least}, got {text}")
    return number


def as_count(text: str) -> int:
    """A positive whole number."""
    return as_whole(text, least=1)


def as_folds(text: str) -> int:
    """A whole number of folds."""
    return as_whole(text, least=2)


def as_seed(text: str) -> int:
    """A whole number that is not negative."""
    return as_whole(text, least=0)


def as_sizes(text: str) -> tuple[int, ...]:
    """Counts, separated by commas."""
    return tuple(as_count(size) for size in text.split(","))


def as_rate(text: str) -> float:
    """A positive number."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 < number < math.inf:
        raise ArgumentTypeError(f"expected a positive number, got {text!r}")
    return number


def as_share(text: str) -> float:
    """A number between 0 and 1."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 < number < 1:
        raise ArgumentTypeError(f"expected a number between 0 and 1, got {text!r}")
    return number


def as_parts(text: str) -> tuple[float, ...]:
    """Three numbers above 0, separated by commas, such as 70,15,15."""
    try:
        parts = tuple(float(part) for part in text.split(","))
    except ValueError:
        parts = ()
    if len(parts) != 3 or not all(0 < part < math.inf for part in parts):
        raise ArgumentTypeError(f"expected three numbers such as 70,15,15, got {text!r}")
    return parts


def as_names(text: str) -> list[str]:
    """Names, separated by commas."""
    return [name.strip() for name in text.split(",")]
