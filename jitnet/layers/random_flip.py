"""RandomFlip: half of the images are mirrored in each step of training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numba import prange

from jitnet.checks import check_choice, keep
from jitnet.hints import hinted_class
from jitnet.kernels.intrinsics import at
from jitnet.kernels.jit import njit
from jitnet.kernels.simd import lanes, load, store, where
from jitnet.layers.augmentation import ACROSS, DOWN, UNMOVED, WAY_BACK, copy, draw
from jitnet.layers.layer import Cut, Layer, Node, Operation, Shape
from jitnet.layers.window import sizes_and_channels

CHANCES = {
    "horizontal": (0.0, 0.5),
    "vertical": (0.5, 0.0),
    "horizontal_and_vertical": (0.5, 0.5),
}
"""For each mode how often rows trade places, and how often columns do."""


@njit(parallel=True)
def random_flip(
    Y: Any,
    X: Any,
    columns: int,
    channels: int,
    down: float,
    across: float,
    training: int,
    key: int,
    node: int,
    first_example: int,
    first_panel: int,
    last_panel: int,
    first_row: int,
    last_row: int,
) -> None:
    """Y[r, c, i] = X[r', c', i]; Y = X where not training.

    r' is rows - 1 - r where a number of example i, uniform in [0, 1), is below ``down``, else r; c'
    alike by ``across`` and another number. A second time it moves all back, so that it also makes
    dX of dY. Writes Y (panels, rows · columns · channels, width), the given panels and rows; reads
    X in the same form. Each parallel iteration owns a panel.
    """
    _, units, width = X.shape
    run = channels * width
    line = columns * run
    rows = units // (columns * channels)
    for p in prange(first_panel, last_panel):
        y, x = at(Y, p * units * width), at(X, p * units * width)
        if training:
            for i in range(0, width, lanes(x)):
                example = first_example + p * width + i
                turned = draw(x, key, node, DOWN, example) < down
                mirrored = draw(x, key, node, ACROSS, example) < across
                for row in range(first_row, last_row):
                    here, there = row * line + i, (rows - 1 - row) * line + i
                    for column in range(columns):
                        k, m = column * run, (columns - 1 - column) * run
                        for c in range(0, run, width):
                            same = where(mirrored, load(x, here + m + c), load(x, here + k + c))
                            other = where(mirrored, load(x, there + m + c), load(x, there + k + c))
                            store(y, here + k + c, where(turned, other, same))
        else:
            copy(y, x, first_row * line, last_row * line)


@hinted_class
@dataclass(frozen=True)
class RandomFlip(Layer):
    """Mirrors images at random, in steps of training alone.

    Each image of a batch is mirrored with a chance of 1/2 in each direction, by itself. Which ones
    follows from the model's seed, the step and the image's place in its batch alone, for any number
    of threads.

    Parameters
    ----------
    mode : {"horizontal_and_vertical", "horizontal", "vertical"}, default "horizontal_and_vertical"
        Whether left and right trade places, top and bottom, or each of them.

    Raises
    ------
    TypeError, ValueError
        If there is no such mode.

    Examples
    --------
    >>> import jitnet as jn
    >>> jn.RandomFlip("horizontal").node((32, 32, 3), 16).output
    (32, 32, 3)
    """

    mode: str = "horizontal_and_vertical"

    def __post_init__(self) -> None:
        """Check what was given."""
        keep(self, mode=check_choice("mode", self.mode, CHANCES))

    def node(self, shape: Shape, width: int) -> Node:
        """The layer for inputs of a shape."""
        (rows, columns), channels = sizes_and_channels(shape, 2, "RandomFlip")
        down, across = CHANCES[self.mode]
        settings = {"columns": columns, "channels": channels, "down": down, "across": across}
        flip = Operation(random_flip, Cut("row", rows), settings)
        return Node(
            output=shape, forward=(flip,), backward=(flip._replace(names=WAY_BACK),), few=UNMOVED
        )
