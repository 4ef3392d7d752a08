"""Predictions for one row, for a few, and for more than go through the network at once."""

import numpy as np

import jitnet as jn

NETWORKS = {"64-100-10": (64, 100, 10), "28-256×3-1": (28, 256, 256, 256, 1)}
ROWS = (1, 8, 10_000)
TOLERANCE = 1e-4
"""Relative to the greatest number: float32 sums of 256 terms."""


class Predict:
    """On one thread."""

    params = (list(NETWORKS), ROWS)
    param_names = ("network", "rows")
    timeout = 300
    version = "1"

    def setup(self, network: str, rows: int) -> None:
        """Compile, and check against NumPy."""
        n_in, *units = NETWORKS[network]
        layers = [*(jn.Dense(n, activation="relu") for n in units[:-1]), jn.Dense(units[-1])]
        self.model = jn.Sequential(layers, loss="mse", n_threads=1, seed=0).build(n_in)
        self.X = np.random.default_rng(0).normal(size=(rows, n_in)).astype(np.float32)
        expected = self.X
        weights = self.model.get_weights()
        for W, b in zip(weights[0:-2:2], weights[1:-2:2], strict=True):
            expected = np.maximum(expected @ W + b, 0.0)
        expected = expected @ weights[-2] + weights[-1]
        bound = TOLERANCE * np.abs(expected).max()
        np.testing.assert_allclose(self.model.predict(self.X), expected, rtol=0, atol=bound)

    def time_predict(self, network: str, rows: int) -> None:
        """Time `predict`."""
        self.model.predict(self.X)
