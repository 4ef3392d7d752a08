"""``TableModel``: a table and the networks that learn it, from a frame to predictions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from jitnet.arrays import Array
from jitnet.callbacks import Callback, Checkpoint, EarlyStopping
from jitnet.callbacks.checkpoint import CHECKPOINT_MINUTES
from jitnet.checks import check_whole
from jitnet.content import content_of
from jitnet.description import describe
from jitnet.errors import NotFittedError
from jitnet.io.model_file import CHECKPOINTS, write_model
from jitnet.model import Sequential
from jitnet.progress import Progress, make_progress
from jitnet.quoting import quoted
from jitnet.settings import check_callbacks
from jitnet.side_by_side import side_by_side
from jitnet.tabular.frames import as_polars
from jitnet.tabular.parts import held_out
from jitnet.tabular.preset import Settings, check_settings, settings_for
from jitnet.tabular.scores import Scores, scores_of
from jitnet.tabular.table import Features, Table, check_there
from jitnet.tabular.target import check_complete
from jitnet.tabular.training import new_network
from jitnet.threads import asked_for, available_threads

Callbacks = Sequence[Callback] | Callable[[int], Sequence[Callback]]

VALIDATION_SHARE = 1 / 7
SEEDS_APART = 1000
"""How far the seeds of an ensemble's networks are apart."""


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
            seventh; the targets of that share have a say in what the task is.
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
        """
        if not callable(callbacks):
            _check_callbacks(callbacks)
        before = self.table, self.settings, self.networks
        self.table = Table(**self.table.options)
        try:
            parts = self._parts(as_polars(frame), validation, group, time)
            examples, validated = map(self._encoded, parts)
            shown = make_progress(progress)
            self._train(examples, validated, callbacks, shown, checkpoints, resume, communicator)
        except BaseException:
            self.table, self.settings, self.networks = before
            raise
        return self

    def _parts(
        self, rows: Any, validation: Any, group: str | None, time: str | None
    ) -> tuple[Any, Any]:
        """The rows to learn from and to validate on; the table has learned the former's columns."""
        check_there([self.target, *(name for name in (group, time) if name is not None)], rows)
        check_complete(rows[self.target])
        whole = rows
        if validation is None or isinstance(validation, float):
            share = VALIDATION_SHARE if validation is None else validation
            cut = {"task": self.table.task, "group": group, "time": time}
            mask = held_out(rows, self.target, share, self.seed, **cut)
            rows, validation = rows.filter(~mask), rows.filter(mask)
        if group is not None and group not in self.table.drop:
            rows = rows.drop(group)
        self.table.fit(rows, self.target, whole=whole, validation=validation)
        self.settings = settings_for(len(rows), self.table.target)._replace(**self.given)
        return rows, validation

    def _encoded(self, rows: Any) -> tuple[Features, Array]:
        """Rows as the networks take them, and their targets."""
        return self.table.transform(rows), self.table.targets(rows)

    def _train(
        self,
        examples: tuple[Features, Array],
        validation: tuple[Features, Array],
        callbacks: Callbacks,
        progress: Progress,
        checkpoints: str | PathLike[str] | None,
        resume: bool,
        communicator: Any = None,
    ) -> None:
        """Train the networks on examples of which the columns are learned."""
        if communicator is not None and communicator.rank > 0:
            progress = make_progress(False)
        options = {
            "X": examples[0],
            "y": examples[1],
            "validation_data": validation,
            "communicator": communicator,
            "epochs": self.settings.epochs,
            "batch_size": self.settings.batch_size,
        }
        fits = []
        for place in range(self.settings.ensemble):
            seed = self.seed + SEEDS_APART * place
            network = new_network(
                self.settings, self.table, len(examples[1]), seed=seed, n_threads=self.n_threads
            )
            given = _check_callbacks(callbacks(place)) if callable(callbacks) else callbacks
            listeners, begin = [EarlyStopping(patience=self.settings.epochs), *given], None
            if checkpoints is not None:
                folder = Path(checkpoints) / f"network-{place + 1}"
                listeners.append(Checkpoint(folder, every_minutes=CHECKPOINT_MINUTES))
                begin = folder if resume and any(folder.glob(CHECKPOINTS)) else None
            fits.append(partial(_fitted, network, options, listeners, begin))
        threads = min(asked_for(self.n_threads) or available_threads(), available_threads())
        in_turn = communicator is not None or (not callable(callbacks) and len(callbacks) > 0)
        at_once = 1 if in_turn else None
        self.networks = side_by_side(fits, progress, threads=threads, at_once=at_once)

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


def _check_callbacks(callbacks: Any) -> Sequence[Callback]:
    """The callbacks, none of which writes several networks into one folder."""
    checked = check_callbacks(callbacks)
    if any(isinstance(callback, Checkpoint) for callback in checked):
        raise ValueError("give checkpoints=folder, in which each network has its own")
    return checked


def _fitted(
    network: Sequential,
    options: dict[str, Any],
    callbacks: Sequence[Callback],
    resume: Path | None,
    progress: Progress,
) -> Sequential:
    """The network, once it is trained."""
    network.fit(**options, callbacks=callbacks, resume=resume, progress=progress)
    return network


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
