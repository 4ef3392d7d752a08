"""Examples that are held out of a fit, and its loss and score on them after each epoch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
from sklearn.base import is_regressor
from sklearn.model_selection import train_test_split

from jitnet.arrays import Array
from jitnet.estimators.examples import Examples
from jitnet.estimators.network import Network
from jitnet.estimators.penalties import PARTS
from jitnet.validation import check_fits

MIN_HELD_OUT = 2
TOO_SMALL = "The validation set is too small."


@dataclass
class Validation:
    """Held-out examples, and the score of a network's predictions for them, or of its logits."""

    examples: Examples
    score_of: Callable[[Array], float]
    linked: bool

    def evaluate(self, network: Network) -> tuple[float, float]:
        """The loss without its L2 term, and the score; NaN where an output is not finite."""
        engine, examples = network.engine, self.examples
        predicted = engine.predict(examples.X[examples.rows], linked=self.linked)
        score = self.score_of(predicted) if np.isfinite(predicted).all() else np.nan
        return self._loss(network, examples), float(score)

    def losses_of_parts(self, network: Network) -> Array:
        """The mean losses of the examples cut into some parts."""
        rows = self.examples.rows
        parts = np.array_split(rows, min(PARTS, len(rows)))
        return np.array([self._loss(network, self.examples.part(part)) for part in parts])

    def _loss(self, network: Network, examples: Examples) -> float:
        rows = examples.rows
        data = examples.data(network.engine, rows, len(rows))
        if not data.uniform and not data.weights[rows].sum():
            return np.nan
        return network.engine.evaluate(data)["loss"] + examples.offset(rows, len(rows))


def hold_out(
    estimator: Any,
    examples: Examples,
    given: tuple[Any, Any, Any],
    settings: SimpleNamespace,
    *,
    incremental: bool,
) -> tuple[Examples, Validation | None]:
    """The examples to train on, and those to validate on: the given ones, or a share."""
    X, y, sample_weight = given
    if (X is None) != (y is None):
        raise ValueError("X_val and y_val must be given together")
    if X is None and sample_weight is not None:
        raise ValueError("sample_weight_val must be given together with X_val and y_val")
    stops = settings.early_stopping and settings.solver != "lbfgs"
    if X is None and not stops:
        return examples, None
    engine = estimator._network.engine
    if estimator.validation_scores_ is None:
        estimator.validation_scores_, estimator.validation_loss_curve_ = [], []
    if stops and estimator.best_validation_score_ is None:
        estimator.best_validation_score_ = -np.inf
        estimator._best_parameters = engine.network.parameters.copy()
    if X is not None:
        X, y = estimator._validate(X, y, reset=False)
        if X.shape[0] < MIN_HELD_OUT:
            raise ValueError(f"{TOO_SMALL} X_val has 1 example, too few for a score.")
        estimator._check_targets(y)
        if is_regressor(estimator):
            check_fits(np.asarray(y), engine.dtype, "y_val")
        held_out = estimator._examples(X, y, sample_weight, settings, anew=False)
        held_out.check_weights(engine, "sample_weight_val")
        if stops and not estimator._says_something(held_out.counting_targets()):
            raise ValueError("y_val has one value throughout, for which R² says nothing")
    else:
        examples, held_out = _split(estimator, examples, settings, incremental=incremental)
        held_out.check_weights(engine, "sample_weight of the examples that are held out")
    rows = held_out.rows
    kept = None if held_out.weights is None else held_out.weights[rows]
    return examples, Validation(
        held_out,
        lambda outputs: estimator._score_of(held_out.targets[rows], kept, outputs),
        linked=estimator._judged_by_values,
    )


def can_hold_out(count: int, fraction: float) -> bool:
    """Whether a share of so many examples can be held out."""
    held_out = np.ceil(count * fraction)
    return bool(MIN_HELD_OUT <= held_out < count)


def _split(
    estimator: Any, examples: Examples, settings: SimpleNamespace, *, incremental: bool
) -> tuple[Examples, Examples]:
    """The examples in two parts, as scikit-learn's perceptrons split them.

    What they do not split, a call of partial_fit or the preset, is split without keeping the shares
    of classes that are too few for it.
    """
    count, fraction = examples.X.shape[0], settings.validation_fraction
    stratify, random_state = (
        estimator._stratification(examples.targets),
        estimator._random_state,
    )
    if incremental:  # the same rows each time, should the same examples come again
        if not hasattr(estimator, "_split_seed"):
            estimator._split_seed = random_state.randint(np.iinfo(np.int32).max)
        random_state = estimator._split_seed
        if not can_hold_out(count, fraction):
            raise ValueError(
                f"{TOO_SMALL} Of {count} examples in a call of partial_fit a share of {fraction} "
                "cannot be held out; give more at once, or X_val and y_val."
            )
    if incremental or not estimator.early_stopping:
        stratify = _if_enough(stratify, fraction)
    train, held_out = train_test_split(
        np.arange(count), random_state=random_state, test_size=fraction, stratify=stratify
    )
    if len(held_out) < MIN_HELD_OUT:
        raise ValueError(f"{TOO_SMALL} Increase 'validation_fraction' or the size of your dataset.")
    return examples.part(train), examples.part(held_out)


def _if_enough(classes: Array | None, fraction: float) -> Array | None:
    """Classes whose shares a split can keep, or None: each needs a member in either part."""
    if classes is None:
        return None
    counts = np.unique(classes, return_counts=True)[1]
    held_out = int(np.ceil(len(classes) * fraction))
    enough = counts.min() > 1 and len(counts) <= min(held_out, len(classes) - held_out)
    return classes if enough else None
