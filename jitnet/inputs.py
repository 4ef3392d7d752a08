"""What an example is made of, checked before any kernel: one array or several, numbers or indices.

``fit`` and ``predict`` take one array, or a tuple of them where the first layer is `Branches`. What
an array's numbers are, and whether its sequences may end early, is known once the layers are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from jitnet.arrays import Array
from jitnet.checks import check_shape
from jitnet.engine.data import Rows
from jitnet.engine.nodes import Nodes, Shapes
from jitnet.layers.layer import Layer, Shape
from jitnet.several import Several
from jitnet.validation import Inputs, RowsOfCount, as_numbers_of, check_inputs


class Given(NamedTuple):
    """Examples as rows that the kernels read, and the shape of one, as the model knows it."""

    rows: Rows
    shape: Shapes
    parts: tuple[Inputs, ...]


def take_inputs(
    X: Any,
    lengths: Any,
    layers: Sequence[Layer],
    shape: Shapes | None,
    dtype: Any,
    *,
    name: str = "X",
    looked_at: RowsOfCount = slice,
) -> Given:
    """The inputs of examples, of a shape if it is known, as rows of a type that the kernels read.

    Those ``looked_at`` alone are read.

    Raises
    ------
    TypeError, ValueError
        If they are no numbers, not as many as the first layer takes, or of other shapes.
    """
    wanted = getattr(layers[0], "n_inputs", None)
    if wanted is None:
        if isinstance(X, tuple) and any(np.ndim(part) > 0 for part in X) and not _is_regular(X):
            raise ValueError(
                f"{name} must be one array, got a tuple of {len(X)}; several inputs need a first "
                "layer jn.Branches([[…], […]])"
            )
        part = check_inputs(X, shape, dtype, name=name, looked_at=looked_at)
        if lengths is None:
            return Given(part.rows, part.shape, (part,))
        return Given(Several((_dense(part.rows, name),), (lengths,)), part.shape, (part,))
    if not isinstance(X, tuple | list) or len(X) != wanted:
        found = f"{len(X)} of them" if isinstance(X, tuple | list) else f"{type(X).__name__}"
        raise ValueError(
            f"{name} must be a tuple of {wanted} arrays, one for each branch, got {found}"
        )
    if lengths is None:
        lengths = (None,) * wanted
    if not isinstance(lengths, tuple | list) or len(lengths) != wanted:
        raise ValueError(f"lengths must be a tuple of {wanted}, an array or None for each branch")
    shapes = shape if shape is not None else (None,) * wanted
    parts = tuple(
        check_inputs(part, own, dtype, name=f"{name}[{number}]", looked_at=looked_at)
        for number, (part, own) in enumerate(zip(X, shapes, strict=True))
    )
    counts = [len(part.rows) for part in parts]
    if len(set(counts)) > 1:
        found = " and ".join(map(str, counts))
        raise ValueError(f"the inputs in {name} must have as many examples each, got {found}")
    several = Several(tuple(_dense(part.rows, name) for part in parts), tuple(lengths))
    return Given(several, tuple(part.shape for part in parts), parts)


def _is_regular(X: tuple[Any, ...]) -> bool:
    """Whether a tuple's parts are rows of one array rather than several arrays."""
    return len({np.shape(part) for part in X}) == 1 and np.ndim(X[0]) < 2


def _dense(rows: Any, name: str) -> Array:
    if not isinstance(rows, np.ndarray):
        raise TypeError(
            f"{name} must not be a sparse matrix where there are indices, lengths or several "
            "inputs; pass what its toarray() returns"
        )
    return rows


def for_network(given: Given, nodes: Nodes, name: str = "X") -> Rows:
    """The inputs of a network: indices of int32 where it takes such, and checked lengths.

    Raises
    ------
    TypeError, ValueError
        If an index is outside its vocabulary, or lengths do not fit, or a layer cannot have them.
    """
    several = given.rows if isinstance(given.rows, Several) else None
    if several is None and not nodes.takes_indices:
        return given.rows
    if several is None:
        several = Several((_dense(given.rows, name),), (None,))
    arrays, lengths = [], []
    for number, own in enumerate(nodes.inputs):
        called = f"{name}[{number}]" if len(nodes.inputs) > 1 else name
        reader = nodes.nodes[own.reader]
        array = several.arrays[number]
        arrays.append(_indices(array, reader.vocabulary, called) if reader.vocabulary else array)
        lengths.append(_lengths(several.lengths[number], len(array), own.shape))
        if lengths[-1] is not None or reader.masks_zero:
            _check_ends(nodes, number, "lengths" if lengths[-1] is not None else "mask_zero")
    return Several(tuple(arrays), tuple(lengths))


def _indices(array: Array, vocabulary: int, name: str) -> Array:
    """A copy as int32, which nobody else can change: indices are places in memory."""
    if array.dtype.kind == "f" and not (array == np.rint(array)).all():
        raise ValueError(f"{name} must hold whole indices, got {array.dtype} fractions")
    low, high = array.min(), array.max()
    if low < 0 or high >= vocabulary:
        row, place = np.argwhere((array < 0) | (array >= vocabulary))[0]
        raise ValueError(
            f"{name} must hold indices from 0 to {vocabulary - 1}, as the Embedding has "
            f"{vocabulary}; got {array[row, place]:g} at [{row}, {place}]"
        )
    return np.ascontiguousarray(array, np.int32).copy()


def _lengths(lengths: Any, count: int, shape: Shape) -> Array | None:
    """A copy of the lengths as int64."""
    if lengths is None:
        return None
    array = as_numbers_of(lengths, "lengths")
    if array.shape != (count,):
        raise ValueError(f"lengths must have the shape ({count},), got {array.shape}")
    if array.dtype.kind == "f" and not (array == np.rint(array)).all():
        raise ValueError("lengths must be whole numbers of time steps")
    outside = (array < 1) | (array > shape[0])
    if outside.any():
        row = int(outside.argmax())
        raise ValueError(
            f"lengths must be from 1 to the {shape[0]} time steps there are, got {array[row]:g} "
            f"at [{row}]"
        )
    return np.array(array, np.int64)


def _check_ends(nodes: Nodes, number: int, what: str) -> None:
    owner = nodes.mixes(number)
    if owner is not None:
        raise ValueError(
            f"{what} cannot be had here, as {owner} would mix time steps with those behind an "
            "example's end; recurrent layers, Embedding, Dense and global pools know where it is"
        )


def step_weights(weights: Array, given: bool, rows: Rows, nodes: Nodes) -> tuple[Array, bool]:
    """The weights of each example's time steps, where each has a loss, and if all are 1.

    Those of an example count for each of its steps, and what is behind its end for nothing.

    Raises
    ------
    ValueError
        If no time step counts.
    """
    if nodes.times == 1:
        return weights, not given
    if weights.ndim == 1:
        weights = np.repeat(weights[:, np.newaxis], nodes.times, axis=1)
    else:
        weights = weights.copy()  # they may be the user's own
    if isinstance(rows, Several):
        for number, (array, lengths) in enumerate(zip(rows.arrays, rows.lengths, strict=True)):
            if not nodes.keeps_time(number):
                continue
            if lengths is not None:
                weights *= np.arange(nodes.times) < lengths[:, np.newaxis]
            if nodes.nodes[nodes.inputs[number].reader].masks_zero:
                weights *= array != 0
        if not weights.any():
            raise ValueError(
                "no time step counts: all are behind the ends of their examples or have no weight"
            )
    return weights, False


def shape_given(shape: Any, most: int) -> Shapes:
    """The shape of an example that `build` is told: of one input, or of each."""
    if isinstance(shape, tuple | list) and shape and isinstance(shape[0], tuple | list):
        return tuple(check_shape(part, most=most) for part in shape)
    return check_shape(shape, most=most)
