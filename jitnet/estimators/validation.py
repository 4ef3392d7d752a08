"""Examples that are held out of a fit, and what is learned from them after each epoch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.model_selection import train_test_split

from jitnet.estimators.examples import Examples
from jitnet.estimators.network import Network
from jitnet.memory import Array

LEAST_HELD_OUT = 2
TOO_SMALL = "The validation set is too small."

MOST_ROWS = 1 << 14
"""Rows of a sparse matrix that are evaluated together, at least."""


@dataclass
class Validation:
    """Held-out examples, and the score of a network's predictions for them, or z if not linked."""

    examples: Examples
    score_of: Callable[[Array], float]
    linked: bool

    def evaluate(self, network: Network) -> tuple[float, float]:
        """The loss without its L2 term, and the score; NaN where an output is not finite."""
        total = weight = 0.0
        outputs = []
        engine, examples = network.engine, self.examples
        for data, count in examples.pieces(engine, examples.rows, MOST_ROWS):
            share = float(data.weights[data.order].sum()) if not data.uniform else count
            total += engine.evaluate(data)["loss"] * share
            weight += share
        for X in examples.inputs(MOST_ROWS):
            outputs.append(engine.predict(X, linked=self.linked))
        predicted = np.concatenate(outputs)
        score = self.score_of(predicted) if np.isfinite(predicted).all() else np.nan
        offset = examples.offset(examples.rows, len(examples.rows))
        return (total / weight if weight else np.nan) + offset, float(score)


def split_off(
    examples: Examples, fraction: float, random_state: Any, stratify: Array | None
) -> tuple[Array, Array]:
    """Rows to train on and rows to validate on, as scikit-learn's perceptrons split them."""
    train, held_out = train_test_split(
        np.arange(examples.X.shape[0]),
        random_state=random_state,
        test_size=fraction,
        stratify=stratify,
    )
    if len(held_out) < LEAST_HELD_OUT:
        raise ValueError(f"{TOO_SMALL} Increase 'validation_fraction' or the size of your dataset.")
    return train, held_out
