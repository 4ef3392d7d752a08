"""A rung's code, as the machine runs it: its module, and what it calls elsewhere."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from textwrap import dedent
from types import FunctionType, ModuleType
from typing import Any

from jitnet.study.problem import Problem

STUDY = "jitnet.study"
PACKAGE = Path(__file__).parents[1]


def source(problem: Problem, rung: str) -> str:
    """The code of a rung: its module, and behind it the functions that it takes from others.

    Parameters
    ----------
    problem : Problem
        Whose rung.
    rung : str
        One of `RUNGS`.

    Examples
    --------
    >>> from jitnet.study.problems import get_problem
    >>> "for k in range(depth)" in source(get_problem("matmul"), "loops")
    True
    """
    module = import_module(f"{problem.package}.{rung}")
    parts = [_titled(module, inspect.getsource(module))]
    parts += [
        _titled(part, inspect.getsource(part)) for part in dict.fromkeys(_called(module, problem))
    ]
    return "\n\n".join(parts)


def _called(module: ModuleType, problem: Problem) -> Iterator[Any]:
    """How a step calls a rung, what that calls of the study's, and what it runs of the engine's."""
    if not hasattr(module, "start"):
        yield from _with_callees(problem.step)
    for value in vars(module).values():
        if isinstance(value, ModuleType) and value.__name__.startswith(STUDY):
            yield value
        elif _is_studied(value) and _function(value).__module__ != module.__name__:
            yield from _with_callees(value)
    engine_of = getattr(module, "engine_of", lambda name: getattr(module, "ENGINE", ()))
    yield from map(_function, engine_of(problem.name))


def _with_callees(value: Any) -> Iterator[Any]:
    """A function of the study's, and those that it names, on any level."""
    function = _function(value)
    yield function
    for name in function.__code__.co_names:
        callee = function.__globals__.get(name)
        if _is_studied(callee) and _function(callee) is not function:
            yield from _with_callees(callee)


def _is_studied(value: Any) -> bool:
    function = _function(value)
    return isinstance(function, FunctionType) and function.__module__.startswith(STUDY)


def _function(value: Any) -> Any:
    """The Python function of a compiled one."""
    return getattr(value, "py_func", value)


def _titled(part: Any, text: str) -> str:
    path = Path(inspect.getsourcefile(part) or "").relative_to(PACKAGE.parent)
    name = "" if isinstance(part, ModuleType) else f", {part.__qualname__}"
    return f"# {path.as_posix()}{name}\n\n{dedent(text).strip()}\n"
