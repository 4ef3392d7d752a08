"""A convolution and the max pool behind it as one node, where nobody needs the input's gradient.

What the convolution makes of a window of the pool stays in the registers, or in the nearest cache:
only its greatest value is written, and which place had it. The gradients are summed over all places
as before, from what each window's place is given. 128 images of 28 × 28 under 3 × 3 weights and 32
units took 0.3 ms of a step on two threads of a Zen 5, not 1.43, and a third of the room: memory was
what bound it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from numba import prange

from jitnet.kernels.cpu import VECTORS
from jitnet.kernels.intrinsics import ahead, at
from jitnet.kernels.jit import Kernel, factory, njit
from jitnet.kernels.matmul import TALL, tile_for_rest
from jitnet.kernels.simd import lanes, load, store, where
from jitnet.kernels.team import share
from jitnet.kernels.typed import ONE, ZERO
from jitnet.layers.convolution_lanes import (
    Tile,
    best_tile,
    clear_missing,
    line_settings,
    scratch_size,
    tile_sums_of,
)
from jitnet.layers.convolution_pool_forward import forward_of
from jitnet.layers.layer import Cut, Node, Operation, Room
from jitnet.layers.max_pool import MAXIMUM
from jitnet.layers.pooling import forward_of as pool_of
from jitnet.layers.window import Window

MOST_TERMS = 32
"""Of a sum of which registers need not hold two units. All places of a window by the registers, not
one after the other by the nearest cache, were 1.4 times as fast with 9 terms on AVX-512, 1.08 times
with 75; on AVX2, where registers hold one unit, steps with 25 gained 4 %, with 75 they lost 2 %."""


@njit
def _copy_pooled_units(
    copies: Any,
    bias_totals: Any,
    dY: Any,
    copying: Any,
    p: int,
    row: int,
    column: int,
    rows: int,
    columns: int,
    out_across: int,
    n_out: int,
    unit: int,
    units: int,
    of_units: Any,
) -> None:
    """A tile of units of what the convolution's places are given, added up; none get zero."""
    which, pool_rows, pool_columns, pooled_across = copying
    n = lanes(copies)
    width, step = VECTORS * n, len(of_units) * VECTORS * n
    pooled_rows = dY.shape[1] // (pooled_across * n_out)
    inside = max(ZERO, min(columns, pooled_across * pool_columns - column))
    for y in range(row, row + rows):
        target = ahead(copies, (y - row) * columns * step)
        if y // pool_rows == pooled_rows:
            inside = ZERO
        line = p * dY.shape[1] + y // pool_rows * pooled_across * n_out + unit
        for u in range(units):
            total = load(bias_totals, u * n)
            window = (line + column // pool_columns * n_out + u) * width
            left, place = column % pool_columns, y % pool_rows * pool_columns
            for x in range(inside):
                for i in range(window, window + width, n):
                    is_place = load(at(which, 0), i) == float(place + left)
                    d = where(is_place, load(at(dY, 0), i), 0.0)
                    store(target, x * step + u * width + i - window, d)
                    total = total + d
                left += 1
                if left == pool_columns:
                    left, window = ZERO, window + n_out * width
            store(bias_totals, u * n, total)
        clear_missing(target, inside, columns, units, of_units)


@factory
def weight_backward_of(tile: Tile) -> Kernel:
    """The block of the gradients, with a tile of units and terms."""
    add_tile = tile_sums_of(tile, _copy_pooled_units)

    @njit(parallel=True)
    def convolution_pool_weight_backward(
        dweight: Any,
        dbias: Any,
        dY: Any,
        which: Any,
        X: Any,
        scratch: Any,
        height: int,
        across: int,
        out_height: int,
        out_across: int,
        kernel_width: int,
        stride_y: int,
        stride_x: int,
        padding_y: int,
        padding_x: int,
        pool_rows: int,
        pool_columns: int,
        pooled_across: int,
        together: int,
        at_edges: int,
        add: int,
        first_tile: int,
        last_tile: int,
        first_tap: int,
        last_tap: int,
    ) -> None:
        """dW[i, j, k, u] = Σ X[…, k] dZ[y, x, u], db[u] = Σ dZ[y, x, u], over all places.

        dZ is dY of the window that the place is in if it is ``which``, otherwise 0. Writes the flat
        dweight (kernel_height, kernel_width, n_in, n_out), the given tiles of units and rows i of
        taps, and with the first of those dbias (n_out,), or adds to them where ``add``, and scratch
        (parts, size); reads dY and which (panels, pooled rows · pooled_across · n_out, width) and X
        (panels, height · across · n_in, width). Each parallel iteration owns a part of the tiles of
        units, and a room.
        """
        parts, size = scratch.shape
        copying = which, pool_rows, pool_columns, pooled_across
        for part in prange(parts):
            begin, end = share(last_tile - first_tile, ONE, part, parts)
            for tile in range(first_tile + begin, first_tile + end):
                add_tile(
                    dweight,
                    dbias,
                    dY,
                    copying,
                    X,
                    at(scratch, part * size),
                    height,
                    across,
                    out_height,
                    out_across,
                    kernel_width,
                    stride_y,
                    stride_x,
                    padding_y,
                    padding_x,
                    together,
                    at_edges,
                    add,
                    tile,
                    first_tap,
                    last_tap,
                )

    return convolution_pool_weight_backward


def pooled_node(node: Node, window: Window, value: Kernel, width: int, after: Node) -> Node | None:
    """A convolution's node and the one after it as one, if that is a max pool side by side.

    Its windows neither overlap nor leave places out, but behind the last; the convolution's
    gradients are those whose units are few.
    """
    pool = _pool_of(after)
    if pool is None:
        return None
    rows, columns = pool["pool_rows"], pool["pool_columns"]
    if pool["columns"] != window.out_across:  # a sequence, a line here and a column there
        rows, columns = columns, rows
    pooled_rows, pooled_across = window.out_height // rows, window.out_across // columns
    pooled = {"pool_rows": rows, "pool_columns": columns, "pooled_across": pooled_across}
    n_in, n_out = node.parameters[0].shape[-2:]
    tile, units = best_tile(n_out, window, n_in), pooled_rows * pooled_across * n_out
    settings = window._asdict() | pooled
    terms = window.kernel_height * window.kernel_width * n_in
    in_registers = rows * columns * (2 if terms > MOST_TERMS else 1) <= len(TALL)
    forward = forward_of(value, tile_for_rest(n_out), rows, columns, in_registers)
    tiles = Cut("tile", -(-n_out // len(tile[0])), otherwise=Cut("tap", window.kernel_height))
    of_line = settings | line_settings(window, n_in, tile)
    scratch = max(scratch_size(window, n_in, tile, width), rows * columns * n_out * width)
    return node._replace(
        output=after.output,
        forward=(Operation(forward, Cut("window", pooled_rows * pooled_across), settings),),
        arrange=tuple(slope._replace(cut=Cut("unit", units, len(TALL))) for slope in node.arrange),
        backward=(),
        gradients=(Operation(weight_backward_of(tile), tiles, of_line),),
        rooms={**node.rooms, "which": Room(units=units)},
        few=None,
        scratch=scratch,
    )


def _pool_of(node: Node) -> Mapping[str, int] | None:
    """The numbers of a max pool whose windows lie side by side, if the node is one."""
    if [each.kernel for each in node.forward] != [pool_of(MAXIMUM)]:
        return None
    pool = {name: int(number) for name, number in node.forward[0].settings.items()}
    sizes, strides = ("pool_rows", "pool_columns"), ("row_stride", "column_stride")
    apart = all(pool[size] == pool[stride] for size, stride in zip(sizes, strides, strict=True))
    return pool if apart and not (pool["row_padding"] or pool["column_padding"]) else None
