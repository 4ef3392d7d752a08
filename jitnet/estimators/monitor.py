"""What a fit records of its epochs, and when it is over, as scikit-learn's perceptrons have it."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from jitnet.callbacks import Callback
from jitnet.estimators import rates
from jitnet.estimators.held_out import Validation
from jitnet.estimators.network import Network
from jitnet.fitting import wants_to_stop
from jitnet.settings import check_callbacks

USERS_CALL = 6
"""Frames between a warning and the call of fit that it is about, or nearly so."""


def listeners_of(callbacks: Iterable[Callback] | None) -> tuple[Callback, ...]:
    """Callbacks that an estimator can tell of its epochs; it has parameters for what others do."""
    listeners = check_callbacks(() if callbacks is None else callbacks)
    for callback in listeners:
        if callback.for_sequential:
            raise ValueError(
                f"{type(callback).__name__} is for a Sequential; an estimator has early_stopping, "
                "learning_rate, max_iter and loss_curve_, and a callback of one's own may do more"
            )
    return listeners


class Monitor:
    """Records each epoch in the estimator, and says whether the fit is over.

    Parameters
    ----------
    estimator : Perceptron
        Where the records are kept.
    settings : SimpleNamespace
        Its parameters.
    network : Network
        The network that is trained.
    validation : Validation or None
        Examples to validate on after each epoch.
    n_samples : int
        Examples an epoch.
    """

    def __init__(
        self,
        estimator: Any,
        settings: SimpleNamespace,
        network: Network,
        validation: Validation | None,
        n_samples: int,
    ) -> None:
        self.estimator, self.settings, self.network = estimator, settings, network
        self.validation, self.n_samples = validation, n_samples

    def record(self, loss: float) -> dict[str, float]:
        """Record an epoch that has ended."""
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

    def record_divergence(self) -> None:
        """Record an epoch without a finite loss, and end there: the best one's is kept."""
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

    def warn_if_nothing_was_best(self) -> None:
        """Warn where no epoch had a score to choose it by."""
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
            if self.settings.preset is not None:  # a loss says more than an accuracy
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

    def ends(
        self, logs: dict[str, float], callbacks: Sequence[Callback], last_epoch: int | None
    ) -> bool:
        """Whether the fit is over after this epoch."""
        estimator = self.estimator
        if wants_to_stop(callbacks, estimator, estimator.n_iter_, logs):
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
        if estimator.n_iter_ == last_epoch and not rates.has_an_end(self.settings):
            warnings.warn(
                f"Stochastic Optimizer: Maximum iterations ({self.settings.max_iter}) "
                "reached and the optimization hasn't converged yet.",
                ConvergenceWarning,
                stacklevel=USERS_CALL,
            )
        return False


def begin_records(estimator: Any, settings: SimpleNamespace) -> None:
    """Empty the records of a fit."""
    estimator.n_iter_ = estimator.t_ = 0
    estimator.validation_scores_ = estimator.validation_loss_curve_ = None
    estimator.best_validation_score_ = None
    if settings.solver != "lbfgs":
        estimator.loss_curve_ = []
        estimator._no_improvement_count = 0
        estimator.best_loss_ = None if settings.early_stopping else np.inf


def begin_stopping(estimator: Any, settings: SimpleNamespace, *, incremental: bool) -> None:
    """Begin to look for the best epoch; a fit's count and best are none of partial_fit's."""
    estimator.stopped_ = estimator._parts_ended = estimator._was_told = False
    if incremental and not estimator._is_by_parts and settings.early_stopping:
        estimator._no_improvement_count = 0
        estimator.best_validation_score_ = None
    stopped_early = getattr(estimator, "best_loss_", 0) is None
    if stopped_early and not settings.early_stopping:
        estimator._no_improvement_count, estimator.best_loss_ = 0, np.inf
    estimator._is_by_parts = incremental


def say_that_parts_ended(estimator: Any) -> None:
    """Warn the first time that a call of partial_fit does nothing."""
    if not estimator._was_told:
        warnings.warn(
            "partial_fit has stopped, as the validation score did not improve any more: this "
            "call and later ones leave the estimator as it is. With early_stopping=False they "
            "train on; fit begins anew.",
            stacklevel=USERS_CALL,
        )
    estimator._was_told = True
