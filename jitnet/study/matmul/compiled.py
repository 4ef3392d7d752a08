"""The matrix product, the loops of the first rung as Numba compiles them."""

from __future__ import annotations

from typing import Any

import numpy as np

from jitnet.kernels.jit import njit


@njit(entry=True)
def multiply(A: Any, B: Any) -> Any:
    """C = A B: cᵢⱼ = Σₖ aᵢₖ bₖⱼ."""
    n_rows, depth = A.shape
    n_columns = B.shape[1]
    C = np.empty((n_rows, n_columns), A.dtype)
    for i in range(n_rows):
        for j in range(n_columns):
            c = A.dtype.type(0)
            for k in range(depth):
                c += A[i, k] * B[k, j]
            C[i, j] = c
    return C
