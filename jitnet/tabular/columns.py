"""The kinds of columns: what each has learned of the training rows, as plain data.

A column gives numbers or a code to each row. Numbers are scaled, and cut into bins where there are
enough rows for that (Gorishniy, Rubachev, Babenko, 2022, *On Embeddings for Numerical Features in
Tabular Deep Learning*, section 3.1: between two edges the bin's feature runs from 0 to 1, so that
the network's first layer is a function of broken lines). A code is the place of a value among those
of the training rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True)
class Scale:
    """How a number becomes features: (x - mean) / deviation, and a share of each bin.

    Parameters
    ----------
    mean, deviation : float
        Of the training rows.
    fill : float
        What stands in for a missing number: the median.
    edges : tuple of float, default ()
        Of the bins.
    missing : bool, default False
        Whether a feature says that the number is missing; where none was in training, none does.
    unit : float, default 0.0
        Where it is not 0, the `symmetric_log` of the number in this unit is scaled instead of it;
        mean and deviation are those of that.
    """

    mean: float
    deviation: float
    fill: float
    edges: tuple[float, ...] = ()
    missing: bool = False
    unit: float = 0.0

    def features(self, name: str) -> list[str]:
        """The names of its features."""
        between = zip(self.edges, self.edges[1:], strict=False)
        binned = [f"{name} from {low:g} to {high:g}" for low, high in between]
        scaled = f"logarithm of {name}" if self.unit else name
        return [scaled, *binned, *[f"{name} is missing"] * self.missing]

    @property
    def described(self) -> str:
        """What its mean and deviation are."""
        of_logs = f" of ln(1 + |x| / {self.unit:.4g})" if self.unit else ""
        return f"mean {self.mean:.4g}, deviation {self.deviation:.4g}{of_logs}"


@dataclass(frozen=True)
class Number:
    """A column of numbers.

    Parameters
    ----------
    name : str
        The column's name.
    scales : tuple of one Scale
        What its numbers become.
    """

    KIND: ClassVar = "numbers"
    PARTS: ClassVar = ("",)
    name: str
    scales: tuple[Scale, ...]


@dataclass(frozen=True)
class Ordinal:
    """A column of values in an order, or of two, which count as numbers by their rank.

    Parameters
    ----------
    name : str
        The column's name.
    values : tuple of str
        The values from the lowest to the highest.
    scales : tuple of one Scale
        What their ranks become.
    """

    KIND: ClassVar = "ordered values"
    PARTS: ClassVar = ("",)
    name: str
    values: tuple[str, ...]
    scales: tuple[Scale, ...]


@dataclass(frozen=True)
class Date:
    """A column of dates, or of dates with times, by their parts.

    Parameters
    ----------
    name : str
        The column's name.
    scales : tuple of Scale
        What each of the `PARTS` becomes.
    """

    KIND: ClassVar = "dates"
    PARTS: ClassVar = ("day number", "month", "day of the month", "weekday", "hour")
    name: str
    scales: tuple[Scale, ...]


MOST_FEATURES = 256
"""Values of a category up to which each has a feature of its own; of more each has a vector."""
MOST_NUMBERS = 32
"""Numbers of such a vector."""


@dataclass(frozen=True)
class Category:
    """A column of values without an order: a feature each, or where they are many a vector each.

    Parameters
    ----------
    name : str
        The column's name.
    values : tuple of str
        Those of the training rows that are frequent enough for a feature of their own.
    shares : tuple of float
        The share of the training rows that each feature has: of the values; of the rare ones, if
        there are such; of the missing ones, if there are such.
    rare : tuple of str, default ()
        The other values of the training rows, which share a feature.
    missing : bool, default False
        Whether a feature says that the value is missing.
    of_numbers : bool, default False
        Whether the values were numbers: a text then is the number that it says.
    """

    KIND: ClassVar = "categories"
    name: str
    values: tuple[str, ...]
    shares: tuple[float, ...]
    rare: tuple[str, ...] = ()
    missing: bool = False
    of_numbers: bool = False

    @property
    def embedded(self) -> int:
        """Numbers of the vector of each code, which the network learns; 0 of features.

        They go by fastai's rule, 1.6 n^0.56 for n values, up to 32.
        """
        count = len(self.values)
        return 0 if count <= MOST_FEATURES else min(MOST_NUMBERS, round(1.6 * count**0.56))

    @property
    def features(self) -> list[str]:
        """The names of its features."""
        if self.embedded:
            return []
        named = [f"{self.name} is {value}" for value in self.values]
        others = {"rare": bool(self.rare), "missing": self.missing}
        return [*named, *[f"{self.name} is {kind}" for kind, there in others.items() if there]]

    @property
    def unseen(self) -> int:
        """The code of a value that was not seen in training, behind those that were."""
        return len(self.values) if self.embedded and self.rare else len(self.shares)

    @property
    def codes(self) -> dict[str | None, int]:
        """The code of each value that was seen in training, and of None, a missing one."""
        missing = len(self.shares) - 1 if self.missing else self.unseen
        rare = dict.fromkeys(self.rare, len(self.values))
        return {value: code for code, value in enumerate(self.values)} | rare | {None: missing}

    @property
    def rows(self) -> list[list[float]]:
        """The features of each code.

        A value that was not seen counts as a rare one. Where there are no rare ones, it has the
        share of each feature, as a row has of which nothing is known: every weight that it meets
        was trained.
        """
        if self.embedded:
            return [[]] * (self.unseen + 1)
        own = [[float(i == j) for j in range(self.unseen)] for i in range(self.unseen)]
        return [*own, own[len(self.values)] if self.rare else list(self.shares)]


Numeric = Number | Ordinal | Date
Column = Numeric | Category

COLUMNS: dict[str, type[Any]] = {
    kind.__name__: kind for kind in (Number, Ordinal, Date, Category, Scale)
}
"""What a table is made of, by the names in a file."""
