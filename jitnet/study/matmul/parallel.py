"""The matrix product, its rows shared by threads."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange

from jitnet.kernels.jit import njit


@njit(parallel=True)
def multiply(A: Any, B: Any) -> Any:
    """C = A B: cᵢⱼ = Σₖ aᵢₖ bₖⱼ. Each parallel iteration owns a row of C."""
    n_rows, depth = A.shape
    n_columns = B.shape[1]
    C = np.empty((n_rows, n_columns), A.dtype)
    for i in prange(n_rows):
        for j in range(n_columns):
            c = A.dtype.type(0)
            for k in range(depth):
                c += A[i, k] * B[k, j]
            C[i, j] = c
    return C
