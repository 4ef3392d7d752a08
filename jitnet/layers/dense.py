"""The dense layer: Z = A W + b.

Arrays of a layer are panels of examples (see ``jitnet.kernels.panels``), a row of two vectors, low
and high, for each unit, so that what Ng's course writes with examples as columns, Z = Wᵀ A + b, is
also how it is computed. The weights are a flat array in which W[k, u] stands at
``k * input_step + u * unit_step``: that of its two sides runs along the registers' lanes which
fills them better.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import prange

from jitnet.activations import ACTIVATIONS
from jitnet.checks import check_choice, check_number, check_whole
from jitnet.hints import hinted_class
from jitnet.initializers import resolve
from jitnet.kernels.cpu import VECTORS
from jitnet.kernels.intrinsics import ahead, at, registers
from jitnet.kernels.jit import njit
from jitnet.kernels.matmul import TALL, multiply_rows
from jitnet.kernels.simd import (
    fma,
    lanes,
    load,
    load_some,
    splat,
    store,
    store_some,
    sum_lanes,
    transpose_square,
)

DEPTH = 1024
"""Inputs of a panel that stay in the core's cache while all units read them. Taking each tile's
weights for four panels at once instead of one gained nothing at mnist512 and cost 3 % at wide."""


MOST_UNITS = 2**31 - 1


ZERO, ONE = np.int64(0), np.int64(1)
"""Typed, since Numba compiles a function anew for each literal number it is given."""


@njit(parallel=True)
def dense_forward(
    Z: Any,
    X: Any,
    weight: Any,
    bias: Any,
    input_step: int,
    unit_step: int,
    first_panel: int,
    last_panel: int,
    first_unit: int,
    last_unit: int,
) -> None:
    """Z[u, i] = Σ_k W[k, u] X[k, i] + b[u].

    Writes Z (panels, n_out, width), the given panels and units of it; reads X (panels, n_in,
    width), the flat weight and bias (n_out,). Each parallel iteration owns a panel.
    """
    _, n_out, width = Z.shape
    n_in = X.shape[1]
    units = last_unit - first_unit
    for p in prange(first_panel, last_panel):
        z = at(Z, (p * n_out + first_unit) * width)
        b = at(bias, first_unit)
        for u in range(units):
            for i in range(0, width, width // VECTORS):
                store(z, u * width + i, splat(z, b[u]))
        for k in range(0, n_in, DEPTH):
            depth = min(DEPTH, n_in - k)
            w = at(weight, k * input_step + first_unit * unit_step)
            x = at(X, (p * n_in + k) * width)
            multiply_rows(
                z, w, x, width, unit_step, input_step, ZERO, ZERO, ONE, depth, width, k >= 0, units
            )


@njit(parallel=True)
def dense_backward(
    dX: Any,
    dZ: Any,
    weight: Any,
    input_step: int,
    unit_step: int,
    first_panel: int,
    last_panel: int,
    first_input: int,
    last_input: int,
) -> None:
    """dX[k, i] = Σ_u W[k, u] dZ[u, i].

    Writes dX (panels, n_in, width), the given panels and inputs of it; reads dZ (panels, n_out,
    width) and the flat weight. Each parallel iteration owns a panel.
    """
    _, n_in, width = dX.shape
    n_out = dZ.shape[1]
    inputs = last_input - first_input
    for p in prange(first_panel, last_panel):
        dx = at(dX, (p * n_in + first_input) * width)
        for u in range(0, n_out, DEPTH):
            depth = min(DEPTH, n_out - u)
            w = at(weight, first_input * input_step + u * unit_step)
            dz = at(dZ, (p * n_out + u) * width)
            multiply_rows(
                dx,
                w,
                dz,
                width,
                input_step,
                unit_step,
                ZERO,
                ZERO,
                ONE,
                depth,
                width,
                u > 0,
                inputs,
            )


@njit(parallel=True)
def dense_weight_backward(
    dweight: Any,
    columns: Any,
    rows: Any,
    lanes_count: int,
    first_row: int,
    last_row: int,
    first_block: int,
    last_block: int,
    add: bool,
) -> None:
    """dW[k, u] = Σ_i X[k, i] dZ[u, i], that side of dW along the lanes which fills them better.

    Writes the flat dweight (n_rows, lanes_count), the given rows and blocks of lanes, or adds to
    them where ``add``; reads columns (panels, n_rows, width), X or dZ, and rows (panels, blocks,
    width + 1, width), the other one as row blocks. Each parallel iteration owns a block of lanes.
    """
    panels, n_rows, width = columns.shape
    blocks, block_size = rows.shape[1], (width + 1) * width
    for block in prange(first_block, last_block):
        for row in range(first_row, last_row, len(TALL)):
            multiply_rows(
                at(dweight, row * lanes_count + block * width),
                at(columns, row * width),
                at(rows, block * block_size),
                lanes_count,
                width,
                ONE,
                n_rows * width,
                blocks * block_size,
                panels,
                width,
                min(width, lanes_count - block * width),
                add,
                min(len(TALL), last_row - row),
            )


@njit(parallel=True)
def dense_small_forward(
    Z: Any, X: Any, weight: Any, bias: Any, first_panel: int, last_panel: int
) -> None:
    """Z[u, i] = Σ_k W[k, u] X[k, i] + b[u] for a layer too small to fill a tile.

    Writes Z (panels, n_out, width), the given panels; reads X (panels, n_in, width), the flat
    weight (n_in, n_out) and bias (n_out,). Each parallel iteration owns a panel: examples lie in
    the lanes.
    """
    _, n_out, width = Z.shape
    n_in = X.shape[1]
    for p in prange(first_panel, last_panel):
        w, b = at(weight, 0), at(bias, 0)
        z, x = at(Z, p * n_out * width), at(X, p * n_in * width)
        for u in range(n_out):
            low = high = splat(z, b[u])
            for k in range(n_in):
                low = fma(load(x, k * width), w[k * n_out + u], low)
                high = fma(load(x, k * width + lanes(z)), w[k * n_out + u], high)
            store(z, u * width, low)
            store(z, u * width + lanes(z), high)


@njit(parallel=True)
def dense_small_backward(dX: Any, dZ: Any, weight: Any, first_panel: int, last_panel: int) -> None:
    """dX[k, i] = Σ_u W[k, u] dZ[u, i] for a layer too small to fill a tile.

    Writes dX (panels, n_in, width), the given panels; reads dZ (panels, n_out, width) and the flat
    weight (n_in, n_out). Each parallel iteration owns a panel: examples lie in the lanes.
    """
    _, n_in, width = dX.shape
    n_out = dZ.shape[1]
    for p in prange(first_panel, last_panel):
        w = at(weight, 0)
        dx, dz = at(dX, p * n_in * width), at(dZ, p * n_out * width)
        for k in range(n_in):
            low = high = splat(dx, 0.0)
            for u in range(n_out):
                low = fma(load(dz, u * width), w[k * n_out + u], low)
                high = fma(load(dz, u * width + lanes(dx)), w[k * n_out + u], high)
            store(dx, k * width, low)
            store(dx, k * width + lanes(dx), high)


@njit(parallel=True)
def dense_small_weight_backward(
    dweight: Any, X: Any, dZ: Any, first_input: int, last_input: int, add: bool
) -> None:
    """dW[k, u] = Σ_i X[k, i] dZ[u, i] for a layer too small to fill a tile.

    Writes the flat dweight (n_in, n_out), the given inputs' rows, or adds to them where ``add``;
    reads X (panels, n_in, width) and dZ (panels, n_out, width). Each parallel iteration owns an
    input: examples lie in the lanes.
    """
    panels, n_in, width = X.shape
    n_out = dZ.shape[1]
    for k in prange(first_input, last_input):
        x, dw = at(X, k * width), at(dweight, k * n_out)
        for u in range(n_out):
            dz = at(dZ, u * width)
            low = high = splat(x, 0.0)
            for p in range(panels):
                a, b = ahead(x, p * n_in * width), ahead(dz, p * n_out * width)
                low = fma(load(a, 0), load(b, 0), low)
                high = fma(load(a, lanes(x)), load(b, lanes(x)), high)
            total = sum_lanes(low + high)
            dw[u] = dw[u] + total if add else total


@njit(parallel=True)
def dense_bias_backward(dbias: Any, dZ: Any, first: int, last: int, add: bool) -> None:
    """db[u] = Σ_i dZ[u, i].

    Writes dbias (n_out,), units first … last; reads dZ (panels, n_out, width). Each parallel
    iteration owns a unit.
    """
    panels, n_out, width = dZ.shape
    for u in prange(first, last):
        db, dz = at(dbias, u), at(dZ, u * width)
        low = high = splat(dz, 0.0)
        for p in range(panels):
            low = low + load(dz, p * n_out * width)
            high = high + load(dz, p * n_out * width + lanes(dz))
        total = sum_lanes(low + high)
        db[0] = db[0] + total if add else total


@njit(parallel=True)
def dense_few_forward(
    Z: Any, X: Any, weight: Any, bias: Any, input_step: int, unit_step: int
) -> None:
    """Z[i, u] = Σ_k X[i, k] W[k, u] + b[u] for a few examples, which would leave a panel empty.

    Writes Z (examples, n_out); reads X (examples, n_in), the flat weight and bias (n_out,). Each
    parallel iteration owns two vectors of units: units lie in the lanes. A sum's terms are added in
    the order of ``dense_forward``, to the same bits. The weight may be read beyond its last row, by
    less than two vectors.
    """
    examples, n_out = Z.shape
    n_in, width = X.shape[1], VECTORS * lanes(at(Z, 0))
    for block in prange((n_out + width - 1) // width):
        first = block * width
        units = min(width, n_out - first)
        z, x, w = at(Z, first), at(X, 0), at(weight, first * unit_step)
        for i in range(examples):
            for u in range(units):
                z[i * n_out + u] = bias[first + u]
        if unit_step == 1:
            multiply_rows(
                z, x, w, n_out, n_in, ZERO, ONE, input_step, n_in, ONE, units, units > 0, examples
            )
        else:
            _multiply_turned(z, x, w, unit_step, n_in, n_out, units, examples)


@njit
def _multiply_turned(
    z: Any, x: Any, weight: Any, unit_step: int, n_in: int, n_out: int, units: int, examples: int
) -> None:
    """z[i, u] += Σ_k x[i, k] W[k, u] by turned squares, where a unit's weights lie side by side."""
    n = lanes(z)
    square = registers(z, TALL)
    for first in range(0, units, n):
        left = min(n, units - first)
        for k in range(0, n_in, n):
            source = ahead(weight, first * unit_step + k)
            transpose_square(square, n, source, unit_step, left - 1)
            for i in range(examples):
                place = i * n_out + first
                total = load_some(z, place, left)
                for j in range(min(n, n_in - k)):
                    total = fma(load(square, j * n), x[i * n_in + k + j], total)
                store_some(z, place, total, left)


@hinted_class
@dataclass(frozen=True)
class Dense:
    """A layer whose units each see every input: A = g(X W + b).

    Parameters
    ----------
    units : int
        Units, the layer's outputs.
    activation : str, default "identity"
        g: ``"identity"``, ``"sigmoid"``, ``"tanh"``, ``"relu"``, ``"leaky_relu"``, ``"elu"``,
        ``"gelu"``, ``"silu"`` or ``"softplus"``.
    initializer : str, default "auto"
        First weights: ``"zeros"``, ``"normal"``, ``"he_normal"``, ``"he_uniform"``,
        ``"glorot_normal"``, ``"glorot_uniform"``, or ``"auto"``, which chooses by the activation.
    bias : bool, default True
        Whether the units have biases, which start at zero.
    l2 : float, default 0.0
        λ of the penalty λ/2 Σ W² on the weights, not on the biases.

    Raises
    ------
    TypeError, ValueError
        If a value has the wrong type, is unknown or makes no sense.

    Examples
    --------
    >>> Dense(128, activation="relu").units
    128
    """

    units: int
    activation: str = "identity"
    initializer: str = "auto"
    bias: bool = True
    l2: float = 0.0

    def __post_init__(self) -> None:
        """Check what was given."""
        units = check_whole("units", self.units, least=1, most=MOST_UNITS)
        check_choice("activation", self.activation, ACTIVATIONS)
        resolve(self.initializer, self.activation)
        if not isinstance(self.bias, bool | np.bool_):
            raise TypeError(f"bias must be True or False, got {self.bias!r}")
        check_number("l2", self.l2, least=0.0)
        for name, value in (("units", units), ("bias", bool(self.bias)), ("l2", float(self.l2))):
            object.__setattr__(self, name, value)
