"""The node of a convolution, which layers of every number of axes have in common."""

from __future__ import annotations

from functools import partial
from typing import Protocol

from jitnet.activations import ACTIVATIONS
from jitnet.checks import check_choice, check_flag, check_number, check_whole, keep
from jitnet.initializers import check_initializer, resolve
from jitnet.kernels.matmul import TALL
from jitnet.layers.activation import backward_of as slope_of
from jitnet.layers.convolution import convolution_pack
from jitnet.layers.convolution_pool import pooled_node
from jitnet.layers.convolution_ways import backward_way, forward_ways, gradient_way
from jitnet.layers.layer import Cut, Node, Operation, Parameter, Room, Shape
from jitnet.layers.window import Numbers, Window, check_numbers, check_padding

MOST_FILTERS = 2**20
PACKING = ("kernel_height", "kernel_width", "stride_y", "stride_x")
"""What of a window the packing of weights depends on."""


class Convolution(Protocol):
    """What a convolution's layer is told, whatever its axes."""

    @property
    def filters(self) -> int: ...  # noqa: D102
    @property
    def kernel_size(self) -> Numbers: ...  # noqa: D102
    @property
    def strides(self) -> Numbers: ...  # noqa: D102
    @property
    def padding(self) -> str | Numbers: ...  # noqa: D102
    @property
    def activation(self) -> str: ...  # noqa: D102
    @property
    def initializer(self) -> str: ...  # noqa: D102
    @property
    def bias(self) -> bool: ...  # noqa: D102
    @property
    def l2(self) -> float: ...  # noqa: D102


def keep_checked(layer: Convolution, axes: int) -> None:
    """Check what a convolution is told, and have it keep that in one form."""
    strides = check_numbers("strides", layer.strides, axes)
    keep(
        layer,
        filters=check_whole("filters", layer.filters, least=1, most=MOST_FILTERS),
        kernel_size=check_numbers("kernel_size", layer.kernel_size, axes),
        strides=strides,
        padding=check_padding(layer.padding, strides, axes),
        activation=check_choice("activation", layer.activation, ACTIVATIONS),
        initializer=check_initializer(layer.initializer),
        bias=check_flag("bias", layer.bias),
        l2=check_number("l2", layer.l2, least=0.0),
    )


def convolution_node(
    layer: Convolution, window: Window, weights: Shape, output: Shape, width: int
) -> Node:
    """The node of a convolution, for a window, its weights' shape, and its output's.

    The activation is applied while an output is still in the core, where its slope needs no more
    than its value.
    """
    n_in, n_out = weights[-2:]
    taps = window.kernel_height * window.kernel_width
    places = window.out_height * window.out_across
    activation = ACTIVATIONS[layer.activation]
    inside = activation.by_value
    value = activation.value if inside else ACTIVATIONS["identity"].value
    forward, few = forward_ways(window, n_in, n_out, value, width)
    backward = backward_way(window, n_in, n_out, width)
    gradient = gradient_way(window, n_in, n_out, width)
    slope = Operation(
        slope_of(activation.slope),
        Cut("unit", places * n_out, len(TALL)),
        pointwise=True,
        names={"dX": "dY", "X": "Y"},
    )
    draw = partial(
        resolve(layer.initializer, layer.activation), taps * n_in, taps * n_out, shape=weights
    )
    tile = len(TALL)
    rooms, prepare = {**gradient.rooms}, None
    if forward.is_packed or backward.is_packed:
        rooms |= {
            "packed": Room(shape=(-(-n_out // tile), taps * n_in, tile)),
            "turned": Room(shape=(-(-n_in // tile), taps * n_out, tile)),
        }
        packing = {name: getattr(window, name) for name in PACKING}
        prepare = Operation(convolution_pack, Cut("row", taps * n_in), packing)
    if not layer.bias:
        no_bias = Room(shape=(n_out,))  # zeros, and what nobody reads
        rooms |= {"bias": no_bias, "dbias": no_bias}
    node = Node(
        output=output,
        forward=forward.operations,
        arrange=(slope,) * (inside and layer.activation != "identity"),
        backward=backward.operations,
        gradients=gradient.operations,
        parameters=(
            Parameter("weight", weights, draw, layer.l2),
            *(Parameter("bias", (n_out,)),) * layer.bias,
        ),
        rooms=rooms,
        prepare=prepare,
        prepare_for="forward" if forward.is_packed else "backward",
        few=few.operations,
        places=places,
        scratch=max(way.scratch for way in (forward, few, backward, gradient)),
        is_activated=inside,
    )
    if not (forward.is_packed and gradient.by_lanes):
        return node
    return node._replace(join=partial(pooled_node, node, window, value, width))
