"""The most memory that a process needs to train: Python, the data and the fit."""

import numpy as np

import jitnet as jn

EXAMPLES, FEATURES, CLASSES = 32_768, 512, 10


def fit(examples: int) -> None:
    """An epoch on 2 KiB an example."""
    X = np.ones((examples, FEATURES), np.float32)
    y = np.arange(examples) % CLASSES
    model = jn.Sequential(
        [jn.Dense(256, activation="relu"), jn.Dense(CLASSES)], loss="softmax_crossentropy"
    )
    model.fit(X, y, epochs=1, batch_size=256)


class Fit:
    """64 MiB of data."""

    timeout = 300
    version = "1"

    def setup_cache(self) -> None:
        """Compile in another process, so that the compiler's memory is not counted."""
        fit(256)

    def peakmem_fit(self) -> None:
        """Measure the process's peak."""
        fit(EXAMPLES)
