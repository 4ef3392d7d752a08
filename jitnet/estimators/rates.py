"""Learning rates of a fit: scikit-learn's three rules, and schedules over the whole of it."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np

from jitnet.arrays import FloatArray
from jitnet.estimators.network import Network
from jitnet.schedules import Constant, Cosine, OneCycle, Schedule

OVER_THE_FIT = {"cosine": Cosine, "one_cycle": OneCycle}
"""Schedules that need the number of steps there will be."""

MIN_RATE = 1e-6
"""The rate below which the adaptive rule stops instead of dividing by ``DIVISOR``."""
DIVISOR = 5.0


@dataclass(frozen=True)
class InverseScaling(Schedule):
    """η / (t + 1)^power from the second epoch on, with t the examples that were seen by then."""

    power: float
    first_rate: float
    first_step: int
    steps_an_epoch: int
    examples_an_epoch: int
    seen: int

    def curve(self, u: FloatArray) -> FloatArray:
        """Rates after the warm-up; see `Schedule.curve`."""
        epoch = np.floor((u - self.first_step) / self.steps_an_epoch)
        later = self.learning_rate / (self.seen + epoch * self.examples_an_epoch + 1) ** self.power
        return np.where(epoch == 0, self.first_rate, later)


def begin(settings: SimpleNamespace, network: Network, steps: int) -> None:
    """Give a network its schedule over so many steps, where the settings have one."""
    rule = settings.learning_rate
    if isinstance(rule, Schedule):
        network.engine.schedule = rule
    elif has_an_end(settings):
        schedule = OVER_THE_FIT[rule](settings.learning_rate_init, steps=max(2, steps))
        network.engine.schedule = schedule


def has_an_end(settings: SimpleNamespace) -> bool:
    """Whether the schedule ends with the last epoch, so that stopping there is no failure."""
    return isinstance(settings.learning_rate, str) and settings.learning_rate in OVER_THE_FIT


def set_rates(
    settings: SimpleNamespace, network: Network, steps_an_epoch: int, examples: int, seen: int
) -> None:
    """Set the rates of the coming epochs where the rule goes by epochs."""
    if _rule(settings) == "adaptive":
        network.engine.schedule = Constant(network.rate)
    elif _rule(settings) == "invscaling":
        network.engine.schedule = InverseScaling(
            float(settings.learning_rate_init),
            power=float(settings.power_t),
            first_rate=network.rate,
            first_step=network.engine.step,
            steps_an_epoch=steps_an_epoch,
            examples_an_epoch=examples,
            seen=seen,
        )


def end_epoch(settings: SimpleNamespace, network: Network, seen: int) -> None:
    """Update a rate that goes by the examples seen."""
    if _rule(settings) == "invscaling":
        rate = float(settings.learning_rate_init) / (seen + 1) ** settings.power_t
        network.rate = float(rate)


def stops(settings: SimpleNamespace, network: Network, message: str) -> bool:
    """Whether a fit that gets no better ends, or goes on at a smaller rate; says so."""
    ending = " Stopping."
    if _rule(settings) == "adaptive":
        if network.rate > MIN_RATE:
            network.rate /= DIVISOR
            if settings.verbose:
                print(f"{message} Setting learning rate to {network.rate:f}")
            return False
        ending = " Learning rate too small. Stopping."
    if settings.verbose:
        print(message + ending)
    return True


def _rule(settings: SimpleNamespace) -> Any:
    """The rule in force: scikit-learn's are for plain gradient descent alone."""
    return settings.learning_rate if settings.solver == "sgd" else None
