"""Blocks: forward ones that leave caches, and backward ones that read them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

import jitnet as jn
from jitnet.arrays import FloatArray
from jitnet.study.activations import vectorized as activations
from jitnet.study.dense import vectorized as dense
from jitnet.study.diagram import arrow, blank, box, write
from jitnet.study.lessons.dimensions import as_columns
from jitnet.study.lessons.layout import in_columns, lay_out
from jitnet.study.lessons.lesson import Result
from jitnet.study.picture import BLUE, GREEN, GREY, ORANGE, panels

if TYPE_CHECKING:
    from matplotlib.figure import Figure

N = (2, 4, 3, 1)
M = 5
LINKS = ("relu", "relu", "sigmoid")


class Cache(NamedTuple):
    """What a forward block leaves for its backward block."""

    A_prev: FloatArray
    W: FloatArray
    Z: FloatArray


TEXT = """\
A deep network is L pairs of blocks, one pair a layer. The forward block of layer l takes A[l−1]
and gives A[l]; what backward will need, it leaves in a cache:

  Z[l] = W[l] A[l−1] + b[l]      A[l] = g(Z[l])      cache: A[l−1], W[l], Z[l]

The backward block takes dA[l] and that cache. It gives dA[l−1] to the block before it, and the
gradients of its own parameters:

  dZ[l] = dA[l] ∗ g′(Z[l])      dW[l] = dZ[l] A[l−1]ᵀ / m      db[l] = Σ dZ[l] / m
  dA[l−1] = W[l]ᵀ dZ[l]

A loop over the layers strings them together, once from left to right and once back; backward
begins with dA[{last}] = −y/a + (1 − y)/(1 − a) of the cross-entropy. Here with n = {n} units and
m = {m} examples:

{table}

Without the cache, backward would have to go forward again. It costs memory instead: {cached}
numbers beside {parameters} parameters, and it grows with m. The gradients of these blocks and
those of jitnet for the same weights differ by {difference:.0e} at most, which is rounding."""


def run() -> Result:
    """Go forward and backward through the blocks, and compare with jitnet's gradients."""
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(N[0], M)), rng.integers(0, 2, (1, M)).astype(np.float64)
    layers = [*(jn.Dense(units, "relu") for units in N[1:-1]), jn.Dense(N[-1])]
    model = jn.Sequential(layers, "binary_crossentropy", dtype="float64").build(N[0])
    parameters = as_columns(model.get_weights())
    A, caches = network_forward(X, parameters)
    gradients, steps = network_backward(A, Y, caches)
    theirs = as_columns(model.gradients(X.T, Y[0]))
    difference = max(float(np.abs(g - t).max()) for g, t in zip(gradients, theirs, strict=True))
    numbers = {
        "blocks": steps,
        "cached": sum(cache.A_prev.size + cache.Z.size for cache in caches),
        "parameters": sum(array.size for array in parameters),
        "difference": difference,
    }
    shapes = [
        (
            str(step["layer"]),
            *(_shape(step[name]) for name in ("A_prev", "A", "Z", "dA", "dA_prev", "dW", "db")),
        )
        for step in steps
    ]
    header = ("l", "takes A[l−1]", "gives A[l]", "caches Z[l]", "takes dA[l]", "gives dA[l−1]")
    text = lay_out(
        TEXT,
        last=len(N) - 1,
        n=", ".join(map(str, N)),
        m=M,
        table=in_columns((*header, "dW[l]", "db[l]"), shapes, left=8),
        cached=numbers["cached"],
        parameters=numbers["parameters"],
        difference=difference,
    )
    return Result(numbers, text)


def draw(figure: Figure, result: Result) -> None:
    """The blocks of all layers: forward above, backward below, and the caches between them."""
    panel = panels(figure, 1, 1, inches=(11, 4.9))[0, 0]
    blank(panel, 17.5, 7)
    forward, backward, size = 5.4, 1.6, (3.1, 1.2)
    half, height = size[0] / 2, size[1] / 2
    for step in result.numbers["blocks"]:
        layer = step["layer"]
        x = 5.0 * layer - 1.6
        previous, following = x - 2.5, x + 2.5
        box(panel, x, forward, f"forward {layer}\nZ = W A + b,  A = g(Z)", BLUE, size)
        box(panel, x, backward, f"backward {layer}\ndZ = dA ∗ g′(Z)", ORANGE, size)
        arrow(panel, (previous - 0.95, forward), (x - half, forward), BLUE)
        arrow(panel, (x, forward - height), (x, backward + height), GREEN)
        cache = f"cache: A[{layer - 1}], W[{layer}], Z[{layer}]"
        write(panel, x + 0.15, 3.5, cache, color=GREEN, ha="left", fontsize=9)
        arrow(panel, (following + 0.95, backward), (x + half, backward), ORANGE)
        arrow(panel, (x, backward - height), (x, 0.45), GREY)
        gradients = f"dW[{layer}] {_shape(step['dW'])},  db[{layer}] {_shape(step['db'])}"
        write(panel, x, 0.2, gradients, fontsize=9)
        write(panel, previous, forward + 0.35, f"A[{layer - 1}]", color=BLUE)
        write(panel, previous, forward - 0.35, _shape(step["A_prev"]), color=GREY, fontsize=9)
        write(panel, following, backward + 0.35, f"dA[{layer}]", color=ORANGE)
        write(panel, following, backward - 0.35, _shape(step["dA"]), color=GREY, fontsize=9)
    arrow(panel, (following - 0.95, forward), (following + 0.95, forward), BLUE)
    write(panel, following, forward + 0.35, f"A[{layer}]", color=BLUE)
    write(panel, following, forward - 0.35, _shape(step["A"]), color=GREY, fontsize=9)
    panel.set_title("Forward blocks leave caches, backward blocks read them")


def block_forward(
    A_prev: FloatArray, W: FloatArray, b: FloatArray, link: str
) -> tuple[FloatArray, Cache]:
    """A[l] (n[l], m) from A[l−1] (n[l−1], m), and what backward will need."""
    Z = dense.dense_forward(A_prev, W, b)
    return activations.activation_forward(Z, link), Cache(A_prev, W, Z)


def block_backward(
    dA: FloatArray, cache: Cache, link: str
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """dA[l−1], dW[l] and db[l] from dA[l] and the cache of layer l."""
    dZ = activations.activation_backward(dA, cache.Z, link)
    return dense.dense_backward(dZ, cache.A_prev, cache.W)


def network_forward(X: FloatArray, parameters: list[FloatArray]) -> tuple[FloatArray, list[Cache]]:
    """The last A, and each layer's cache."""
    A, caches = X, []
    for layer, link in enumerate(LINKS):
        W, b = parameters[2 * layer : 2 * layer + 2]
        A, cache = block_forward(A, W, b, link)
        caches.append(cache)
    return A, caches


def network_backward(
    A: FloatArray, Y: FloatArray, caches: list[Cache]
) -> tuple[list[FloatArray], list[dict[str, Any]]]:
    """[dW1, db1, …], and each block's shapes, from the last A and the caches."""
    dA = -Y / A + (1 - Y) / (1 - A)
    gradients: list[FloatArray] = []
    steps: list[dict[str, Any]] = []
    for layer in reversed(range(len(LINKS))):
        cache = caches[layer]
        dA_prev, dW, db = block_backward(dA, cache, LINKS[layer])
        gradients[:0] = dW, db
        arrays = {"A": A, **cache._asdict(), "dA": dA, "dA_prev": dA_prev, "dW": dW, "db": db}
        shapes = {name: list(array.shape) for name, array in arrays.items()}
        steps.insert(0, {"layer": layer + 1, **shapes})
        A, dA = cache.A_prev, dA_prev
    return gradients, steps


def _shape(sides: list[int]) -> str:
    return f"({sides[0]}, {sides[1]})"
