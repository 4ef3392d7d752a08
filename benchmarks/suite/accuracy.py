"""What a fixed budget buys: the share of held-out digits that are read rightly."""

from statistics import fmean

import jitnet as jn
from jitnet.cli import train_digits

SEEDS = range(5)


class Accuracy:
    """The embedded digits, trained as ``jitnet train digits`` does."""

    params = ([5, 40],)
    param_names = ("epochs",)
    timeout = 300
    version = "1"
    unit = "share of held-out digits"

    def setup(self, epochs: int) -> None:
        """Load the digits and hold every fifth of a class out."""
        self.X, self.y = jn.datasets.load_digits()
        self.X /= 16
        self.held_out = jn.datasets.every_nth_of_each_class(self.y)

    def track_accuracy(self, epochs: int) -> float:
        """Track the mean over some seeds."""
        return fmean(self._accuracy(epochs, seed) for seed in SEEDS)

    def track_misread(self, epochs: int) -> float:
        """Track what is missing to 1: asv takes less for better, and a tenth for a change."""
        return 1 - self.track_accuracy(epochs)

    def _accuracy(self, epochs: int, seed: int) -> float:
        X, y, held_out = self.X, self.y, self.held_out
        model = train_digits(X[~held_out], y[~held_out], epochs=epochs, seed=seed, threads=1)
        return model.evaluate(X[held_out], y[held_out])["accuracy"]
