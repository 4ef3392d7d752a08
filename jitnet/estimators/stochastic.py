"""Steps on batches, epoch after epoch, in the orders that scikit-learn's perceptrons draw."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np

from jitnet.arrays import Array
from jitnet.estimators import rates
from jitnet.estimators.examples import Examples
from jitnet.estimators.held_out import Validation
from jitnet.estimators.monitor import USERS_CALL, Monitor
from jitnet.estimators.network import Network
from jitnet.estimators.parameters import clipped_batch_size
from jitnet.estimators.path import Path
from jitnet.estimators.penalties import Stage
from jitnet.fitting import shown
from jitnet.progress import make_progress

Part = tuple[float, list[float], BaseException | None]
"""The result of a slice: epochs done, losses of those just ended, and an error to be raised."""

MAX_IN_ORDERS = 1 << 20
"""Places in all orders that are drawn at once."""


class Descent:
    """A fit by steps on batches.

    The engine is given as many epochs at once as must go by before the fit may stop.

    Parameters
    ----------
    estimator : Perceptron
        Where the records are kept.
    settings : SimpleNamespace
        Its parameters.
    network : Network
        The network to train.
    examples : Examples
        Examples to train on.
    validation : Validation or None
        Examples to validate on after each epoch.
    incremental : bool
        Whether this is a call of partial_fit, of one epoch.
    stages : list of Stage or None, default None
        The preset's path of penalties, which ends where the held-out loss gets no better.
    """

    def __init__(
        self,
        estimator: Any,
        settings: SimpleNamespace,
        network: Network,
        examples: Examples,
        validation: Validation | None,
        *,
        incremental: bool,
        stages: Sequence[Stage] | None = None,
    ) -> None:
        self.estimator, self.settings = estimator, settings
        self.network, self.examples = network, examples
        self.validation, self.incremental, self.stages = validation, incremental, stages
        self.n_epochs = 1 if incremental else settings.max_iter
        if stages is not None:
            self.n_epochs = sum(stage.epochs for stage in stages)
        self.interrupted = False
        self.callbacks = settings.callbacks
        self.n_samples = len(examples.rows)
        self.batch, clipped = clipped_batch_size(settings.batch_size, self.n_samples)
        if clipped and settings.batch_size == estimator.batch_size:  # not the preset's
            warnings.warn(
                "Got `batch_size` less than 1 or larger than "
                "sample size. It is going to be clipped",
                stacklevel=USERS_CALL,
            )
        self.steps_an_epoch = -(-self.n_samples // self.batch)
        self.order = examples.rows.copy()
        self.monitor = Monitor(estimator, settings, network, validation, self.n_samples)

    def run(self) -> None:
        """Train until the fit converges, ends or is interrupted."""
        estimator = self.estimator
        estimator.n_iter_ = 0
        n_epochs = self.n_epochs
        last_epoch = None if self.incremental else n_epochs
        bar = make_progress(self.settings.progress)
        for callback in self.callbacks:
            callback.on_fit_begin(estimator, n_epochs)
        try:
            with shown(bar, n_epochs):
                logs: dict[str, float] = {}
                for done, losses, error in self._stages():
                    stop = False
                    for loss in losses:
                        logs = self.monitor.record(loss)
                        stop = self.monitor.ends(logs, self.callbacks, last_epoch)
                    bar.update(done, logs)
                    if error is not None:
                        raise error
                    if stop:
                        break
        except KeyboardInterrupt:
            self.interrupted = True
            warnings.warn("Training interrupted by user.", stacklevel=USERS_CALL)
        except FloatingPointError:
            if self.incremental or not self.settings.early_stopping:
                raise
            self.monitor.record_divergence()
        if self.settings.early_stopping and not self.incremental:
            self.monitor.warn_if_nothing_was_best()
        for callback in self.callbacks:
            callback.on_fit_end(estimator)

    def _stages(self) -> Iterator[Part]:
        """Train stage after stage, while a weaker penalty is better."""
        if self.stages is None:
            yield from self._epochs(0, self.n_epochs)
            return
        path, done = Path(self.estimator, self.settings, self.network), 0
        for stage in self.stages:
            path.begin(stage, self.steps_an_epoch)
            yield from self._epochs(done, done + stage.epochs)
            done += stage.epochs
            if self.validation is not None and not path.goes_on(self.validation, stage):
                return

    def _epochs(self, done: int, n_epochs: int) -> Iterator[Part]:
        """Train, and yield each slice's result."""
        while done < n_epochs:
            count = min(self._epochs_at_once(), n_epochs - done)
            order = self._orders(count)
            self._set_rates()
            orders = order.reshape(-1, self.n_samples)
            ended = 0
            for part, losses, error in self._run(order, count):
                shares = range(ended, ended + len(losses))
                offsets = [
                    self.examples.offset(orders[i % len(orders)], self.batch) for i in shares
                ]
                ended += len(losses)
                yield done + part, [a + b for a, b in zip(losses, offsets, strict=True)], error
            done += count

    def _set_rates(self) -> None:
        """Set the rates of the coming epochs."""
        seen, steps = self.estimator.t_, self.steps_an_epoch
        rates.set_rates(self.settings, self.network, steps, self.n_samples, seen)

    def _epochs_at_once(self) -> int:
        """Epochs before the first one after which the fit might stop."""
        estimator = self.estimator
        if self.validation is not None or self.callbacks:
            return 1
        count = self.settings.n_iter_no_change + 1 - estimator._no_improvement_count
        if self._is_shuffled:
            count = min(count, MAX_IN_ORDERS // self.n_samples)
        return int(max(1, min(count, MAX_IN_ORDERS)))

    @property
    def _is_shuffled(self) -> bool:
        """Whether orders matter: a step over all examples has the same gradient in any."""
        return bool(self.settings.shuffle) and self.batch < self.n_samples

    def _orders(self, count: int) -> Array:
        """The orders of so many epochs, each a shuffle of the one before."""
        if not self.settings.shuffle:
            return self.order
        random_state = self.estimator._random_state
        if not self._is_shuffled:
            for _ in range(count):  # the numbers that are drawn from what the caller may share
                random_state.shuffle(self.order)
            return self.examples.rows
        orders = np.empty((count, self.n_samples), self.order.dtype)
        for row in orders:
            random_state.shuffle(self.order)
            row[:] = self.order
        return orders.ravel()

    def _run(self, order: Array, count: int) -> Iterator[Part]:
        engine = self.network.engine
        data = self.examples.data(engine, order, self.n_samples)
        parts = engine.train(
            data,
            self.batch,
            count,
            shuffle=False,
            each_epoch=False,
            goes_back=self.settings.early_stopping,  # a fit that fails is dropped
        )
        for part in parts:
            yield part.done, part.logs["loss"], part.error
