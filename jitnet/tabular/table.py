"""``Table``: what is learned of a table's columns, and the features that a network takes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from jitnet.arrays import Array
from jitnet.checks import check_names, check_whole
from jitnet.errors import NotFittedError
from jitnet.quoting import quoted
from jitnet.tabular.columns import Category, Column, Ordinal
from jitnet.tabular.encoder import Encoder, feature_names
from jitnet.tabular.frames import as_polars
from jitnet.tabular.learning import Refused, learn
from jitnet.tabular.logs import with_logs
from jitnet.tabular.target import Target, learn_target
from jitnet.tabular.values import category_text, codes_of, numbers_of, numbers_of_one, text_of_one
from jitnet.validation import as_numbers_of

MOST_BINS, ROWS_A_BIN, LEAST_BINS = 32, 300, 4
"""Numbers are cut into a bin for so many rows, up to a number of bins, and not into fewer than
that."""
Features = Any
"""What networks take of rows: an array of features, or a tuple of it and of embedded codes."""
REASONS = 5
"""Columns that an error says the reasons of, at most."""


class Table:
    """From a frame's columns to the features that a network takes, and from predictions back.

    Numbers are scaled, and cut into bins where there are rows enough; dates become numbers by their
    parts; ordered and truth values become ranks; categories get a feature a value. What is missing
    has a feature of its own where that occurs in training, and so have rare values; a value that
    was never seen has a place too. All of it is learned in `fit`, from the rows that are given
    there. The target says the task.

    Parameters
    ----------
    task : {"classification", "regression"}, optional
        What to do with the target. By default text, truth values and up to 20 different whole
        numbers are classes, and other numbers are predicted as such.
    categorical : sequence of str, default ()
        Columns of numbers that are categories, such as postal codes.
    ordinal : dict of str to sequence of str, optional
        Columns of values with an order, and these from the lowest to the highest.
    drop : sequence of str, default ()
        Columns to leave out.
    bins : int, optional
        Bins of a column of numbers, at most; 0 is none. By default one for 300 rows, up to 32, and
        none below 4.

    Attributes
    ----------
    columns : list of Number, Ordinal, Date or Category
        What was learned of each column.
    target : Target
        What was learned of the target.
    refused : dict of str to str
        The columns that are left out, and why.

    Examples
    --------
    >>> import jitnet as jn
    >>> frame = {
    ...     "size": [30.0, 45.0, None, 80.0], "heated": [True, False, True, True],
    ...     "rent": [610.0, 750.0, 500.0, 1180.0],
    ... }
    >>> table = jn.Table().fit(frame, target="rent")
    >>> table.features
    ['size', 'heated', 'size is missing']
    >>> table.transform(frame).shape
    (4, 3)
    >>> table.inverse(table.targets(frame)[:, None]).round().tolist()
    [610.0, 750.0, 500.0, 1180.0]
    """

    def __init__(
        self,
        *,
        task: str | None = None,
        categorical: Sequence[str] = (),
        ordinal: Mapping[str, Sequence[str]] | None = None,
        drop: Sequence[str] = (),
        bins: int | None = None,
    ) -> None:
        self.task, self.bins = task, None if bins is None else check_whole("bins", bins, least=0)
        self.categorical = check_names("categorical", categorical)
        self.drop = check_names("drop", drop)
        if not isinstance(ordinal, Mapping | None):
            raise TypeError(
                f"ordinal must be a dict of columns to their values, got {quoted(ordinal)}"
            )
        self.ordinal = {
            name: check_names(f"the order of {quoted(name)}", values)
            for name, values in (ordinal or {}).items()
        }
        self.columns: list[Column] = []
        self.refused: dict[str, str] = {}
        self._target: Target | None = None

    def fit(self, frame: Any, target: str, *, whole: Any = None, validation: Any = None) -> Table:
        """Learn the columns from the training rows.

        Parameters
        ----------
        frame : DataFrame of pandas, Polars or Arrow, or dict of columns
            The training rows, the target among the columns.
        target : str
            The name of the column to predict.
        whole : frame, optional
            All rows that those are a part of, by whose targets alone the task is chosen.
        validation : frame, optional
            Other rows with their targets, by which alone it is chosen whether a skewed number
            counts by its logarithm; without any none does.

        Returns
        -------
        Table
            The table itself.

        Raises
        ------
        ValueError
            If a column is not there, a target is missing or all of them are alike, or there is
            nothing to learn from.
        ImportError
            Without the packages narwhals and polars: ``pip install 'jitnet[table]'``, in a checkout
            ``pip install '.[table]'``.
        """
        rows = as_polars(frame)
        check_there([target, *self.categorical, *self.ordinal, *self.drop], rows)
        all_targets = rows[target] if whole is None else as_polars(whole)[target]
        learned = learn_target(rows[target], self.task, all_targets)
        bins = min(MOST_BINS, len(rows) // ROWS_A_BIN) if self.bins is None else self.bins
        bins = bins if bins >= LEAST_BINS or self.bins is not None else 0
        columns, refused = [], {}
        for name in rows.columns:
            if name in (target, *self.drop):
                continue
            try:
                column = learn(
                    rows[name],
                    bins,
                    as_category=name in self.categorical,
                    order=self.ordinal.get(name),
                )
                columns.append(column)
            except Refused as reason:
                refused[name] = str(reason)
        if not columns:
            reasons = "; ".join(f"{name}: {refused[name]}" for name in list(refused)[:REASONS])
            raise ValueError(f"no column to learn from is left: {reasons or 'there is no other'}")
        if validation is not None:
            others = as_polars(validation)
            check_there([target, *(column.name for column in columns)], others)
            columns = with_logs(columns, learned, rows, others)
        self._set(columns, learned, refused)
        return self

    @property
    def options(self) -> dict[str, Any]:
        """What the table was made with."""
        names = ("task", "categorical", "ordinal", "drop", "bins")
        return {name: getattr(self, name) for name in names}

    @classmethod
    def _of(
        cls,
        columns: Sequence[Column],
        target: Target,
        refused: Mapping[str, str],
        options: Mapping[str, Any],
    ) -> Table:
        """A table of what was learned before."""
        table = cls(**options)
        table._set(list(columns), target, dict(refused))
        return table

    def _set(self, columns: list[Column], target: Target, refused: dict[str, str]) -> None:
        self.columns, self._target, self.refused = columns, target, refused
        self._encoder = Encoder(columns)
        self._numeric = [column for column in columns if not isinstance(column, Category)]
        self._categories = [column for column in columns if isinstance(column, Category)]
        self._codes = [
            (column.name, column.codes, column.unseen, column.of_numbers)
            for column in self._categories
        ]
        self._vectors = [k for k, column in enumerate(self._categories) if column.embedded]

    @property
    def target(self) -> Target:
        """What was learned of the target."""
        if self._target is None:
            raise NotFittedError("this table has learned nothing yet; call fit first")
        return self._target

    @property
    def features(self) -> list[str]:
        """The names of the features, in their order."""
        return feature_names(self.columns)

    @property
    def embedded(self) -> list[tuple[int, int]]:
        """For each category of many values its codes, and the numbers of a code's vector."""
        columns = (self._categories[place] for place in self._vectors)
        return [(len(column.shares) + 1, column.embedded) for column in columns]

    def transform(self, frame: Any) -> Features:
        """Features of rows, as networks take them.

        Parameters
        ----------
        frame : DataFrame of pandas, Polars or Arrow, or dict of columns
            Rows; other columns than those of `columns` are not looked at.

        Returns
        -------
        ndarray of float32, shape (n_rows, n_features)
            Where categories are embedded, a tuple of it, unless there are no features, and of the
            codes (n_rows, 1) of each of them, as `Branches` takes it.

        Raises
        ------
        ValueError
            If a column is not there, or has other values than its kind's.
        """
        rows = self._checked(frame)
        count = len(rows)
        numbers = [numbers_of(column, rows[column.name]) for column in self._numeric]
        codes = [codes_of(column, rows[column.name]) for column in self._categories]
        of_codes = np.column_stack(codes) if codes else np.empty((count, 0), np.int64)
        of_numbers = np.hstack(numbers) if numbers else np.empty((count, 0))
        features = self._encoder.encode(of_numbers, of_codes)
        return self._with_codes(features, of_codes) if self._vectors else features

    def _with_codes(self, features: Array, codes: Array) -> Features:
        """The features, and the codes of the categories that become vectors."""
        parts = [features][: features.shape[1]]
        parts += [codes[:, place : place + 1] for place in self._vectors]
        return tuple(parts) if len(parts) > 1 else parts[0]

    def transform_row(self, row: Mapping[str, Any]) -> Features:
        """Features of a single row, in some microseconds.

        Parameters
        ----------
        row : dict of str to number, str, bool, date or None
            The value of each column; one that is not there is missing.

        Returns
        -------
        ndarray of float32, shape (1, n_features)
            As from `transform`.

        Raises
        ------
        ValueError
            If a value is not of its column's kind.
        """
        self.target  # noqa: B018 - refuses a table that has learned nothing
        if not isinstance(row, Mapping):
            raise TypeError(f"row must be a dict of columns to values, got {type(row).__name__}")
        get = row.get
        numbers = [x for c in self._numeric for x in numbers_of_one(c, get(c.name))]
        codes = []
        for name, known, unseen, of_numbers in self._codes:
            value = get(name)
            if type(value) is not str or of_numbers:  # else it is the text itself
                value = text_of_one(value, of_numbers=of_numbers)
            codes.append(known.get(value, unseen))
        of_codes = np.array([codes], np.int64)
        features = self._encoder.encode(np.array([numbers]), of_codes)
        return self._with_codes(features, of_codes) if self._vectors else features

    def targets(self, frame: Any) -> Array:
        """What a network is to learn of rows.

        Parameters
        ----------
        frame : DataFrame of pandas, Polars or Arrow, or dict of columns
            Rows, with the target.

        Returns
        -------
        ndarray of shape (n_rows,)
            The places of the classes, or numbers that have the mean 0 and the deviation 1 in
            training, of the logarithms where the target is learned as such.

        Raises
        ------
        ValueError
            If a target is missing, or was not a class in training.
        """
        rows = as_polars(frame)
        check_there([self.target.name], rows)
        return self.target.encode(rows[self.target.name])

    def inverse(self, predictions: Array) -> Array:
        """Classes or numbers as the target has them, from a network's predictions.

        Parameters
        ----------
        predictions : ndarray of shape (n_rows, n_outputs)
            What the network gives: probabilities, or scaled numbers.

        Returns
        -------
        ndarray of shape (n_rows,)
        """
        return self.target.decode(as_numbers_of(predictions, "predictions"))

    def unseen(self, frame: Any) -> dict[str, dict[str, int]]:
        """The values that were not there in training, and how many rows have each.

        Parameters
        ----------
        frame : DataFrame of pandas, Polars or Arrow, or dict of columns
            Rows.

        Returns
        -------
        dict of str to dict of str to int
            For each column with such values these, the most frequent first.
        """
        rows, found = self._checked(frame), {}
        for column in self.columns:
            if not isinstance(column, Category | Ordinal):
                continue
            known = set(column.values) | set(getattr(column, "rare", ()))
            values = category_text(column, rows[column.name]).drop_nulls()
            counts = values.rename("value").value_counts(sort=True, name="rows")
            named = zip(counts["value"].to_list(), counts["rows"].to_list(), strict=True)
            new = {value: count for value, count in named if value not in known}
            if new:
                found[column.name] = new
        return found

    def missing(self, frame: Any) -> dict[str, int]:
        """How many rows miss a value, for each column where there are such."""
        rows = self._checked(frame)
        counts = {column.name: rows[column.name].null_count() for column in self.columns}
        return {name: count for name, count in counts.items() if count}

    def _checked(self, frame: Any) -> Any:
        self.target  # noqa: B018 - refuses a table that has learned nothing
        rows = as_polars(frame)
        check_there([column.name for column in self.columns], rows)
        return rows


def check_there(names: Iterable[str], rows: Any) -> None:
    """Refuse a frame without one of these columns."""
    columns = rows.columns
    known = set(columns)
    for name in names:
        if not isinstance(name, str):
            raise TypeError(f"columns are given by their names, got {quoted(name)}")
        if name not in known:
            there = ", ".join(map(repr, columns[:20]))
            more = f" and {len(columns) - 20} more" if len(columns) > 20 else ""
            raise ValueError(f"there is no column {quoted(name)}; there are {there}{more}")
