"""The gradients of a convolution: of two ways to compute them, the one that takes less."""

from __future__ import annotations

from jitnet.layers.convolution_gradient_lanes import lanes_gradient, lanes_products
from jitnet.layers.convolution_gradient_turned import turned_gradient, turned_products
from jitnet.layers.layer import Operation
from jitnet.layers.window import Window

TURNED_SPEED = 1.4
"""Products in the time of one, where dY is turned."""


def gradient_of(window: Window, n_in: int, n_out: int, width: int) -> tuple[Operation, int]:
    """The operation of the gradients, and the numbers that a worker has room for."""
    turned = turned_products(window, n_in, n_out, width)
    pays = turned < TURNED_SPEED * lanes_products(window, n_in, n_out)
    return (turned_gradient if pays else lanes_gradient)(window, n_in, n_out, width)
