"""``find_learning_rate``: a range of rates tried in one short run."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from jitnet.arrays import Array
from jitnet.checks import check_number, check_whole
from jitnet.examples import read_examples
from jitnet.frames import as_array
from jitnet.model import Sequential
from jitnet.schedules import Schedule
from jitnet.sparse import is_sparse

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SMOOTHING = 0.9
"""The share of the figures before in the smoothed loss."""
TOO_HIGH = 4.0
"""How many times the least loss ends the run."""
BELOW = 10.0
"""How far below the rate of the least loss the suggestion is, as is the custom."""


@dataclass(frozen=True)
class Rising(Schedule):
    """A rate that is multiplied by the same factor in each step."""

    factor: float = 1.0

    def curve(self, u: Array) -> Array:
        """Rates after the warm-up; see `Schedule.curve`."""
        rates: Array = self.learning_rate * self.factor**u
        return rates


@dataclass(frozen=True)
class LearningRates:
    """What a run through a range of rates has shown.

    Attributes
    ----------
    rates : ndarray of shape (n,)
        The rate of each step.
    losses : ndarray of shape (n,)
        The loss of each step's batch, smoothed.
    suggestion : float
        A tenth of the rate with the least loss.
    """

    rates: Array
    losses: Array
    suggestion: float

    def plot(self) -> Figure:
        """Draw the losses over the rates, and the suggestion.

        Returns
        -------
        matplotlib.figure.Figure
        """
        from jitnet.plots.rates import draw_rates

        return draw_rates(self)


def find_learning_rate(
    model: Sequential,
    X: ArrayLike,
    y: ArrayLike,
    *,
    lowest: float = 1e-6,
    highest: float = 1.0,
    steps: int = 100,
    batch_size: int = 128,
) -> LearningRates:
    """Train a copy of a model through a range of learning rates.

    The method is that of Smith, 2017, *Cyclical Learning Rates for Training Neural Networks*,
    section 3.3.

    Parameters
    ----------
    model : Sequential
        The model; it is left as it is.
    X, y : array-like
        Examples and targets, as in `Sequential.fit`.
    lowest, highest : float, default 1e-6 and 1.0
        The range.
    steps : int, default 100
        Steps, of which each multiplies the rate by the same factor; the run ends where the loss is
        four times its least.
    batch_size : int, default 128
        Examples a step.

    Returns
    -------
    LearningRates

    Raises
    ------
    TypeError, ValueError
        If anything given does not fit.

    Examples
    --------
    >>> import jitnet as jn
    >>> X, y = jn.datasets.load_digits()
    >>> model = jn.Sequential([jn.Dense(32, "relu"), jn.Dense(10)], loss="softmax_crossentropy")
    >>> found = jn.find_learning_rate(model, X / 16, y)
    >>> 1e-3 < found.suggestion < 0.2
    True
    """
    if not isinstance(model, Sequential):
        raise TypeError(f"model must be a Sequential, got {type(model).__name__}")
    lowest = check_number("lowest", lowest, above=0.0)
    highest = check_number("highest", highest, above=lowest)
    steps = check_whole("steps", steps, least=10)
    count = read_examples(model, X, y).count  # refuses what fit does
    several = hasattr(model.layers[0], "n_inputs")
    inputs: Any = X if several else (X,)
    parts = [part.tocsr() if is_sparse(part) else as_array(part) for part in inputs]
    y = as_array(y)
    batch = min(check_whole("batch_size", batch_size, least=1), count)
    rising = Rising(lowest, factor=(highest / lowest) ** (1 / (steps - 1)))
    optimizer: Any = replace(model.optimizer, learning_rate=rising)  # type: ignore[type-var]
    trial = _copy(model, optimizer)
    rng, losses = np.random.default_rng(model.seed), []
    smoothed = 0.0
    for step in range(steps):
        rows = rng.choice(count, batch, replace=False)
        own = tuple(part[rows] for part in parts)
        try:
            history = trial.partial_fit(
                own if several else own[0], y[rows], batch_size=None, shuffle=False
            )
        except FloatingPointError:
            break
        smoothed = SMOOTHING * smoothed + (1 - SMOOTHING) * history["loss"][0]
        losses.append(smoothed / (1 - SMOOTHING ** (step + 1)))
        if losses[-1] > TOO_HIGH * min(losses):
            break
    if not losses:
        raise ValueError(f"no loss is finite, not even at the rate {lowest:g}; scale the inputs")
    rates = rising.rates(0, len(losses))
    suggestion = float(rates[int(np.argmin(losses))] / BELOW)
    return LearningRates(rates, np.array(losses), suggestion)


def _copy(model: Sequential, optimizer: Any) -> Sequential:
    """A model with the same weights, and another optimiser."""
    trial = Sequential(
        model.layers,
        model.loss,
        optimizer,
        label_smoothing=model.label_smoothing,
        quantile=model.quantile,
        seed=model.seed,
        dtype=model.dtype,
        n_threads=model.n_threads,
    )
    if model._engine is not None:
        trial.build(model._engine.nodes.shape).set_weights(model.get_weights())
    return trial
