"""Pools over windows: what they are given, checked, and their nodes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from jitnet.checks import check_whole
from jitnet.layers.layer import Cut, Layer, Node, Operation, Shape
from jitnet.layers.pooling import Pooling, backward_of, few_forward_of, forward_of

INPUTS = {1: "sequences (time, channels)", 2: "images (height, width, channels)"}
"""What pools of so many axes take."""


class Axis(NamedTuple):
    """An axis of an image, and the windows along it."""

    size: int
    pool: int = 1
    stride: int = 1
    padding: int = 0

    @property
    def windows(self) -> int:
        """Whole windows that there are: what is left behind them is cut off."""
        return (self.size + 2 * self.padding - self.pool) // self.stride + 1


@dataclass(frozen=True)
class Pool(Layer):
    """What pools over windows share: their numbers for each axis, and their node."""

    pool_size: int | tuple[int, ...] = 2
    strides: int | tuple[int, ...] | None = None
    padding: str | int | tuple[int, ...] = "valid"

    axes: ClassVar[int]
    """Axes beside that of the channels."""
    pooling: ClassVar[Pooling]

    def __post_init__(self) -> None:
        """Check what was given."""
        self._set("pool_size", least=1)
        if self.strides is not None:
            self._set("strides", least=1)
        if isinstance(self.padding, str):
            if self.padding != "valid":
                raise ValueError(
                    f"padding must be 'valid' or whole numbers, at most half of pool_size, "
                    f"got {self.padding!r}"
                )
            return
        self._set("padding", least=0)
        halves = [pool // 2 for pool in self._each("pool_size")]
        if any(n > half for n, half in zip(self._each("padding"), halves, strict=True)):
            raise ValueError(
                f"padding must be at most half of pool_size {self.pool_size}, got {self.padding}"
            )

    def _set(self, name: str, least: int) -> None:
        """Make whole numbers of what was given, one or one for each axis."""
        given = getattr(self, name)
        if not isinstance(given, tuple | list):
            numbers: Any = check_whole(name, given, least=least)
        elif len(given) == self.axes:
            numbers = tuple(check_whole(name, number, least=least) for number in given)
        else:
            raise ValueError(
                f"{name} must be a whole number or {self.axes}, one for each axis, got {given!r}"
            )
        object.__setattr__(self, name, numbers)

    def _each(self, name: str) -> tuple[int, ...]:
        """The numbers for each axis."""
        given = getattr(self, name)
        return given if isinstance(given, tuple) else (given,) * self.axes

    def _along(self, shape: Shape) -> list[Axis]:
        """The axes of inputs of a shape."""
        strides = self._each("pool_size" if self.strides is None else "strides")
        padding = (0,) * self.axes if self.padding == "valid" else self._each("padding")
        sizes = zip(shape, self._each("pool_size"), strides, padding, strict=False)
        return [Axis(*numbers) for numbers in sizes]

    def node(self, shape: Shape, width: int) -> Node:
        """The layer for inputs of a shape."""
        if len(shape) not in (self.axes, self.axes + 1):
            name = type(self).__name__
            raise ValueError(f"{name} takes {INPUTS[self.axes]}, got {shape}")
        axes = self._along(shape)
        channels = shape[self.axes] if len(shape) > self.axes else 1
        if any(axis.windows < 1 for axis in axes):
            raise ValueError(f"the windows of {self} are larger than its input, of shape {shape}")
        rows, columns = (*axes, Axis(1))[:2]
        settings = {
            "columns": columns.size,
            "channels": channels,
            "out_columns": columns.windows,
            "pool_rows": rows.pool,
            "pool_columns": columns.pool,
            "row_stride": rows.stride,
            "column_stride": columns.stride,
            "row_padding": rows.padding,
            "column_padding": columns.padding,
        }
        forward, backward = forward_of(self.pooling), backward_of(self.pooling)
        return Node(
            output=(*(axis.windows for axis in axes), channels),
            forward=(Operation(forward, Cut("row", rows.windows), settings),),
            backward=(Operation(backward, Cut("row", rows.size, rows.stride), settings),),
            few=Operation(few_forward_of(self.pooling), settings=settings),
        )
