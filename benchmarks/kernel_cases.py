"""Every kernel of the engine as a case to be timed: what it runs, and what it must agree with.

A case runs a kernel by itself, on some examples, as a team of threads does; beside it stand the
same formula in NumPy and in plain loops, where the study has them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jitnet.activations import ACTIVATIONS
from jitnet.kernels.jit import njit
from jitnet.kernels.team import barrier, join, share
from jitnet.losses.table import LOSSES
from jitnet.memory import zeros
from jitnet.optimizers.table import (
    ADAM,
    MOMENTUM,
    NESTEROV,
    PLAIN,
    RMSPROP,
    hyperparameters_of,
    update,
)
from jitnet.study.activations import loops as activation_loops
from jitnet.study.activations import tiled as activation_tiles
from jitnet.study.activations import vectorized as activations
from jitnet.study.dense import loops as dense_loops
from jitnet.study.dense import tiled as dense_tiles
from jitnet.study.dense import vectorized as dense_arrays
from jitnet.study.engine import from_panels, on_a_team, to_panels
from jitnet.study.losses.loops import LOSSES as LOSS_LOOPS
from jitnet.study.matmul import loops as matmul_loops
from jitnet.study.matmul import tiled as matmul_tiles
from jitnet.study.softmax_crossentropy.tiled import loss_steps

Array = NDArray[Any]
SIZES = (64, 1024)
"""Examples."""
UNITS, SMALL_UNITS, CLASSES = 128, 8, 10
TOLERANCE = 1e-4
"""Relative to the greatest number: float32 sums of a thousand terms."""


class Case(NamedTuple):
    """A kernel on some examples.

    Parameters
    ----------
    run : callable
        ``run(times)`` computes so many times.
    result : callable
        What the kernel has written, in the course's orientation.
    vectorized : callable
        The same by NumPy.
    loops : callable, optional
        The same by plain loops over lists.
    """

    run: Callable[[int], Any]
    result: Callable[[], Array]
    vectorized: Callable[[], Array]
    loops: Callable[[], Any] | None

    def check(self) -> None:
        """Raise an AssertionError where the kernel, NumPy and the loops do not agree."""
        self.run(1)
        found = np.array(self.result(), np.float64)
        for other in filter(None, (self.vectorized, self.loops)):
            expected = np.array(other(), np.float64)
            bound = TOLERANCE * np.abs(expected).max()
            np.testing.assert_allclose(found, expected, rtol=0, atol=bound)


class Result:
    """Runs that keep what the last one has given."""

    def __init__(self, run: Callable[[int], tuple[Any, ...]], index: int) -> None:
        self._run, self._index = run, index

    def run(self, times: int) -> None:
        """Run so many times."""
        self._outputs = self._run(times)

    def result(self) -> Array:
        """The output that counts."""
        output: Array = self._outputs[self._index]
        return output


def _rng() -> np.random.Generator:
    return np.random.default_rng(7)


def _normal(*shape: int) -> NDArray[np.float32]:
    return _rng().standard_normal(shape, dtype=np.float32)


def dense(part: str, units: int, m: int, threads: int) -> Case:
    """One block of a dense layer with as many inputs as units."""
    A, W, b, dZ = (
        _normal(units, m),
        _normal(units, units),
        _normal(units, 1),
        _normal(units, m)[::-1],
    )
    A_list, W_list, b_list, dZ_list = A.tolist(), W.tolist(), b.tolist(), dZ.tolist()
    index, flag, vectorized, loops = {
        "forward": (
            0,
            dense_tiles.FORWARD,
            lambda: dense_arrays.dense_forward(A, W, b),
            lambda: dense_loops.dense_forward(A_list, W_list, b_list),
        ),
        "backward": (
            1,
            dense_tiles.BACKWARD,
            lambda: dense_arrays.input_gradient(dZ, W),
            lambda: dense_loops.input_gradient(dZ_list, W_list),
        ),
        "weight_backward": (
            2,
            dense_tiles.WEIGHT,
            lambda: dense_arrays.weight_gradients(dZ, A)[0],
            lambda: dense_loops.weight_gradients(dZ_list, A_list)[0],
        ),
        "bias_backward": (
            3,
            dense_tiles.BIAS,
            lambda: np.sum(dZ, axis=1, keepdims=True) / m,
            lambda: [[sum(row) / m] for row in dZ_list],
        ),
    }[part]
    runs = Result(dense_tiles.start(threads, A, W, b, dZ, int(flag)), index)
    return Case(runs.run, runs.result, vectorized, loops)


def activation(name: str, backward: bool, m: int, threads: int) -> Case:
    """An activation's value, or its slope times the gradient from above."""
    Z, dA = 3 * _normal(UNITS, m), _normal(UNITS, m)[::-1].copy()
    Z_list, dA_list = Z.tolist(), dA.tolist()
    part = activation_tiles.BACKWARD if backward else activation_tiles.FORWARD
    runs = Result(activation_tiles.start(threads, Z, dA, name, int(part)), int(backward))
    if backward:
        return Case(
            runs.run,
            runs.result,
            lambda: activations.activation_backward(dA, Z, name),
            lambda: activation_loops.activation_backward(dA_list, Z_list, name),
        )
    return Case(
        runs.run,
        runs.result,
        lambda: activations.activation_forward(Z, name),
        lambda: activation_loops.activation_forward(Z_list, name),
    )


def _sigmoid_error(Z: Array, T: Array) -> Array:
    error: Array = activations.sigmoid(Z) - T
    return error


def _softmax_error(Z: Array, T: Array) -> Array:
    E = np.exp(Z - Z.max(axis=0))
    error: Array = E / E.sum(axis=0) - T
    return error


LOSS_GRADIENTS: dict[str, Callable[[Array, Array], Array]] = {
    "mse": lambda Z, T: 2 * (Z - T) / len(Z),
    "mae": lambda Z, T: np.sign(Z - T) / len(Z),
    "huber": lambda Z, T: np.clip(Z - T, -1, 1) / len(Z),
    "poisson": lambda Z, T: (np.exp(Z) - T) / len(Z),
    "quantile": lambda Z, T: np.where(Z > T, 0.5, -0.5) / len(Z),
    "binary_crossentropy": lambda Z, T: _sigmoid_error(Z, T) / len(Z),
    "softmax_crossentropy": _softmax_error,
}


def loss(name: str, m: int, threads: int) -> Case:
    """A loss and its gradient; the gradient is what is compared."""
    Z = _normal(CLASSES, m)
    T = np.eye(CLASSES, dtype=np.float32)[:, _rng().integers(0, CLASSES, m)]
    logits, targets = to_panels(Z), to_panels(T, 1)
    weights = to_panels(np.ones((1, m), np.float32), 4)[:, 0].copy()
    dZ, losses = zeros(logits.shape, Z.dtype, 2), zeros(weights.shape, Z.dtype, 3)
    kind = LOSSES[name].kind
    run = on_a_team(threads, loss_steps, dZ, losses, logits, targets, weights, kind)
    Z_rows, T_rows = Z.T.tolist(), T.T.tolist()
    gradient = LOSS_LOOPS[name].gradient
    return Case(
        run,
        lambda: from_panels(dZ, m),
        lambda: LOSS_GRADIENTS[name](Z, T),
        lambda: np.array([gradient(z, t) for z, t in zip(Z_rows, T_rows, strict=True)]).T,
    )


@njit(entry=True)
def update_steps(
    wanted: int, team: Any, times: int, w: Any, m: Any, v: Any, g: Any, hyper: Any, kind: int
) -> None:
    """A worker's share of an optimiser's first step, so many times."""
    rank, size = join(team, wanted)
    if size == 0:
        return
    first, last = share(w.size, np.int64(32), rank, size)
    for _ in range(times):
        update(w, m, v, g, hyper, kind, 1e-3, 1.0, 0.9, 0.999, first, last)
        barrier(team, size)


RATE = 1e-3
OPTIMIZERS: dict[str, tuple[int, Callable[[Array, Array], Array]]] = {
    "sgd": (PLAIN, lambda w, g: w - RATE * g),
    "momentum": (MOMENTUM, lambda w, g: w - RATE * g),
    "nesterov": (NESTEROV, lambda w, g: w - RATE * g - 0.9 * RATE * g),
    "rmsprop": (RMSPROP, lambda w, g: w - RATE * g / (np.sqrt(0.001 * g * g) + 1e-8)),
    "adam": (ADAM, lambda w, g: w - RATE * g / (np.sqrt(g * g) + 1e-8)),
}


def optimizer(name: str, m: int, threads: int) -> Case:
    """An optimiser's first step for 64 parameters an example."""
    import jitnet as jn

    kind, vectorized = OPTIMIZERS[name]
    hyper = hyperparameters_of(jn.Adam())
    before = _normal(64 * m)
    w, g, *moments = (zeros(before.size, np.float32, place) for place in range(4))
    g[:] = before[::-1]
    run = on_a_team(threads, update_steps, w, *moments, g, hyper, kind)

    def first_step_anew(times: int) -> None:
        w[:] = before
        for moment in moments:
            moment[:] = 0
        run(times)

    return Case(first_step_anew, lambda: w, lambda: vectorized(before, g), None)


def matmul(n: int, threads: int) -> Case:
    """The product of two square matrices, packing included."""
    n = min(n, 512)
    A, B = _normal(n, n), _normal(n, n)[::-1].copy()
    runs = Result(matmul_tiles.start(threads, A, B), 0)
    A_list, B_list = A.tolist(), B.tolist()
    return Case(
        runs.run, runs.result, lambda: np.dot(A, B), lambda: matmul_loops.multiply(A_list, B_list)
    )


DENSE_PARTS = ("forward", "backward", "weight_backward", "bias_backward")
KERNELS: dict[str, Callable[[int, int], Case]] = {
    "matmul": matmul,
    **{f"dense_{part}": partial(dense, part, UNITS) for part in DENSE_PARTS},
    **{f"dense_small_{part}": partial(dense, part, SMALL_UNITS) for part in DENSE_PARTS[:3]},
    **{f"{name}_forward": partial(activation, name, False) for name in ACTIVATIONS},
    **{f"{name}_backward": partial(activation, name, True) for name in ACTIVATIONS},
    **{f"{name}_loss": partial(loss, name) for name in LOSSES},
    **{f"{name}_update": partial(optimizer, name) for name in OPTIMIZERS},
}
"""A kernel's name, and ``make(examples, threads)``."""
