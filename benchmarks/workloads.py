"""The training jobs that the libraries are compared on, with synthetic data to train them on.

The arrays are made from a fixed seed, so that nothing has to be downloaded and every process makes
the same ones: what a step costs depends on shapes, not on what is learned. The targets can be
learned all the same, from classes that lie in noise around their centres.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from image_networks import CIFAR, FASHION, LENET5, MNIST_CONVNET, RESIDUAL, SEQUENCES
from networks import Network, mlp
from sequence_networks import BAG, GRU_WRITER, LSTM_WRITER, MUSICIAN, PIXELS

FloatArray = NDArray[np.float32]
IntArray = NDArray[np.int64]

SMOKE_BATCHES, SMOKE_IMAGES, SMOKE_STEPS = 5, 4, 20
"""Batches of a smoke test, the images in each, and the time steps of a recurrent network."""


@dataclass(frozen=True)
class Workload:
    """A network, the examples it is trained on, and the bar that jitnet is held to.

    Attributes
    ----------
    network : Network
        Its layers and the shape of an example.
    examples : int
        Number of examples in the data set.
    batch : int
        Examples a step; all of them is full-batch gradient descent.
    optimizer : str
        "sgd" or "adam".
    learning_rate : float
        Step size.
    bar : float
        The ratio of jitnet's steps per second to the best peer's that is aimed at.
    steps_a_chunk : int
        Steps that a peer does in one go in full-batch work; otherwise a chunk is an epoch.
    epsilon : float
        Adam's ε.
    momentum : float
        That of "sgd".
    """

    name: str
    network: Network
    examples: int
    batch: int
    optimizer: str
    learning_rate: float
    bar: float
    steps_a_chunk: int = 0
    epsilon: float = 1e-8
    momentum: float = 0.0
    keys: bool = False
    """Whether each output is a yes or a no by itself."""

    @property
    def sizes(self) -> tuple[int, ...]:
        """Features and units, where all layers are dense."""
        return self.network.sizes

    @property
    def activation(self) -> str:
        """Of the hidden layers."""
        return self.network.activation

    @property
    def outputs(self) -> int:
        """Units of the last layer."""
        return self.network.outputs

    @property
    def binary(self) -> bool:
        """Whether outputs are yes or no, such as the one of a two-class problem."""
        return self.outputs == 1 or self.keys

    @property
    def full_batch(self) -> bool:
        """Whether every step sees every example."""
        return self.batch >= self.examples

    @property
    def steps(self) -> int:
        """Steps in a chunk; a short last batch counts as one."""
        return self.steps_a_chunk if self.full_batch else -(-self.examples // self.batch)

    @property
    def step_flops(self) -> float:
        """Floating-point operations of the products in a step, the mean over an epoch.

        Forward, weight gradient and input gradient take 2 m each for m examples and each product
        of a weight and an input; the first layer needs no input gradient.
        """
        m = self.examples if self.full_batch else self.examples / self.steps
        products = self.network.products()
        first = 0 if self.network.vocabulary else products[0]
        return m * (6.0 * sum(products) - 2.0 * first)

    def shortened(self, batches: int) -> Workload:
        """The same job on a few batches only, with a few steps a chunk: for smoke runs."""
        return replace(
            self,
            examples=min(self.examples, batches * self.batch),
            steps_a_chunk=min(self.steps_a_chunk, 10 * batches),
        )

    def smoke(self) -> Workload:
        """The same job on next to nothing; full batches stay what they are."""
        batch = self.batch if self.network.is_dense else min(self.batch, SMOKE_IMAGES)
        network = self.network.shortened(SMOKE_STEPS)
        return replace(self, batch=batch, network=network).shortened(SMOKE_BATCHES)

    def smooth(self) -> Workload:
        """The same job without what is drawn, and a gradient of rounding alone small beside ε."""
        return replace(self, epsilon=1e-3, network=self.network.without_dropout())

    def without_kinks(self) -> Workload:
        """The same job with the network's smooth twin."""
        return replace(self, network=self.network.without_kinks())


@dataclass(frozen=True)
class Product:
    """The product of two square matrices: as a job, one step a chunk."""

    size: int
    bar: float = 0.8
    steps: int = 1

    @property
    def name(self) -> str:
        """What it is called on the way to another process."""
        return f"product{self.size}"

    @property
    def step_flops(self) -> float:
        """Floating-point operations of the product."""
        return 2.0 * self.size**3

    def smoke(self) -> Product:
        """A product is short."""
        return self

    def smooth(self) -> Product:
        """A product is smooth."""
        return self


@dataclass(frozen=True)
class Prediction:
    """What a workload's network makes of so many images: as a job, one step a chunk."""

    workload: Workload
    examples: int
    bar: float
    steps: int = 1

    @property
    def name(self) -> str:
        """What it is called on the way to another process."""
        return f"{self.workload.name}, predict {self.examples}"

    @property
    def step_flops(self) -> float:
        """Floating-point operations of the products."""
        return 2.0 * self.examples * sum(self.workload.network.products())

    def smoke(self) -> Prediction:
        """The same of few images."""
        return replace(self, examples=min(self.examples, SMOKE_BATCHES * SMOKE_IMAGES))

    def smooth(self) -> Prediction:
        """A prediction is smooth."""
        return self


Job = Workload | Product | Prediction


class Data(NamedTuple):
    """Examples as rows, and the class of each, or of each of its time steps."""

    X: Any  # of float32, or indices
    y: Any  # classes, or what is yes or no


def make_data(workload: Workload) -> Data:
    """Classes in turn, each example at its class's centre plus noise, all within about ±1."""
    random = np.random.default_rng(20)
    classes, shape = max(2, workload.outputs), workload.network.shape
    if workload.network.vocabulary or workload.network.steps > 1:
        return _sequences(workload, random)
    y = np.arange(workload.examples) % classes
    X = random.standard_normal((workload.examples, *shape), dtype=np.float32)
    X += random.standard_normal((classes, *shape), dtype=np.float32)[y]
    X *= np.float32(0.3)
    return Data(X, y)


def _sequences(workload: Workload, random: np.random.Generator) -> Data:
    """Words or chords in some order, and for each time step the next one, or for all a class."""
    network, count = workload.network, workload.examples
    time = network.shape[0]
    if network.vocabulary:
        X: Any = random.integers(0, network.vocabulary, (count, time + 1))
        y: Any = X[:, 1:] if network.steps > 1 else np.arange(count) % 2
        return Data(np.ascontiguousarray(X[:, :-1]), np.ascontiguousarray(y))
    chords = (random.random((count, time + 1, network.shape[1])) < 0.05).astype(np.float32)
    return Data(np.ascontiguousarray(chords[:, :-1]), np.ascontiguousarray(chords[:, 1:]))


def make_images(prediction: Prediction) -> FloatArray:
    """What is predicted."""
    images: FloatArray = make_data(replace(prediction.workload, examples=prediction.examples)).X
    return images


def make_matrices(product: Product) -> FloatArray:
    """The two matrices that are multiplied."""
    random = np.random.default_rng(30)
    return random.standard_normal((2, product.size, product.size), dtype=np.float32)


def initial_weights(workload: Workload) -> list[FloatArray]:
    """The network's arrays before its first step: weights √(2 / n_in) normal, and constants."""
    random = np.random.default_rng(10)
    weights = []
    for shape, n_in, value, _ in workload.network.parameters():
        if n_in:
            W = random.standard_normal(shape, dtype=np.float32)
            weights.append(W * np.float32(np.sqrt(2.0 / n_in)))
        else:
            weights.append(np.full(shape, value, np.float32))
    return weights


WORKLOADS = (
    Workload("logistic", mlp(2, 1), 1000, 1000, "sgd", 0.1, 2.0, 1000),
    Workload("planar", mlp(2, 4, 1, activation="tanh"), 400, 400, "sgd", 1.2, 3.5, 1000),
    Workload("cat", mlp(12288, 20, 7, 5, 1), 209, 209, "sgd", 0.0075, 1.6, 100),
    Workload("digits", mlp(64, 100, 10), 1797, 32, "adam", 1e-3, 2.5),
    Workload("deep", mlp(64, *[64] * 10, 10), 1797, 64, "adam", 1e-3, 2.0),
    Workload("mnist128", mlp(784, 128, 10), 12800, 128, "adam", 1e-3, 1.5),
    Workload("mnist512", mlp(784, 512, 512, 10), 12800, 256, "adam", 1e-3, 1.2),
    Workload("tabular", mlp(28, 256, 256, 256, 1), 51200, 512, "adam", 1e-3, 1.4),
    Workload("higgs", mlp(28, *[300] * 5, 1, activation="tanh"), 20000, 100, "adam", 1e-3, 1.2),
    Workload("wide", mlp(1024, 2048, 2048, 10), 5120, 512, "adam", 1e-3, 1.1),
)


IMAGES = (
    Workload("lenet5", LENET5, 3200, 32, "adam", 3e-4, 5.0),
    Workload("lenet5_128", LENET5, 5120, 128, "adam", 3e-4, 4.0),
    Workload("mnist_convnet", MNIST_CONVNET, 2560, 128, "adam", 1e-3, 2.5),
    Workload("fashion", FASHION, 1000, 100, "adam", 1e-3, 1.7),
    Workload("cifar", CIFAR, 2000, 100, "sgd", 1e-3, 2.5, momentum=0.9),
    Workload("residual", RESIDUAL, 640, 64, "adam", 1e-3, 1.5),
    Workload("sequences", SEQUENCES, 1280, 64, "adam", 1e-3, 2.5),
)

RECURRENT = (
    Workload("lstm", LSTM_WRITER, 2500, 50, "adam", 1e-3, 2.5),
    Workload("gru", GRU_WRITER, 2500, 50, "adam", 1e-3, 2.5),
    Workload("chorales", MUSICIAN, 160, 16, "adam", 1e-3, 5.0, keys=True),
    Workload("pixels", PIXELS, 320, 64, "adam", 1e-3, 2.5),
    Workload("bag", BAG, 2560, 128, "adam", 1e-3, 3.0),
)
PRODUCTS = (Product(256), Product(512), Product(1024))
CONVNET = next(workload for workload in IMAGES if workload.name == "mnist_convnet")
PREDICTIONS = (Prediction(CONVNET, 10_000, 2.0), Prediction(CONVNET, 1, 3.0))
_ALL: tuple[Job, ...] = (*WORKLOADS, *IMAGES, *RECURRENT, *PRODUCTS, *PREDICTIONS)
JOBS: dict[str, Job] = {job.name: job for job in _ALL}
