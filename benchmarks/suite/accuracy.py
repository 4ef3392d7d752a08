"""What a fixed budget buys: the share of held-out digits that are read rightly."""

from statistics import fmean

from jitnet.datasets import every_nth_of_each_class
from jitnet.train.jobs import JOBS
from jitnet.train.training import train

DIGITS = JOBS["digits"]
SEEDS = range(5)


class Accuracy:
    """The embedded digits, trained as ``jitnet train digits`` does."""

    params = ([5, 40],)
    param_names = ("epochs",)
    timeout = 300
    version = "1"
    unit = "share of held-out digits"

    def setup(self, epochs: int) -> None:
        """Load the digits, of which every fifth of a class is held out."""
        (X, y), _ = DIGITS.load(None)
        held_out = every_nth_of_each_class(y)
        self.seen, self.held_out = (X[~held_out], y[~held_out]), (X[held_out], y[held_out])

    def track_accuracy(self, epochs: int) -> float:
        """Track the mean over some seeds."""
        return fmean(self._accuracy(epochs, seed) for seed in SEEDS)

    def track_misread(self, epochs: int) -> float:
        """Track what is missing to 1: asv takes less for better, and a tenth for a change."""
        return 1 - self.track_accuracy(epochs)

    def _accuracy(self, epochs: int, seed: int) -> float:
        network = DIGITS.networks["mlp"]._replace(epochs=epochs)
        return train(network, *self.seen, seed=seed, threads=1).evaluate(*self.held_out)["accuracy"]
