"""The table of what ``jitnet train`` trains: the data, and the networks that suit them.

``--help`` shows it, and so nothing is imported here that takes time, but where it is used.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from numpy.typing import NDArray

from jitnet.datasets import (
    every_nth_of_each_class,
    load_digits,
    load_fashion_mnist,
    load_mnist,
)
from jitnet.datasets.mnist import FASHION_MNIST, MNIST, Source
from jitnet.tables import format_table

if TYPE_CHECKING:
    from jitnet.callbacks import Callback
    from jitnet.layers import Layer
    from jitnet.model import Sequential
    from jitnet.progress import Progress

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
    from jitnet.model import Sequential
    from jitnet.optimizers import Adam
    from jitnet.schedules import Cosine

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


def _digits_mlp(hidden: Sequence[int]) -> list[Layer]:
    from jitnet.train.networks import mlp

    return mlp(hidden)


def _digits_convnet(hidden: Sequence[int]) -> list[Layer]:
    from jitnet.layers import Reshape
    from jitnet.train.networks import convnet

    return [Reshape((8, 8, 1)), *convnet((64, 128), 3, hidden, padding=1, dropout=0.5)]


def _pixels_mlp(hidden: Sequence[int], classes: int = 10) -> list[Layer]:
    from jitnet.layers import Flatten, Rescaling
    from jitnet.train.networks import mlp

    return [Rescaling(1 / 255), Flatten(), *mlp(hidden, dropout=0.2, classes=classes)]


def _pixels_convnet(hidden: Sequence[int], padding: int) -> list[Layer]:
    from jitnet.layers import Rescaling
    from jitnet.train.networks import convnet

    return [Rescaling(1 / 255), *convnet((32, 64), 3, hidden, padding=padding, dropout=0.5)]


def job_of(X: Any, y: Any, classes: tuple[str, ...], test: Part | None = None) -> Job:
    """The job of a user's images; without some to test with every fifth of a class is held out."""
    if test is None:
        held_out = every_nth_of_each_class(y)
        (X, y), test = (X[~held_out], y[~held_out]), (X[held_out], y[held_out])
    sides, count = min(X.shape[1:3]), len(classes)
    filters = FILTERS[: max(1, (sides // LEAST_SIDE).bit_length() - 1)]
    cnn = partial(_folder_convnet, filters=filters, classes=count)
    flat = partial(_pixels_mlp, classes=count)
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
    from jitnet.layers import Rescaling
    from jitnet.train.networks import convnet

    network = convnet(filters, 3, hidden, padding=1, dropout=0.5, classes=classes)
    return [Rescaling(1 / 255), *network]


_PIXELS_MLP = Network(_pixels_mlp, (512, 512), 10, 128, 0.002)

JOBS = {
    "digits": Job(
        "1,797 digits of 8×8 pixels",
        _digits,
        {
            "mlp": Network(_digits_mlp, (256,), 40, 32, 0.005),
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


def jobs_epilog() -> str:
    """The table of jobs, as text."""
    data = [line for name, job in JOBS.items() for line in _shown(name, job)]
    header = ("data", "network", "hidden", "epochs", "batch size", "learning rate")
    networks = [
        (
            name if network == job.default else "",
            network,
            ",".join(map(str, settings.hidden)) or "none",
            *map(str, settings[2:]),
        )
        for name, job in JOBS.items()
        for network, settings in job.networks.items()
    ]
    table = format_table([header, *networks], left=2, indent="  ")
    return "\n".join(["data:", *data, "", "what is trained, the default first:", table])


def _shown(name: str, job: Job) -> list[str]:
    """What a data set is, and where it comes from."""
    if job.source is None:
        return [f"  {name:<9}{job.about}, which come with jitnet"]
    source = job.source
    return [
        f"  {name:<9}{job.about}, in --data or $JITNET_DATA/{source.folder}; from",
        f"  {'':<9}{source.address} ({source.licence})",
    ]
