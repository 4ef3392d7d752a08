"""The table of activations: a new one is a file and a row."""

from __future__ import annotations

from typing import NamedTuple

from jitnet.activations import (
    elu,
    gelu,
    identity,
    leaky_relu,
    relu,
    sigmoid,
    silu,
    softplus,
    tanh,
)
from jitnet.kernels.jit import Kernel


class Activation(NamedTuple):
    """A row of the table: an activation and its derivative, of a SIMD vector.

    Parameters
    ----------
    value : Kernel
        ``value(z)`` is g(z).
    slope : Kernel
        ``slope(z, a)`` is g'(z), where a is g(z).
    like_relu : bool, default False
        Whether it lets about half of its inputs through: its layers' weights then start as
        `he_normal` draws them, otherwise as `glorot_uniform` does.
    by_value : bool, default False
        Whether ``slope(a, a)`` is g'(z) as well, so that z need not be kept.
    """

    value: Kernel
    slope: Kernel
    like_relu: bool = False
    by_value: bool = False


ACTIVATIONS: dict[str, Activation] = {
    "identity": Activation(identity.value, identity.slope, by_value=True),
    "sigmoid": Activation(sigmoid.value, sigmoid.slope, by_value=True),
    "tanh": Activation(tanh.value, tanh.slope, by_value=True),
    "relu": Activation(relu.value, relu.slope, like_relu=True, by_value=True),
    "leaky_relu": Activation(leaky_relu.value, leaky_relu.slope, like_relu=True, by_value=True),
    "elu": Activation(elu.value, elu.slope, like_relu=True, by_value=True),
    "gelu": Activation(gelu.value, gelu.slope, like_relu=True),
    "silu": Activation(silu.value, silu.slope, like_relu=True),
    "softplus": Activation(softplus.value, softplus.slope),
}
