"""What a file says of a table, checked before anything is made of it.

A file may say anything. What passes here can be used without a look at it.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

from jitnet.checks import check_flag, check_number, check_whole
from jitnet.tabular.columns import Category, Column, Date, Number, Ordinal, Scale
from jitnet.tabular.learning import MOST_VALUES
from jitnet.tabular.target import LEAST_CLASS, MOST_CLASS, Target


def check_columns(columns: list[Any], target: Target, refused: Any) -> list[Column]:
    """Return columns that make sense beside each other and beside the target."""
    if not columns:
        raise ValueError("the table has no columns")
    for column in columns:
        if type(column) not in _COLUMNS:
            raise TypeError(f"a column must be one of {', '.join(k.__name__ for k in _COLUMNS)}")
        _check_text("a column's name", column.name)
        _COLUMNS[type(column)](column)
    names = [column.name for column in columns]
    _check_different("the columns", [*names, target.name])
    _check_texts("the columns left out", tuple(dict(refused)))
    _check_texts("the reasons for it", tuple(dict(refused).values()), different=False)
    return columns


def check_target(target: Any) -> Target:
    """Return a target that makes sense."""
    if not isinstance(target, Target):
        raise TypeError("the target must be a Target")
    _check_text("the target's name", target.name)
    check_flag("is_log", target.is_log)
    check_number("the target's mean", target.mean)
    check_number("the target's deviation", target.deviation, above=0.0)
    typical = check_number("typical", target.typical)
    if not isinstance(target.classes, tuple):
        raise TypeError("the classes must be a list")
    if target.classes:
        if all(isinstance(value, str) for value in target.classes):
            _check_texts("the classes", target.classes)
        else:
            for value in target.classes:
                check_whole("a class", value, least=LEAST_CLASS, most=MOST_CLASS)
            _check_different("the classes", target.classes)
        if len(target.classes) < 2:
            raise ValueError("there must be two classes at least")
        check_whole("typical", int(typical), least=0, most=len(target.classes) - 1)
    return target


def _check_scales(column: Any) -> None:
    scales = column.scales
    if not isinstance(scales, tuple) or [type(s) for s in scales] != [Scale] * len(column.PARTS):
        raise TypeError(f"column {column.name!r} must have {len(column.PARTS)} scales")
    for scale in scales:
        check_number("mean", scale.mean)
        check_number("deviation", scale.deviation, above=0.0)
        check_number("fill", scale.fill)
        check_number("unit", scale.unit, least=0.0)
        check_flag("missing", scale.missing)
        edges = [check_number("an edge", edge) for edge in scale.edges]
        for low, high in pairwise(edges):
            check_number(f"the width of a bin of {column.name!r}", high - low, above=0.0)


def _check_ordinal(column: Ordinal) -> None:
    _check_texts("the values", column.values)
    _check_scales(column)


def _check_category(column: Category) -> None:
    values, rare = column.values, column.rare
    _check_texts("the values", values)
    _check_texts("the rare values", rare)
    _check_different("the values", (*values, *rare))
    check_whole(f"the values of {column.name!r}", len(values), least=1, most=MOST_VALUES)
    missing = check_flag("missing", column.missing)
    shares = [check_number("a share", share, least=0.0, most=1.0) for share in column.shares]
    if len(shares) != (features := len(values) + bool(rare) + missing):
        raise ValueError(f"column {column.name!r} must have {features} shares, not {len(shares)}")


_COLUMNS: dict[type, Callable[[Any], None]] = {
    Number: _check_scales,
    Ordinal: _check_ordinal,
    Date: _check_scales,
    Category: _check_category,
}


def _check_text(name: str, value: Any) -> None:
    if not isinstance(value, str):
        raise TypeError(f"{name} must be text, got {value!r}")
    value.encode()  # half of a pair that stands for one letter is none


def _check_texts(name: str, values: Any, *, different: bool = True) -> None:
    if not isinstance(values, tuple):
        raise TypeError(f"{name} must be a list")
    for value in values:
        _check_text(f"each of {name}", value)
    if different:
        _check_different(name, values)


def _check_different(name: str, values: Any) -> None:
    if len(set(values)) < len(values):
        raise ValueError(f"{name} must be different")
