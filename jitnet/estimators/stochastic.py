"""Epoch after epoch, as scikit-learn's perceptrons go through them: orders, records, stopping."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from jitnet.estimators import rates
from jitnet.estimators.examples import Examples
from jitnet.estimators.network import Network
from jitnet.estimators.parameters import clipped_batch_size
from jitnet.estimators.penalties import Stage, is_better
from jitnet.estimators.validation import Validation, can_hold_out, hold_out
from jitnet.fitting import shown, wants_to_stop
from jitnet.memory import Array
from jitnet.progress import make_progress

USERS_CALL = 6
"""Frames between a warning and the call of fit that it is about, or nearly so."""

Part = tuple[float, list[float], BaseException | None]
"""What a slice has brought: epochs done, losses of those just ended, and what is to be raised."""

MOST_IN_ORDERS = 1 << 20
"""Places in the orders that are drawn at once."""


NOTHING = 1e-8
"""What a strong penalty has left of a weight that is not needed: squares of such are subnormal in
float32, and took half as long again as other numbers."""


class Kept(NamedTuple):
    """What a path's stage ended in: its best parameters, and what held-out examples say of them."""

    parameters: Array
    losses: Array
    score: float
    alpha: float


class Descent:
    """A fit by steps on batches.

    The engine is given as many epochs at once as must go by before the fit may stop.

    Parameters
    ----------
    estimator : Perceptron
        What it records is written.
    settings : SimpleNamespace
        Its parameters.
    network : Network
        What is trained.
    examples : Examples
        Those to train on.
    validation : Validation or None
        Those to look at after each epoch.
    incremental : bool
        Whether this is one epoch of a fit by parts.
    stages : list of Stage or None, default None
        The path that the preset's penalty takes, as far as held-out examples want it.
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
        self._untrained = network.training()
        self._kept: Kept | None = None
        self.callbacks = tuple(settings.callbacks or ())
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

    def run(self) -> None:
        """Train until the fit converges, ends or is interrupted."""
        estimator = self.estimator
        estimator.n_iter_ = 0
        n_epochs = self.n_epochs
        bar = make_progress(self.settings.progress)
        for callback in self.callbacks:
            callback.on_fit_begin(estimator, n_epochs)
        try:
            with shown(bar, n_epochs):
                logs: dict[str, float] = {}
                for done, losses, error in self._stages():
                    stop = False
                    for loss in losses:
                        logs = self._record(loss)
                        stop = self._ends(logs)
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
            self._record_divergence()
        if self.settings.early_stopping and not self.incremental:
            self._say_if_nothing_was_best()
        for callback in self.callbacks:
            callback.on_fit_end(estimator)

    def _stages(self) -> Iterator[Part]:
        """Train stage after stage, while a weaker penalty is better."""
        if self.stages is None:
            yield from self._epochs(0, self.n_epochs)
            return
        done = 0
        for stage in self.stages:
            self._begin(stage)
            yield from self._epochs(done, done + stage.epochs)
            done += stage.epochs
            if self.validation is not None and not self._goes_on(self.validation, stage):
                return

    def _begin(self, stage: Stage) -> None:
        """Begin a stage from the coefficients there are, with a schedule and moments of its own."""
        self.network.resume(self._untrained)
        parameters = self.network.engine.network.parameters
        parameters[np.abs(parameters) < NOTHING] = 0
        self.network.set_alpha(stage.alpha)
        self.estimator.alpha_ = stage.alpha
        rates.begin(self.settings, self.network, stage.epochs * self.steps_an_epoch)

    def _goes_on(self, validation: Validation, stage: Stage) -> bool:
        """Whether a stage's best coefficients are better than those before, which are kept else."""
        estimator, kept = self.estimator, self._kept
        best: Array = estimator._best_parameters
        self.network.engine.network.parameters[:] = best
        losses = validation.losses_of_parts(self.network)
        if kept is not None and not is_better(losses, kept.losses):
            estimator._best_parameters = kept.parameters
            estimator.best_validation_score_, estimator.alpha_ = kept.score, kept.alpha
            return False
        self._kept = Kept(best, losses, estimator.best_validation_score_, stage.alpha)
        return True

    def _epochs(self, done: int, n_epochs: int) -> Iterator[Part]:
        """Train, and yield what each slice has brought."""
        while done < n_epochs:
            count = min(self._epochs_at_once(), n_epochs - done)
            order = self._orders(count)
            self._set_rates()
            orders = order.reshape(-1, self.n_samples)
            run = self._run_sparse if self.examples.is_sparse else self._run_dense
            ended = 0
            for part, losses, error in run(order, count):
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
        """Epochs that go by, whatever they bring, before the fit may stop."""
        estimator = self.estimator
        if self.validation is not None or self.callbacks or self.examples.is_sparse:
            return 1
        count = self.settings.n_iter_no_change + 1 - estimator._no_improvement_count
        if self._is_shuffled:
            count = min(count, MOST_IN_ORDERS // self.n_samples)
        return int(max(1, min(count, MOST_IN_ORDERS)))

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

    def _run_dense(self, order: Array, count: int) -> Iterator[Part]:
        engine = self.network.engine
        data = self.examples.data(engine, order, self.n_samples)
        for part in engine.train(data, self.batch, count, shuffle=False, each_epoch=False):
            yield part.done, part.logs["loss"], part.error

    def _run_sparse(self, order: Array, count: int) -> Iterator[Part]:
        engine = self.network.engine
        total, seen = 0.0, 0
        for data, examples in self.examples.pieces(engine, order, self.batch):
            for part in engine.train(data, self.batch, count, shuffle=False, each_epoch=False):
                if part.error is not None:
                    raise part.error
                total += sum(part.logs["loss"]) * examples
            seen += examples
            ended = seen == self.n_samples
            yield seen / self.n_samples, [total / self.n_samples] if ended else [], None

    def _record(self, loss: float) -> dict[str, float]:
        """Write down an epoch that has ended."""
        estimator = self.estimator
        estimator.n_iter_ += 1
        estimator.t_ += self.n_samples
        estimator.loss_ = loss
        estimator.loss_curve_.append(loss)
        if self.settings.verbose:
            print(f"Iteration {estimator.n_iter_}, loss = {loss:.8f}")
        logs = {"loss": loss}
        if self.validation is not None:
            val_loss, score = self.validation.evaluate(self.network)
            estimator.validation_loss_curve_.append(val_loss)
            estimator.validation_scores_.append(score)
            if self.settings.verbose:
                print(f"Validation score: {score:f}")
            logs |= {"val_loss": val_loss, "val_score": score}
        self._count_no_improvement(logs)
        rates.end_epoch(self.settings, self.network, estimator.t_)
        return logs

    def _record_divergence(self) -> None:
        """Write down an epoch without a finite loss, and end there: the best one's is kept."""
        estimator = self.estimator
        estimator.n_iter_ += 1
        estimator.t_ += self.n_samples
        estimator.loss_ = np.nan
        for curve in ("loss_curve_", "validation_loss_curve_", "validation_scores_"):
            getattr(estimator, curve).append(np.nan)
        warnings.warn(
            f"Stochastic Optimizer: The training diverged in epoch {estimator.n_iter_}. Try a "
            "lower learning_rate_init, or inputs scaled to mean 0 and deviation 1.",
            ConvergenceWarning,
            stacklevel=USERS_CALL,
        )

    def _say_if_nothing_was_best(self) -> None:
        if self.estimator.best_validation_score_ == -np.inf and self.estimator.n_iter_:
            warnings.warn(
                "Stochastic Optimizer: no epoch had a validation score that is a number. The "
                "coefficients are those before the first epoch.",
                ConvergenceWarning,
                stacklevel=USERS_CALL,
            )

    def _count_no_improvement(self, logs: dict[str, float]) -> None:
        """Count the epochs since the loss, or else the score, got better by more than tol."""
        estimator = self.estimator
        if self.settings.early_stopping:
            value, best = logs["val_score"], estimator.best_validation_score_
            if self.settings.preset is not None:  # a loss says more than the share that is right
                losses = estimator.validation_loss_curve_[:-1]
                value, best = -logs["val_loss"], -np.nanmin([np.inf, *losses])
            worse = value < best + self.settings.tol
            if value > best:
                estimator.best_validation_score_ = logs["val_score"]
                estimator._best_parameters = self.network.engine.network.parameters.copy()
        else:
            worse = logs["loss"] > estimator.best_loss_ - self.settings.tol
            estimator.best_loss_ = min(estimator.best_loss_, logs["loss"])
        estimator._no_improvement_count = estimator._no_improvement_count + 1 if worse else 0

    def _ends(self, logs: dict[str, float]) -> bool:
        """Whether the fit is over after this epoch."""
        estimator = self.estimator
        if wants_to_stop(self.callbacks, estimator, estimator.n_iter_, logs):
            return True
        if estimator._no_improvement_count > self.settings.n_iter_no_change:
            what = "Validation score" if self.settings.early_stopping else "Training loss"
            message = (
                f"{what} did not improve more than tol={self.settings.tol:f} for "
                f"{self.settings.n_iter_no_change:d} consecutive epochs."
            )
            if rates.stops(self.settings, self.network, message):
                estimator.stopped_ = True
                return True
            estimator._no_improvement_count = 0
        last = estimator.n_iter_ == self.n_epochs and not self.incremental
        if last and not rates.has_an_end(self.settings):
            warnings.warn(
                f"Stochastic Optimizer: Maximum iterations ({self.settings.max_iter}) "
                "reached and the optimization hasn't converged yet.",
                ConvergenceWarning,
                stacklevel=USERS_CALL,
            )
        return False


def try_stages(
    estimator: Any, settings: SimpleNamespace, examples: Examples, stages: Sequence[Stage]
) -> Descent | None:
    """A trial with a share of the examples held out, whose penalty is for a fit to all of them.

    None where there are too few to hold one out, or too few with a weight.
    """
    if not can_hold_out(len(examples.rows), settings.validation_fraction):
        return None
    trial = object.__new__(type(estimator))
    vars(trial).update(vars(estimator))
    given = estimator._network
    network = Network(given.design)
    network.load(given.coefs, given.intercepts)
    trial._hold(network)
    alone = {"early_stopping": True, "callbacks": None, "progress": None, "verbose": False}
    settings = SimpleNamespace(**vars(settings) | alone)
    trial._begin_records(settings)
    try:
        part, validation = hold_out(
            trial, examples, (None, None, None), settings, incremental=False
        )
        part.check_weights(network.engine, "sample_weight")
    except ValueError:
        return None
    descent = Descent(trial, settings, network, part, validation, incremental=False, stages=stages)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        descent.run()
    return descent
