"""A layer of one's own may need all examples of a batch, and track what batches were."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import jitnet as jn
from jitnet.arrays import Array
from jitnet.extend import Cut, Layer, Node, Operation, Parameter, Room, at, njit
from jitnet.kernels.panels import panel_width

WIDTH = panel_width("float64")
UNITS = 5


@njit
def from_last_forward(
    Y: Any, X: Any, training: int, examples: int, first_panel: int, last_panel: int
) -> None:
    """Y[u, i] = X[u, i] - X[u, n - 1], what the batch's last example has, in training."""
    _, units, width = X.shape
    for p in range(first_panel, last_panel):
        for u in range(units):
            row = (p * units + u) * width
            last = X[(examples - 1) // width, u, (examples - 1) % width]
            for i in range(width):
                at(Y, row)[i] = at(X, row)[i] - last if training else at(X, row)[i]


@njit
def copied(Y: Any, X: Any, first_panel: int, last_panel: int) -> None:
    """Y = X."""
    for p in range(first_panel, last_panel):
        Y[p] = X[p]


@njit
def copied_back(dX: Any, dY: Any, first_panel: int, last_panel: int) -> None:
    """dX = dY."""
    for p in range(first_panel, last_panel):
        dX[p] = dY[p]


@njit
def largest_forward(largest: Any, X: Any, first_row: int, last_row: int) -> None:
    """largest[u] = max X[u, i] over all examples."""
    for u in range(first_row, last_row):
        found = X[0, u, 0]
        for p in range(X.shape[0]):
            for i in range(X.shape[2]):
                found = max(found, X[p, u, i])
        largest[u] = found


@njit
def largest_track(seen: Any, largest: Any, first_row: int, last_row: int) -> None:
    """seen[u] = max(seen[u], largest[u])."""
    for u in range(first_row, last_row):
        seen[u] = max(seen[u], largest[u])


@dataclass(frozen=True)
class FromLast(Layer):
    """Takes the batch's last example from all of them."""

    def node(self, shape: Any, width: int) -> Node:
        """An operation that waits for all panels, and is divided by them."""
        forward = Operation(from_last_forward, whole=True)
        unlike = Operation(copied)  # outside of training, where nothing waits
        return Node(shape, (unlike, forward), (Operation(copied_back),))


@dataclass(frozen=True)
class Largest(Layer):
    """Passes on what it is given, and keeps the largest that training has seen."""

    def node(self, shape: Any, width: int) -> Node:
        """An operation that waits for all panels, and is divided by rows alone."""
        (units,) = shape
        cut = Cut("row", units)
        seen = Parameter("seen", shape, lambda rng: np.full(units, -9.0), trained=False)
        return Node(
            output=shape,
            forward=(Operation(largest_forward, cut, whole=True), Operation(copied)),
            backward=(Operation(copied_back),),
            track=(Operation(largest_track, cut),),
            parameters=(seen,),
            rooms={"largest": Room(shape=shape)},
        )


def data_of(rng: np.random.Generator, examples: int) -> tuple[Array, Array]:
    return rng.normal(size=(examples, UNITS)), rng.normal(size=examples)


each_team = pytest.mark.parametrize("workers", [1, 2, 4, 16])
each_batch = pytest.mark.parametrize("batch", [3, WIDTH, 2 * WIDTH + 1, 16 * WIDTH])


@each_team
@each_batch
def test_what_needs_the_whole_batch_sees_it(
    workers: int,
    batch: int,
    rng: np.random.Generator,
    with_cores: Callable[[int], list[int]],
) -> None:
    with_cores(16)
    X, y = data_of(rng, 40 * batch)
    layers = [FromLast(), jn.Dense(1, bias=False)]
    options: Any = {"dtype": "float64", "n_threads": workers}
    model = jn.Sequential(layers, "mse", jn.SGD(1e-300), **options)
    model.set_weights([np.ones((UNITS, 1))])
    history = model.fit(X, y, epochs=1, batch_size=batch, shuffle=False)
    batches = X.reshape(-1, batch, UNITS)
    errors = (batches - batches[:, -1:]).sum(axis=2).reshape(-1) - y
    assert history["loss"][0] == pytest.approx((errors**2).mean(), rel=1e-12)
    assert model.evaluate(X, y)["loss"] == pytest.approx(((X.sum(axis=1) - y) ** 2).mean())


@each_team
@each_batch
def test_what_is_tracked_follows_each_step_of_training(
    workers: int,
    batch: int,
    rng: np.random.Generator,
    with_cores: Callable[[int], list[int]],
) -> None:
    with_cores(16)
    X, y = data_of(rng, 5 * batch + 1)
    options: Any = {"dtype": "float64", "n_threads": workers}
    model = jn.Sequential([Largest(), jn.Dense(1)], "mse", **options)
    model.fit(X[:-1], y[:-1], epochs=2, batch_size=batch)
    X[-1] = 100.0
    model.evaluate(X, y)
    model.gradients(X, y)
    np.testing.assert_array_equal(model.get_weights()[0], X[:-1].max(axis=0))
