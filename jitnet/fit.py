"""A fit: what was asked for, checked before any work, and then the steps of training."""

from __future__ import annotations

import math
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jitnet.callbacks.monitor import check_figure
from jitnet.checks import check_flag, check_whole
from jitnet.engine import Engine
from jitnet.engine.batches import check_stateful
from jitnet.engine.data import count_of
from jitnet.engine.steps.state import Data
from jitnet.fingerprint import fingerprint
from jitnet.fit_state import FitSettings, FitState
from jitnet.fitting import follow, in_first_of
from jitnet.history import History
from jitnet.progress import make_progress
from jitnet.settings import check_callbacks
from jitnet.sparse import SparseRows
from jitnet.threads import check_threads, threads_of_call
from jitnet.validation import Examples, RowsOfCount

if TYPE_CHECKING:
    from jitnet.ranks.ranks import Ranks


class Fit:
    """A fit of a model, which nothing has been done for yet: the arguments of `Sequential.fit`.

    ``looked_at`` are the rows of X that this process reads.

    Raises
    ------
    TypeError, ValueError
        If anything given does not fit.
    """

    def __init__(
        self,
        model: Any,
        X: Any,
        y: Any,
        *,
        epochs: Any,
        batch_size: Any,
        shuffle: Any,
        validation_data: Any,
        sample_weight: Any,
        lengths: Any,
        callbacks: Any,
        progress: Any,
        resume: Any,
        n_threads: Any,
        looked_at: RowsOfCount = slice,
    ) -> None:
        self.model = model
        self.epochs = check_whole("epochs", epochs, least=1)
        self.shuffle = check_flag("shuffle", shuffle)
        self.callbacks = check_callbacks(callbacks)
        self.shown, self.n_threads = make_progress(progress), check_threads(n_threads)
        self.examples: Examples = model._examples(X, y, sample_weight, lengths, looked_at=looked_at)
        self.validation = model._validation(validation_data, self.examples.shape)
        self.batch = self.count = count_of(self.examples.rows)
        if batch_size is not None:
            self.batch = min(self.batch, check_whole("batch_size", batch_size, least=1))
        self.resume = None if resume is None else Path(resume)

    def run(self, ranks: Ranks | None = None) -> History:
        """Train; as one of several ``ranks``, of which the first calls the callbacks."""
        model, rows = self.model, self.examples.rows
        in_first = in_first_of(ranks)
        was_built = model._engine
        mostly_zeros = isinstance(rows, SparseRows) and rows.is_mostly_zeros
        engine = was_built or model._begin(self.examples.shape, mostly_zeros=mostly_zeros)._built()
        data = data_of(engine, self.examples)
        checked = None if self.validation is None else data_of(engine, self.validation)
        validate = None if checked is None else lambda: engine.evaluate(checked, self.batch)
        figures = engine.figures + tuple(f"val_{n}" for n in engine.figures if validate)
        shards = 0 if ranks is None else ranks.layout.count
        fit = FitState(model, self._settings(figures, shards), self.callbacks)
        try:
            self._check(engine, data, checked, figures)
            if ranks is not None:
                ranks.begin(engine)
            engine.training.hold_states(self.batch)
            in_first(lambda: self._begin(fit), fit)
            slices = engine.train(
                data,
                self.batch,
                self.epochs if not fit.stopped else 0,
                shuffle=self.shuffle,
                each_epoch=bool(self.callbacks) or validate is not None,
                begin=fit.place,
                every=math.gcd(*(callback.every_steps or 0 for callback in self.callbacks)),
                ranks=ranks,
            )
            with threads_of_call(self.n_threads):
                return follow(fit, slices, self.shown, validate, in_first)
        except (OSError, TypeError, ValueError):  # of kernels, batches, or a callback's folder
            if was_built is None and not engine.step:
                model._engine = None
            raise

    def _settings(self, figures: tuple[str, ...], shards: int) -> FitSettings:
        return FitSettings(
            epochs=self.epochs,
            examples=self.count,
            batch_size=self.batch,
            shuffle=self.shuffle,
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
            check_stateful(engine.nodes, self.count, self.batch, shuffle=self.shuffle)
            if checked is not None:
                check_stateful(engine.nodes, checked.examples, self.batch)
        for callback in self.callbacks:
            if callback.watched is not None:
                check_figure(callback.watched, figures)

    def _begin(self, fit: FitState) -> None:
        """Tell the callbacks, and go on from a checkpoint, where one is given."""
        for callback in self.callbacks:
            callback.check(self.resume)
        for callback in self.callbacks:
            callback.on_fit_begin(self.model, self.epochs)
        if self.resume is not None:
            file = fit.resume(self.resume)
            self.shown.resuming(fit.epochs_done, self.epochs, file)


def data_of(engine: Engine, examples: Examples) -> Data:
    """Examples as the compiled loop reads them."""
    rows, _, targets, labels, weights, uniform = examples
    return engine.data(rows, targets, labels, weights, uniform=uniform)
