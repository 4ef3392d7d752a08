"""A window that passes over images or sequences: how layers are told of it, and where it goes."""

from __future__ import annotations

from typing import Any, NamedTuple

from jitnet.checks import check_choice, check_whole
from jitnet.layers.layer import Shape
from jitnet.quoting import quoted

Numbers = int | tuple[int, ...]
"""A whole number for all axes, or one for each."""

INPUTS = {1: "sequences (time, channels)", 2: "images (height, width, channels)"}
"""What a window of so many axes passes over."""

SAME, VALID = "same", "valid"


def check_numbers(name: str, given: Any, axes: int, least: int = 1) -> Numbers:
    """Return whole numbers, one or one for each axis, as they are kept."""
    if not isinstance(given, tuple | list):
        return check_whole(name, given, least=least)
    if len(given) != axes:
        raise ValueError(
            f"{name} must be a whole number or {axes}, one for each axis, got {quoted(given)}"
        )
    return tuple(check_whole(name, number, least=least) for number in given)


def check_padding(given: Any, strides: Numbers, axes: int) -> str | Numbers:
    """Return the zeros around an input, by a name or as numbers."""
    if not isinstance(given, str):
        return check_numbers("padding", given, axes, least=0)
    if check_choice("padding", given, (VALID, SAME)) == SAME and {*each(strides, axes)} != {1}:
        raise ValueError(
            f"padding='same' keeps an input's size, which strides={strides} do not; give padding "
            "as a number"
        )
    return given


def each(numbers: Numbers, axes: int) -> tuple[int, ...]:
    """The numbers for each axis."""
    return numbers if isinstance(numbers, tuple) else (numbers,) * axes


def sizes_and_channels(shape: Shape, axes: int, name: str) -> tuple[Shape, int]:
    """The sizes of inputs of a shape, and their channels: one where there is no axis of them."""
    if len(shape) not in (axes, axes + 1):
        hint = "; Reshape makes images of rows" * (axes > len(shape))
        raise ValueError(f"{name} takes {INPUTS[axes]}, got {shape}{hint}")
    return shape[:axes], shape[axes] if len(shape) > axes else 1


class Window(NamedTuple):
    """A window on its way over images of one size; a sequence is one of a single row or column."""

    height: int
    across: int
    out_height: int
    out_across: int
    kernel_height: int
    kernel_width: int
    stride_y: int
    stride_x: int
    padding_y: int
    padding_x: int

    @classmethod
    def over(
        cls, size: Shape, kernel: Shape, strides: Shape, padding: str | Shape, owner: object
    ) -> Window:
        """A window over images of a size (pairs); what no whole window fits into is left out.

        Raises
        ------
        ValueError
            If the window is larger than the image with its padding.
        """
        if padding == SAME:  # an even window's last zeros are below and on the right
            zeros = tuple((k - 1) // 2 for k in kernel)
            return cls._make((*size, *size, *kernel, *strides, *zeros))
        zeros = (0, 0) if isinstance(padding, str) else padding
        axes = zip(size, kernel, strides, zeros, strict=True)
        out = [(n + 2 * p - k) // s + 1 for n, k, s, p in axes]
        if min(out) < 1:
            raise ValueError(f"the windows of {owner} are larger than its input of {size}")
        return cls._make((*size, *out, *kernel, *strides, *zeros))

    def pairs(self) -> int:
        """How often a place of the window meets one of the image, over all the window's places."""
        down = _pairs(
            self.height, self.out_height, self.kernel_height, self.stride_y, self.padding_y
        )
        return down * _pairs(
            self.across, self.out_across, self.kernel_width, self.stride_x, self.padding_x
        )


def _pairs(size: int, out_size: int, kernel: int, stride: int, padding: int) -> int:
    firsts = (max(0, -((tap - padding) // stride)) for tap in range(kernel))
    ends = (min(out_size, (size - 1 + padding - tap) // stride + 1) for tap in range(kernel))
    return sum(max(0, end - first) for first, end in zip(firsts, ends, strict=True))
