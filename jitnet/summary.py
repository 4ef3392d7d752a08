"""How a network is shown: the table of its layers, and a line of code that makes it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import MISSING, fields, is_dataclass
from typing import Any

from jitnet.engine.nodes import Nodes
from jitnet.layers.layer import Shape

COLUMNS = ("layer", "", "parameters", "output", "count")
Row = tuple[str, ...]

EXAMPLES: dict[str, tuple[Shape, Shape]] = {
    "build(n_features)": ((1,), (2,)),
    "build((height, width, channels))": ((256, 272, 1), (288, 304, 2)),
    "build((time, channels))": ((256, 1), (288, 2)),
}
"""Two shapes of each kind of examples, with no number in common: what is the same for both does not
depend on the shape."""


def format_summary(
    layers: Sequence[Any], nodes_of: Callable[[Shape], Nodes], shape: Shape | None
) -> str:
    """Each layer's shapes, for m examples as rows, and its number of parameters, and their sum.

    What depends on a shape of examples that is not known yet is a question mark.

    Parameters
    ----------
    layers : sequence of Layer
        The layers.
    nodes_of : callable
        The nodes of the network for a shape of examples.
    shape : tuple of int or None
        The shape of an example, if it is known.

    Returns
    -------
    str
        Lines of text.
    """
    rows, build = (
        _unbuilt(layers, nodes_of) if shape is None else (layer_rows(layers, nodes_of(shape)), "")
    )
    widths = [max(map(len, column)) for column in zip(COLUMNS, *rows, strict=True)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row[:-1], widths, strict=False))
        + "  "
        + row[-1].rjust(widths[-1])
        for row in (COLUMNS, *rows)
    ]
    return "\n".join(lines + [f"? is known after the first fit, or {build}"] * bool(build))


def _unbuilt(layers: Sequence[Any], nodes_of: Callable[[Shape], Nodes]) -> tuple[list[Row], str]:
    """The rows with question marks, and how to build the model."""
    for build, (one, two) in EXAMPLES.items():
        with suppress(ValueError):
            pairs = zip(
                layer_rows(layers, nodes_of(one)), layer_rows(layers, nodes_of(two)), strict=True
            )
            return [_known(*pair) for pair in pairs], build
    rows = [(*_called(path, layer), *"???") for path, layer in _paths(layers)]
    return [*rows, ("total", "", "", "", "?")], "build(shape)"


def layer_rows(layers: Sequence[Any], nodes: Nodes) -> list[Row]:
    """The cells of `COLUMNS` for each layer, and for their sum."""
    total = sum(row.parameter.size for row in nodes.parameters)
    rows = [_row(path, layer, nodes) for path, layer in _paths(layers)]
    return [*rows, ("total", "", "", "", f"{total:,}")]


def _paths(
    layers: Sequence[Any], outer: tuple[int, ...] = ()
) -> Iterator[tuple[tuple[int, ...], Any]]:
    """Each layer and its path, and after it the layers within it."""
    for number, layer in enumerate(layers):
        path = (*outer, number)
        yield path, layer
        yield from _paths(getattr(layer, "layers", ()), path)
        for branch, inner in enumerate(getattr(layer, "branches", ())):
            yield from _paths(inner, (*path, branch))


def _row(path: tuple[int, ...], layer: Any, nodes: Nodes) -> Row:
    own = [row.parameter for row in nodes.parameters if row.path == path]
    last = max(place for place, of in enumerate(nodes.paths) if of == path)
    shapes = ", ".join(f"{parameter.name} {parameter.shape}" for parameter in own)
    output = f"({', '.join(map(str, ('m', *nodes.nodes[last].output)))})"
    count = f"{sum(parameter.size for parameter in own):,}"
    if hasattr(layer, "layers") or hasattr(layer, "branches"):  # theirs stand beside them
        count = ""
    return *_called(path, layer), shapes or "-", output, count


def _called(path: tuple[int, ...], layer: Any) -> tuple[str, str]:
    """A layer's number, and its name, further in where it is within another one."""
    activation = getattr(layer, "activation", "identity")
    name = type(layer).__name__ + f", {activation}" * (activation != "identity")
    return ".".join(str(place + 1) for place in path), "  " * (len(path) - 1) + name


def _known(row: Row, other: Row) -> Row:
    """A row with a question mark for each number that is not the same for two shapes."""
    cells = []
    for cell, another in zip(row, other, strict=True):
        pairs = zip(cell.split(" "), another.split(" "), strict=True)
        cells.append(" ".join(one if one == two else _questioned(one) for one, two in pairs))
    return tuple(cells)


def _questioned(word: str) -> str:
    """A word whose number is not known."""
    start = len(word) - len(word.lstrip("("))
    end = len(word.rstrip("),"))
    return word[:start] + "?" + word[end:]


def short_repr(value: Any) -> str:
    """A dataclass as it would be written: what has its default is left out.

    Examples
    --------
    >>> from jitnet.layers import Dense
    >>> short_repr(Dense(3, activation="tanh"))
    "Dense(3, activation='tanh')"
    """
    if isinstance(value, tuple) and any(is_dataclass(v) or isinstance(v, tuple) for v in value):
        return f"[{', '.join(map(short_repr, value))}]"
    if not is_dataclass(value):
        return repr(value)
    given = []
    for part in sorted(fields(value), key=lambda part: part.kw_only is True):
        content = getattr(value, part.name)
        if part.default is MISSING and not part.kw_only:
            given.append(short_repr(content))
        elif content != part.default:
            given.append(f"{part.name}={short_repr(content)}")
    return f"{type(value).__name__}({', '.join(given)})"
