"""Images for `accuracy.py`: networks on MNIST and Fashion-MNIST, and what they should reach."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jitnet as jn
from accuracy_row import Outcome, cosine
from data_folder import data_folder
from jitnet.layers import Layer
from jitnet.optimizers import Optimizer
from jitnet.progress import make_progress
from jitnet.train.networks import convnet, outline

QUICK_IMAGES = 500


class ImageRow(NamedTuple):
    """A network on a data set, how it is trained, and what it should reach."""

    data: str
    network: Callable[[], list[Layer]]
    epochs: int
    batch_size: int
    learning_rate: float
    bar: float
    published: str
    share: float = 1.0
    """How many of the training images are trained on, the first ones."""
    weight_decay: float | None = None
    """AdamW's, whose rate then falls by a cosine; None is Adam at a constant rate."""
    label_smoothing: float = 0.0
    figure: str = "accuracy"

    @property
    def about(self) -> str:
        """The data."""
        return self.data + f", the first {self.share:.0%}" * (self.share < 1)

    @property
    def outline(self) -> str:
        """The network in a few words."""
        return outline(self.network())

    @property
    def settings(self) -> str:
        """How it is trained, in a few words."""
        text = f"{self.epochs}, {self.batch_size}, Adam {self.learning_rate:g}"
        if self.weight_decay is not None:
            text = f"{text.replace('Adam', 'AdamW')} by a cosine, decay {self.weight_decay:g}"
        smoothed = f", labels smoothed by {self.label_smoothing:g}"
        return text + smoothed * (self.label_smoothing > 0)

    def train(self, seed: int, quick: bool) -> Outcome:
        """Train the network once."""
        (X, y), (X_test, y_test) = DATA[self.data]()
        count, epochs = int(self.share * len(X)), self.epochs
        if quick:
            count, epochs = min(count, QUICK_IMAGES), 1
            X_test, y_test = X_test[:QUICK_IMAGES], y_test[:QUICK_IMAGES]
        model = jn.Sequential(
            [jn.Rescaling(1 / 255), *self.network()],
            "softmax_crossentropy",
            self._optimizer(epochs * -(-count // self.batch_size)),
            label_smoothing=self.label_smoothing,
            seed=seed,
        )
        progress = make_progress(not quick)
        began = time.perf_counter()
        model.fit(
            X[:count], y[:count], epochs=epochs, batch_size=self.batch_size, progress=progress
        )
        seconds = time.perf_counter() - began - progress.compile_seconds
        return Outcome(model.evaluate(X_test, y_test)["accuracy"], seconds)

    def _optimizer(self, steps: int) -> Optimizer:
        if self.weight_decay is None:
            return jn.Adam(self.learning_rate)
        rate = cosine(self.learning_rate, steps)
        return jn.AdamW(rate, weight_decay=self.weight_decay)


DATA: dict[str, Callable[[], Any]] = {
    "MNIST": lambda: jn.datasets.load_mnist(data_folder() / "mnist"),
    "Fashion-MNIST": lambda: jn.datasets.load_fashion_mnist(data_folder() / "fashion-mnist"),
}

FASHION = partial(convnet, (32, 64), 5, padding=2)


def augmented() -> list[Layer]:
    """The network for Fashion-MNIST behind images that are mirrored and shifted."""
    return [jn.RandomFlip("horizontal"), jn.RandomShift(1), *FASHION()]


IMAGE_ROWS = {
    "mnist_convnet": ImageRow(
        data="MNIST",
        network=partial(convnet, (32, 64), 3, dropout=0.5),
        epochs=15,
        batch_size=128,
        learning_rate=1e-3,
        bar=0.992,
        published="0.9922, Keras's example",
        share=0.9,
    ),
    "lenet5": ImageRow(
        data="MNIST",
        network=partial(convnet, (6, 16), 5, hidden=(120, 84)),
        epochs=20,
        batch_size=128,
        learning_rate=3e-4,
        bar=0.985,
        published="0.982 to 0.984, SimpleChains.jl",
    ),
    "fashion": ImageRow(
        data="Fashion-MNIST",
        network=FASHION,
        epochs=30,
        batch_size=250,  # at a batch of 1,000 and a constant rate of 1e-3 the mean is 0.9153
        learning_rate=2e-3,
        weight_decay=0.05,
        label_smoothing=0.1,
        bar=0.920,
        published="0.9247, perhaps of the best epoch",
    ),
    "fashion_augmented": ImageRow(
        data="Fashion-MNIST",
        network=augmented,
        epochs=30,
        batch_size=250,
        learning_rate=4e-3,
        weight_decay=0.01,
        bar=0.925,
        published="none",
    ),
}
