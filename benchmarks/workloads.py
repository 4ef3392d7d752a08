"""The training jobs that the libraries are compared on, with synthetic data to train them on.

The arrays are made from a fixed seed, so that nothing has to be downloaded and every process makes
the same ones: what a step costs depends on shapes, not on what is learned. The targets can be
learned all the same, from classes that lie in noise around their centres.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]
IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class Workload:
    """A network, the examples it is trained on, and the bar that jitnet is held to.

    Attributes
    ----------
    sizes : tuple of int
        Features, hidden units of each layer, outputs. One output is a sigmoid with binary
        cross-entropy; several are a softmax with cross-entropy.
    activation : str
        Of the hidden layers: "relu" or "tanh".
    examples : int
        Number of examples in the data set.
    batch : int
        Examples a step; all of them is full-batch gradient descent.
    optimizer : str
        "sgd", plain, or "adam".
    learning_rate : float
        Step size.
    bar : float
        The ratio of jitnet's steps per second to the best peer's that is aimed at.
    steps_a_chunk : int
        Steps that a peer does in one go in full-batch work; otherwise a chunk is an epoch.
    epsilon : float
        Adam's ε.
    """

    name: str
    sizes: tuple[int, ...]
    activation: str
    examples: int
    batch: int
    optimizer: str
    learning_rate: float
    bar: float
    steps_a_chunk: int = 0
    epsilon: float = 1e-8

    @property
    def binary(self) -> bool:
        """Whether the network has the one output of a two-class problem."""
        return self.sizes[-1] == 1

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
        """Floating-point operations of the matrix products in a step, the mean over an epoch.

        Forward, weight gradient and input gradient take 2 m n_in n_out each for m examples; the
        first layer needs no input gradient.
        """
        m = self.examples if self.full_batch else self.examples / self.steps
        products = [a * b for a, b in pairwise(self.sizes)]
        return m * (6.0 * sum(products) - 2.0 * products[0])

    def shortened(self, batches: int) -> Workload:
        """The same job on a few batches only, with a few steps a chunk: for smoke runs."""
        return replace(
            self,
            examples=min(self.examples, batches * self.batch),
            steps_a_chunk=min(self.steps_a_chunk, 10 * batches),
        )

    def smooth(self) -> Workload:
        """The same job with an ε of Adam's beside which a gradient of rounding alone is small."""
        return replace(self, epsilon=1e-3)


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

    def shortened(self, batches: int) -> Product:
        """A product is short."""
        return self

    def smooth(self) -> Product:
        """A product is smooth."""
        return self


Job = Workload | Product


class Data(NamedTuple):
    """Examples as rows of float32, and the class of each."""

    X: FloatArray
    y: IntArray


def make_data(workload: Workload) -> Data:
    """Classes in turn, each example at its class's centre plus noise, all within about ±1."""
    random = np.random.default_rng(20)
    classes = max(2, workload.sizes[-1])
    y = np.arange(workload.examples) % classes
    X = random.standard_normal((workload.examples, workload.sizes[0]), dtype=np.float32)
    X += random.standard_normal((classes, workload.sizes[0]), dtype=np.float32)[y]
    X *= np.float32(0.3)
    return Data(X, y)


def make_matrices(product: Product) -> FloatArray:
    """The two matrices that are multiplied."""
    random = np.random.default_rng(30)
    return random.standard_normal((2, product.size, product.size), dtype=np.float32)


def initial_weights(workload: Workload) -> list[FloatArray]:
    """[W1, b1, W2, b2, …] of the network before its first step: √(2 / n_in) normal, and zero."""
    random = np.random.default_rng(10)
    weights = []
    for n_in, n_out in pairwise(workload.sizes):
        W = random.standard_normal((n_in, n_out), dtype=np.float32)
        weights += [W * np.float32(np.sqrt(2.0 / n_in)), np.zeros(n_out, np.float32)]
    return weights


WORKLOADS = (
    Workload("logistic", (2, 1), "relu", 1000, 1000, "sgd", 0.1, 2.0, 1000),
    Workload("planar", (2, 4, 1), "tanh", 400, 400, "sgd", 1.2, 3.5, 1000),
    Workload("cat", (12288, 20, 7, 5, 1), "relu", 209, 209, "sgd", 0.0075, 1.6, 100),
    Workload("digits", (64, 100, 10), "relu", 1797, 32, "adam", 1e-3, 2.5),
    Workload("deep", (64, *[64] * 10, 10), "relu", 1797, 64, "adam", 1e-3, 2.0),
    Workload("mnist128", (784, 128, 10), "relu", 12800, 128, "adam", 1e-3, 1.5),
    Workload("mnist512", (784, 512, 512, 10), "relu", 12800, 256, "adam", 1e-3, 1.2),
    Workload("tabular", (28, 256, 256, 256, 1), "relu", 51200, 512, "adam", 1e-3, 1.4),
    Workload("higgs", (28, *[300] * 5, 1), "tanh", 20000, 100, "adam", 1e-3, 1.2),
    Workload("wide", (1024, 2048, 2048, 10), "relu", 5120, 512, "adam", 1e-3, 1.1),
)

PRODUCTS = (Product(256), Product(512), Product(1024))
JOBS: dict[str, Job] = {job.name: job for job in (*WORKLOADS, *PRODUCTS)}
