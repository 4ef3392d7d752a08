"""A network in C in the making: weights, calls, and the room that they work in."""

from __future__ import annotations

from string import Template
from typing import Any

import numpy as np

from jitnet.arrays import Array
from jitnet.export.c_functions import FILTERS_AT_ONCE, FUNCTIONS, ROLLED

NUMBERS_A_LINE = 6

TYPES = {"float32": ("float", "f", 9), "float64": ("double", "", 17)}
"""A type's name, what its literals end with, and the digits that make a number exact."""


class Source:
    """Weights and calls, collected.

    Parameters
    ----------
    dtype : numpy.dtype
        The type of all numbers.
    """

    def __init__(self, dtype: np.dtype[Any]) -> None:
        self.real, self.suffix, self.digits = TYPES[dtype.name]
        self.arrays: list[str] = []
        self.calls: list[str] = []
        self.sizes: list[int] = []
        self._used: set[str] = set()
        self._users: dict[str, int] = {}

    def call(self, function: str, *arguments: Any) -> None:
        """Call a function of the table."""
        self._used.add(function)
        self.add(f"{function}({', '.join(map(str, arguments))});")

    def add(self, statement: str) -> None:
        """Add a statement."""
        self.calls.append(f"    {statement}")

    def number(self, value: float) -> str:
        """A number, exact, in the type of all."""
        text = f"{value:.{self.digits}g}"
        if "." not in text and "e" not in text:
            text += ".0"
        return text + self.suffix

    def numbers(self, array: Array) -> str:
        """Numbers between braces, some a line."""
        texts = [self.number(value) for value in array.ravel().tolist()]
        lines = [
            ", ".join(texts[first : first + NUMBERS_A_LINE])
            for first in range(0, len(texts), NUMBERS_A_LINE)
        ]
        return "{\n    " + ",\n    ".join(lines) + "\n}"

    def weight(self, stem: str, array: Array) -> str:
        """Keep an array of constants; its name."""
        name = f"{stem}_{len(self.arrays)}"
        values = self.numbers(array)
        self.arrays.append(f"static const {self.real} {name}[{array.size}] = {values};\n")
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

    def functions(self) -> str:
        """The functions that are called."""
        texts = [text for name, text in FUNCTIONS.items() if name in self._used]
        used = "\n".join(texts)
        return Template(ROLLED + "\n" + used if "ROLLED" in used else used).substitute(
            real=self.real, f=self.suffix, filters_at_once=FILTERS_AT_ONCE
        )
