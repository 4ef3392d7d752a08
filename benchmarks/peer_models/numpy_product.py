"""One square matrix product in NumPy, that is by its BLAS."""

from __future__ import annotations

import numpy as np

from peer_models.base import Peer
from workloads import FloatArray, Product, make_matrices


class NumpyProduct(Peer):
    """C = A B in NumPy."""

    title = "NumPy"

    def __init__(self, product: Product, threads: int) -> None:
        self.A, self.B = make_matrices(product)
        self.C = np.empty_like(self.A)

    @staticmethod
    def version() -> str:
        """Version of NumPy."""
        return np.__version__

    def reset(self) -> None:
        """A product remembers nothing."""

    def run(self, chunks: int) -> None:
        """Multiply so many times."""
        for _ in range(chunks):
            np.dot(self.A, self.B, out=self.C)

    def weights_after(self, steps: int) -> list[FloatArray]:
        """The product stands for the weights."""
        self.run(steps)
        return [self.C]
