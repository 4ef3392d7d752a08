"""RandomShift: images move by a few pixels in each step of training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import prange

from jitnet.checks import keep
from jitnet.hints import hinted_class
from jitnet.kernels.intrinsics import at, registers
from jitnet.kernels.jit import njit
from jitnet.kernels.simd import lanes, store
from jitnet.layers.augmentation import ACROSS, DOWN, UNMOVED, WAY_BACK, copy, draw
from jitnet.layers.layer import Cut, Layer, Node, Operation, Shape
from jitnet.layers.window import Numbers, check_numbers, each, sizes_and_channels


@njit(parallel=True)
def random_shift(
    Y: Any,
    X: Any,
    columns: int,
    channels: int,
    down: int,
    across: int,
    way: int,
    training: int,
    key: int,
    node: int,
    first_example: int,
    first_panel: int,
    last_panel: int,
    first_row: int,
    last_row: int,
) -> None:
    """Y[r, c, i] = X[r - s_i, c - t_i, i], 0 where that is outside; Y = X where not training.

    s_i is ``way`` times a whole number drawn from -down to down, t_i from -across to across. The
    other way it makes dX of dY. Writes Y (panels, rows · columns · channels, width), the given
    panels and rows; reads X in the same form. Each parallel iteration owns a panel.
    """
    _, units, width = X.shape
    line = columns * channels * width
    for p in prange(first_panel, last_panel):
        y, x = at(Y, p * units * width), at(X, p * units * width)
        if training:
            drawn = registers(x, (DOWN, ACROSS))
            for i in range(0, width, lanes(x)):
                example = first_example + p * width + i
                store(drawn, i, draw(x, key, node, DOWN, example))
                store(drawn, width + i, draw(x, key, node, ACROSS, example))
            for row in range(first_row, last_row):
                for i in range(width):
                    s = way * whole_number(drawn[i], down)
                    t = way * whole_number(drawn[width + i], across)
                    first, last = max(t, 0), columns + min(t, 0)
                    if not 0 <= (row - s) * line < units * width:
                        first, last = columns, columns
                    k, run = row * line + i, channels * width
                    back = s * line + t * run
                    for e in range(k, k + first * run, width):
                        y[e] = 0.0
                    for e in range(k + first * run, k + last * run, width):
                        y[e] = x[e - back]
                    for e in range(k + last * run, k + line, width):
                        y[e] = 0.0
        else:
            copy(y, x, first_row * line, last_row * line)


@njit
def whole_number(r: float, most: int) -> int:
    """A whole number from -most to most, all alike where r is uniform in [0, 1)."""
    return int(np.float64(r) * (2 * most + 1)) - most


@hinted_class
@dataclass(frozen=True)
class RandomShift(Layer):
    """Moves images by whole pixels at random, in steps of training alone.

    Each image of a batch moves by itself, down and across by whole numbers from -pixels to pixels,
    all of them alike. What moves out of the frame is lost, and what comes in is 0: with images of
    height h and width w, `RandomShift(n)` is torchvision's ``RandomCrop((h, w), padding=n)``, and
    Keras's ``RandomTranslation((n / h, n / w), fill_mode="constant")`` by whole pixels. Where an
    image moves follows from the model's seed, the step and its place in the batch alone, for any
    number of threads.

    Parameters
    ----------
    pixels : int or (int, int)
        How far they move at most: down and up, and to the right and left.

    Raises
    ------
    TypeError, ValueError
        If these are no such numbers, or an image could move out of its frame.

    Examples
    --------
    >>> import jitnet as jn
    >>> jn.RandomShift(4).node((32, 32, 3), 16).output
    (32, 32, 3)
    """

    pixels: Numbers

    def __post_init__(self) -> None:
        """Check what was given."""
        keep(self, pixels=check_numbers("pixels", self.pixels, 2, least=0))

    def node(self, shape: Shape, width: int) -> Node:
        """The layer for inputs of a shape."""
        (rows, columns), channels = sizes_and_channels(shape, 2, "RandomShift")
        down, across = each(self.pixels, 2)
        if down >= rows or across >= columns:
            raise ValueError(
                f"pixels must be less than the size of images, {rows} x {columns}, got "
                f"{self.pixels}"
            )
        settings = {"columns": columns, "channels": channels, "down": down, "across": across}
        cut = Cut("row", rows)
        return Node(
            output=shape,
            forward=(Operation(random_shift, cut, {**settings, "way": 1}),),
            backward=(Operation(random_shift, cut, {**settings, "way": -1}, names=WAY_BACK),),
            few=UNMOVED,
        )
