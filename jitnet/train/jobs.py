"""The table of what ``jitnet train`` trains: the data, and the networks that suit them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from numpy.typing import NDArray

from jitnet.callbacks import Callback
from jitnet.datasets import (
    every_nth_of_each_class,
    load_digits,
    load_fashion_mnist,
    load_mnist,
)
from jitnet.datasets.mnist import FASHION_MNIST, MNIST, Source
from jitnet.layers import Flatten, Layer, Rescaling, Reshape
from jitnet.model import Sequential
from jitnet.optimizers import Adam
from jitnet.progress import Progress
from jitnet.schedules import Cosine
from jitnet.train.networks import convnet, mlp

__all__ = ["JOBS", "LABEL_SMOOTHING", "Job", "Network", "job_of", "train"]

LABEL_SMOOTHING = 0.1
WARMUP_SHARE = 0.05
FILTERS, LEAST_SIDE = (32, 64, 128, 128, 128), 4
"""Filters of the convolutions for a folder's images: so many that the pools between them leave at
least that side."""

Part = tuple[NDArray[Any], NDArray[Any]]


class Network(NamedTuple):
    """A network, and how it is trained."""

    layers: Callable[[Sequence[int]], list[Layer]]
    """The layers, those with units ``hidden`` among them."""
    hidden: tuple[int, ...]
    epochs: int
    batch_size: int
    learning_rate: float
    """The highest of the schedule."""


class Job(NamedTuple):
    """Data, and the networks for them."""

    about: str
    load: Callable[[Path | None], tuple[Part, Part]]
    """What to train on and to test with, out of a folder or where it is looked for without one."""
    networks: dict[str, Network]
    """The default first."""
    source: Source | None = None
    """Where the files are to be had, if they do not come with the package."""
    classes: tuple[str, ...] = ()
    """The names of the classes, where they are no numbers."""

    @property
    def default(self) -> str:
        """The name of the network that is trained where none is named."""
        return next(iter(self.networks))


def train(
    network: Network,
    X: NDArray[Any],
    y: NDArray[Any],
    *,
    seed: int = 0,
    threads: int | None = None,
    classes: tuple[str, ...] = (),
    progress: bool | Progress | None = None,
    callbacks: Sequence[Callback] = (),
    resume: Path | None = None,
    communicator: Any = None,
) -> Sequential:
    """Train a network as ``jitnet train`` does.

    Adam under a cosine schedule with a short warm-up, and smoothed labels, which do more here than
    depth or width: without them the mean accuracy of the perceptron for the embedded digits over
    five folds is 0.981 instead of 0.990.

    Parameters
    ----------
    network : Network
        A network of the table, or one changed by its ``_replace``.
    X : ndarray
        Images as the job loads them.
    y : ndarray of int64, shape (n_samples,)
        Their classes.
    seed : int, default 0
        The seed of the first weights and of the shuffling.
    threads : int, optional
        Threads to train with; the model chooses by default.
    classes : tuple of str, default ()
        The names of the classes, which the model and its checkpoints keep.
    progress : bool or Progress, optional
        See `jitnet.progress.make_progress`.
    callbacks : sequence of Callback, default ()
        Told of each epoch's end.
    resume : Path, optional
        A folder of checkpoints to go on from.
    communicator : mpi4py.MPI.Comm, optional
        The ranks that train together; see `Sequential.fit`.

    Returns
    -------
    Sequential
        The trained model.

    Examples
    --------
    >>> (X, y), _ = JOBS["digits"].load(None)
    >>> short = JOBS["digits"].networks["mlp"]._replace(epochs=2)
    >>> train(short, X, y).predict(X[:3]).shape
    (3, 10)
    """
    steps = network.epochs * math.ceil(len(X) / network.batch_size)
    rate = Cosine(network.learning_rate, steps=steps, warmup=int(WARMUP_SHARE * steps))
    model = Sequential(
        network.layers(network.hidden),
        loss="softmax_crossentropy",
        label_smoothing=LABEL_SMOOTHING,
        optimizer=Adam(learning_rate=rate),
        seed=seed,
        n_threads=threads,
    )
    model.classes = classes
    model.fit(
        X,
        y,
        epochs=network.epochs,
        batch_size=network.batch_size,
        callbacks=callbacks,
        progress=progress,
        resume=resume,
        communicator=communicator,
    )
    return model


def _digits(_: Path | None) -> tuple[Part, Part]:
    """The embedded digits, ink from 0 to 1, every fifth of a class held out."""
    X, y = load_digits()
    X /= 16
    held_out = every_nth_of_each_class(y)
    return (X[~held_out], y[~held_out]), (X[held_out], y[held_out])


def _digits_convnet(hidden: Sequence[int]) -> list[Layer]:
    return [Reshape((8, 8, 1)), *convnet((64, 128), 3, hidden, padding=1, dropout=0.5)]


def _pixels_mlp(hidden: Sequence[int]) -> list[Layer]:
    return [Rescaling(1 / 255), Flatten(), *mlp(hidden, dropout=0.2)]


def _pixels_convnet(hidden: Sequence[int], padding: int) -> list[Layer]:
    return [Rescaling(1 / 255), *convnet((32, 64), 3, hidden, padding=padding, dropout=0.5)]


def job_of(X: Any, y: Any, classes: tuple[str, ...], test: Part | None = None) -> Job:
    """The job of a user's images; without some to test with every fifth of a class is held out."""
    if test is None:
        held_out = every_nth_of_each_class(y)
        (X, y), test = (X[~held_out], y[~held_out]), (X[held_out], y[held_out])
    sides, count = min(X.shape[1:3]), len(classes)
    filters = FILTERS[: max(1, (sides // LEAST_SIDE).bit_length() - 1)]
    cnn = partial(_folder_convnet, filters=filters, classes=count)
    flat = partial(_folder_mlp, classes=count)
    return Job(
        f"{len(X):,} images of {X.shape[1]}×{X.shape[2]} pixels",
        lambda _: ((X, y), test),
        {
            "cnn": Network(cnn, (128,), 20, 32, 0.002),
            "mlp": Network(flat, (512, 512), 20, 32, 0.001),
        },
        classes=classes,
    )


def _folder_convnet(hidden: Sequence[int], filters: Sequence[int], classes: int) -> list[Layer]:
    network = convnet(filters, 3, hidden, padding=1, dropout=0.5, classes=classes)
    return [Rescaling(1 / 255), *network]


def _folder_mlp(hidden: Sequence[int], classes: int) -> list[Layer]:
    return [Rescaling(1 / 255), Flatten(), *mlp(hidden, dropout=0.2, classes=classes)]


_PIXELS_MLP = Network(_pixels_mlp, (512, 512), 10, 128, 0.002)

JOBS = {
    "digits": Job(
        "1,797 digits of 8×8 pixels",
        _digits,
        {
            "mlp": Network(mlp, (256,), 40, 32, 0.005),
            "cnn": Network(_digits_convnet, (), 20, 32, 0.002),
        },
    ),
    "mnist": Job(
        "70,000 digits of 28×28 pixels",
        load_mnist,
        {
            "cnn": Network(partial(_pixels_convnet, padding=0), (), 5, 128, 0.005),
            "mlp": _PIXELS_MLP,
        },
        MNIST,
    ),
    "fashion": Job(
        "70,000 clothes of 28×28 pixels",
        load_fashion_mnist,
        {
            "cnn": Network(partial(_pixels_convnet, padding=1), (128,), 10, 128, 0.003),
            "mlp": _PIXELS_MLP,
        },
        FASHION_MNIST,
    ),
}
"""What ``jitnet train`` takes: new data are a row."""
