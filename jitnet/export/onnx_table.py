"""What a table has learned, as nodes of ONNX's: from its columns to labels and numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from jitnet.arrays import Array
from jitnet.export.onnx_graph import ML, Graph
from jitnet.export.onnx_layers import add_network
from jitnet.export.table import ExportedTable, places_of
from jitnet.tabular.columns import Category, Column, Date, Number, Numeric, Ordinal
from jitnet.tabular.encoder import Encoder
from jitnet.tabular.target import Target

LABEL, PROBABILITIES, PREDICTION = "label", "probabilities", "prediction"
TEXT = np.object_
"""What onnx takes for the type of strings."""
NO_DATE = np.iinfo(np.int64).min
DAY, HOUR = 24 * 3600, 3600


def add_table_model(graph: Graph, exported: ExportedTable) -> None:
    """Add a table's model, from an input a column to the outputs."""
    inputs = {column.name: _input(graph, column) for column in exported.columns}
    given = [
        _place(graph, column, inputs[column.name])
        for column in exported.columns
        if isinstance(column, Category) and column.embedded
    ]
    if exported.encoder.n_features:
        given.insert(0, add_features(graph, exported.columns, exported.encoder, inputs))
    outputs = [add_network(graph, given, network) for network in exported.networks]
    mean = outputs[0] if len(outputs) == 1 else graph.node("Mean", *outputs)
    _add_outputs(graph, exported.target, mean)


def _input(graph: Graph, column: Column) -> str:
    if not column.name:
        raise ValueError("ONNX has no input without a name, and a column has none")
    return graph.input(column.name, (1,), INPUTS[type(column)])


INPUTS = {Number: np.float32, Ordinal: TEXT, Date: np.int64, Category: TEXT}
"""The type in which a column comes in."""


def add_features(
    graph: Graph, columns: Sequence[Column], encoder: Encoder, inputs: dict[str, str]
) -> str:
    """Add what `Encoder` does; the features."""
    numeric = [column for column in columns if not isinstance(column, Category)]
    categories = [c for c in columns if isinstance(c, Category) and not c.embedded]
    parts = []
    if numeric:
        parts += _numeric_features(graph, encoder, _numbers(graph, numeric, inputs))
    if categories:
        parts.append(_category_features(graph, categories, inputs))
    return _side_by_side(graph, parts)


def _numeric_features(graph: Graph, encoder: Encoder, numbers: str) -> list[str]:
    """The shares of numbers, and which of them are missing; neither NaN nor infinities are known.

    As in the encoder all is of float64 here, and so no share loses a digit.
    """
    bound = graph.constant("infinity", np.array(np.inf))
    is_known = graph.node("Less", graph.node("Abs", numbers), bound)
    known = graph.node("Where", is_known, numbers, graph.constant("fill", encoder.fill))
    if len(encoder.logs):
        known = _side_by_side(graph, [known, _logs(graph, known, encoder)])
    shares = _picked(graph, known, encoder.number)
    shares = graph.node("Sub", shares, graph.constant("offset", encoder.offset))
    shares = graph.node("Div", shares, graph.constant("width", encoder.width))
    shares = graph.node("Max", shares, graph.constant("least", encoder.least))
    shares = graph.node("Min", shares, graph.constant("most", encoder.most))
    features = [_cast(graph, shares, graph.dtype)]
    if len(encoder.missing):
        watched = graph.node("Gather", is_known, graph.weight("which", encoder.missing), axis=1)
        features.append(_cast(graph, graph.node("Not", watched), graph.dtype))
    return features


def _logs(graph: Graph, known: str, encoder: Encoder) -> str:
    """ln(1 + |x| / unit) with the sign of x, of the numbers whose logarithms count."""
    own = _picked(graph, known, encoder.logs)
    share = graph.node("Div", graph.node("Abs", own), graph.constant("unit", encoder.units))
    logs = graph.node("Log", graph.node("Add", share, graph.constant("one", np.array(1.0))))
    return graph.node("Mul", graph.node("Sign", own), logs)


def _numbers(graph: Graph, columns: Sequence[Numeric], inputs: dict[str, str]) -> str:
    """The numbers of all columns in their order, of float64; what is missing is NaN."""
    dates = [k for k, column in enumerate(columns) if isinstance(column, Date)]
    others = [k for k, column in enumerate(columns) if not isinstance(column, Date)]
    parts, places = [], []
    if others:
        given = [_float(graph, columns[k], inputs[columns[k].name]) for k in others]
        parts.append(_cast(graph, _side_by_side(graph, given), np.float64))
        places += [(k, 0) for k in others]
    if dates:
        given = [inputs[columns[k].name] for k in dates]
        parts.append(_date_parts(graph, _side_by_side(graph, given)))
        places += [(k, part) for part in range(len(Date.PARTS)) for k in dates]
    order = sorted(range(len(places)), key=places.__getitem__)
    return _picked(graph, _side_by_side(graph, parts), np.array(order))


def _float(graph: Graph, column: Numeric, given: str) -> str:
    """A number, or the rank of a value in its order."""
    if not isinstance(column, Ordinal):
        return given
    return graph.node(
        "LabelEncoder",
        given,
        domain=ML,
        keys_strings=list(column.values),
        values_floats=[float(rank) for rank in range(len(column.values))],
        default_float=np.nan,
    )


def _date_parts(graph: Graph, given: str) -> str:
    """The parts of dates (n, dates), in float64: the first part of all of them, the second, ….

    The month and the day follow from the day's place within the 400 years of a calendar that
    begins each year in March, where leap days come last (Hinnant, 2013, *chrono-Compatible
    Low-Level Date Algorithms*).
    """

    def op(operator: str, x: str, y: str | int) -> str:
        other = y if isinstance(y, str) else graph.weight("whole", np.array(y))
        return graph.node(operator, x, other)

    is_missing = op("Equal", given, NO_DATE)
    seconds = graph.node("Where", is_missing, graph.weight("zero", np.array(0)), given)
    second = op("Mod", seconds, DAY)
    day = op("Div", op("Sub", seconds, second), DAY)
    weekday = op("Add", op("Mod", op("Add", day, 3), 7), 1)
    place = op("Mod", op("Add", day, 719_468), 146_097)
    leap_days = op("Sub", op("Div", place, 1_460), op("Div", place, 36_524))
    leap_days = op("Add", leap_days, op("Div", place, 146_096))
    year = op("Div", op("Sub", place, leap_days), 365)
    before = op("Sub", op("Add", op("Mul", year, 365), op("Div", year, 4)), op("Div", year, 100))
    place = op("Sub", place, before)
    month = op("Div", op("Add", op("Mul", place, 5), 2), 153)
    first = op("Div", op("Add", op("Mul", month, 153), 2), 5)
    day_of_month = op("Add", op("Sub", place, first), 1)
    calendar_month = op("Add", op("Mod", op("Add", month, 2), 12), 1)
    parts = (day, calendar_month, day_of_month, weekday, op("Div", second, HOUR))
    nan = graph.constant("nan", np.array(np.nan))
    known = [_cast(graph, part, np.float64) for part in parts]
    return _side_by_side(graph, [graph.node("Where", is_missing, nan, part) for part in known])


def _category_features(graph: Graph, columns: Sequence[Category], inputs: dict[str, str]) -> str:
    """A one at the place of each category's value; all shares where it has none.

    The places of all categories are compared with the features' own at once.
    """
    places = [_place(graph, column, inputs[column.name]) for column in columns]
    sizes = [column.unseen for column in columns]
    place = _picked(graph, _side_by_side(graph, places), np.repeat(np.arange(len(sizes)), sizes))
    own = graph.weight("own", np.concatenate([np.arange(size) for size in sizes]))
    features = _cast(graph, graph.node("Equal", place, own), graph.dtype)
    if all(column.rare for column in columns):
        return features
    behind = graph.weight("behind", np.repeat(sizes, sizes))
    shares = graph.weight("shares", np.concatenate([column.shares for column in columns]))
    return graph.node("Where", graph.node("Equal", place, behind), shares, features)


def _place(graph: Graph, column: Category, given: str) -> str:
    """The place of a value's feature or vector."""
    places = places_of(column)
    numbers = {"": places.missing} | places.values
    return graph.node(
        "LabelEncoder",
        given,
        domain=ML,
        keys_strings=list(numbers),
        values_int64s=list(numbers.values()),
        default_int64=places.other,
    )


def _add_outputs(graph: Graph, target: Target, outputs: str) -> None:
    """Labels and probabilities, or numbers in the target's units."""
    if target.classes:
        outputs = graph.output(PROBABILITIES, outputs, (target.n_outputs,))
        place = graph.node("ArgMax", outputs, axis=1, keepdims=0)
        classes = np.array(target.classes)
        kind = TEXT if classes.dtype.kind == "U" else classes.dtype
        label = graph.node("Gather", graph.constant("classes", classes.astype(kind)), place)
        graph.output(LABEL, label, (), kind)
        return
    learned = _cast(graph, outputs, np.float64)
    learned = graph.node("Mul", learned, graph.constant("deviation", np.array(target.deviation)))
    learned = graph.node("Add", learned, graph.constant("mean", np.array(target.mean)))
    number = graph.node("Exp", learned) if target.is_log else learned
    graph.output(PREDICTION, _cast(graph, number, graph.dtype), (1,))


def _side_by_side(graph: Graph, parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else graph.node("Concat", *parts, axis=1)


def _picked(graph: Graph, x: str, which: Array) -> str:
    """Columns of a tensor by their places, the tensor itself where these are all of it in order."""
    if np.array_equal(which, np.arange(len(which))):
        return x
    return graph.node("Gather", x, graph.weight("which", which), axis=1)


def _cast(graph: Graph, x: str, dtype: object) -> str:
    from onnx import helper

    return graph.node("Cast", x, to=helper.np_dtype_to_tensor_dtype(np.dtype(dtype)))  # type: ignore[call-overload]
