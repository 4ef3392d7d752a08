"""A network's layers in JAX.

Max pooling is a maximum over two axes of a reshaped image: XLA's gradient of `reduce_window`, for
the CPU, doubled the time of a step. The gradient of equal maxima is divided among them, which makes
no difference behind relu, where equal ones are zeros.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import jax
import jax.numpy as jnp

import networks
from networks import Layer

ACTIVATIONS: dict[str, Callable[[Any], Any]] = {
    "relu": jax.nn.relu,
    "tanh": jnp.tanh,
    "identity": lambda z: z,
}
ORDERS = {1: ("NWC", "WIO", "NWC"), 2: ("NHWC", "HWIO", "NHWC")}
"""The axes of input, weights and output."""
POOLS: dict[str, Callable[..., Any]] = {"max": jnp.max, "average": jnp.mean}

Convolve = Callable[[Any, Any, str], Any]


@dataclass
class Pass:
    """What a pass through the network goes by: its arrays in their order, and what it finds."""

    trained: Iterator[Any]
    running: Iterator[Any]
    key: Any
    convolve: Convolve
    tracked: list[Any] = field(default_factory=list)


def by_xla(A: Any, W: Any, padding: str) -> Any:
    """XLA's convolution."""
    ones = (1,) * (W.ndim - 2)
    order = ORDERS[len(ones)]
    return jax.lax.conv_general_dilated(A, W, ones, padding.upper(), dimension_numbers=order)


def by_patches(A: Any, W: Any, padding: str) -> Any:
    """A matrix product of all patches of the image and the weights."""
    *window, _, n_out = W.shape
    if padding == "same":
        A = jnp.pad(A, ((0, 0), *(((k - 1) // 2, k // 2) for k in window), (0, 0)))
    sizes = [n - k + 1 for n, k in zip(A.shape[1:-1], window, strict=True)]
    parts = []
    for corner in product(*map(range, window)):
        places = (slice(i, i + size) for i, size in zip(corner, sizes, strict=True))
        parts.append(A[(slice(None), *places)])
    return jnp.concatenate(parts, axis=-1) @ W.reshape(-1, n_out)


def dense(layer: networks.Dense, A: Any, step: Pass) -> Any:
    """g(A W + b)."""
    W, b = next(step.trained), next(step.trained)
    return ACTIVATIONS[layer.activation](A @ W + b)


def convolution(layer: networks.Convolution, A: Any, step: Pass) -> Any:
    """g(A ∗ W + b)."""
    Z = step.convolve(A, next(step.trained), layer.padding)
    if layer.bias:
        Z = Z + next(step.trained)
    return ACTIVATIONS[layer.activation](Z)


def pool(layer: networks.Pool, A: Any, step: Pass) -> Any:
    """The greatest or the mean of each window."""
    k, (m, height, width, channels) = layer.size, A.shape
    rows, columns = height // k, width // k
    whole = A[:, : rows * k, : columns * k]
    windows = whole.reshape(m, rows, k, columns, k, channels)
    return POOLS[layer.kind](windows, (2, 4))


def norm(layer: networks.BatchNorm, A: Any, step: Pass) -> Any:
    """By the batch's mean and variance; those that run follow."""
    axes, count = tuple(range(A.ndim - 1)), A.size // A.shape[-1]
    mean, variance = A.mean(axes), A.var(axes)
    for batch in (mean, variance * (count / (count - 1))):
        running = next(step.running)
        step.tracked.append(layer.momentum * running + (1 - layer.momentum) * batch)
    weight, bias = next(step.trained), next(step.trained)
    return (A - mean) * (jax.lax.rsqrt(variance + layer.epsilon) * weight) + bias


def dropout(layer: networks.Dropout, A: Any, step: Pass) -> Any:
    """What is kept is divided by its share."""
    step.key, own = jax.random.split(step.key)
    kept = jax.random.bernoulli(own, 1 - layer.rate, A.shape)
    return jnp.where(kept, A / (1 - layer.rate), 0)


def lstm(state: tuple[Any, Any], x: Any, U: Any, _: Any) -> tuple[Any, Any]:
    """A step of an LSTM, of what the inputs bring; the new state and the output."""
    h, c = state
    i, f, g, o = jnp.split(x + h @ U, 4, axis=-1)
    c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
    h = jax.nn.sigmoid(o) * jnp.tanh(c)
    return (h, c), h


def gru(state: tuple[Any, Any], x: Any, U: Any, b: Any) -> tuple[Any, Any]:
    """A step of a GRU."""
    (h, _) = state
    x_r, x_z, x_n = jnp.split(x, 3, axis=-1)
    u_r, u_z, u_n = jnp.split(h @ U, 3, axis=-1)
    z = jax.nn.sigmoid(x_z + u_z)
    n = jnp.tanh(x_n + jax.nn.sigmoid(x_r + u_r) * (u_n + b))
    h = n + z * (h - n)
    return (h, h), h


CELLS = {"lstm": lstm, "gru": gru}


def recurrent(layer: networks.Recurrent, A: Any, step: Pass) -> Any:
    """What the inputs bring at all times as one product, then a scan over time."""
    W, b, U = (next(step.trained) for _ in range(3))
    own = next(step.trained) if layer.cell == "gru" else None
    zeros = jnp.zeros((len(A), layer.units), A.dtype)
    cell = CELLS[layer.cell]
    _, H = jax.lax.scan(
        lambda state, x: cell(state, x, U, own), (zeros, zeros), jnp.swapaxes(A @ W + b, 0, 1)
    )
    return jnp.swapaxes(H, 0, 1) if layer.sequences else H[-1]


LAYERS: dict[type[Layer], Callable[[Any, Any, Pass], Any]] = {
    networks.Dense: dense,
    networks.Convolution: convolution,
    networks.BatchNorm: norm,
    networks.Pool: pool,
    networks.GlobalAverage: lambda layer, A, step: A.mean(tuple(range(1, A.ndim - 1))),
    networks.Flatten: lambda layer, A, step: A.reshape(len(A), -1),
    networks.Dropout: dropout,
    networks.Embedding: lambda layer, A, step: jnp.take(next(step.trained), A, axis=0, mode="clip"),
    networks.Recurrent: recurrent,
    networks.Residual: lambda layer, A, step: A + through(layer.layers, A, step),
}


def through(layers: tuple[Layer, ...], A: Any, step: Pass) -> Any:
    """What layers make of a batch, one after the other."""
    for layer in layers:
        A = LAYERS[type(layer)](layer, A, step)
    return A
