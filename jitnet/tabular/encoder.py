"""From the columns' numbers and codes to the rows that a network takes, all columns at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from jitnet.arrays import Array
from jitnet.tabular.columns import Category, Column, symmetric_log

MOST_DEVIATIONS = 10.0
"""How far from the mean a number counts; one that lies further counts as much."""
ROWS_AT_ONCE = 1 << 11


class Encoder:
    """The columns of a table as flat arrays.

    The features are, in this order: each number's scaled value, the shares of the bins, which
    numbers are missing, and the features of each category. A scaled value and the share of a bin
    are both (x - offset) / width between two bounds.

    Parameters
    ----------
    columns : sequence of Number, Ordinal, Date or Category
        The columns.

    Attributes
    ----------
    fill : ndarray of shape (n_numbers,)
        What stands in for a missing number.
    logs, units : ndarray
        The numbers whose logarithms count as further ones, behind all others, and their units.
    number, offset, width, least, most : ndarray
        For each scaled value and each bin the number that it is made of, and how.
    missing : ndarray
        The numbers of which a feature says that they are missing.
    rows : list of ndarray
        For each category the features of each code.
    starts : list of int
        Where the features of each category begin, and where the last one's end.
    """

    def __init__(self, columns: Sequence[Column]) -> None:
        scales = [
            s for column in columns if not isinstance(column, Category) for s in column.scales
        ]
        self.fill = np.array([scale.fill for scale in scales], np.float64)
        bins = [max(0, len(scale.edges) - 1) for scale in scales]
        low = [edge for scale in scales for edge in scale.edges[:-1]]
        high = [edge for scale in scales for edge in scale.edges[1:]]
        scaled = np.full(len(scales), MOST_DEVIATIONS)
        units = np.array([scale.unit for scale in scales], np.float64)
        self.logs, own = np.flatnonzero(units), np.arange(len(scales))
        self.units = units[self.logs]
        own[self.logs] = len(scales) + np.arange(len(self.logs))
        self.number = np.concatenate([own, np.repeat(np.arange(len(bins)), bins)])
        self.offset = np.array([*(scale.mean for scale in scales), *low], np.float64)
        widths = np.array(high, np.float64) - np.array(low, np.float64)
        deviations = np.array([scale.deviation for scale in scales], np.float64)
        self.width = np.concatenate([deviations, widths])
        self.least = np.concatenate([-scaled, np.zeros(len(low))])
        self.most = np.concatenate([scaled, np.ones(len(low))])
        self.missing = np.flatnonzero([scale.missing for scale in scales])
        self.rows = [
            np.array(column.rows, np.float32) for column in columns if isinstance(column, Category)
        ]
        first = len(self.number) + len(self.missing)
        self.starts = np.cumsum([first, *(rows.shape[1] for rows in self.rows)]).tolist()
        self.n_features = int(self.starts[-1])

    def encode(self, numbers: Array, codes: Array) -> Array:
        """The features (n, n_features) of float32.

        Parameters
        ----------
        numbers : ndarray of float64, shape (n, n_numbers)
            NaN is a missing one.
        codes : ndarray of int64, shape (n, n_categories)
            The codes of the categories' values.
        """
        features = np.empty((len(numbers), self.n_features), np.float32)
        for first in range(0, len(numbers), ROWS_AT_ONCE):
            part = slice(first, first + ROWS_AT_ONCE)
            self._write(features[part], numbers[part], codes[part])
        return features

    def _write(self, features: Array, numbers: Array, codes: Array) -> None:
        missing = np.isnan(numbers)
        known = np.where(missing, self.fill, numbers)
        if len(self.logs):
            logs = symmetric_log(known.take(self.logs, axis=1), self.units)
            known = np.concatenate([known, logs], axis=1)
        shares = known.take(self.number, axis=1)
        with np.errstate(over="ignore"):  # what is infinite counts as the most or the least
            np.subtract(shares, self.offset, out=shares)
            np.divide(shares, self.width, out=shares)
        np.maximum(shares, self.least, out=shares)
        np.minimum(shares, self.most, out=shares)
        features[:, : len(self.number)] = shares
        features[:, len(self.number) : self.starts[0]] = missing.take(self.missing, axis=1)
        if len(codes) == 1 and self.rows:  # an index is found in a tenth of an array's time
            own = [rows[code] for rows, code in zip(self.rows, codes[0].tolist(), strict=True)]
            np.concatenate(own, out=features[0, self.starts[0] :])
            return
        for place, rows in enumerate(self.rows):
            features[:, self.starts[place] : self.starts[place + 1]] = rows[codes[:, place]]


def feature_names(columns: Sequence[Column]) -> list[str]:
    """The names of the features, in the encoder's order."""
    numeric = [column for column in columns if not isinstance(column, Category)]
    parts: list[tuple[str, Any]] = [
        (f"{column.name}, {part}" if part else column.name, scale)
        for column in numeric
        for part, scale in zip(column.PARTS, column.scales, strict=True)
    ]
    named = [scale.features(name) for name, scale in parts]
    scaled = [names[0] for names in named]
    binned = [
        name
        for names, (_, scale) in zip(named, parts, strict=True)
        for name in names[1 : len(names) - scale.missing]
    ]
    missing = [names[-1] for names, (_, scale) in zip(named, parts, strict=True) if scale.missing]
    categories = [name for c in columns if isinstance(c, Category) for name in c.features]
    return [*scaled, *binned, *missing, *categories]
