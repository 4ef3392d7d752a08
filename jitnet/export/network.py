"""A model as those who write it elsewhere read it: its layers, their shapes and their weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from jitnet.arrays import Array
from jitnet.engine.nodes import is_several
from jitnet.layers import Branches, Residual
from jitnet.layers.layer import Shape
from jitnet.layers.window import SAME, VALID, Numbers, each
from jitnet.losses import LOSSES
from jitnet.model import Sequential

Row = TypeVar("Row")


HINTS = {
    "to_sequential": "; its to_sequential() makes one",
    "networks": "; its networks are such, without what it has learned of the columns",
}
"""Where others have a Sequential, by an attribute of theirs."""


class Stage(NamedTuple):
    """A layer of a model, the shapes around it and its weights by their names."""

    layer: Any
    input: Shape
    output: Shape
    weights: Mapping[str, Array]
    inner: tuple[Stage, ...] = ()
    branches: tuple[tuple[Stage, ...], ...] = ()

    @property
    def activation(self) -> str:
        """The activation behind the layer."""
        name: str = getattr(self.layer, "activation", "identity")
        return name


class Input(NamedTuple):
    """What a model takes.

    Parameters
    ----------
    name : str
        Its name elsewhere.
    shape : tuple of int
        The shape of an example.
    vocabulary : int
        Where it is of indices how many there are, otherwise 0.
    dtype : numpy.dtype
        The type of its numbers elsewhere.
    """

    name: str
    shape: Shape
    vocabulary: int
    dtype: np.dtype[Any]

    def rows(self, count: int, rng: np.random.Generator) -> Array:
        """So many examples of random numbers, or of random indices."""
        shape = (count, *self.shape)
        if self.vocabulary:
            return rng.integers(self.vocabulary, size=shape)
        rows: Array = rng.normal(size=shape).astype(self.dtype)
        return rows


class Exported(NamedTuple):
    """A model that is being written elsewhere.

    Parameters
    ----------
    stages : tuple of Stage
        Its layers.
    inputs : tuple of Input
        What it takes, one where it does not begin with branches.
    output : tuple of int
        The shape of a prediction.
    link : str
        What makes predictions of the last layer's outputs.
    dtype : numpy.dtype
        The type of all numbers but indices.
    """

    stages: tuple[Stage, ...]
    inputs: tuple[Input, ...]
    output: Shape
    link: str
    dtype: np.dtype[Any]

    @property
    def branches(self) -> list[tuple[Input, tuple[Stage, ...]]]:
        """Each input and the layers that it alone goes through: all of them where there is one."""
        first = self.stages[0]
        return [*zip(self.inputs, first.branches or [self.stages], strict=True)]

    def rows(self, count: int, rng: np.random.Generator) -> Any:
        """So many random examples, as `predict` takes them: a tuple of several inputs."""
        rows = tuple(own.rows(count, rng) for own in self.inputs)
        return rows if len(rows) > 1 else rows[0]


def read(model: Any, weights: Sequence[Array] | None = None) -> Exported:
    """A model's layers, one after the other, with its weights or others of their shapes."""
    check_model(model)
    nodes = model._built().nodes
    shape: Any = nodes.shape
    arrays = model.get_weights() if weights is None else weights
    by_path: dict[tuple[int, ...], dict[str, Array]] = {}
    for row, array in zip(nodes.parameters, arrays, strict=True):
        by_path.setdefault(row.path, {})[row.parameter.name] = array
    stages = _stages(model.layers, shape, nodes.width, by_path)
    shapes = shape if is_several(shape) else [shape]
    names = [f"x_{place}" for place in range(len(shapes))] if is_several(shape) else ["x"]
    vocabularies = [nodes.nodes[given.reader].vocabulary for given in nodes.inputs]
    inputs = tuple(
        Input(name, own, vocabulary, np.dtype(np.int64) if vocabulary else model.dtype)
        for name, own, vocabulary in zip(names, shapes, vocabularies, strict=True)
    )
    return Exported(stages, inputs, nodes.output, LOSSES[model.loss].link, model.dtype)


def check_model(model: Any) -> None:
    """Refuse what is no Sequential, and say where there is one."""
    if not isinstance(model, Sequential):
        hint = next((hint for name, hint in HINTS.items() if hasattr(model, name)), "")
        raise TypeError(f"model must be a Sequential, got {type(model).__name__}{hint}")


def _stages(
    layers: Sequence[Any],
    shape: Shape,
    width: int,
    weights: Mapping[tuple[int, ...], Mapping[str, Array]],
    path: tuple[int, ...] = (),
) -> tuple[Stage, ...]:
    stages = []
    for number, layer in enumerate(layers):
        here, output = (*path, number), layer.node(shape, width).output
        within = layer.layers if isinstance(layer, Residual) else ()
        inner = _stages(within, shape, width, weights, here)
        branches = tuple(
            _stages(own, own_shape, width, weights, (*here, place))  # type: ignore[arg-type]
            for place, (own, own_shape) in enumerate(
                zip(layer.branches, shape, strict=True) if isinstance(layer, Branches) else ()
            )
        )
        stages.append(Stage(layer, shape, output, weights.get(here, {}), inner, branches))
        shape = output
    return tuple(stages)


def refuse_mask(exported: Exported, destination: str) -> None:
    """Refuse an Embedding whose index 0 is no time step, which a destination does not know."""
    if any(
        getattr(stage.layer, "mask_zero", False) for _, own in exported.branches for stage in own
    ):
        raise ValueError(
            f"{destination} does not know which time steps there are: an Embedding must be without "
            "mask_zero to travel"
        )


def in_type(array: ArrayLike, dtype: DTypeLike) -> Array:
    """Numbers in a destination's type, refused where they do not fit."""
    with np.errstate(over="ignore"):
        cast: Array = np.ascontiguousarray(array, dtype)
    if cast.dtype.kind == "f" and not np.isfinite(cast).all():
        wrong = np.ravel(array)[~np.isfinite(cast).ravel()][0]
        raise ValueError(f"a number of the model, {wrong:g}, does not fit into {cast.dtype}")
    return cast


def row_for(layer: Any, table: Mapping[type, Row], destination: str) -> Row:
    """A layer's row of a table of those that can travel to a destination."""
    kind = type(layer)
    if kind not in table:
        known = ", ".join(sorted(row.__name__ for row in table))
        raise ValueError(f"{destination} has no {kind.__name__} of jitnet's, but these: {known}")
    return table[kind]


def row_named(kind: str, name: str, table: Mapping[str, Row], destination: str) -> Row:
    """The row of an activation or a link in a table of those that can travel to a destination."""
    if name not in table:
        raise ValueError(f"{destination} has no {kind} {name!r}, but these: {', '.join(table)}")
    return table[name]


def channels_first(shape: Shape) -> Array:
    """Where each number of an example lies, in the order of those who put channels first.

    Examples
    --------
    >>> channels_first((2, 1, 3)).tolist()  # of an image of 2 rows, 1 column and 3 channels
    [0, 3, 1, 4, 2, 5]
    """
    places = np.arange(np.prod(shape)).reshape(shape)
    return np.moveaxis(places, -1, 0).ravel()


def flat_order(shape: Shape) -> tuple[int, ...] | None:
    """`channels_first`, or None where the numbers lie the same way with the channels last."""
    return None if planes_of(shape) is None else tuple(channels_first(shape).tolist())


def joined_order(orders: Sequence[tuple[tuple[int, ...] | None, int]]) -> tuple[int, ...] | None:
    """The order of rows side by side, of which each has its own, or None, and a length."""
    if all(order is None for order, _ in orders):
        return None
    firsts = np.cumsum([0, *(length for _, length in orders)]).tolist()
    return tuple(
        first + place
        for first, (order, length) in zip(firsts, orders, strict=False)
        for place in order or range(length)
    )


def planes_of(shape: Shape) -> Shape | None:
    """A shape whose numbers lie otherwise with the channels first; None where they do not."""
    moved = 1 not in (len(shape), shape[-1], np.prod(shape[:-1]))
    return shape if moved else None


def edges(layer: Any, sizes: Numbers, axes: int) -> list[tuple[int, int]]:
    """How far windows of some sizes reach out of a layer's input, before and behind each axis."""
    if layer.padding == SAME:
        return [((size - 1) // 2, size // 2) for size in each(sizes, axes)]
    zeros = 0 if layer.padding == VALID else layer.padding
    return [(n, n) for n in each(zeros, axes)]
