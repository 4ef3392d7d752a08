"""The table of what ``jitnet train`` trains: the data, and the networks that suit them.

``--help`` shows it, and so nothing is imported here that takes time, but where it is used.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from numpy.typing import NDArray

from jitnet.datasets import load_digits, load_fashion_mnist, load_mnist
from jitnet.datasets.mnist import FASHION_MNIST, MNIST, Source
from jitnet.tables import format_table

if TYPE_CHECKING:
    from jitnet.layers import Layer

FILTERS, LEAST_SIDE = (32, 64, 128, 128, 128), 4
"""Filters of the convolutions for a folder's images: so many that the pools between them leave at
least that side."""

Part = tuple[NDArray[Any], NDArray[Any]]


class Network(NamedTuple):
    """A network, and how it is trained."""

    layers: Callable[[Network], list[Layer]]
    """The layers of a network with these settings."""
    hidden: tuple[int, ...]
    """Units of the hidden dense layers."""
    epochs: int
    batch_size: int
    learning_rate: float
    """The highest of the schedule."""
    dropout: float = 0.0
    filters: tuple[int, ...] = ()
    """Units of the convolutions, if it has some."""
    weight_decay: float = 0.0


class Job(NamedTuple):
    """Data, and the networks for them."""

    about: str
    load: Callable[[Path | None], tuple[Part, Part | None]]
    """Images and their classes, out of a folder or where they are looked for without one; and those
    to test with, if they are apart."""
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


def job_of(X: Any, y: Any, classes: tuple[str, ...], test: Part | None = None) -> Job:
    """The job of a user's images."""
    sides, count = min(X.shape[1:3]), len(classes)
    filters = FILTERS[: max(1, (sides // LEAST_SIDE).bit_length() - 1)]
    cnn = partial(_pixels_convnet, padding=1, classes=count)
    mlp = partial(_pixels_mlp, classes=count)
    return Job(
        f"{len(X):,} images of {X.shape[1]}×{X.shape[2]} pixels",
        lambda _: ((X, y), test),
        {
            "cnn": Network(cnn, (128,), 20, 32, 0.002, dropout=0.5, filters=filters),
            "mlp": Network(mlp, (512, 512), 20, 32, 0.001, dropout=0.2),
        },
        classes=classes,
    )


def _digits(_: Path | None) -> tuple[Part, None]:
    """The embedded digits, ink from 0 to 1."""
    X, y = load_digits()
    X /= 16
    return (X, y), None


def _digits_mlp(network: Network) -> list[Layer]:
    from jitnet.train.networks import mlp

    return mlp(network.hidden, dropout=network.dropout)


def _digits_convnet(network: Network) -> list[Layer]:
    from jitnet.layers import Reshape

    return [Reshape((8, 8, 1)), *_convnet(network, padding=1, classes=10)]


def _pixels_mlp(network: Network, classes: int = 10) -> list[Layer]:
    from jitnet.layers import Flatten, Rescaling
    from jitnet.train.networks import mlp

    layers = mlp(network.hidden, dropout=network.dropout, classes=classes)
    return [Rescaling(1 / 255), Flatten(), *layers]


def _pixels_convnet(network: Network, padding: int, classes: int = 10) -> list[Layer]:
    from jitnet.layers import Rescaling

    return [Rescaling(1 / 255), *_convnet(network, padding, classes)]


def _convnet(network: Network, padding: int, classes: int) -> list[Layer]:
    from jitnet.train.networks import convnet

    return convnet(
        network.filters,
        3,
        network.hidden,
        padding=padding,
        dropout=network.dropout,
        classes=classes,
    )


_PIXELS_MLP = Network(_pixels_mlp, (512, 512), 10, 128, 0.002, dropout=0.2)

JOBS = {
    "digits": Job(
        "1,797 digits of 8×8 pixels",
        _digits,
        {
            "mlp": Network(_digits_mlp, (256,), 40, 32, 0.005),
            "cnn": Network(_digits_convnet, (), 20, 32, 0.002, dropout=0.5, filters=(64, 128)),
        },
    ),
    "mnist": Job(
        "70,000 digits of 28×28 pixels",
        load_mnist,
        {
            "cnn": Network(
                partial(_pixels_convnet, padding=0),
                hidden=(),
                epochs=5,
                batch_size=128,
                learning_rate=0.005,
                dropout=0.5,
                filters=(32, 64),
            ),
            "mlp": _PIXELS_MLP,
        },
        MNIST,
    ),
    "fashion": Job(
        "70,000 clothes of 28×28 pixels",
        load_fashion_mnist,
        {
            "cnn": Network(
                partial(_pixels_convnet, padding=1),
                hidden=(128,),
                epochs=10,
                batch_size=128,
                learning_rate=0.003,
                dropout=0.5,
                filters=(32, 64),
            ),
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
            *map(str, (settings.epochs, settings.batch_size, settings.learning_rate)),
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
