"""A window that passes over images: how a layer is told of it, and where it goes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from jitnet.checks import check_choice, check_whole
from jitnet.layers.layer import Shape

Pair = tuple[int, int]
SAME, VALID = "same", "valid"


def check_pair(name: str, value: Any, least: int = 1) -> int | Pair:
    """A whole number for both axes, or one for each; as it is kept."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        if len(value) != 2:
            raise ValueError(f"{name} must be a number or a pair of numbers, got {value!r}")
        return (check_whole(name, value[0], least=least), check_whole(name, value[1], least=least))
    return check_whole(name, value, least=least)


def pair_of(value: int | Pair) -> Pair:
    """The number for each axis."""
    return value if isinstance(value, tuple) else (value, value)


class Window(NamedTuple):
    """A window on its way over images of one size."""

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


def check_padding(padding: Any, strides: int | Pair) -> str | int | Pair:
    """Check the zeros around an image: a name, or a number for each axis."""
    if not isinstance(padding, str):
        return check_pair("padding", padding, least=0)
    check_choice("padding", padding, (VALID, SAME))
    if padding == SAME and pair_of(strides) != (1, 1):
        raise ValueError(
            f"padding='same' keeps an image's size, which strides={strides} do not; give padding "
            "as a number"
        )
    return padding


def window_over(
    size: Pair, kernel: Pair, strides: Pair, padding: str | int | Pair, owner: str
) -> Window:
    """A window over images of a size; what no whole window fits into is left out.

    Raises
    ------
    ValueError
        If the window is larger than the image with its padding.
    """
    if padding == SAME:  # an even window's last zeros are below and on the right
        return Window(*size, *size, *kernel, 1, 1, (kernel[0] - 1) // 2, (kernel[1] - 1) // 2)
    zeros = (0, 0) if isinstance(padding, str) else pair_of(padding)
    out = [
        (n + 2 * p - k) // s + 1 for n, k, s, p in zip(size, kernel, strides, zeros, strict=True)
    ]
    if min(out) < 1:
        raise ValueError(
            f"the window of {owner} is larger than its input of {size[0]} x {size[1]}"
            f"{f' with padding {padding}' * (zeros != (0, 0))}"
        )
    return Window(*size, out[0], out[1], *kernel, *strides, *zeros)


def image_of(shape: Shape, owner: str) -> tuple[int, int, int]:
    """Height, width and channels of images of a shape; without an axis of channels there is one.

    Raises
    ------
    ValueError
        If it is no shape of images.
    """
    if len(shape) == 2:
        return (*shape, 1)
    if len(shape) != 3:
        raise ValueError(
            f"{owner} takes images of a shape (height, width, channels) or (height, width), got "
            f"the shape {shape}; flat rows become images by Reshape((height, width, channels))"
        )
    return shape


def sequence_of(shape: Shape, owner: str) -> tuple[int, int]:
    """Steps and channels of sequences of a shape; without an axis of channels there is one.

    Raises
    ------
    ValueError
        If it is no shape of sequences.
    """
    if len(shape) == 1:
        return (*shape, 1)
    if len(shape) != 2:
        raise ValueError(
            f"{owner} takes sequences of a shape (time, channels) or (time,), got the shape {shape}"
        )
    return shape
