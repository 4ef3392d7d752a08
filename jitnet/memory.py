"""Where everything lies: one flat array each for parameters, gradients, moments and a batch.

A network is data to the compiled code: a table with a row a layer, whose columns are named here.
"""

from __future__ import annotations

import mmap
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from jitnet.kernels.matmul import packed_shape
from jitnet.kernels.panels import panel_width, room_size

COLUMNS = 12
(
    N_IN,
    N_OUT,
    ACTIVATION,
    WEIGHT,
    BIAS,
    HAS_BIAS,
    FORM,
    PACKED,
    TILES,
    Z,
    A,
    D,
) = range(COLUMNS)
"""The columns of the table of layers. A layer without biases keeps zeros that are not trained."""

UNITS_IN_LANES, INPUTS_IN_LANES, SMALL = range(3)
"""How the weights' gradient is computed: what runs along the lanes, or examples do (SMALL)."""

ALIGNMENT = 32
"""Elements that a layer's weights and biases start at multiples of."""

MOST_WORKERS = 256
"""Rooms for workers; memory that nobody has written into takes none."""

SMALL_LAYER, NARROW_LAYER = 64, 3
"""Weights, and units, up to which a layer is too small to fill a register tile.

With one unit after a hundred, a step on 200 examples of 20 features takes 39.8 µs instead of 42.8,
as the hundred need no row blocks; with two or three it gains as much, with four it loses.
"""

PAGE_BYTES, APART_BYTES = 4096, 512
"""Where arrays that a loop reads side by side begin: each APART_BYTES further on in its page.

A vector that lies across two lines of the cache costs an Adam update a tenth of its time. A load
takes the store before it for its own where the two lie at the same place of their pages: with one
array 64 bytes further on than another, elu's backward loop took twice as long. And with all arrays
at the same place of their pages a core's cache often cannot tell two of them apart: Adam then took
up to twice as long, depending on where the system had put the process.
"""

Array = np.ndarray[Any, np.dtype[Any]]


def zeros(shape: int | tuple[int, ...], dtype: Any, place: int = 0) -> Array:
    """Zeros that begin ``place`` times APART_BYTES into a page of memory."""
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    room = np.zeros(size + 2 * PAGE_BYTES, np.uint8)
    start = -room.ctypes.data % PAGE_BYTES + place * APART_BYTES % PAGE_BYTES
    array: Array = room[start : start + size].view(dtype).reshape(shape)
    return array


def keep_open(array: Array) -> memoryview | None:
    """What keeps the mapped file that an array lies in from being closed, as long as it is held."""
    base: Any = array
    while isinstance(base, np.ndarray):
        base = base.base
    return memoryview(base) if isinstance(base, mmap.mmap) else None


def aligned(count: int) -> int:
    """The multiple of ALIGNMENT that has room for ``count`` elements."""
    return -(-count // ALIGNMENT) * ALIGNMENT


def gradient_form(n_in: int, n_out: int) -> int:
    """What runs along the lanes: the side that wastes the least of them."""
    if n_in * n_out <= SMALL_LAYER or n_out <= NARROW_LAYER:
        return SMALL
    return INPUTS_IN_LANES if aligned(n_in) * n_out < aligned(n_out) * n_in else UNITS_IN_LANES


class Shape(NamedTuple):
    """A dense layer as the kernels see it."""

    n_in: int
    n_out: int
    activation: int
    bias: bool


def lay_out(shapes: Sequence[Shape]) -> tuple[Array, int, int]:
    """The table of layers with the places of their parameters, and the number of elements.

    Then that of their packed weights.
    """
    table = np.zeros((len(shapes), COLUMNS), np.int64)
    place = packed = 0
    for row, (n_in, n_out, activation, bias) in zip(table, shapes, strict=True):
        form = gradient_form(n_in, n_out)
        row[[N_IN, N_OUT, ACTIVATION, WEIGHT, FORM]] = n_in, n_out, activation, place, form
        shape = packed_shape(*((n_out, n_in) if form == INPUTS_IN_LANES else (n_in, n_out)))
        row[[PACKED, TILES]] = packed, shape[0]
        packed += aligned(int(np.prod(shape)))
        place += aligned(n_in * n_out)
        row[[BIAS, HAS_BIAS]] = place, bias
        place += aligned(n_out)
    return table, place, packed


def weight_view(flat: Array, row: Array) -> Array:
    """A layer's weights W (n_in, n_out) in a flat array of parameters or gradients."""
    n_in, n_out, start = row[N_IN], row[N_OUT], row[WEIGHT]
    part = flat[start : start + n_in * n_out]
    if row[FORM] == INPUTS_IN_LANES:
        return part.reshape(n_out, n_in).T
    return part.reshape(n_in, n_out)


def bias_view(flat: Array, row: Array) -> Array:
    """A layer's biases b (n_out,) in a flat array of parameters or gradients."""
    return flat[row[BIAS] : row[BIAS] + row[N_OUT]]


def parameter_views(flat: Array, table: Array) -> list[Array]:
    """[W1, b1, W2, b2, …] as views of a flat array; a layer without biases has no b."""
    views = []
    for row in table:
        views.append(weight_view(flat, row))
        if row[HAS_BIAS]:
            views.append(bias_view(flat, row))
    return views


class Workspace(NamedTuple):
    """Room for a block of examples on their way through the network and back."""

    width: int
    rows_of_x: int
    values: Array
    targets: Array
    weights: Array
    losses: Array
    hits: Array
    rooms: Array  # one a worker

    @property
    def panels(self) -> int:
        """Panels of examples that there is room for."""
        return self.weights.size // self.width


def place_batch(table: Array, panels: int, dtype: Any) -> tuple[Array, Workspace]:
    """A table of layers with the places of a block's arrays, and the room that these are in.

    What a running step uses is left as it is: memory may be missing, or an interrupt come.
    """
    table = table.copy()
    width, apart = panel_width(dtype), APART_BYTES // np.dtype(dtype).itemsize
    place = 0

    def take(units: int, *, in_blocks: bool = False) -> int:
        nonlocal place
        start = place
        rows = -(-units // width) * (width + 1) if in_blocks else units
        place += panels * rows * width + apart
        return start

    n_in, n_out = int(table[0, N_IN]), int(table[-1, N_OUT])
    take(n_in)  # the first layer's panels stand at the beginning
    rows_of_x = take(n_in, in_blocks=True)
    for row in table:
        row[[Z, A, D]] = take(row[N_OUT]), take(row[N_OUT]), take(row[N_OUT])
    return table, Workspace(
        width=width,
        rows_of_x=rows_of_x,
        values=zeros(place, dtype),
        targets=zeros(panels * n_out * width, dtype, 1),
        weights=zeros(panels * width, dtype, 2),
        losses=zeros(panels * width, dtype, 3),
        hits=zeros(panels * width, dtype, 4),
        rooms=zeros((MOST_WORKERS, room_size(dtype)), dtype, 5),
    )
