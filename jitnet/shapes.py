"""The shape of examples: what X must have, and what is said where it has another."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from jitnet.arrays import Array
from jitnet.engine.nodes import Nodes, is_several
from jitnet.layers import Layer, Reshape
from jitnet.layers.layer import Shape

ROWS = "(n_samples, n_features)"

MOST_CHANNELS = 4
"""Channels of a picture: an image of so few rows has its channels first."""


def example_shape(given: Shape, expected: Shape | None, name: str) -> Shape:
    """The shape of an example of an array of a shape, as the model knows it.

    Parameters
    ----------
    given : tuple of int
        The shape of the array.
    expected : tuple of int or None
        The shape of an example that the model was built for, if it is.
    name : str
        What the array is called in errors.

    Raises
    ------
    ValueError
        If they are other examples.
    """
    if len(given) < 2 and (expected is None or len(expected) == 1):
        hint = "reshape(-1, 1) makes one feature of it, reshape(1, -1) one example"
        raise ValueError(
            f"{name} must have the shape {ROWS}, got {given}" + f"; {hint}" * (len(given) == 1)
        )
    if 0 in given:
        raise ValueError(f"{name} must have examples and features, got the shape {given}")
    if expected is None:
        return given[1:]
    if is_alike(given[1:], expected):
        return expected
    if len(expected) > 1:
        kind = "images" if len(expected) == 3 else "examples"
        raise ValueError(
            f"{name} must hold {kind} of shape {expected} like those of the first fit, got "
            f"{given[1:]}{_way_to(expected, given, name)}"
        )
    if len(given) == 2:
        raise ValueError(f"{name} must have {expected[0]} features, got {given[1]}")
    rows = f"; {name.split()[0]}.reshape({given[0]}, -1) makes rows of it"
    fits = math.prod(given[1:]) == expected[0]
    raise ValueError(f"{name} must have the shape {ROWS}, got {given}" + rows * fits)


def is_alike(shape: Shape, expected: Shape) -> bool:
    """Whether shapes are the same, but for the one channel that images need not say they have."""
    more = len(expected) > 1 and shape == (*expected, 1)
    return shape == expected or more or (*shape, 1) == expected


def _way_to(expected: Shape, given: Shape, name: str) -> str:
    """How an array of a shape becomes examples of the one that is expected, if that is plain."""
    X, shape = name.split()[0], given[1:]
    for full in (expected, (*expected, 1))[: 4 - len(expected)]:
        if shape == (full[-1], *full[:-1]):
            return f", which looks like channels first; use {_channels_last(X, full)}"
    if is_alike(given, expected):
        return f"; {X}[np.newaxis] makes one example of it"
    if shape == (math.prod(expected),):
        return f"; {X}.reshape{(-1, *expected)} makes them of rows"
    return ""


def _channels_last(X: str, shape: Shape) -> str:
    return f"{X}.transpose{(0, *range(2, len(shape) + 1), 1)}"


def nodes_of_inputs(
    nodes_of: Callable[[Shape], Nodes], shape: Shape, given: Shape, name: str
) -> Nodes:
    """The nodes for examples of a shape, or an error that says how an array of another must be."""
    if is_several(shape):
        return nodes_of(shape)
    try:
        return nodes_of(shape)
    except ValueError as error:
        if len(shape) > 1 and takes(nodes_of, (1,)):
            first = "a first layer jn.Flatten() makes rows of images and sequences"
            raise ValueError(f"{name} must have the shape {ROWS}, got {given}; {first}") from error
        if len(shape) == 3 and shape[0] <= MOST_CHANNELS < min(shape[1:]):
            way = f"if {name} has its channels first, use {_channels_last(name.split()[0], shape)}"
            raise ValueError(f"{error}; {way}") from error
        raise


def takes(nodes_of: Callable[[Shape], Nodes], shape: Shape) -> bool:
    """Whether the layers take examples of a shape."""
    with suppress(ValueError):
        nodes_of(shape)
        return True
    return False


def rows_of(array: Array) -> Array:
    """Examples of any shape as rows: a view where their numbers lie at one stride, else a copy."""
    return array.reshape(len(array), -1)


def shape_by_layers(layers: Sequence[Layer]) -> Shape | None:
    """The shape of an example, where the first layer says it."""
    first: Any = layers[0]
    if isinstance(first, Reshape) and -1 not in first.shape:
        return (math.prod(first.shape),)
    return None
