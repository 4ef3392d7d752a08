"""RandomRotation: images are turned by a few degrees in each step of training."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import prange

from jitnet.checks import check_number, keep
from jitnet.hints import hinted_class
from jitnet.kernels.intrinsics import at, registers
from jitnet.kernels.jit import njit
from jitnet.kernels.simd import absolute, floor, fma, lanes, load, store, where
from jitnet.layers.augmentation import UNMOVED, copy, draw
from jitnet.layers.layer import Cut, Layer, Node, Operation, Shape
from jitnet.layers.pooling import clear
from jitnet.layers.window import sizes_and_channels

ANGLE = 0
"""The one number that is drawn for an example."""
COSINE, SINE = 0, 1
PIXEL, HERE, RIGHT, BELOW, ACROSS = range(5)
"""What is kept of an example and a pixel of Y: the first of four pixels of X, and their shares."""


@njit
def draw_turns(
    turns: Any, x: Any, most: float, key: int, node: int, example: int, width: int
) -> None:
    """Write the cosines of the examples' angles, and then the sines."""
    for i in range(0, width, lanes(x)):
        store(turns, i, draw(x, key, node, ANGLE, example + i))
    for i in range(width):
        angle = (2.0 * np.float64(turns[i]) - 1.0) * most
        turns[COSINE * width + i] = math.cos(angle)
        turns[SINE * width + i] = math.sin(angle)


@njit
def part(distance: Any) -> Any:
    """How much of a pixel there is at a distance from it along an axis: 1 at 0, nothing from 1."""
    rest = 1.0 - absolute(distance)
    return where(rest > 0.0, rest, 0.0)


@njit
def within(place: Any, most: int) -> Any:
    """The whole number below, or the nearest one from 0 to most."""
    below = floor(place)
    return where(below < 0.0, 0.0, where(below > most, most, below))


@njit
def find_corners(
    found: Any, turns: Any, row: int, column: int, rows: int, columns: int, width: int
) -> None:
    """Write for each example which four pixels of X the pixel of Y is made of, and their shares.

    They are those around its place before the turn, or the nearest ones, which have no share where
    they are too far away. Written as sums of products, a compiler would choose which of them it
    fuses with the sum, and the block's twins would end in other bits.
    """
    middle_r, middle_c = 0.5 * (rows - 1), 0.5 * (columns - 1)
    r, c = row - middle_r, column - middle_c
    for i in range(0, width, lanes(turns)):
        cosine, sine = load(turns, COSINE * width + i), load(turns, SINE * width + i)
        a = fma(cosine, r, fma(sine, c, middle_r))
        b = fma(cosine, c, fma(sine, -r, middle_c))
        top, left = within(a, rows - 2), within(b, columns - 2)
        upper, lower = part(a - top), part(a - top - 1.0)
        store(found, PIXEL * width + i, top * columns + left)
        store(found, HERE * width + i, upper * part(b - left))
        store(found, RIGHT * width + i, upper * part(b - left - 1.0))
        store(found, BELOW * width + i, lower * part(b - left))
        store(found, ACROSS * width + i, lower * part(b - left - 1.0))


@njit(parallel=True)
def random_rotation_forward(
    Y: Any,
    X: Any,
    columns: int,
    channels: int,
    most: float,
    training: int,
    key: int,
    node: int,
    first_example: int,
    first_panel: int,
    last_panel: int,
    first_row: int,
    last_row: int,
) -> None:
    """Y[r, c, i] = Σ X[r', c', i] · max(1 - |a - r'|, 0) · max(1 - |b - c'|, 0); else Y = X.

    (a, b) is (r, c) turned by θ_i about the image's centre, with an angle drawn from -most to most
    in training. Writes Y (panels, rows · columns · channels, width), the given panels and rows;
    reads X in the same form. Each parallel iteration owns a panel.
    """
    _, units, width = X.shape
    run = channels * width
    line = columns * run
    rows = units // (columns * channels)
    for p in prange(first_panel, last_panel):
        y, x = at(Y, p * units * width), at(X, p * units * width)
        if training:
            turns = registers(x, (COSINE, SINE))
            found = registers(x, (PIXEL, HERE, RIGHT, BELOW, ACROSS))
            draw_turns(turns, x, most, key, node, first_example + p * width, width)
            for row in range(first_row, last_row):
                for column in range(columns):
                    find_corners(found, turns, row, column, rows, columns, width)
                    for i in range(width):
                        to = row * line + column * run + i
                        k = int(found[PIXEL * width + i]) * run + i
                        here, right = found[HERE * width + i], found[RIGHT * width + i]
                        below, across = found[BELOW * width + i], found[ACROSS * width + i]
                        for c in range(0, run, width):
                            upper = here * x[k + c] + right * x[k + run + c]
                            lower = below * x[k + line + c] + across * x[k + line + run + c]
                            y[to + c] = upper + lower
        else:
            copy(y, x, first_row * line, last_row * line)


@njit(parallel=True)
def random_rotation_backward(
    dX: Any,
    dY: Any,
    columns: int,
    channels: int,
    most: float,
    training: int,
    key: int,
    node: int,
    first_example: int,
    first_panel: int,
    last_panel: int,
) -> None:
    """dX[r', c', i] = Σ dY[r, c, i] · the share that X[r', c', i] has in Y[r, c, i].

    Writes dX (panels, rows · columns · channels, width), the given panels; reads dY in the same
    form. Each parallel iteration owns a panel, and adds up in the order of Y's pixels.
    """
    _, units, width = dX.shape
    run = channels * width
    line = columns * run
    rows = units // (columns * channels)
    for p in prange(first_panel, last_panel):
        dx, dy = at(dX, p * units * width), at(dY, p * units * width)
        if training:
            turns = registers(dx, (COSINE, SINE))
            found = registers(dx, (PIXEL, HERE, RIGHT, BELOW, ACROSS))
            draw_turns(turns, dx, most, key, node, first_example + p * width, width)
            clear(dx, 0, units * width)
            for row in range(rows):
                for column in range(columns):
                    find_corners(found, turns, row, column, rows, columns, width)
                    for i in range(width):
                        start = row * line + column * run + i
                        k = int(found[PIXEL * width + i]) * run + i
                        here, right = found[HERE * width + i], found[RIGHT * width + i]
                        below, across = found[BELOW * width + i], found[ACROSS * width + i]
                        for c in range(0, run, width):
                            d = dy[start + c]
                            dx[k + c] += here * d
                            dx[k + run + c] += right * d
                            dx[k + line + c] += below * d
                            dx[k + line + run + c] += across * d
        else:
            copy(dx, dy, 0, units * width)


@hinted_class
@dataclass(frozen=True)
class RandomRotation(Layer):
    """Turns images by random angles, in steps of training alone.

    Each image of a batch turns by itself about its centre, by an angle from -degrees to degrees,
    all of them alike. Between pixels it is interpolated (bilinear), and outside of it are zeros: in
    torchvision that is ``RandomRotation(degrees, InterpolationMode.BILINEAR)``, in Keras
    ``RandomRotation(degrees / 360, fill_mode="constant")``. The angle follows from the model's
    seed, the step and the image's place in its batch alone, for any number of threads.

    Parameters
    ----------
    degrees : float
        The greatest angle, in degrees, from 0 to 180.

    Raises
    ------
    TypeError, ValueError
        If it is no such number, or images have a single row or column.

    Examples
    --------
    >>> import jitnet as jn
    >>> jn.RandomRotation(10)
    RandomRotation(degrees=10.0)
    """

    degrees: float

    def __post_init__(self) -> None:
        """Check what was given."""
        keep(self, degrees=check_number("degrees", self.degrees, least=0.0, most=180.0))

    def node(self, shape: Shape, width: int) -> Node:
        """The layer for inputs of a shape."""
        (rows, columns), channels = sizes_and_channels(shape, 2, "RandomRotation")
        if min(rows, columns) < 2:
            raise ValueError(
                f"RandomRotation takes images of at least 2 x 2 pixels, got {rows} x {columns}"
            )
        most = math.radians(self.degrees)
        settings = {"columns": columns, "channels": channels, "most": most}
        return Node(
            output=shape,
            forward=(Operation(random_rotation_forward, Cut("row", rows), settings),),
            backward=(Operation(random_rotation_backward, settings=settings),),
            few=UNMOVED,
        )
