"""One square matrix product by jitnet's register tile, B packed into panels on the way."""

from __future__ import annotations

import jitnet as jn
from jitnet.study.matmul import tiled
from peer_models.base import Peer
from workloads import FloatArray, Product, make_matrices


class JitnetProduct(Peer):
    """C = A B with jitnet's kernels."""

    title = "jitnet"

    def __init__(self, product: Product, threads: int) -> None:
        self.multiply = tiled.start(1, *make_matrices(product))

    @staticmethod
    def version() -> str:
        """Version of jitnet."""
        return jn.__version__

    def reset(self) -> None:
        """A product remembers nothing."""

    def run(self, chunks: int) -> None:
        """Multiply so many times."""
        self.multiply(chunks)

    def weights_after(self, steps: int) -> list[FloatArray]:
        """The product stands for the weights."""
        return list(self.multiply(steps))
