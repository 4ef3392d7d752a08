"""One square matrix product by jitnet's register tile, B packed into panels on the way."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from jitnet.kernels.cpu import VECTORS
from jitnet.kernels.intrinsics import at
from jitnet.kernels.matmul import multiply_rows
from jitnet.kernels.panels import panel_width
from jitnet.kernels.simd import load, store
from peer_models.base import Peer, installed_version
from workloads import FloatArray, Product, make_matrices

ZERO, ONE = np.int64(0), np.int64(1)


@njit(error_model="numpy", nogil=True, fastmath={"contract"})  # type: ignore[untyped-decorator]
def pack(panel: Any, B: Any, column: int) -> None:
    """panel[k, c] = B[k, column + c]."""
    depth, width = panel.shape
    for k in range(depth):
        for c in range(0, width, width // VECTORS):
            vector = load(at(B, k * B.shape[1] + column + c), ZERO)
            store(at(panel, k * width + c), ZERO, vector)


@njit(error_model="numpy", nogil=True, fastmath={"contract"})  # type: ignore[untyped-decorator]
def multiply(C: Any, A: Any, B: Any, panel: Any) -> None:
    """C = A B, a panel of B's columns after the other, of which there are a whole number."""
    n, depth = A.shape
    columns, width = B.shape[1], panel.shape[1]
    for column in range(0, columns, width):
        pack(panel, B, column)
        c, a, b = at(C, column), at(A, ZERO), at(panel, ZERO)
        multiply_rows(c, a, b, columns, depth, ONE, ZERO, ZERO, ONE, depth, width, False, n)


class JitnetProduct(Peer):
    """C = A B with jitnet's kernels."""

    title = "jitnet"

    def __init__(self, product: Product, threads: int) -> None:
        self.A, self.B = make_matrices(product)
        self.C = np.empty_like(self.A)
        self.panel = np.empty((product.size, panel_width(np.float32)), np.float32)

    @staticmethod
    def version() -> str:
        """Version of jitnet."""
        return installed_version("jitnet")

    def reset(self) -> None:
        """A product remembers nothing."""

    def run(self, chunks: int) -> None:
        """Multiply so many times."""
        for _ in range(chunks):
            multiply(self.C, self.A, self.B, self.panel)

    def weights_after(self, steps: int) -> list[FloatArray]:
        """The product stands for the weights."""
        self.run(steps)
        return [self.C]
