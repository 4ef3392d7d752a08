"""Learning rates that change from step to step.

A schedule says the rate η(t) of step t = 0, 1, 2, … (one step is one batch). Every schedule may
begin with ``warmup`` steps in which the rate rises in a straight line; its curve begins after them.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, field

import numpy as np

from jitnet.arrays import FloatArray
from jitnet.checks import check_number, check_whole, keep
from jitnet.quoting import quoted

__all__ = ["Constant", "Cosine", "Exponential", "OneCycle", "Schedule", "Step", "as_schedule"]

MOST_STEPS = 2**53
"""Whole numbers that float64 has."""
SHARE_HINT = "; it is a share: divide a rate by learning_rate to get it"


@dataclass(frozen=True)
class Schedule(ABC):
    """What all schedules share: a learning rate, a warm-up and a curve.

    With w = ``warmup`` and the curve c(u) of the class, the rate of step t is::

        η(t) = c(0) · (t + 1) / (w + 1)    t < w
        η(t) = c(t - w)                    t ≥ w

    so no step is taken at a rate of zero for the warm-up's sake (Goyal et al., 2017, *Accurate,
    Large Minibatch SGD*, section 2.2).

    Parameters
    ----------
    learning_rate : float
        The rate that the curve is measured by: positive.
    warmup : int, default 0
        Steps before the curve begins.

    Examples
    --------
    A schedule of one's own is its curve:

    >>> from dataclasses import dataclass
    >>> import numpy as np
    >>> @dataclass(frozen=True)
    ... class InverseRoot(Schedule):
    ...     def curve(self, u):
    ...         return self.learning_rate / np.sqrt(1 + u)
    >>> InverseRoot(0.5).rates(0, 4).round(3)
    array([0.5  , 0.354, 0.289, 0.25 ])
    """

    learning_rate: float
    warmup: int = field(default=0, kw_only=True)

    def __post_init__(self) -> None:
        """Check what was given.

        Raises
        ------
        TypeError
            If a rate is not a number, or a count of steps is not a whole one.
        ValueError
            If a rate is not positive and finite, or a count of steps is too small.
        """
        keep(
            self,
            learning_rate=check_number("learning_rate", self.learning_rate, above=0.0),
            warmup=_check_steps("warmup", self.warmup, 0),
        )

    @abstractmethod
    def curve(self, u: FloatArray) -> FloatArray:
        """Rates after the warm-up.

        Parameters
        ----------
        u : ndarray of float64, shape (n,)
            Steps since the warm-up ended, 0 for the first.

        Returns
        -------
        ndarray of float64, shape (n,)
        """

    def rates(self, first_step: int, n_steps: int) -> FloatArray:
        """Learning rates of consecutive steps.

        Parameters
        ----------
        first_step : int
            The first of the steps, counted from 0.
        n_steps : int
            How many steps.

        Returns
        -------
        ndarray of float64, shape (n_steps,)
            The rates of steps ``first_step``, ``first_step + 1``, …

        Raises
        ------
        ValueError
            If the curve does not give a finite rate of at least 0 for each step.

        Examples
        --------
        >>> Constant(0.1, warmup=1).rates(0, 3)
        array([0.05, 0.1 , 0.1 ])
        """
        first_step = _check_steps("first_step", first_step, 0)
        n_steps = _check_steps("n_steps", n_steps, 0)
        steps = np.arange(first_step, first_step + n_steps, dtype=np.float64)
        with np.errstate(all="ignore"):
            rates = np.asarray(self.curve(np.maximum(steps - self.warmup, 0.0)), np.float64)
        if rates.shape != steps.shape or not (np.isfinite(rates).all() and (rates >= 0.0).all()):
            raise ValueError(
                f"{type(self).__name__}.curve must give a finite rate of at least 0 for each of "
                f"{n_steps} steps, got {rates}"
            )
        with np.errstate(under="ignore"):
            return rates * np.minimum((steps + 1.0) / (self.warmup + 1.0), 1.0)

    def __call__(self, step: int) -> float:
        """Learning rate of one step, counted from 0."""
        return float(self.rates(step, 1)[0])


@dataclass(frozen=True)
class Constant(Schedule):
    """The same rate at every step: c(u) = η.

    Parameters
    ----------
    learning_rate : float
        η, positive.
    warmup : int, default 0
        Steps of linear warm-up.

    Examples
    --------
    >>> Constant(0.1)(1_000_000)
    0.1
    """

    def curve(self, u: FloatArray) -> FloatArray:
        """Rates after the warm-up; see `Schedule.curve`."""
        return np.full(u.shape, self.learning_rate)


@dataclass(frozen=True)
class Step(Schedule):
    """A staircase: c(u) = η · factor^⌊u / every⌋.

    Parameters
    ----------
    learning_rate : float
        η, the rate of the first stair: positive.
    every : int
        Steps on each stair, at least 1.
    factor : float, default 0.1
        What one stair multiplies the rate by: positive.
    warmup : int, default 0
        Steps of linear warm-up.

    Examples
    --------
    >>> Step(0.1, every=2, factor=0.5).rates(0, 5)
    array([0.1  , 0.1  , 0.05 , 0.05 , 0.025])
    """

    every: int
    factor: float = 0.1

    def __post_init__(self) -> None:
        """Check what was given; see `Schedule.__post_init__`."""
        super().__post_init__()
        _keep_decay(self)

    def curve(self, u: FloatArray) -> FloatArray:
        """Rates after the warm-up; see `Schedule.curve`."""
        return self.learning_rate * np.power(self.factor, np.floor(u / self.every))


@dataclass(frozen=True)
class Exponential(Schedule):
    """A smooth decay: c(u) = η · factor^(u / every).

    Parameters
    ----------
    learning_rate : float
        η, the first rate: positive.
    every : int
        Steps in which the rate is multiplied by ``factor`` once, at least 1.
    factor : float, default 0.1
        Positive; above 1 the rate grows.
    warmup : int, default 0
        Steps of linear warm-up.

    Examples
    --------
    >>> Exponential(0.8, every=2, factor=0.25).rates(0, 4)
    array([0.8, 0.4, 0.2, 0.1])
    """

    every: int
    factor: float = 0.1

    def __post_init__(self) -> None:
        """Check what was given; see `Schedule.__post_init__`."""
        super().__post_init__()
        _keep_decay(self)

    def curve(self, u: FloatArray) -> FloatArray:
        """Rates after the warm-up; see `Schedule.curve`."""
        return self.learning_rate * np.power(self.factor, u / self.every)


@dataclass(frozen=True)
class Cosine(Schedule):
    """Half a cosine, from the rate down to a share of it.

    With n = ``steps`` - ``warmup`` and f = ``final``::

        c(u) = η · (f + (1 - f) · (1 + cos(π · min(u / n, 1))) / 2)

    (Loshchilov & Hutter, 2017, *SGDR: Stochastic Gradient Descent with Warm Restarts*, equation 5,
    without restarts.)

    Parameters
    ----------
    learning_rate : float
        η, the highest rate: positive.
    steps : int
        Steps until the final rate is reached, warm-up included; it stays from there on.
    final : float, default 0.0
        The last rate as a share of ``learning_rate``, 0 to 1.
    warmup : int, default 0
        Steps of linear warm-up, fewer than ``steps``.

    Examples
    --------
    >>> Cosine(0.8, steps=4).rates(0, 6).round(3)
    array([0.8  , 0.683, 0.4  , 0.117, 0.   , 0.   ])
    """

    steps: int
    final: float = 0.0

    def __post_init__(self) -> None:
        """Check what was given; see `Schedule.__post_init__`."""
        super().__post_init__()
        steps = _check_length(self.steps, self.warmup)
        keep(self, steps=steps, final=_check_share("final", self.final))

    def curve(self, u: FloatArray) -> FloatArray:
        """Rates after the warm-up; see `Schedule.curve`."""
        done = np.minimum(u / (self.steps - self.warmup), 1.0)
        return self.learning_rate * _fall(done, self.final)


@dataclass(frozen=True)
class OneCycle(Schedule):
    """Up in a straight line to the rate, then down half a cosine.

    With n = ``steps`` - ``warmup``, r = ``rise``, s = ``start``, f = ``final`` and the share of the
    cycle that is done, p = min(u / n, 1)::

        c(u) = η · (s + (1 - s) · p / r)                                p < r
        c(u) = η · (f + (1 - f) · (1 + cos(π · (p - r) / (1 - r))) / 2)   p ≥ r

    (Smith & Topin, 2018, *Super-Convergence: Very Fast Training of Neural Networks Using Large
    Learning Rates*; its second half there is a straight line too.)

    Parameters
    ----------
    learning_rate : float
        η, the highest rate: positive.
    steps : int
        Steps of the whole cycle, warm-up included; the final rate stays from there on.
    rise : float, default 0.3
        The share of the cycle in which the rate rises, above 0 and below 1.
    start : float, default 0.04
        The first rate as a share of ``learning_rate``, 0 to 1.
    final : float, default 0.0
        The last rate as a share of ``learning_rate``, 0 to 1.
    warmup : int, default 0
        Steps that lead in a straight line to the first rate, fewer than ``steps``.

    Examples
    --------
    >>> OneCycle(1.0, steps=8, rise=0.5, start=0.2).rates(0, 9).round(3)
    array([0.2  , 0.4  , 0.6  , 0.8  , 1.   , 0.854, 0.5  , 0.146, 0.   ])
    """

    steps: int
    rise: float = 0.3
    start: float = 0.04
    final: float = 0.0

    def __post_init__(self) -> None:
        """Check what was given; see `Schedule.__post_init__`."""
        super().__post_init__()
        keep(
            self,
            steps=_check_length(self.steps, self.warmup),
            rise=_check_share("rise", self.rise),
            start=_check_share("start", self.start),
            final=_check_share("final", self.final),
        )
        if self.rise in (0, 1):
            raise ValueError(
                f"rise must lie between 0 and 1, got "
                f"{quoted(self.rise)}; without a rise, use Cosine"
            )

    def curve(self, u: FloatArray) -> FloatArray:
        """Rates after the warm-up; see `Schedule.curve`."""
        done = np.minimum(u / (self.steps - self.warmup), 1.0)
        rising = self.start + (1.0 - self.start) * done / self.rise
        fallen = np.maximum(done - self.rise, 0.0) / (1.0 - self.rise)
        return self.learning_rate * np.where(done < self.rise, rising, _fall(fallen, self.final))


def as_schedule(value: float | Schedule) -> Schedule:
    """Turn what a user gives as a learning rate into a schedule.

    Parameters
    ----------
    value : float or Schedule
        A positive rate, or a schedule, which is returned as it is.

    Returns
    -------
    Schedule

    Raises
    ------
    TypeError
        If the value is neither a number nor a schedule.
    ValueError
        If the number is not positive and finite.

    Examples
    --------
    >>> as_schedule(0.1)
    Constant(learning_rate=0.1, warmup=0)
    """
    if isinstance(value, Schedule):
        return value
    return Constant(check_number("learning_rate", value, above=0.0, kind="a number or a schedule"))


def _fall(done: FloatArray, final: float) -> FloatArray:
    return final + (1.0 - final) * 0.5 * (1.0 + np.cos(math.pi * done))


def _keep_decay(schedule: Step | Exponential) -> None:
    every = _check_steps("every", schedule.every, 1)
    keep(schedule, every=every, factor=check_number("factor", schedule.factor, above=0.0))


def _check_steps(name: str, value: int, least: int) -> int:
    steps = check_whole(name, value, least=least)
    return check_whole(name, steps, least=least, most=MOST_STEPS)


def _check_share(name: str, value: float) -> float:
    return check_number(name, value, least=0.0, most=1.0, hint=SHARE_HINT)


def _check_length(steps: int, warmup: int) -> int:
    steps = _check_steps("steps", steps, 1)
    if steps <= warmup:
        raise ValueError(
            f"steps must be more than warmup, "
            f"got steps={quoted(steps)} and warmup={quoted(warmup)}; "
            "steps counts the warm-up too"
        )
    return steps


SCHEDULES: dict[str, type[Schedule]] = {
    kind.__name__: kind for kind in (Constant, Cosine, Exponential, OneCycle, Step)
}
"""The table of schedules."""
