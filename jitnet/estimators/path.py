"""The path of penalties that a preset's fit takes, stage by stage, while a weaker one is better."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np

from jitnet.arrays import Array
from jitnet.estimators import rates
from jitnet.estimators.held_out import Validation
from jitnet.estimators.network import Network
from jitnet.estimators.penalties import Stage, is_better

NEGLIGIBLE = 1e-8
"""What a strong penalty has left of a weight that is not needed: squares of such are subnormal in
float32, and took half as long again as other numbers."""


class Kept(NamedTuple):
    """The best of a stage: its parameters, and what held-out examples say of them."""

    parameters: Array
    losses: Array
    score: float
    alpha: float


class Path:
    """The stages of a fit.

    Parameters
    ----------
    estimator : Perceptron
        Where the best parameters and the penalty are kept.
    settings : SimpleNamespace
        Its parameters.
    network : Network
        The network that is trained.
    """

    def __init__(self, estimator: Any, settings: SimpleNamespace, network: Network) -> None:
        self.estimator, self.settings, self.network = estimator, settings, network
        self._untrained = network.training()
        self._kept: Kept | None = None

    def begin(self, stage: Stage, steps_an_epoch: int) -> None:
        """Begin a stage from the coefficients there are, with a schedule and moments of its own."""
        self.network.resume(self._untrained)
        parameters = self.network.engine.network.parameters
        parameters[np.abs(parameters) < NEGLIGIBLE] = 0
        self.network.set_alpha(stage.alpha)
        self.estimator.alpha_ = stage.alpha
        rates.begin(self.settings, self.network, stage.epochs * steps_an_epoch)

    def goes_on(self, validation: Validation, stage: Stage) -> bool:
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
