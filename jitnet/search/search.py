"""Many settings tried on one set of examples, the best of them kept: by optuna."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any, NamedTuple

from jitnet.callbacks import Callback, EarlyStopping
from jitnet.extras import install
from jitnet.search.space import Space, suggested, usual_parameters
from jitnet.side_by_side import LOOK_SECONDS
from jitnet.threads import asked_for, available_threads

SETTINGS, LOSS, EPOCHS = "settings", "loss", "epochs"
"""What is kept of a try beside its place in the space."""


class Try(NamedTuple):
    """Settings that were tried."""

    number: int
    settings: Any
    """A named tuple of the kind that the search was given."""
    loss: float
    """The least loss on the validation part."""
    epochs: int
    pruned: bool
    """Whether it was ended early, since others were better by then."""


class Budget(NamedTuple):
    """How far a search goes."""

    tries: int
    """Settings to try, those in the storage included."""
    minutes: float | None = None
    """Time after which no other try begins."""
    storage: Path | None = None
    """A file that keeps the tries, and from which a search goes on."""
    quiet: bool = False
    """Whether no progress is shown."""


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
    train: Callable[[Any, Sequence[Callback]], object],
    usual: Any,
    given: Mapping[str, Any],
    space: Space,
    budget: Budget,
    *,
    of: Sequence[Any],
    seed: int,
    n_threads: int | None,
) -> list[Try]:
    """Try settings, and return them by their least loss on a validation part.

    The tries run side by side, one thread each. The first has the usual settings, the others are
    proposed by optuna (Akiba et al., 2019).

    Parameters
    ----------
    train : callable
        ``train(settings, callbacks)`` trains a network on one thread with such a part.
    usual : NamedTuple
        The settings that suit the examples.
    given : mapping
        Those of the settings that are not searched for.
    space : Space
        The values that are tried.
    budget : Budget
        How far the search goes.
    of : sequence
        What a storage's tries were made of: those of something else are refused.
    seed, n_threads
        Of the proposals, and of the tries at a time.

    Returns
    -------
    list of Try
        The best first, pruned ones last.

    Raises
    ------
    ValueError
        If the storage has tries of another search.
    ImportError
        Without optuna: ``pip install 'jitnet[search]'``, in a checkout ``pip install '.[search]'``.
    """
    try:
        import optuna
    except ImportError as error:
        raise ImportError(f"a search needs the package optuna: {install('search')}") from error

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    usual, is_over = usual._replace(**given), Event()

    def objective(trial: Any) -> float:
        found = suggested(trial, space, usual, given)
        settings, watch = usual._replace(**found), Watch(trial, is_over)
        best = EarlyStopping(patience=settings.epochs, restore_best=False)
        train(settings, [best, watch])
        trial.set_user_attr(SETTINGS, found)
        trial.set_user_attr(LOSS, best.best)
        trial.set_user_attr(EPOCHS, watch.epochs)
        if watch.pruned:
            raise optuna.TrialPruned
        return best.best

    study = optuna.create_study(
        study_name="jitnet",
        storage=_kept(budget.storage),
        load_if_exists=True,
        sampler=optuna.samplers.TPESampler(seed=seed),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=4, n_warmup_steps=3),
    )
    _check_own(study, of)
    if not study.trials:
        study.enqueue_trial(usual_parameters(space, usual, given))
    left = budget.tries - len(_ended(study, usual))
    threads = min(asked_for(n_threads) or available_threads(), available_threads())
    if left > 0:
        run = partial(
            study.optimize,
            objective,
            n_trials=left,
            timeout=None if budget.minutes is None else 60 * budget.minutes,
            n_jobs=min(left, threads),
            catch=FloatingPointError,  # at too high a rate
            show_progress_bar=not budget.quiet and sys.stderr.isatty(),
        )
        _run(run, is_over)
    return sorted(_ended(study, usual), key=lambda tried: (tried.pruned, tried.loss))


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


def _check_own(study: Any, of: Sequence[Any]) -> None:
    """Refuse a storage with the tries of other data or settings."""
    own = hashlib.blake2b(repr(list(of)).encode(), digest_size=16).hexdigest()
    if study.user_attrs.setdefault("search", own) != own:
        raise ValueError("the storage has the tries of a search for other data or with others")
    study.set_user_attr("search", own)


def _kept(storage: Path | None) -> Any:
    """Where optuna keeps its tries."""
    if storage is None:
        return None
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    return JournalStorage(JournalFileBackend(str(storage)))


def _ended(study: Any, usual: Any) -> list[Try]:
    """The tries that came to an end."""
    return [
        Try(
            number=trial.number,
            settings=usual._replace(**_with_tuples(trial.user_attrs[SETTINGS])),
            loss=trial.user_attrs[LOSS],
            epochs=trial.user_attrs[EPOCHS],
            pruned=trial.value is None or trial.state.name == "PRUNED",
        )
        for trial in study.trials
        if EPOCHS in trial.user_attrs and trial.state.is_finished()
    ]


def _with_tuples(settings: dict[str, Any]) -> dict[str, Any]:
    """Settings of which a storage has made lists."""
    return {k: tuple(v) if isinstance(v, list) else v for k, v in settings.items()}
