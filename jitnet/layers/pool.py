"""Pools over windows: what they are given, checked, and their nodes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from jitnet.checks import keep
from jitnet.layers.layer import Cut, Layer, Node, Operation, Shape
from jitnet.layers.pooling import Pooling, backward_of, few_forward_of, forward_of
from jitnet.layers.window import Numbers, Window, check_numbers, each, sizes_and_channels
from jitnet.quoting import quoted


@dataclass(frozen=True)
class Pool(Layer):
    """What pools over windows share: their numbers for each axis, and their node."""

    pool_size: Numbers = 2
    strides: Numbers | None = None
    padding: str | Numbers = "valid"

    axes: ClassVar[int]
    """Axes beside that of the channels."""
    pooling: ClassVar[Pooling]

    def __post_init__(self) -> None:
        """Check what was given."""
        pool_size = check_numbers("pool_size", self.pool_size, self.axes)
        keep(self, pool_size=pool_size)
        if self.strides is not None:
            keep(self, strides=check_numbers("strides", self.strides, self.axes))
        if isinstance(self.padding, str):
            if self.padding != "valid":
                raise ValueError(
                    f"padding must be 'valid' or whole numbers, at most half of pool_size, "
                    f"got {quoted(self.padding)}"
                )
            return
        padding = check_numbers("padding", self.padding, self.axes, least=0)
        keep(self, padding=padding)
        both = zip(each(pool_size, self.axes), each(padding, self.axes), strict=True)
        if any(zeros > pool // 2 for pool, zeros in both):
            raise ValueError(
                f"padding must be at most half of pool_size {self.pool_size}, got {self.padding}"
            )

    def node(self, shape: Shape, width: int) -> Node:
        """The layer for inputs of a shape: a sequence is an image of one column."""
        axes = self.axes
        size, channels = sizes_and_channels(shape, axes, type(self).__name__)
        pools = each(self.pool_size, axes)
        strides = pools if self.strides is None else each(self.strides, axes)
        zeros = (0,) * axes if isinstance(self.padding, str) else each(self.padding, axes)
        ones, nothing = (1,) * (2 - axes), (0,) * (2 - axes)
        window = Window.over(size + ones, pools + ones, strides + ones, zeros + nothing, self)
        settings = {
            "columns": window.across,
            "channels": channels,
            "out_columns": window.out_across,
            "pool_rows": window.kernel_height,
            "pool_columns": window.kernel_width,
            "row_stride": window.stride_y,
            "column_stride": window.stride_x,
            "row_padding": window.padding_y,
            "column_padding": window.padding_x,
        }
        rows = Cut("row", window.out_height)
        in_rows = Cut("row", window.height, window.stride_y)
        return Node(
            output=(*(window.out_height, window.out_across)[:axes], channels),
            forward=(Operation(forward_of(self.pooling), rows, settings),),
            backward=(Operation(backward_of(self.pooling), in_rows, settings),),
            few=Operation(few_forward_of(self.pooling), settings=settings),
        )
