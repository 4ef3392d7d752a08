"""A fit: what was asked for, checked before any work, and then the steps of training."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jitnet.callbacks import Callback
from jitnet.callbacks.monitor import check_figure
from jitnet.checks import check_flag, check_whole
from jitnet.engine import Engine
from jitnet.engine.batches import check_stateful
from jitnet.engine.steps.state import Data
from jitnet.examples import Examples, read_examples, read_validation
from jitnet.fingerprint import fingerprint
from jitnet.fit_state import FitSettings, FitState
from jitnet.fitting import follow, in_first_of
from jitnet.history import History
from jitnet.progress import Progress, make_progress
from jitnet.settings import check_callbacks
from jitnet.threads import check_threads, threads_of_call
from jitnet.validation import RowsOfCount

if TYPE_CHECKING:
    from jitnet.model import Sequential
    from jitnet.ranks.ranks import Ranks


@dataclass(frozen=True)
class Options:
    """How a fit goes, whatever it is of: the arguments of `Sequential.fit`, checked."""

    epochs: int
    batch_size: int | None
    shuffle: bool
    callbacks: Sequence[Callback]
    progress: Progress
    resume: Path | None
    n_threads: int | None


def check_options(
    *,
    epochs: Any,
    batch_size: Any,
    shuffle: Any,
    callbacks: Any = (),
    progress: Any = None,
    resume: Any = None,
    n_threads: Any = None,
) -> Options:
    """How a fit is to go.

    Raises
    ------
    TypeError, ValueError
        If anything given is not what it must be.
    """
    return Options(
        epochs=check_whole("epochs", epochs, least=1),
        batch_size=None if batch_size is None else check_whole("batch_size", batch_size, least=1),
        shuffle=check_flag("shuffle", shuffle),
        callbacks=check_callbacks(callbacks),
        progress=make_progress(progress),
        resume=None if resume is None else Path(resume),
        n_threads=check_threads(n_threads),
    )


def make_fit(
    model: Sequential,
    X: Any,
    y: Any,
    sample_weight: Any,
    lengths: Any,
    validation_data: Any,
    *,
    looked_at: RowsOfCount = slice,
    **options: Any,
) -> Fit:
    """A fit by the arguments of `Sequential.fit`; of X it reads the rows ``looked_at``.

    Raises
    ------
    TypeError, ValueError
        If anything given does not fit.
    """
    checked = check_options(**options)
    examples = read_examples(model, X, y, sample_weight, lengths, looked_at=looked_at)
    return Fit(model, checked, examples, read_validation(model, validation_data, examples.shape))


class Fit:
    """A fit of a model, which nothing has been done for yet."""

    def __init__(
        self, model: Sequential, options: Options, examples: Examples, validation: Examples | None
    ) -> None:
        self.model, self.options = model, options
        self.examples, self.validation = examples, validation
        self.batch = min(examples.count, options.batch_size or examples.count)

    def run(self, ranks: Ranks | None = None) -> History:
        """Train; as one of several ``ranks``, of which the first calls the callbacks."""
        model, options = self.model, self.options
        in_first = in_first_of(ranks)
        was_built = model._engine
        engine = was_built or self._build()
        data = self.examples.data(engine)
        checked = None if self.validation is None else self.validation.data(engine)
        validate = None if checked is None else lambda: engine.evaluate(checked, self.batch)
        figures = engine.figures + tuple(f"val_{n}" for n in engine.figures if validate)
        shards = 0 if ranks is None else ranks.layout.count
        fit = FitState(model, self._settings(figures, shards), options.callbacks)
        try:
            self._check(engine, data, checked, figures)
            if ranks is not None:
                ranks.begin(engine)
            engine.training.hold_states(self.batch)
            in_first(lambda: self._begin(fit), fit)
            slices = engine.train(
                data,
                self.batch,
                options.epochs if not fit.stopped else 0,
                shuffle=options.shuffle,
                each_epoch=bool(options.callbacks) or validate is not None,
                begin=fit.place,
                every=math.gcd(*(callback.every_steps or 0 for callback in options.callbacks)),
                ranks=ranks,
            )
            with threads_of_call(options.n_threads):
                return follow(fit, slices, options.progress, validate, in_first)
        except (OSError, TypeError, ValueError):  # of kernels, batches, or a callback's folder
            if was_built is None and not engine.step:
                model._engine = None
            raise

    def _build(self) -> Engine:
        examples = self.examples
        return self.model._begin(examples.shape, mostly_zeros=examples.is_mostly_zeros)._built()

    def _settings(self, figures: tuple[str, ...], shards: int) -> FitSettings:
        return FitSettings(
            epochs=self.options.epochs,
            examples=self.examples.count,
            batch_size=self.batch,
            shuffle=self.options.shuffle,
            figures=figures,
            data=cache(lambda: fingerprint([self.examples, self.validation])),
            shards=shards,
        )

    def _check(
        self, engine: Engine, data: Data, checked: Data | None, figures: tuple[str, ...]
    ) -> None:
        """Refuse batches that the network cannot have, and callbacks without their figure."""
        engine.check_batches(data, self.batch)
        if engine.nodes.state_size:
            shuffle = self.options.shuffle
            check_stateful(engine.nodes, data.examples, self.batch, shuffle=shuffle)
            if checked is not None:
                check_stateful(engine.nodes, checked.examples, self.batch)
        for callback in self.options.callbacks:
            if callback.watched is not None:
                check_figure(callback.watched, figures)

    def _begin(self, fit: FitState) -> None:
        """Tell the callbacks, and go on from a checkpoint, where one is given."""
        options = self.options
        for callback in options.callbacks:
            callback.check(options.resume)
        for callback in options.callbacks:
            callback.on_fit_begin(self.model, options.epochs)
        if options.resume is not None:
            file = fit.resume(options.resume)
            options.progress.resuming(fit.epochs_done, options.epochs, file)
