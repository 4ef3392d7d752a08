"""What layers, activations, losses and optimisers of one's own are made of.

A kernel is a function over arrays and numbers, compiled by `njit`; within it `at` makes a pointer
into an array, and `load`, `store`, `fma`, `where` and arithmetic work on SIMD vectors of its
elements. `register` adds what is made of kernels to the tables, where models and files find it.
"""

from __future__ import annotations

from typing import Any

from jitnet.activations import ACTIVATIONS, Activation
from jitnet.checks import check_choice, check_number
from jitnet.engine.forms import check_count
from jitnet.kernels.cpu import VECTORS
from jitnet.kernels.elementary import erf, exp, expm1, log, log1p, sigmoid, softplus, tanh
from jitnet.kernels.intrinsics import ahead, at
from jitnet.kernels.jit import njit
from jitnet.kernels.matmul import multiply_rows
from jitnet.kernels.random import mix, uniform
from jitnet.kernels.simd import (
    absolute,
    first_lanes,
    fma,
    lanes,
    load,
    load_some,
    splat,
    square_root,
    store,
    store_some,
    sum_lanes,
    where,
)
from jitnet.layers import LAYERS, Cut, Layer, Node, Operation, Parameter, Room
from jitnet.losses import LOSSES, Loss
from jitnet.losses.links import LINKS
from jitnet.losses.objective import Objective
from jitnet.optimizers import Optimizer, Update
from jitnet.optimizers.table import OPTIMIZERS
from jitnet.quoting import quoted
from jitnet.schedules import SCHEDULES, Schedule

__all__ = [
    "VECTORS",
    "Activation",
    "Cut",
    "Layer",
    "Loss",
    "Node",
    "Operation",
    "Optimizer",
    "Parameter",
    "Room",
    "Update",
    "absolute",
    "ahead",
    "at",
    "erf",
    "exp",
    "expm1",
    "first_lanes",
    "fma",
    "lanes",
    "load",
    "load_some",
    "log",
    "log1p",
    "mix",
    "multiply_rows",
    "njit",
    "register",
    "sigmoid",
    "softplus",
    "splat",
    "square_root",
    "store",
    "store_some",
    "sum_lanes",
    "tanh",
    "uniform",
    "where",
]


def register(*kinds: type[Layer | Optimizer | Schedule], **rows: Activation | Loss) -> None:
    """Add one's own to the tables.

    Parameters
    ----------
    *kinds : type
        Classes of layers, optimisers or schedules, which files name by their names.
    **rows : Activation or Loss
        Activations and losses by the names that models call them by.

    Raises
    ------
    TypeError
        If something is none of these.
    ValueError
        If a name is taken by something else.

    Examples
    --------
    >>> import jitnet as jn
    >>> from jitnet.extend import Activation, load, njit, register
    >>> @njit
    ... def value(z):
    ...     return z * z
    >>> @njit
    ... def slope(z, a):
    ...     return z * 2.0
    >>> register(square=Activation(value, slope))
    >>> model = jn.Sequential([jn.Dense(1, activation="square")], loss="mse")
    >>> model.set_weights([[[3.0]], [0.0]])
    >>> model.predict([[2.0]]).item()
    36.0
    """
    for kind in kinds:
        found = [table for base, table in CLASSES.items() if _is(kind, base)]
        if not found:
            raise TypeError(
                f"classes to register are layers, optimisers or schedules, got {quoted(kind)}"
            )
        _add(found[0], kind.__name__, kind)
    for name, row in rows.items():
        if not isinstance(row, Activation | Loss):
            raise TypeError(f"{name} must be an Activation or a Loss, got {quoted(row)}")
        _check_kernels(name, row)
        table: dict[str, Any] = ACTIVATIONS if isinstance(row, Activation) else LOSSES
        _add(table, name, row)


CLASSES: dict[type, dict[str, Any]] = {Layer: LAYERS, Optimizer: OPTIMIZERS, Schedule: SCHEDULES}
"""The tables of classes, by what their classes are made from."""


def _is(kind: object, base: type) -> bool:
    return isinstance(kind, type) and issubclass(kind, base)


def _check_kernels(name: str, row: Activation | Loss) -> None:
    if isinstance(row, Activation):
        check_count(row.value, 1, "value(z)", name)
        check_count(row.slope, 2, "slope(z, a)", name)
        return
    form = ", ".join(("D", "Z", "T", "outputs", "row", "weight", *row.settings))
    check_count(row.backward, 6 + len(row.settings), f"backward({form})", name)
    check_choice(f"link of {name}", row.link, LINKS)
    for bound in (row.least, row.most):
        if bound is not None:
            check_number(f"a bound of the targets of {name}", bound)
    settings = Objective._field_defaults
    for setting in row.settings:
        check_choice(f"setting of {name}", setting, settings)


def _add(table: dict[str, Any], name: str, value: object) -> None:
    known = table.get(name)
    if known is not None and not _is_again(known, value):
        raise ValueError(f"{name!r} is taken by {quoted(known)}")
    table[name] = value


def _is_again(known: object, value: object) -> bool:
    """Whether a name is registered once more from the same place, in a notebook for instance."""
    where = [
        getattr(getattr(thing, "value", getattr(thing, "backward", thing)), "__module__", None)
        for thing in (known, value)
    ]
    return where[0] == where[1] and not str(where[0]).startswith("jitnet.")
