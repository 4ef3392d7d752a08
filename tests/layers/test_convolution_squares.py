"""A convolution by Winograd's way is the convolution, and as right in its last digits."""

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import jitnet as jn
from convolution_cases import (
    WIDTH,
    Array,
    Case,
    as_images,
    as_panels,
    defined_results,
    torch_results,
)
from jitnet.activations import ACTIVATIONS
from jitnet.kernels.jit import njit
from jitnet.kernels.matmul import HALF, LOW, tile_for_rest
from jitnet.kernels.panels import panel_width
from jitnet.layers import (
    convolution_gradient_squares,
    convolution_squares,
    convolution_squares_few,
)
from jitnet.layers.convolution_gradient_squares import squares_gradient
from jitnet.layers.window import Window
from jitnet.layers.winograd import squares

SHAPES = 300
"""Windows that are compared with PyTorch: all paddings, odd and even sizes, tiles whole and cut."""

value = ACTIVATIONS["identity"].value
forward, forward_by_halves = (
    convolution_squares.forward_of(value, low).serial for low in (LOW, HALF)
)
backward, backward_by_halves = (convolution_squares.backward_of(low).serial for low in (LOW, HALF))
weight_backward, weight_backward_by_halves = (
    convolution_gradient_squares.weight_backward_of(low).serial for low in (LOW, HALF)
)
few_forward = convolution_squares_few.few_forward_of(value).serial


@njit(entry=True)
def call_forward(*args: Any) -> None:
    forward(*args)


@njit(entry=True)
def call_forward_by_halves(*args: Any) -> None:
    forward_by_halves(*args)


@njit(entry=True)
def call_backward(*args: Any) -> None:
    backward(*args)


@njit(entry=True)
def call_backward_by_halves(*args: Any) -> None:
    backward_by_halves(*args)


@njit(entry=True)
def call_weight_backward(*args: Any) -> None:
    weight_backward(*args)


@njit(entry=True)
def call_weight_backward_by_halves(*args: Any) -> None:
    weight_backward_by_halves(*args)


@njit(entry=True)
def call_few_forward(*args: Any) -> None:
    few_forward(*args)


def cases(rng: np.random.Generator, count: int) -> Iterator[Case]:
    """Windows of 3 × 3, on whole numbers, of which every sum of squares is exact as well."""
    for _ in range(count):
        n_in, n_out = map(int, rng.integers(1, 27, 2))
        height, across = map(int, rng.integers(3, 12, 2))
        padding = tuple(map(int, rng.integers(0, 4, 2)))
        window = Window.over((height, across), (3, 3), (1, 1), padding, "the window")
        m, out = int(rng.integers(1, 2 * WIDTH)), (window.out_height, window.out_across)
        shapes = [(m, height, across, n_in), (3, 3, n_in, n_out), (n_out,), (m, *out, n_out)]
        yield Case(window, *(rng.integers(-4, 5, shape).astype(float) for shape in shapes))


def sizes(window: Window) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """What the blocks are told of a window, and how many squares there are of Y and of dX."""
    told = window.height, window.across, window.out_height, window.out_across
    of_y = squares(window.out_height) * squares(window.out_across)
    of_dx = squares(window.height) * squares(window.across)
    return (*told, window.padding_y, window.padding_x), (of_y, of_dx)


def results(case: Case) -> dict[str, Array]:
    """Y, the same of few examples, and all gradients, in room that holds numbers that are none."""
    window, (n_in, n_out) = case.window, case.W.shape[2:]
    X, dY, weight = as_panels(case.X), as_panels(case.dY), case.W.ravel()
    Y, dX = np.full_like(dY, np.nan), np.full_like(X, np.nan)
    told, (of_y, of_dx) = sizes(window)
    room = np.full((1, convolution_squares.scratch_size(n_in, n_out, WIDTH)), np.nan)
    run = call_forward_by_halves if tile_for_rest(n_out) == HALF else call_forward
    run(Y, X, weight, case.b, room, *told, 0, len(X), 0, of_y)
    room = np.full((1, convolution_squares.scratch_size(n_out, n_in, WIDTH)), np.nan)
    run = call_backward_by_halves if tile_for_rest(n_in) == HALF else call_backward
    run(dX, dY, weight, room, *told, 0, len(X), 0, of_dx)
    few = np.full((len(case.X), dY.shape[1]), np.nan)
    size = convolution_squares_few.scratch_size(window, n_in, n_out, WIDTH)
    rows = np.ascontiguousarray(case.X.reshape(len(case.X), -1))
    call_few_forward(few, rows, weight, case.b, np.full((1, size), np.nan), *told)
    found = {"Y": as_images(Y, case.dY.shape), "dX": as_images(dX, case.X.shape)}
    found |= {"Y of few": few.reshape(case.dY.shape)}
    for units, channels in parts(n_in, n_out):
        dW, db = np.full_like(weight, np.nan), np.full(n_out, np.nan)
        for part in itertools.product(units, channels):
            add_gradients(dW, db, dY, X, window, part, add=0)
        once = dW.copy(), db.copy()
        for part in itertools.product(units, channels):
            add_gradients(dW, db, dY, X, window, part, add=1)
        assert np.array_equal(dW, 2 * once[0]), "added to what there is"
        assert np.array_equal(db, 2 * once[1]), "added to what there is"
        name = f"of {len(units)} x {len(channels)} parts"
        found |= {f"dW {name}": once[0].reshape(case.W.shape), f"db {name}": once[1]}
    return found


def parts(n_in: int, n_out: int) -> Iterator[tuple[list[tuple[int, int]], list[tuple[int, int]]]]:
    """Blocks of units and channels as one worker has them, and as two have either."""
    blocks, tall = -(-n_out // WIDTH), 6
    whole, channels = [(0, blocks)], [(0, n_in)]
    yield whole, channels
    if blocks > 1:
        yield [(0, 1), (1, blocks)], channels
    if n_in > tall:
        yield whole, [(0, tall), (tall, n_in)]


def add_gradients(
    dW: Array,
    db: Array,
    dY: Array,
    X: Array,
    window: Window,
    part: tuple[tuple[int, int], tuple[int, int]],
    add: int,
) -> None:
    """The gradients of a part of the units and channels, written or added to."""
    n_in, n_out = X.shape[1] // (window.height * window.across), len(db)
    operation, size = squares_gradient(window, n_in, n_out, WIDTH)
    together = int(operation.settings["together"])
    told, _ = sizes(window)
    room = np.full((1, size), np.nan)
    run = call_weight_backward_by_halves if tile_for_rest(n_in) == HALF else call_weight_backward
    run(dW, db, dY, X, room, *told, together, add, *part[0], *part[1])


def assert_equal(case: Case, expected: dict[str, Array]) -> None:
    """Assert that the blocks' results are those."""
    for name, found in results(case).items():
        assert np.array_equal(found, expected[name.split()[0]]), (name, case.window, case.W.shape)


def test_squares_compute_what_is_defined(rng: np.random.Generator) -> None:
    for case in cases(rng, 20):
        assert_equal(case, defined_results(case))


def test_squares_compute_what_pytorch_does(rng: np.random.Generator) -> None:
    for case in cases(rng, SHAPES):
        assert_equal(case, torch_results(case))


def kernel_of(layer: jn.Conv2D, shape: tuple[int, ...], width: int, part: str = "forward") -> str:
    """The name of what runs a part of a layer for images of a shape."""
    kernel: Any = getattr(layer.node(shape, width), part)[0].kernel
    return str(getattr(kernel, "py_func", kernel).__name__)


def layers_of_squares(n_in: int, n_out: int) -> list[Any]:
    """A network for images of 10 × 10 whose second convolution goes by squares alone."""
    first = jn.Conv2D(n_in, 1, activation="tanh")
    second = jn.Conv2D(n_out, 3, padding="same", activation="tanh")
    for part, name in (("forward", ""), ("backward", ""), ("gradients", "weight_")):
        direction = "forward" if part == "forward" else "backward"
        kernel = kernel_of(second, (10, 10, n_in), WIDTH, part)
        assert kernel == f"convolution_squares_{name}{direction}"
    return [first, second, jn.GlobalAveragePool(), jn.Dense(3)]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_few_images_are_predicted_to_the_same_bits_as_many(
    dtype: str, rng: np.random.Generator
) -> None:
    X = rng.normal(size=(40, 10, 10, 2)).astype(dtype)
    model = jn.Sequential(
        layers_of_squares(24, 40), loss="softmax_crossentropy", dtype=dtype, seed=1
    )
    model.build((10, 10, 2))
    alone = [model.predict(X[i : i + 1]) for i in range(len(X))]
    assert np.array_equal(np.concatenate(alone), model.predict(X))


@pytest.mark.parametrize(("n_in", "n_out"), [(32, 32), (24, 40)])
def test_any_number_of_workers_computes_the_same_bits(
    n_in: int,
    n_out: int,
    rng: np.random.Generator,
    with_cores: Callable[[int], list[int]],
) -> None:
    with_cores(16)
    X, y = rng.normal(size=(30, 10, 10, 2)), rng.integers(0, 3, 30)
    found = set()
    for workers in (1, 2, 4, 16):
        model = jn.Sequential(
            layers_of_squares(n_in, n_out), loss="softmax_crossentropy", n_threads=workers, seed=3
        )
        model.fit(X, y, epochs=3, batch_size=13, progress=False)
        found.add(b"".join(array.tobytes() for array in model.get_weights()))
    assert len(found) == 1


@pytest.mark.parametrize("channels", [32, 128])
def test_squares_are_as_right_as_the_sums_that_they_replace(
    channels: int, rng: np.random.Generator
) -> None:
    X = rng.normal(size=(20, 14, 14, channels)).astype(np.float32)
    whole, crop, size = (14, 14, channels), (5, 5, channels), panel_width(np.float32)
    layer = jn.Conv2D(channels, 3)
    assert [kernel_of(layer, shape, size) for shape in (whole, crop)] == [
        "convolution_squares_forward",
        "convolution_forward",
    ]
    squared = jn.Sequential([layer], loss="mse", dtype="float32", seed=2).build(whole)
    weights = squared.get_weights()
    summed = jn.Sequential([layer], loss="mse", dtype="float32").build(crop)
    exact = jn.Sequential([layer], loss="mse", dtype="float64").build(crop)
    summed.set_weights(weights)
    exact.set_weights([array.astype(float) for array in weights])
    crops = [np.ascontiguousarray(X[:, i : i + 5, i : i + 5]) for i in range(0, 10, 3)]
    expected = np.stack([exact.predict(part.astype(float)) for part in crops])
    Y = squared.predict(X)
    of_squares = np.stack([Y[:, i : i + 3, i : i + 3] for i in range(0, 10, 3)]) - expected
    of_sums = np.stack([summed.predict(part) for part in crops]) - expected
    assert np.sqrt(np.mean(of_squares**2)) < np.sqrt(np.mean(of_sums**2))
