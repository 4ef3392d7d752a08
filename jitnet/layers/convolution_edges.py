"""Where a window's taps are inside of the image."""

from __future__ import annotations

from jitnet.kernels.jit import njit
from jitnet.kernels.typed import ZERO
from jitnet.layers.window import Window


def has_edges(window: Window) -> bool:
    """Whether a window reaches out of the image on the left or on the right."""
    end = (window.out_across - 1) * window.stride_x - window.padding_x + window.kernel_width
    return window.padding_x > 0 or end > window.across


@njit
def first_place(tap: int, padding: int, stride: int) -> int:
    """The first place of a window at which one of its taps is inside of the image."""
    first: int = max(ZERO, (padding - tap + stride - 1) // stride)
    return first


@njit
def end_of_places(tap: int, padding: int, stride: int, size: int, out_size: int) -> int:
    """The place behind the last one of a window at which one of its taps is inside of the image."""
    end: int = max(ZERO, min(out_size, (size - 1 + padding - tap) // stride + 1))
    return end
