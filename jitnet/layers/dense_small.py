"""The dense layer where it is too small to fill a register tile: examples lie in the lanes."""

from __future__ import annotations

from typing import Any

from numba import prange

from jitnet.kernels.intrinsics import ahead, at
from jitnet.kernels.jit import njit
from jitnet.kernels.simd import fma, lanes, load, splat, store, sum_lanes


@njit(parallel=True)
def dense_small_forward(
    Y: Any, X: Any, weight: Any, bias: Any, first_panel: int, last_panel: int
) -> None:
    """Y[u, i] = Σ_k W[k, u] X[k, i] + b[u] for a layer too small to fill a tile.

    Writes Y (panels, n_out, width), the given panels; reads X (panels, n_in, width), the flat
    weight (n_in, n_out) and bias (n_out,). Each parallel iteration owns a panel: examples lie in
    the lanes.
    """
    _, n_out, width = Y.shape
    n_in = X.shape[1]
    for p in prange(first_panel, last_panel):
        w, b = at(weight, 0), at(bias, 0)
        y, x = at(Y, p * n_out * width), at(X, p * n_in * width)
        for u in range(n_out):
            low = high = splat(y, b[u])
            for k in range(n_in):
                low = fma(load(x, k * width), w[k * n_out + u], low)
                high = fma(load(x, k * width + lanes(y)), w[k * n_out + u], high)
            store(y, u * width, low)
            store(y, u * width + lanes(y), high)


@njit(parallel=True)
def dense_small_backward(dX: Any, dY: Any, weight: Any, first_panel: int, last_panel: int) -> None:
    """dX[k, i] = Σ_u W[k, u] dY[u, i] for a layer too small to fill a tile.

    Writes dX (panels, n_in, width), the given panels; reads dY (panels, n_out, width) and the flat
    weight (n_in, n_out). Each parallel iteration owns a panel: examples lie in the lanes.
    """
    _, n_in, width = dX.shape
    n_out = dY.shape[1]
    for p in prange(first_panel, last_panel):
        w = at(weight, 0)
        dx, dy = at(dX, p * n_in * width), at(dY, p * n_out * width)
        for k in range(n_in):
            low = high = splat(dx, 0.0)
            for u in range(n_out):
                low = fma(load(dy, u * width), w[k * n_out + u], low)
                high = fma(load(dy, u * width + lanes(dx)), w[k * n_out + u], high)
            store(dx, k * width, low)
            store(dx, k * width + lanes(dx), high)


@njit(parallel=True)
def dense_small_weight_backward(
    dweight: Any, X: Any, dY: Any, first_input: int, last_input: int, add: int
) -> None:
    """dW[k, u] = Σ_i X[k, i] dY[u, i] for a layer too small to fill a tile.

    Writes the flat dweight (n_in, n_out), the given inputs' rows, or adds to them where ``add``;
    reads X (panels, n_in, width) and dY (panels, n_out, width). Each parallel iteration owns an
    input: examples lie in the lanes.
    """
    panels, n_in, width = X.shape
    n_out = dY.shape[1]
    for k in prange(first_input, last_input):
        x, dw = at(X, k * width), at(dweight, k * n_out)
        for u in range(n_out):
            dy = at(dY, u * width)
            low = high = splat(x, 0.0)
            for p in range(panels):
                a, b = ahead(x, p * n_in * width), ahead(dy, p * n_out * width)
                low = fma(load(a, 0), load(b, 0), low)
                high = fma(load(a, lanes(x)), load(b, lanes(x)), high)
            total = sum_lanes(low + high)
            dw[u] = dw[u] + total if add else total
