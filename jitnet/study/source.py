"""A rung's code, as the machine runs it: its module, and what it calls elsewhere."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
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
    parts += [_titled(part, inspect.getsource(part)) for part in dict.fromkeys(_called(module))]
    return "\n\n".join(parts)


def _called(module: ModuleType) -> Iterator[Any]:
    """Functions and modules of the study's, and those of the engine's, that a rung calls."""
    shown = getattr(module, "ENGINE", ())
    for value in (*vars(module).values(), *shown):
        part = getattr(value, "py_func", value)
        if isinstance(part, ModuleType) and part.__name__.startswith(STUDY):
            yield part
        elif isinstance(part, FunctionType) and part.__module__ != module.__name__:
            studied = part.__module__.startswith(STUDY)
            if studied or value in shown:
                yield part


def _titled(part: Any, text: str) -> str:
    path = Path(inspect.getsourcefile(part) or "").relative_to(PACKAGE.parent)
    name = "" if isinstance(part, ModuleType) else f", {part.__qualname__}"
    return f"# {path.as_posix()}{name}\n\n{text.strip()}\n"
