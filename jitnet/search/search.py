"""Many settings tried on one table, the best of them kept: by optuna."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any, NamedTuple

from jitnet.callbacks import Callback, EarlyStopping
from jitnet.extras import install
from jitnet.search.space import suggested, usual_parameters
from jitnet.side_by_side import LOOK_SECONDS
from jitnet.tabular.frames import as_polars
from jitnet.tabular.model import TableModel
from jitnet.tabular.preset import Settings, settings_for
from jitnet.tabular.table import Table
from jitnet.tabular.training import new_network
from jitnet.threads import asked_for, available_threads

SETTINGS, LOSS, EPOCHS = "settings", "loss", "epochs"
"""What is kept of a try beside its place in the space."""


class Try(NamedTuple):
    """Settings that were tried."""

    number: int
    settings: Settings
    loss: float
    """The least loss on the validation part."""
    epochs: int
    pruned: bool
    """Whether it was ended early, since others were better by then."""


class SearchIsOver(Exception):
    """Raised in the tries that run when a search is interrupted."""


class Watch(Callback):
    """Tells optuna of each epoch, and ends a try that others are better than by then.

    An event that is set ends every try.
    """

    def __init__(self, trial: Any, is_over: Event) -> None:
        self.trial, self.is_over, self.epochs, self.pruned = trial, is_over, 0, False

    def on_epoch_end(self, model: Any, epoch: int, logs: dict[str, float]) -> bool:
        """Whether to end the try; see `Callback.on_epoch_end`."""
        if self.is_over.is_set():
            raise SearchIsOver
        self.epochs = epoch
        self.trial.report(logs["val_loss"], epoch)
        self.pruned = bool(self.trial.should_prune())
        return self.pruned


def search(
    model: TableModel,
    frame: Any,
    *,
    tries: int,
    minutes: float | None = None,
    storage: Path | None = None,
    validation: Any = None,
    group: str | None = None,
    time: str | None = None,
    quiet: bool = False,
) -> list[Try]:
    """Try settings of a table's model: widths, rates, decay, dropout and batch sizes.

    The tries run side by side, one thread each, with the same validation part. The first has the
    settings that suit the number of rows, the others are proposed by optuna (Akiba et al., 2019).

    Parameters
    ----------
    model : TableModel
        A model whose target, table, seed and given settings count; its networks are left alone.
    frame : DataFrame of pandas, Polars or Arrow, or dict of columns
        The rows.
    tries : int
        Settings to try, those in the storage included.
    minutes : float, optional
        Time after which no other try begins.
    storage : Path, optional
        A file that keeps the tries, and from which a search goes on.
    validation, group, time
        The validation part, as in `TableModel.fit`.
    quiet : bool, default False
        Whether to show no progress.

    Returns
    -------
    list of Try
        The best first, pruned ones last.

    Raises
    ------
    ValueError
        If the table does not fit, or the storage has tries of another search.
    ImportError
        Without optuna: ``pip install 'jitnet[search]'``, in a checkout ``pip install '.[search]'``.
    """
    try:
        import optuna
    except ImportError as error:
        raise ImportError(f"a search needs the package optuna: {install('search')}") from error

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    learner = TableModel(
        model.target, table=Table(**model.table.options), seed=model.seed, **model.given
    )
    rows, validation = learner._parts(as_polars(frame), validation, group, time)
    table = learner.table
    (X, y), checked = ((table.transform(part), table.targets(part)) for part in (rows, validation))
    usual, is_over = settings_for(len(rows), table.target), Event()

    def objective(trial: Any) -> float:
        settings = suggested(trial, usual, model.given)
        network = new_network(settings, table, len(y), seed=model.seed, n_threads=1)
        watch = Watch(trial, is_over)
        best = EarlyStopping(patience=settings.epochs, restore_best=False)
        network.fit(
            X,
            y,
            epochs=settings.epochs,
            batch_size=settings.batch_size,
            validation_data=checked,
            callbacks=[best, watch],
            progress=False,
        )
        trial.set_user_attr(SETTINGS, settings._asdict())
        trial.set_user_attr(LOSS, best.best)
        trial.set_user_attr(EPOCHS, watch.epochs)
        if watch.pruned:
            raise optuna.TrialPruned
        return best.best

    study = optuna.create_study(
        study_name="jitnet",
        storage=_kept(storage),
        load_if_exists=True,
        sampler=optuna.samplers.TPESampler(seed=model.seed),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=4, n_warmup_steps=3),
    )
    _check_own(study, [model.target, model.given, repr(table.columns), len(validation)])
    if not study.trials:
        parameters = usual_parameters(usual)
        study.enqueue_trial({k: v for k, v in parameters.items() if k not in model.given})
    left = tries - len(_ended(study))
    threads = min(asked_for(model.n_threads) or available_threads(), available_threads())
    if left > 0:
        run = partial(
            study.optimize,
            objective,
            n_trials=left,
            timeout=None if minutes is None else 60 * minutes,
            n_jobs=min(left, threads),
            catch=FloatingPointError,  # at too high a rate
            show_progress_bar=not quiet and sys.stderr.isatty(),
        )
        _run(run, is_over)
    return sorted(_ended(study), key=lambda tried: (tried.pruned, tried.loss))


def _run(search: Callable[[], None], is_over: Event) -> None:
    """Run a search, of which optuna would end no try at an interrupt, but wait for all that run."""
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(search)
        try:
            while not wait([running], LOOK_SECONDS).done:
                pass
        except BaseException:
            is_over.set()
            raise
    running.result()


def _check_own(study: Any, search: list[Any]) -> None:
    """Refuse a storage with the tries of other data or settings."""
    own = hashlib.blake2b(repr(search).encode(), digest_size=16).hexdigest()
    if study.user_attrs.setdefault("search", own) != own:
        raise ValueError("the storage has the tries of a search for another table or with others")
    study.set_user_attr("search", own)


def _kept(storage: Path | None) -> Any:
    """Where optuna keeps its tries."""
    if storage is None:
        return None
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    return JournalStorage(JournalFileBackend(str(storage)))


def _ended(study: Any) -> list[Try]:
    """The tries that came to an end."""
    return [
        Try(
            number=trial.number,
            settings=Settings(**_with_tuple(trial.user_attrs[SETTINGS])),
            loss=trial.user_attrs[LOSS],
            epochs=trial.user_attrs[EPOCHS],
            pruned=trial.value is None or trial.state.name == "PRUNED",
        )
        for trial in study.trials
        if EPOCHS in trial.user_attrs and trial.state.is_finished()
    ]


def _with_tuple(settings: dict[str, Any]) -> dict[str, Any]:
    return settings | {"hidden": tuple(settings["hidden"])}
