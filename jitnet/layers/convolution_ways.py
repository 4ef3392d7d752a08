"""Of the ways to compute a convolution and its gradients, the one that takes the least.

What each takes is counted in products: the time of one for every example of a panel, as register
tiles compute them. Only shapes and a panel's width decide, so that the same model takes the same
way, for few examples and many, and on any number of threads.
"""

from __future__ import annotations

from typing import NamedTuple

from jitnet.kernels.jit import Kernel
from jitnet.kernels.matmul import padded_rows, tile_for_rest
from jitnet.layers import convolution, convolution_squares, convolution_squares_few
from jitnet.layers.convolution_gradient_lanes import lanes_gradient, lanes_products
from jitnet.layers.convolution_gradient_squares import gradient_products, squares_gradient
from jitnet.layers.convolution_gradient_turned import turned_gradient, turned_products
from jitnet.layers.convolution_squares import squares_products
from jitnet.layers.layer import Cut, Operation
from jitnet.layers.window import Window
from jitnet.layers.winograd import can_be_squares, squares

LEAST_GAIN = 1.1
"""How many times the products of squares the window's must be: with 12 channels and 24 units, where
they are 1.17 times, squares were 1.02 to 1.12 times as fast."""

TURNED_SPEED = 1.4
"""Products in the time of one by lanes, where dY is turned, or squares are."""


class Way(NamedTuple):
    """An operation, whether it reads packed weights, and the numbers that a worker has room for."""

    operation: Operation
    is_packed: bool
    scratch: int = 0


def forward_way(window: Window, n_in: int, n_out: int, value: Kernel, width: int) -> Way:
    """Y from X, with an activation."""
    low, settings = tile_for_rest(n_out), window._asdict()
    if squares_pay(window, window.out_height, window.out_across, n_in, n_out):
        kernel = convolution_squares.forward_of(value, low)
        cut = Cut("square", squares(window.out_height) * squares(window.out_across))
        scratch = convolution_squares.scratch_size(n_in, n_out, width)
        return Way(Operation(kernel, cut, settings), False, scratch)
    cut = Cut("place", window.out_height * window.out_across)
    return Way(Operation(convolution.forward_of(value, low), cut, settings), True)


def few_way(window: Window, n_in: int, n_out: int, value: Kernel, width: int) -> Way:
    """Y from X of a few examples, to the same bits as ``forward_way``."""
    settings = window._asdict()
    if squares_pay(window, window.out_height, window.out_across, n_in, n_out):
        kernel = convolution_squares_few.few_forward_of(value)
        scratch = convolution_squares_few.scratch_size(window, n_in, n_out, width)
        return Way(Operation(kernel, settings=settings), False, scratch)
    return Way(Operation(convolution.few_forward_of(value), settings=settings), False)


def backward_way(window: Window, n_in: int, n_out: int, width: int) -> Way:
    """dX from dY."""
    low, settings = tile_for_rest(n_in), window._asdict()
    if squares_pay(window, window.height, window.across, n_out, n_in):
        cut = Cut("square", squares(window.height) * squares(window.across))
        scratch = convolution_squares.scratch_size(n_out, n_in, width)
        return Way(Operation(convolution_squares.backward_of(low), cut, settings), False, scratch)
    cut = Cut("place", window.height * window.across)
    return Way(Operation(convolution.backward_of(low), cut, settings), True)


def gradient_way(window: Window, n_in: int, n_out: int, width: int) -> Way:
    """The weights' and the biases' gradients."""
    places = window.out_height * window.out_across
    ways = {
        turned_gradient: turned_products(window, n_in, n_out, width) * places,
        lanes_gradient: lanes_products(window, n_in, n_out) * places * TURNED_SPEED,
    }
    if can_be_squares(window):
        ways[squares_gradient] = gradient_products(window, n_in, n_out, width)
    best = min(ways, key=lambda way: ways[way])
    operation, scratch = best(window, n_in, n_out, width)
    return Way(operation, False, scratch)


def squares_pay(window: Window, height: int, across: int, terms: int, units: int) -> bool:
    """Whether squares take less than the window, for outputs of a size and so many units."""
    if not can_be_squares(window):
        return False
    whole = window.pairs() * terms * padded_rows(units)
    return whole > LEAST_GAIN * squares_products(height, across, terms, units)
