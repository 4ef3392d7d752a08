"""A network in C in the making: weights, calls, and the room that they work in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from string import Template
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from jitnet.arrays import Array
from jitnet.export.c_exponential import constants_of
from jitnet.export.c_functions import FILTERS_AT_ONCE, FUNCTIONS, ROLLED
from jitnet.export.network import in_type

CONSTANTS_A_LINE = 6

TYPES = {"float32": ("float", "f", 9), "float64": ("double", "", 17)}
"""A type's name, what its literals end with, and the digits that make a number exact."""


class Source:
    """Weights and calls, collected.

    Parameters
    ----------
    dtype : numpy.dtype
        The type of all numbers.
    functions : mapping of str to str, optional
        The functions that may be called; by default those of networks.
    """

    def __init__(self, dtype: np.dtype[Any], functions: Mapping[str, str] | None = None) -> None:
        self.real, self.suffix, self.digits = TYPES[dtype.name]
        self._dtype = dtype
        self._functions = FUNCTIONS if functions is None else functions
        self.arrays: list[str] = []
        self.calls: list[str] = []
        self.sizes: list[int] = []
        self._used: set[str] = set()
        self._users: dict[str, int] = {}

    def call(self, function: str, *arguments: Any) -> None:
        """Call a function of the table."""
        self.use(function)
        self.add(f"{function}({', '.join(map(str, arguments))});")

    def repeat(self, count: int, function: str, *arguments: Any) -> None:
        """Call a function of the table for each ``t`` below a count."""
        self.add(f"for (size_t t = 0; t < {count}; t++)")
        self.call(function, *arguments)
        self.calls[-1] = f"    {self.calls[-1]}"

    def use(self, function: str) -> None:
        """Say that a function is called by what is written otherwise."""
        self._used.add(function)

    def add(self, statement: str) -> None:
        """Add a statement."""
        self.calls.append(f"    {statement}")

    def number(self, value: float) -> str:
        """A number, exact, in the type of all."""
        return self._texts(value)[0]

    def numbers(self, array: Array) -> str:
        """Numbers between braces, some a line."""
        return braced(self._texts(array))

    def weight(self, stem: str, array: Array) -> str:
        """Keep an array of constants; its name."""
        return self.constants(self.real, stem, self._texts(array))

    def _texts(self, array: ArrayLike) -> list[str]:
        values = in_type(array, self._dtype).ravel().tolist()
        return [number_of(value, self.real) for value in values]

    def constants(self, kind: str, stem: str, texts: Iterable[str]) -> str:
        """Keep an array of constants of a type of their own, as C has them; its name."""
        name, values = f"{stem}_{len(self.arrays)}", list(texts)
        self.arrays.append(f"static const {kind} {name}[{len(values)}] = {braced(values)};\n")
        return name

    def buffer(self, size: int) -> str:
        """Room for so many numbers, which nobody else uses until it is released."""
        free = [n for n in range(len(self.sizes)) if not self._users[f"b{n}"]]
        number = free[0] if free else len(self.sizes)
        if not free:
            self.sizes.append(0)
        self.sizes[number] = max(self.sizes[number], size)
        self._users[f"b{number}"] = 1
        return f"b{number}"

    def hold(self, name: str) -> None:
        """Keep a buffer for one use more."""
        if name in self._users:
            self._users[name] += 1

    def release(self, name: str) -> None:
        """Say that a buffer is used once less."""
        if name in self._users:
            self._users[name] -= 1

    def own(self, name: str, size: int) -> str:
        """A buffer with these numbers that may be written over."""
        if self._users.get(name) == 1:
            return name
        copy = self.buffer(size)
        self.add(f"memcpy({copy}, {name}, {size} * sizeof *{copy});")
        self.release(name)
        return copy

    def beginning(self) -> str:
        """Where in the scratch each buffer begins."""
        if not self.sizes:
            return "    (void)scratch;"
        places = np.cumsum([0, *self.sizes])
        return "\n".join(
            f"    {self.real} *const b{number} = scratch + {place};"
            for number, place in enumerate(places[:-1])
        )

    def functions(self) -> str:
        """The functions that are called, and those that they call."""
        texts: list[str] = []
        for name, text in reversed([*self._functions.items()]):
            if name in self._used or any(re.search(rf"\b{name}\(", other) for other in texts):
                texts.append(text)
        used = "\n".join(reversed(texts))
        return Template(ROLLED + "\n" + used if "ROLLED" in used else used).substitute(
            constants_of(self.real, self.number),
            real=self.real,
            f=self.suffix,
            filters_at_once=FILTERS_AT_ONCE,
        )


def number_of(value: float, real: str) -> str:
    """A number, exact, as C has it in a type."""
    suffix, digits = next(row[1:] for row in TYPES.values() if row[0] == real)
    text = f"{value:.{digits}g}"
    if "." not in text and "e" not in text:
        text += ".0"
    return text + suffix


def braced(texts: Iterable[str], a_line: int = CONSTANTS_A_LINE) -> str:
    """Constants between braces, some a line."""
    listed = list(texts)
    lines = [", ".join(listed[k : k + a_line]) for k in range(0, len(listed), a_line)]
    return "{\n    " + ",\n    ".join(lines) + "\n}"
