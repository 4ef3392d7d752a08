"""``TableModel``: a table and the networks that learn it, from a frame to predictions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from os import PathLike
from typing import Any

import numpy as np

from jitnet.arrays import Array
from jitnet.checks import check_whole
from jitnet.content import content_of
from jitnet.description import describe
from jitnet.errors import NotFittedError
from jitnet.io.model_file import write_model
from jitnet.model import Sequential
from jitnet.progress import Progress
from jitnet.quoting import quoted
from jitnet.tabular.frames import as_polars
from jitnet.tabular.parts import held_out
from jitnet.tabular.preset import Settings, check_settings, settings_for
from jitnet.tabular.scores import Scores, scores_of
from jitnet.tabular.table import Features, Table, check_there
from jitnet.tabular.target import check_complete
from jitnet.tabular.training import (
    Callbacks,
    Examples,
    Parts,
    check_own_callbacks,
    seed_of,
    train_networks,
)

VALIDATION_SHARE = 1 / 7


class TableModel:
    """Networks for a table: what `jitnet train FILE` trains.

    A perceptron on what a `Table` makes of the columns, trained by AdamW under a cosine schedule;
    the weights are those of the epoch with the least loss on a validation part.

    Parameters
    ----------
    target : str
        The name of the column to predict.
    table : Table, optional
        How the columns are read; ``Table()`` by default.
    seed : int, default 0
        The seed of first weights, orders, and the validation part.
    n_threads : int, optional
        As in `Sequential`.
    **settings
        ``hidden``, ``dropout``, ``epochs``, ``batch_size``, ``learning_rate``, ``weight_decay``,
        and ``ensemble``, how many networks with first weights of their own are averaged; what is
        not given suits the number of rows.

    Attributes
    ----------
    networks : list of Sequential
        The trained networks.
    settings : Settings
        How they were trained.

    Examples
    --------
    >>> import jitnet as jn
    >>> heights = [150 + k % 50 for k in range(200)]
    >>> frame = {"height": heights, "tall": ["yes" if h > 175 else "no" for h in heights]}
    >>> model = jn.TableModel("tall", epochs=20).fit(frame)
    >>> model.predict({"height": [152, 198]}).tolist()
    ['no', 'yes']
    """

    def __init__(
        self,
        target: str,
        *,
        table: Table | None = None,
        seed: int = 0,
        n_threads: int | None = None,
        **settings: Any,
    ) -> None:
        unknown = sorted(set(settings) - set(Settings._fields))
        if unknown:
            raise TypeError(
                f"TableModel has no setting {unknown[0]!r}; there are {', '.join(Settings._fields)}"
            )
        if table is not None and not isinstance(table, Table):
            raise TypeError(f"table must be a Table, got {quoted(table)}")
        self.target = target
        self.table = Table() if table is None else table
        self.seed, self.n_threads = check_whole("seed", seed, least=0), n_threads
        given = {name: value for name, value in settings.items() if value is not None}
        self.settings = check_settings(Settings()._replace(**given))
        self.given = {name: getattr(self.settings, name) for name in given}
        self.networks: list[Sequential] = []

    def fit(
        self,
        frame: Any,
        *,
        validation: Any = None,
        group: str | None = None,
        time: str | None = None,
        callbacks: Callbacks = (),
        progress: bool | Progress | None = None,
        checkpoints: str | PathLike[str] | None = None,
        resume: bool = False,
        communicator: Any = None,
    ) -> TableModel:
        """Learn the columns and train the networks.

        Parameters
        ----------
        frame : DataFrame of pandas, Polars or Arrow, or dict of columns
            The rows, the target among the columns.
        validation : frame or float, optional
            Rows to choose the best epoch by, and which skewed numbers count by their logarithms;
            nothing else is learned from them. Or their share of the rows given, by default a
            seventh, which each network of an ensemble draws for itself, and the first for the
            columns; the targets of that share have a say in what the task is.
        group : str, optional
            A column whose rows of one value stay together when that share is drawn, and which is
            not learned from.
        time : str, optional
            A column whose latest rows are that share.
        callbacks : sequence of Callback or callable, default ()
            As in `Sequential.fit`; each network's fit calls the callbacks anew, one after the
            other. Or ``callbacks(place)`` makes those of the network in this place, and the
            networks are trained side by side, as they are without callbacks. There is
            ``checkpoints`` instead of a `Checkpoint`.
        progress : bool or Progress, optional
            As in `Sequential.fit`; what is shown is the mean over all networks.
        checkpoints : str or path-like, optional
            A folder to write checkpoints into, a folder in it for each network: at most one in ten
            seconds, and one at the end.
        resume : bool, default False
            Whether to go on from the checkpoints in that folder, as far as there are some.
        communicator : mpi4py.MPI.Comm, optional
            The ranks that call this with the same arguments, and train each network together, as in
            `Sequential.fit`.

        Returns
        -------
        TableModel
            The model itself.

        Raises
        ------
        TypeError, ValueError
            If anything given does not fit.
        FloatingPointError
            If the loss of each network has become NaN or infinite. Where those of some have, these
            are left out with a RuntimeWarning.
        """
        if not callable(callbacks):
            check_own_callbacks(callbacks)
        before = self.table, self.settings, self.networks
        self.table = Table(**self.table.options)
        try:
            parts = self._parts_of_each(as_polars(frame), validation, group, time)
            self._train(parts, callbacks, progress, checkpoints, resume, communicator)
        except BaseException:
            self.table, self.settings, self.networks = before
            raise
        return self

    def _parts_of_each(
        self, rows: Any, validation: Any, group: str | None, time: str | None
    ) -> Callable[[int], Parts]:
        """Learn the columns; what the network in a place learns from, and what it validates on.

        Where networks draw what they validate on, each draws for itself, so that the ensemble
        learns from every row (Parmanto, Munro and Doyle, "Improving committee diagnosis with
        resampling techniques", 1996). The accuracy on the German credit data, over 112 cuts, is
        0.763, where it is 0.759 if all validate on the same rows.
        """
        first = self._parts(rows, validation, group, time)
        if not _is_share(validation) or self.settings.ensemble == 1:
            same = self._encoded(first[0]), self._encoded(first[1])
            return lambda place: same
        X, y = self._encoded(rows)

        def drawn(place: int) -> Parts:
            mask = self._drawn(rows, validation, group, time, place)
            learned, validated = ((_chosen(X, part), y[part]) for part in (~mask, mask))
            return learned, validated

        return drawn

    def _parts(
        self, rows: Any, validation: Any, group: str | None, time: str | None
    ) -> tuple[Any, Any]:
        """The rows to learn from and to validate on; the table has learned the former's columns."""
        check_there([self.target, *(name for name in (group, time) if name is not None)], rows)
        check_complete(rows[self.target])
        whole = rows
        if _is_share(validation):
            mask = self._drawn(rows, validation, group, time, place=0)
            rows, validation = rows.filter(~mask), rows.filter(mask)
        if group is not None and group not in self.table.drop:
            rows = rows.drop(group)
        self.table.fit(rows, self.target, whole=whole, validation=validation)
        self.settings = settings_for(len(rows), self.table.target)._replace(**self.given)
        return rows, validation

    def _drawn(
        self, rows: Any, share: float | None, group: str | None, time: str | None, place: int
    ) -> Array:
        """Which rows the network in a place validates on."""
        share, seed = VALIDATION_SHARE if share is None else share, seed_of(self.seed, place)
        cut = {"task": self.table.task, "group": group, "time": time}
        return held_out(rows, self.target, share, seed, **cut)

    def _encoded(self, rows: Any) -> Examples:
        """Rows as the networks take them, and their targets."""
        return self.table.transform(rows), self.table.targets(rows)

    def _train(
        self,
        parts: Callable[[int], Parts],
        callbacks: Callbacks,
        progress: bool | Progress | None,
        checkpoints: str | PathLike[str] | None,
        resume: bool,
        communicator: Any,
    ) -> None:
        """Train the networks, of which ``parts`` says what each learns from and validates on."""
        self.networks = train_networks(
            self.settings,
            self.table,
            parts,
            seed=self.seed,
            n_threads=self.n_threads,
            callbacks=callbacks,
            progress=progress,
            checkpoints=checkpoints,
            resume=resume,
            communicator=communicator,
        )

    def predict(self, frame: Any) -> Array:
        """Predict.

        Parameters
        ----------
        frame : DataFrame of pandas, Polars or Arrow, or dict
            Rows. A dict of single values is a single row, which takes some 45 µs.

        Returns
        -------
        ndarray of shape (n_rows,)
            Classes, or numbers in the target's units.

        Raises
        ------
        NotFittedError
            If the model is not fitted yet.
        ValueError
            If a column is not there, or has other values than its kind's.
        """
        return self.table.inverse(self.outputs(frame))

    def predict_proba(self, frame: Any) -> Array:
        """Predict the probability of each class.

        Parameters
        ----------
        frame : DataFrame of pandas, Polars or Arrow, or dict
            Rows, as in `predict`.

        Returns
        -------
        ndarray of shape (n_rows, n_classes)
            In the order of ``table.target.classes``.

        Raises
        ------
        NotFittedError, ValueError
            As in `predict`; and if the target has no classes.
        """
        if not self.table.target.classes:
            raise ValueError(f"the target {self.target!r} is a number and has no classes")
        return self.outputs(frame)

    def evaluate(self, frame: Any) -> Scores:
        """Scores on rows that have the target.

        Parameters
        ----------
        frame : DataFrame of pandas, Polars or Arrow, or dict of columns
            Rows.

        Returns
        -------
        Classification or Regression

        Raises
        ------
        NotFittedError, ValueError
            As in `predict`; and if a target is missing.
        """
        rows = as_polars(frame)
        return scores_of(self.table.target, rows, self.outputs(rows))

    def outputs(self, frame: Any) -> Array:
        """What the networks give for rows, on average.

        Parameters
        ----------
        frame : DataFrame of pandas, Polars or Arrow, or dict
            Rows, as in `predict`.

        Returns
        -------
        ndarray of shape (n_rows, n_outputs)
            Probabilities, or numbers as the table has scaled them: see `Table.inverse`.

        Raises
        ------
        NotFittedError, ValueError
            As in `predict`.
        """
        networks = self._trained()
        if isinstance(frame, Mapping) and _is_one_row(frame):
            X = self.table.transform_row(frame)
        else:
            X = self.table.transform(frame)
        outputs = _predicted(networks[0], X)
        if len(networks) == 1:
            return outputs
        with np.errstate(over="ignore", invalid="ignore"):  # as in the networks themselves
            for network in networks[1:]:
                outputs = outputs + _predicted(network, X)
        return outputs / len(networks)

    def _trained(self) -> list[Sequential]:
        if not self.networks:
            raise NotFittedError("this model has no networks yet; call fit first")
        return self.networks

    def save(self, path: str | PathLike[str]) -> None:
        """Write the model to a file: what was learned of the columns, and the networks.

        Parameters
        ----------
        path : str or path-like
            The file, as in `Sequential.save`; `load` reads it.

        Raises
        ------
        NotFittedError
            If the model is not fitted yet.
        ImportError
            As in `Sequential.save`.
        """
        parts = [content_of(network) for network in self._trained()]
        description = {
            "table": {
                "columns": [describe(column) for column in self.table.columns],
                "target": describe(self.table.target),
                "refused": self.table.refused,
                "options": self.table.options,
            },
            "seed": self.seed,
            "given": self.given,
            "settings": self.settings._asdict(),
            "networks": [described for described, _ in parts],
            "histories": [network.history for network in self.networks],
        }
        tensors = {
            f"networks.{place}.{name}": array
            for place, (_, arrays) in enumerate(parts)
            for name, array in arrays.items()
        }
        write_model(path, description, tensors)

    @classmethod
    def _of(
        cls,
        table: Table,
        settings: Settings,
        networks: list[Sequential],
        *,
        seed: int,
        given: Mapping[str, Any],
    ) -> TableModel:
        """A model of what a file holds."""
        model = cls(table.target.name, table=table, seed=seed, **given)
        model.settings, model.networks = settings, networks
        return model


def _is_share(validation: Any) -> bool:
    """Whether what is validated on is drawn, not given."""
    return validation is None or isinstance(validation, float)


def _chosen(X: Features, rows: Array) -> Features:
    """Some rows of features, of each input if there are several."""
    return tuple(part[rows] for part in X) if isinstance(X, tuple) else X[rows]


def _predicted(network: Sequential, X: Features) -> Array:
    """What a network gives for features, which as numbers are sound; not so as its indices."""
    if isinstance(X, tuple) or not len(X) or network._built().nodes.takes_indices:
        return network.predict(X)
    return network._outputs(X)


def _is_one_row(values: Mapping[str, Any]) -> bool:
    """Whether a dict has single values, not columns of them."""
    for value in values.values():
        if type(value) is not str and hasattr(value, "__len__"):
            return False
    return True
