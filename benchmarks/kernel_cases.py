"""Every kernel of the engine as a case to be timed: what it runs, and what it must agree with.

A case runs a kernel by itself, on some examples, as a team of threads does; beside it stand the
same formula in NumPy and in plain loops, where the study has them. Kernels are found in the tables
of layers, activations, losses and optimisers.
"""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from formulas import CHOSEN, CONVOLUTIONS, FORMULAS, POOLS, Formulas, Given, first_step
from jitnet.losses import LOSSES
from jitnet.study.agreement import make_inputs, start
from jitnet.study.blocks import (
    BACKWARD,
    FORWARD,
    GRADIENTS,
    LOSS,
    PREPARE,
    UPDATE,
    Blocks,
)
from jitnet.study.losses import loops as loss_loops
from jitnet.study.losses import vectorized as loss_arrays
from jitnet.study.matmul import loops as matmul_loops
from jitnet.study.matmul import tiled as matmul_tiles
from jitnet.study.problems import get_problem

Array = NDArray[Any]
SIZES = (64, 1024)
"""Examples."""
CLASSES = 10
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


Make = Callable[[int, int], Case]
"""``make(examples, threads)``."""


def _normal(*shape: int) -> NDArray[np.float32]:
    return np.random.default_rng(7).standard_normal(shape, dtype=np.float32)


def _columns(array: Array) -> Array:
    """A parameter in the course's orientation."""
    return array.reshape(-1, array.shape[-1]).T


def _blocks(formulas: Formulas, m: int, threads: int) -> tuple[Blocks, Given]:
    """A layer's blocks, and what they are given, in the course's orientation."""
    blocks = Blocks(formulas.layer, formulas.shape, m, np.float32, threads)
    parameters = {row.name: _normal(*row.shape) for row in blocks.parameters}
    X, D = _normal(math.prod(formulas.shape), m), _normal(blocks.room.nodes.n_outputs, m)[::-1]
    dY = D / np.float32(m)
    blocks.write(X=X, dY=dY, **parameters)
    columns = {name: _columns(array) for name, array in parameters.items()}
    return blocks, {"X": X, "dY": dY, "D": D, **columns}


WAY = re.compile("(?:weight_)?(?:forward|backward)$")
"""How a kernel's name ends, whatever it begins with."""


def layer(formulas: Formulas, phase: int, number: int, m: int, threads: int) -> Case:
    """A kernel of a layer's phase."""
    blocks, given = _blocks(formulas, m, threads)
    kernel = blocks.kernels(phase)[number]
    output = next(iter(inspect.signature(kernel.serial).parameters))
    formula, rungs = formulas.outputs[output], f"jitnet.study.{formulas.rungs}"
    blocks.runs(PREPARE, FORWARD, BACKWARD)(1)  # a kernel reads what others have kept
    run = blocks.runs(phase, kernel=kernel)

    def result() -> Array:
        found = blocks.read(output)
        return _columns(found) if phase == GRADIENTS else found

    if not formulas.rungs:
        return Case(run, result, partial(formula, None, given), None)
    lists = {name: array.tolist() for name, array in given.items()}
    vectorized, loops = (import_module(f"{rungs}.{rung}") for rung in ("vectorized", "loops"))
    return Case(run, result, partial(formula, vectorized, given), partial(formula, loops, lists))


def _layers() -> dict[str, Make]:
    """The kernels of all phases by their names."""
    found: dict[str, Make] = {}
    for formulas in FORMULAS:
        blocks = Blocks(formulas.layer, formulas.shape, 1, np.float32)
        for phase in (FORWARD, BACKWARD, GRADIENTS):
            for number, kernel in enumerate(blocks.kernels(phase)):
                name = kernel.serial.__name__
                if formulas.name:
                    name = f"{formulas.name}_{WAY.findall(name)[0]}"
                found.setdefault(name, partial(layer, formulas, phase, number))
    return found


def loss(name: str, m: int, threads: int) -> Case:
    """A loss and its gradient; the gradient is what is compared."""
    Z = _normal(CLASSES, m)
    T = np.eye(CLASSES, dtype=np.float32)[:, np.random.default_rng(7).integers(0, CLASSES, m)]
    blocks = Blocks(None, (CLASSES,), m, np.float32, threads, loss=name)
    blocks.write(Z=Z, T=T)
    Z_rows, T_rows = Z.T.tolist(), T.T.tolist()
    gradient = loss_loops.LOSSES[name].gradient
    return Case(
        blocks.runs(LOSS),
        lambda: blocks.read("dZ"),
        lambda: loss_arrays.LOSSES[name].gradient(Z, T),
        lambda: np.array([gradient(z, t) for z, t in zip(Z_rows, T_rows, strict=True)]).T,
    )


def optimizer(name: str, m: int, threads: int) -> Case:
    """An optimiser's first step for 64 parameters an example."""
    w = _normal(64 * m)
    g = w[::-1].copy()
    chosen = CHOSEN[name]
    blocks = Blocks(None, (1,), 1, np.float32, threads, optimizer=chosen, parameters=w.size)
    blocks.write(dbelow=g)
    run = blocks.runs(UPDATE)

    def first_step_anew(times: int) -> None:
        blocks.write(below=w)
        blocks.network.moments[:] = 0
        run(times)

    vectorized = partial(first_step, name, w, g)
    return Case(first_step_anew, lambda: blocks.read("below"), vectorized, None)


def matmul(n: int, threads: int) -> Case:
    """The product of two square matrices."""
    n = min(n, 512)
    A, B = _normal(n, n), _normal(n, n)[::-1].copy()
    blocks = matmul_tiles.placed(threads, A, B)
    A_list, B_list = A.tolist(), B.tolist()
    return Case(
        blocks.runs(PREPARE, FORWARD),
        lambda: blocks.read("Y"),
        lambda: np.dot(A, B),
        lambda: matmul_loops.multiply(A_list, B_list),
    )


SEQUENCES = {
    "lstm": {"time": 4, "inputs": 8, "units": 16},
    "gru": {"time": 4, "inputs": 8, "units": 16},
    "embedding": {"time": 5, "vocabulary": 50, "units": 16},
}
"""Layers of several nodes, all kernels of which are timed together: the study's problems."""


def sequence(name: str, m: int, threads: int) -> Case:
    """A layer forward and backward, by the study's rungs."""
    problem = get_problem(name)
    size = {**SEQUENCES[name], "m": m}
    inputs = make_inputs(problem, size, "float32")
    tiled, vectorized = (
        start(problem, size, rung, inputs, threads) for rung in ("tiled", "vectorized")
    )
    found: list[Any] = []

    def run(times: int) -> None:
        found[:] = tiled(times)

    return Case(
        run,
        lambda: side_by_side(found),
        lambda: side_by_side(vectorized(1)),
        lambda: side_by_side(start(problem, size, "loops", inputs, 1)(1)),
    )


def side_by_side(outputs: Any) -> Array:
    """All numbers of some arrays."""
    return np.concatenate([np.ravel(np.asarray(output, np.float64)) for output in outputs])


KERNELS: dict[str, Make] = {
    "matmul": matmul,
    **_layers(),
    **{name: partial(sequence, name) for name in SEQUENCES},
    **{f"{name}_loss": partial(loss, name) for name in LOSSES},
    **{f"{name}_update": partial(optimizer, name) for name in CHOSEN},
}
"""A kernel's name, and what makes its case."""
KERNELS_OF_BATCHES = tuple(name for name in KERNELS if name.startswith("batch_norm_"))
WITHOUT_LOOPS = (
    "_update",
    "dropout_forward",
    "dropout_backward",
    "random_flip",
    "random_rotation_forward",
    "random_rotation_backward",
    "random_shift",
    "rescaling_forward",
    "rescaling_backward",
    *KERNELS_OF_BATCHES,
    "residual_forward",
    "residual_backward",
    "shortcut_backward",
    *(f"{pool.name}_{way}" for pool in POOLS for way in ("forward", "backward")),
    *(f"{row.name}_{way}" for row in CONVOLUTIONS for way in ("forward", "backward")),
    *(f"{row.name}_weight_backward" for row in CONVOLUTIONS),
)
"""How the names end of kernels that have no plain loops beside them."""
