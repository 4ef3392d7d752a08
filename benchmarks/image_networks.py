"""The networks that convolve: published ones, a residual one, one for sequences of sensors."""

from __future__ import annotations

from networks import (
    BatchNorm,
    Convolution,
    Dense,
    Dropout,
    Flatten,
    GlobalAverage,
    Layer,
    Network,
    Pool,
    Residual,
)


def convolution(filters: int, side: int, padding: str = "valid") -> Convolution:
    """A square window, and relu."""
    return Convolution(filters, (side, side), "relu", padding)


def normed(activation: str) -> tuple[Layer, ...]:
    """A convolution of the residual network, without biases, since the norm takes them out."""
    return Convolution(32, (3, 3), activation, "same", bias=False), BatchNorm()


GREY, COLOURED = (28, 28, 1), (32, 32, 3)
POOL, FLAT = Pool(2), Flatten()
LENET5 = Network(
    GREY,
    (
        *(convolution(6, 5), POOL, convolution(16, 5), POOL, FLAT),
        *(Dense(120, "relu"), Dense(84, "relu"), Dense(10)),
    ),
)
"""LeNet5 as in SimpleChains.jl's benchmark."""
MNIST_CONVNET = Network(
    GREY,
    (convolution(32, 3), POOL, convolution(64, 3), POOL, FLAT, Dropout(0.5), Dense(10)),
)
"""Keras's example for MNIST."""
FASHION = Network(
    GREY,
    (convolution(32, 5, "same"), POOL, convolution(64, 5, "same"), POOL, FLAT, Dense(10)),
)
"""A larger one for Fashion-MNIST."""
CIFAR = Network(
    COLOURED,
    (convolution(12, 5), POOL, convolution(24, 3), POOL, FLAT, Dense(64, "relu"), Dense(10)),
)
"""DLL's for CIFAR-10 (arXiv 1804.04512)."""
RESIDUAL = Network(
    COLOURED,
    (
        *normed("relu"),
        *[Residual((*normed("relu"), *normed("identity")))] * 3,
        *(convolution(32, 3, "same"), GlobalAverage(), Dense(10)),
    ),
)
"""Eight convolutions; relu stands before the norm, as part of the convolution."""
SEQUENCES = Network(
    (128, 9),
    (*[Convolution(64, (5,), "relu", "same")] * 5, GlobalAverage(), Dense(6)),
)
"""Five convolutions over sequences of nine sensors."""
