"""Checks of single values: numbers within bounds, flags, names out of those there are."""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable
from numbers import Real
from typing import Any

import numpy as np

from jitnet.hints import hint_for
from jitnet.quoting import quoted


def check_number(
    name: str,
    value: Any,
    *,
    least: float = -math.inf,
    above: float = -math.inf,
    below: float = math.inf,
    most: float = math.inf,
    kind: str = "a number",
    hint: str = "",
) -> float:
    """Return a finite number within bounds.

    ``kind`` is what else the value could have been, and ``hint`` what to do about a wrong one.
    """
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{name} must be {kind}, got {quoted(value)}")
    try:
        number = float(value)
    except OverflowError:  # a whole number of hundreds of digits
        number = math.inf
    within = least <= number <= most and above < number < below
    if not (within and math.isfinite(number)):
        bounds = [
            f"at least {least:g}" if least > -math.inf else "",
            f"above {above:g}" if above > -math.inf else "",
            f"below {below:g}" if below < math.inf else "",
            f"at most {most:g}" if most < math.inf else "",
        ]
        expected = " and ".join(bound for bound in ("finite", *bounds) if bound)
        raise ValueError(f"{name} must be {expected}, got {quoted(value)}{hint}")
    return number


def check_whole(name: str, value: Any, *, least: int, most: int | None = None) -> int:
    """Return a whole number within bounds."""
    try:
        number = None if isinstance(value, bool | np.bool_) else operator.index(value)
    except TypeError:
        number = None
    if number is None:
        raise TypeError(f"{name} must be a whole number, got {quoted(value)}")
    if number < least or (most is not None and number > most):
        bounds = f"at least {least}" if most is None else f"from {least} to {most}"
        raise ValueError(f"{name} must be {bounds}, got {quoted(number)}")
    return number


def check_shape(value: Any, *, most: int | None = None) -> tuple[int, ...]:
    """Return the shape of an example, of which a whole number is its features."""
    if not isinstance(value, tuple | list):
        return (check_whole("n_features", value, least=1, most=most),)
    shape = tuple(check_whole("each axis of the shape", n, least=1, most=most) for n in value)
    if not shape:
        raise ValueError("the shape of an example must have an axis, got ()")
    check_whole("numbers in an example", math.prod(shape), least=1, most=most)
    return shape


def check_flag(name: str, value: Any, *, kind: str = "True or False") -> bool:
    """Return True or False; no other value stands for them."""
    if not isinstance(value, bool | np.bool_):
        raise TypeError(f"{name} must be {kind}, got {quoted(value)}")
    return bool(value)


def check_choice(name: str, value: Any, choices: Any) -> str:
    """Return a name out of those there are."""
    known = f"there are: {', '.join(choices)}{hint_for(name, value, choices)}"
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a name, got {quoted(value)}; {known}")
    plain = str.__str__(value)  # of whatever class of text: it is looked up, and kept
    if plain not in choices:
        raise ValueError(f"unknown {name} {quoted(value)}; {known}")
    return plain


def check_names(name: str, values: Any) -> list[str]:
    """Return names as a list; a single text is none of them, though it has letters."""
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise TypeError(f"{name} must be a sequence of names, got {quoted(values)}")
    names = list(values)
    for each in names:
        if not isinstance(each, str):
            raise TypeError(f"{name} must be a sequence of names, got {quoted(each)} in it")
    return [str.__str__(each) for each in names]


def keep(owner: object, **values: Any) -> None:
    """Have a frozen dataclass keep what its checks have made of values."""
    for name, value in values.items():
        object.__setattr__(owner, name, value)
