"""What is asked of layers, optimisers and kernels that others write, checked before any work."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np

from jitnet.checks import check_choice, check_flag, check_number, check_whole
from jitnet.layers.layer import Cut, Node, Operation, Parameter, Room, few_of
from jitnet.optimizers.optimizer import Update
from jitnet.quoting import quoted

OPERATIONS = ("forward", "backward", "gradients", "arrange", "track")
BY_PANELS = ("forward", "backward", "arrange")
BORROWED = ("X", "dX", "Y", "dY")
WHOLE = {"places": 0, "scratch": 0, "least_examples": 1, "times": 1, "vocabulary": 0, "state": 0}
"""A node's numbers, and the least that they can be."""
MOST = 2**31 - 1
FLAGS = ("in_place", "is_free", "is_activated", "masks_zero")
CHOICES = {
    "prepare_for": ("forward", "backward"),
    "over_time": ("mixed", "each", "both", "last", "all"),
}
"""A node's names, and what they can be."""
TAKEN = (*BORROWED, "node")
"""What kernels call a node's arrays."""


def arguments_of(kernel: Any, owner: str) -> list[str]:
    """The names of a kernel's arguments."""
    function = getattr(kernel, "py_func", kernel)
    if not hasattr(kernel, "serial") or not inspect.isfunction(function):
        raise TypeError(
            f"{owner} needs functions compiled by jitnet.extend.njit, got {quoted(kernel)}"
        )
    return _names_of(function)


@cache
def _names_of(function: Callable[..., Any]) -> list[str]:
    return list(inspect.signature(function).parameters)


def check_count(kernel: Any, count: int, form: str, owner: str) -> None:
    """Refuse a kernel that does not take so many arguments."""
    names = arguments_of(kernel, owner)
    if len(names) != count:
        raise TypeError(
            f"{owner} needs a function of {count} arguments, {form}; {name_of(kernel)} takes "
            f"{len(names)}: ({', '.join(names)})"
        )


def _check_share(operation: Operation, by_panels: bool, owner: str) -> None:
    """Refuse a kernel that does not ask for its share, as it would do what others do as well."""
    cut = operation.cut
    if operation.whole and cut is not None and by_panels:  # or by its cut alone
        by_panels = "first_panel" in arguments_of(operation.kernel, owner)
    dimension = "panel" if by_panels else cut.dimension if cut is not None else "unit"
    _check_asks(operation.kernel, (f"first_{dimension}", f"last_{dimension}"), owner)
    if not by_panels and "first_panel" in arguments_of(operation.kernel, owner):
        raise TypeError(
            f"the kernel {name_of(operation.kernel)} of {owner} asks for 'first_panel', but is "
            f"divided by {dimension}s: it computes from all panels"
        )


def _check_asks(kernel: Any, wanted: tuple[str, str], owner: str) -> None:
    if missing := [name for name in wanted if name not in arguments_of(kernel, owner)]:
        raise TypeError(
            f"the kernel {name_of(kernel)} of {owner} must ask for {' and '.join(missing)}: "
            "several workers share the work"
        )


def name_of(kernel: Any) -> str:
    """What a kernel is called."""
    return str(getattr(kernel, "py_func", kernel).__name__)


def check_node(node: Any, owner: str) -> None:
    """Refuse what is no node, or has parts that are none of a node's.

    Parameters
    ----------
    node : Node
        What a layer's ``node`` has returned.
    owner : str
        Whose node it is, for the error.

    Raises
    ------
    TypeError, ValueError
        If it has another form.
    """
    if not isinstance(node, Node):
        raise TypeError(f"node() of {owner} must return a Node, got {quoted(node)}")
    if node.sparse is not None:
        check_node(node.sparse, f"the sparse twin of {owner}")
    if node.join is not None and not callable(node.join):
        raise TypeError(f"join of {owner} must be a function of a node, got {quoted(node.join)}")
    _check_shape(node.output, f"output of {owner}")
    _check_numbers(node, owner)
    free = Node(node.output, (), (), is_free=True, path=node.path, input=node.input)
    if node.is_free and node != free:
        raise TypeError(f"{owner} is free, and so has nothing but an output; got {quoted(node)}")
    for part in OPERATIONS:
        _check_all(getattr(node, part), Operation, f"{part} of {owner}")
    prepare = (node.prepare,) if node.prepare is not None else ()
    _check_all(node.input_gradients, Operation, f"input_gradients of {owner}")
    _check_all(prepare, Operation, f"prepare of {owner}")
    _check_all(few_of(node), Operation, f"few of {owner}")
    parts = (operation for part in OPERATIONS for operation in getattr(node, part))
    for operation in (*parts, *node.input_gradients, *prepare, *few_of(node)):
        _check_operation(operation, owner)
    for part in BY_PANELS:
        for operation in getattr(node, part):
            _check_share(operation, True, owner)
    for operation in (*node.gradients, *node.track, *prepare):
        _check_share(operation, False, owner)
    _check_waiting(node, owner)
    _check_all(node.parameters, Parameter, f"parameters of {owner}")
    if not isinstance(node.rooms, Mapping):
        raise TypeError(
            f"rooms of {owner} must be a dict of names to Rooms, got {quoted(node.rooms)}"
        )
    _check_all(tuple(node.rooms.values()), Room, f"rooms of {owner}")
    for parameter in node.parameters:
        what = f"{quoted(parameter.name)} of {owner}"
        _check_shape(parameter.shape, what)
        check_number(f"l2 of {what}", parameter.l2, least=0.0)
        check_flag(f"trained of {what}", parameter.trained)
        check_choice(f"order of {what}", parameter.order, ("C", "F"))
    for name, room in node.rooms.items():
        check_whole(f"units of the room {quoted(name)} of {owner}", room.units, least=0, most=MOST)
        if not room.units:
            _check_shape(room.shape, f"the room {quoted(name)} of {owner}", least=0)
    _check_borrowed(node.borrows, owner)
    names = [*(parameter.name for parameter in node.parameters), *node.rooms, *node.borrows]
    for name in names:
        if not isinstance(name, str) or names.count(name) > 1 or name in TAKEN:
            raise ValueError(
                f"parameters and rooms of {owner} need names of their own, other than "
                f"{', '.join(TAKEN)}; got {name!r}"
            )
    _check_all(node.inner, Node, f"inner of {owner}")
    if node.inner and node != Node(node.output, (), (), inner=node.inner):
        raise TypeError(
            f"{owner} is made of others, and so has nothing of its own; got {quoted(node)}"
        )
    for inner in node.inner:
        check_node(inner, owner_within(owner, inner.path))


def owner_within(owner: str, path: Sequence[int]) -> str:
    """What a layer within another one is called in errors.

    Examples
    --------
    >>> owner_within("layer 3, Residual(…)", (0,))
    'layer 1 within layer 3, Residual(…)'
    """
    for place in path:
        owner = f"layer {place + 1} within {owner}"
    return owner


def _check_numbers(node: Node, owner: str) -> None:
    """Refuse a node whose numbers, flags and names are none."""
    for name, least in WHOLE.items():
        check_whole(f"{name} of {owner}", getattr(node, name), least=least, most=MOST)
    for name in FLAGS:
        check_flag(f"{name} of {owner}", getattr(node, name))
    for name, choices in CHOICES.items():
        check_choice(f"{name} of {owner}", getattr(node, name), choices)
    if node.input is not None:
        check_whole(f"input of {owner}", node.input, least=0, most=MOST)
    if not isinstance(node.path, tuple):
        raise TypeError(
            f"path of {owner} must be a tuple of whole numbers, got {quoted(node.path)}"
        )


def _check_operation(operation: Operation, owner: str) -> None:
    """Refuse an operation whose cut, settings and names are none."""
    cut: Any = operation.cut
    while cut is not None:
        if not isinstance(cut, Cut) or not isinstance(cut.dimension, str):
            raise TypeError(
                f"a cut of {owner} must be a Cut of a name and a size, got {quoted(cut)}"
            )
        check_whole(f"size of a cut of {owner}", cut.size, least=0, most=MOST)
        check_whole(f"grain of a cut of {owner}", cut.grain, least=1, most=MOST)
        cut = cut.otherwise
    _check_named(operation.settings, f"settings of {owner}", "numbers")
    _check_named(operation.names, f"names of {owner}", "names")
    check_flag(f"pointwise of {owner}", operation.pointwise)
    check_flag(f"whole of {owner}", operation.whole)
    check_flag(f"waits of {owner}", operation.waits)


def _check_named(values: Any, what: str, of: str) -> None:
    if not isinstance(values, Mapping) or not all(isinstance(name, str) for name in values):
        raise TypeError(f"{what} must be a dict of names to {of}, got {quoted(values)}")
    if of == "names" and not all(isinstance(name, str) for name in values.values()):
        raise TypeError(f"{what} must be a dict of names to names, got {quoted(values)}")


def _check_waiting(node: Node, owner: str) -> None:
    """Refuse what waits for all panels, or for all workers, where nobody does."""
    for operation in (*node.gradients, *node.track):
        if operation.whole:
            raise TypeError(
                f"the kernel {name_of(operation.kernel)} of {owner} computes from all panels "
                "anyway: whole is for forward, arrange and backward"
            )
    for operation in (*node.forward, *node.arrange, *node.backward):
        if operation.waits:
            raise TypeError(
                f"the kernel {name_of(operation.kernel)} of {owner} is no gradients': only those "
                "can be told to wait; whole is for forward, arrange and backward"
            )
    for operation in node.forward[-1:]:
        if "first_panel" not in arguments_of(operation.kernel, owner):
            raise TypeError(
                f"forward of {owner} must end in a kernel that asks for first_panel and "
                f"last_panel, got {name_of(operation.kernel)}"
            )


def _check_borrowed(borrows: Any, owner: str) -> None:
    if not isinstance(borrows, Mapping) or not all(
        isinstance(value, tuple)
        and len(value) == 2
        and isinstance(value[0], int)
        and value[1] in BORROWED
        for value in borrows.values()
    ):
        raise TypeError(
            f"borrows of {owner} must be a dict of names to a number of nodes and one of "
            f"{', '.join(BORROWED)}, got {quoted(borrows)}"
        )


def _check_all(values: Any, kind: type, what: str) -> None:
    name = kind.__name__
    if not isinstance(values, tuple) or isinstance(values, kind):  # those are tuples themselves
        raise TypeError(f"{what} must be a tuple of {name}s, got {quoted(values)}")
    for value in values:
        if not isinstance(value, kind):
            raise TypeError(f"{what} must be a tuple of {name}s, got {quoted(value)} in it")


def _check_shape(shape: Any, what: str, least: int = 1) -> None:
    whole = isinstance(shape, tuple) and all(
        isinstance(n, int | np.integer) and not isinstance(n, bool) and least <= n <= MOST
        for n in shape
    )
    if not whole:
        raise ValueError(
            f"the shape of {what} must be a tuple of positive whole numbers, got {quoted(shape)}"
        )


def checked_draw(parameter: Parameter, rng: np.random.Generator, owner: str) -> Any:
    """First values of a parameter, if they have its shape and are finite numbers."""
    what = f"draw of {parameter.name!r} of {owner}"
    if not callable(parameter.draw):
        raise TypeError(f"{what} must be a function of a generator, got {quoted(parameter.draw)}")
    values = np.asarray(parameter.draw(rng))
    if values.dtype.kind not in "fiu":
        raise TypeError(f"{what} must return an array of numbers, got {quoted(values, 80)}")
    if values.shape != parameter.shape:
        raise ValueError(f"{what} must return the shape {parameter.shape}, got {values.shape}")
    if not np.isfinite(values).all():
        raise ValueError(f"{what} must return finite numbers, got {quoted(values, 80)}")
    return values


def update_of(optimizer: Any) -> Update:
    """What a step of an optimiser runs."""
    update, owner = optimizer.update(), f"the optimiser {quoted(optimizer)}"
    if not isinstance(update, Update):
        raise TypeError(f"update() of {owner} must return an Update, got {quoted(update)}")
    _check_asks(update.kernel, ("first", "last"), owner)
    _check_named(update.settings, f"settings of {owner}", "numbers")
    for what, names in (("moments", update.moments), ("decays", update.decays)):
        if not isinstance(names, tuple) or not all(isinstance(name, str) for name in names):
            raise TypeError(f"{what} of {owner} must be a tuple of names, got {quoted(names)}")
    for name in update.decays:
        if name not in update.settings:
            raise ValueError(f"decays of {owner} are names of its settings, got {name!r}")
    return update
