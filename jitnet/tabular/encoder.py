"""From the columns' numbers and codes to the rows that a network takes, all columns at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from jitnet.arrays import Array
from jitnet.tabular.columns import Category, Column

MOST_DEVIATIONS = 10.0
"""How far from the mean a number counts; one that lies further counts as much."""
ROWS_AT_ONCE = 1 << 14


class Encoder:
    """The columns of a table as flat arrays.

    The features are, in this order: each number's scaled value, the shares of the bins, which
    numbers are missing, and the features of each category.

    Parameters
    ----------
    columns : sequence of Number, Ordinal, Date or Category
        The columns.
    """

    def __init__(self, columns: Sequence[Column]) -> None:
        scales = [
            s for column in columns if not isinstance(column, Category) for s in column.scales
        ]
        self.n_numbers = len(scales)
        self.fill = np.array([scale.fill for scale in scales])
        self.mean = np.array([scale.mean for scale in scales])
        self.deviation = np.array([scale.deviation for scale in scales])
        self.binned = np.repeat(np.arange(len(scales)), [max(0, len(s.edges) - 1) for s in scales])
        self.low = np.array([edge for scale in scales for edge in scale.edges[:-1]])
        high = np.array([edge for scale in scales for edge in scale.edges[1:]])
        self.width = high - self.low
        self.missing = np.flatnonzero([scale.missing for scale in scales])
        self.rows = [
            np.array(column.rows, np.float32) for column in columns if isinstance(column, Category)
        ]
        starts = np.cumsum([self.n_numbers, len(self.binned), len(self.missing)])
        self.starts = np.cumsum([starts[-1], *(rows.shape[1] for rows in self.rows)])
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
        scaled, binned = self.n_numbers, self.n_numbers + len(self.binned)
        z = (known - self.mean) / self.deviation
        features[:, :scaled] = np.minimum(np.maximum(z, -MOST_DEVIATIONS), MOST_DEVIATIONS)
        shares = (known[:, self.binned] - self.low) / self.width
        features[:, scaled:binned] = np.minimum(np.maximum(shares, 0.0), 1.0)
        features[:, binned : self.starts[0]] = missing[:, self.missing]
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
