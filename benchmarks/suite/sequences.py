"""What recurrent layers take on inputs that vanish, and to predict step by step."""

from statistics import median
from time import process_time
from typing import Any

import numpy as np

import jitnet as jn

PAIRS = 5
SCALES = (1e-20, 1e-38)
"""By which inputs are multiplied: their products are below what float32 has, or they are."""


def fit_seconds(model: jn.Sequential, X: Any, y: Any) -> float:
    """The CPU's time of an epoch."""
    began = process_time()
    model.fit(X, y, epochs=1, batch_size=64, shuffle=False)
    return process_time() - began


class Vanishing:
    """An LSTM's training on inputs that vanish, over that on others; at most 1.2."""

    params = SCALES
    param_names = ("scale",)
    unit = "time / time on inputs of size 1"

    def setup(self, scale: float) -> None:
        """Train once on both."""
        rng = np.random.default_rng(0)
        self.y = rng.integers(0, 4, 256)
        self.X = rng.normal(size=(256, 100, 8)).astype(np.float32)
        self.small = self.X * np.float32(scale)
        layers = [jn.LSTM(64), jn.Dense(4)]
        optimizer = jn.SGD(1e-3)
        self.models = [
            jn.Sequential(layers, "softmax_crossentropy", optimizer, n_threads=1) for _ in range(2)
        ]
        for model, X in zip(self.models, (self.small, self.X), strict=True):
            fit_seconds(model, X, self.y)

    def track_lstm(self, scale: float) -> float:
        """The median of some pairs."""
        one, other = self.models
        pairs = (
            (fit_seconds(one, self.small, self.y), fit_seconds(other, self.X, self.y))
            for _ in range(PAIRS)
        )
        return median(small / usual for small, usual in pairs)


class Stream:
    """A time step of two LSTMs of 128 units, from a letter to the probabilities of 65."""

    def setup(self) -> None:
        """Take a step."""
        recurrent = [jn.LSTM(128, return_sequences=True) for _ in range(2)]
        layers = [jn.Embedding(65, 64), *recurrent, jn.Dense(65)]
        self.stream = jn.Sequential(layers, "softmax_crossentropy").build(50).stream()
        self.stream.step(0)

    def time_step(self) -> None:
        """One letter."""
        self.stream.step(3)
