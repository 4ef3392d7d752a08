"""One square matrix product by jitnet's register tile, from matrices to a matrix."""

from __future__ import annotations

import jitnet as jn
from jitnet.study.blocks import FORWARD, PREPARE
from jitnet.study.matmul import tiled
from peer_models.base import Peer
from workloads import FloatArray, Product, make_matrices


class JitnetProduct(Peer):
    """C = A B with jitnet's kernels."""

    title = "jitnet"

    def __init__(self, product: Product, threads: int) -> None:
        self.A, self.B = make_matrices(product)
        self.blocks = tiled.placed(1, self.A, self.B)
        self.multiply = self.blocks.runs(PREPARE, FORWARD)

    @staticmethod
    def version() -> str:
        """Version of jitnet."""
        return jn.__version__

    def reset(self) -> None:
        """A product remembers nothing."""

    def run(self, chunks: int) -> None:
        """Multiply so many times, laying B into panels and C out of them each time."""
        for _ in range(chunks):
            self.C = self._product()

    def weights_after(self, steps: int) -> list[FloatArray]:
        """The product stands for the weights."""
        return [self._product()]

    def _product(self) -> FloatArray:
        self.blocks.write(X=self.B)
        self.multiply(1)
        return self.blocks.read("Y")
