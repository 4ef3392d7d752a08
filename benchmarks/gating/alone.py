"""A kernel compiled alone.

The study's loops run one of several kernels, by numbers they are given; all of them are one unit to
the compiler, which lays out each beside the others. Where one becomes slower another one may, too,
though nobody has touched it. With its numbers fixed a loop keeps what they choose, and the compiler
throws away the rest.
"""

from __future__ import annotations

import ast
import inspect
import sys
import textwrap
from collections.abc import Callable
from typing import Any

import numpy as np

from jitnet.kernels.jit import njit
from jitnet.study import engine

OWN = 3
"""Arguments that `on_a_team` gives a loop itself."""


def compile_alone() -> None:
    """Have every case of this process run a loop whose numbers are fixed."""
    on_a_team = engine.on_a_team

    def fixed(threads: int, kernel: Any, *arguments: Any) -> Callable[[int], None]:
        loop, left = with_numbers_fixed(kernel, arguments)
        return on_a_team(threads, loop, *left)

    for module in list(sys.modules.values()):
        if getattr(module, "on_a_team", None) is on_a_team:
            vars(module)["on_a_team"] = fixed


def with_numbers_fixed(kernel: Any, arguments: tuple[Any, ...]) -> tuple[Any, list[Any]]:
    """A loop without the parameters for whole numbers, and the other arguments."""
    function = kernel.py_func
    names = list(inspect.signature(function).parameters)[OWN:]
    numbers = {
        name: np.int64(value)
        for name, value in zip(names, arguments, strict=True)
        if isinstance(value, int)
    }
    left = [value for value in arguments if not isinstance(value, int)]
    return (njit(entry=True)(_fixed(function, numbers)) if numbers else kernel), left


def _fixed(function: Any, numbers: dict[str, Any]) -> Any:
    """The function's own source within one that has the numbers, at the same lines."""
    lines, first = inspect.getsourcelines(function)
    (definition,) = ast.parse(textwrap.dedent("".join(lines))).body
    assert isinstance(definition, ast.FunctionDef)
    definition.decorator_list = []
    definition.args.args = [part for part in definition.args.args if part.arg not in numbers]
    (maker,) = ast.parse(f"def make({', '.join(numbers)}): return {function.__name__}").body
    assert isinstance(maker, ast.FunctionDef)
    maker.body.insert(0, definition)
    module = ast.fix_missing_locations(ast.Module([maker], []))
    ast.increment_lineno(module, first - 1)
    space = dict(function.__globals__)
    exec(compile(module, inspect.getsourcefile(function) or "", "exec"), space)
    return space["make"](**numbers)
