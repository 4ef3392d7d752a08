"""A convolution's blocks are those of PyTorch, for every kind of window."""

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import jitnet as jn
from convolution_cases import (
    WIDTH,
    Case,
    as_images,
    as_panels,
    defined_results,
    torch_results,
)
from jitnet.activations import ACTIVATIONS
from jitnet.kernels.jit import njit
from jitnet.kernels.matmul import HALF, LOW, TALL
from jitnet.kernels.panels import panel_width
from jitnet.layers import (
    convolution,
    convolution_gradient_lanes,
    convolution_gradient_turned,
    convolution_lanes,
)
from jitnet.layers.convolution_gradient_lanes import lanes_gradient
from jitnet.layers.convolution_gradient_turned import turned_gradient
from jitnet.layers.window import Window

Array = np.ndarray[Any, Any]

SHAPES, FEW_SHAPES = 2_100, 100
"""Windows that are compared with PyTorch, and with the definition, of 4 million."""

IN_A_TILE = panel_width("float32")
"""Units of a few examples that a register tile takes side by side."""

value = ACTIVATIONS["identity"].value
pack = convolution.convolution_pack.serial
forward = convolution.forward_of(value, LOW).serial
forward_by_halves = convolution.forward_of(value, HALF).serial
backward = convolution.backward_of(LOW).serial
backward_by_halves = convolution.backward_of(HALF).serial
weight_backward, other_weight_backward = (
    convolution_gradient_lanes.weight_backward_of(tile).serial for tile in convolution_lanes.TILES
)
turned_weight_backward, turned_weight_backward_by_halves = (
    convolution_gradient_turned.weight_backward_of(low).serial for low in (LOW, HALF)
)


@njit(entry=True)
def call_pack(*args: Any) -> None:
    pack(*args)


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
def call_other_weight_backward(*args: Any) -> None:
    other_weight_backward(*args)


@njit(entry=True)
def call_turned_weight_backward(*args: Any) -> None:
    turned_weight_backward(*args)


@njit(entry=True)
def call_turned_weight_backward_by_halves(*args: Any) -> None:
    turned_weight_backward_by_halves(*args)


WEIGHT_BACKWARDS: dict[Any, Any] = {
    weight_backward: call_weight_backward,
    other_weight_backward: call_other_weight_backward,
    turned_weight_backward: call_turned_weight_backward,
    turned_weight_backward_by_halves: call_turned_weight_backward_by_halves,
}


def cases(rng: np.random.Generator, count: int) -> Iterator[Case]:
    """Windows from all there are of small sizes, in an order of the generator's."""
    kernels, strides, paddings = range(1, 6), range(1, 4), range(3)
    channels, sizes = range(1, 10), range(5, 10)
    axes = [kernels] * 2 + [strides] * 2 + [paddings] * 2 + [channels] * 2 + [sizes] * 2
    for drawn in rng.integers([0] * 10, [len(axis) for axis in axes], (count, 10)):
        kh, kw, sy, sx, py, px, n_in, n_out, h, w = (
            axis[i] for axis, i in zip(axes, drawn, strict=True)
        )
        window = Window.over((h, w), (kh, kw), (sy, sx), (py, px), "the window")
        m = int(rng.integers(1, 2 * WIDTH))
        out = window.out_height, window.out_across
        arrays = [(m, h, w, n_in), (kh, kw, n_in, n_out), (n_out,), (m, *out, n_out)]
        yield Case(window, *(rng.integers(-4, 5, shape).astype(float) for shape in arrays))


def results(case: Case) -> dict[str, Array]:
    """Y and all gradients, by the blocks; those of weights by either way."""
    window, (n_in, n_out) = case.window, case.W.shape[2:]
    X, dY, tile, taps = as_panels(case.X), as_panels(case.dY), len(TALL), case.W[..., 0, 0].size
    Y, dX = np.full_like(dY, np.nan), np.full_like(X, np.nan)
    packed = np.zeros((-(-n_out // tile), taps * n_in, tile))
    turned = np.zeros((-(-n_in // tile), taps * n_out, tile))
    weight = case.W.ravel()
    call_pack(packed, turned, weight, *window[4:8], 0, taps * n_in)
    run = call_forward_by_halves if n_out % tile in (5, 6) else call_forward
    run(Y, X, packed, case.b, *window, 0, len(X), 0, window.out_height * window.out_across)
    run = call_backward_by_halves if n_in % tile in (5, 6) else call_backward
    run(dX, dY, turned, *window, 0, len(X), 0, window.height * window.across)
    found = {"Y": as_images(Y, case.dY.shape), "dX": as_images(dX, case.X.shape)}
    for way in (lanes_gradient, turned_gradient):
        dW, db = np.full_like(weight, np.nan), np.full(n_out, np.nan)
        operation, size = way(window, n_in, n_out, WIDTH)
        assert operation.cut is not None
        scratch, parts = np.full((1, size), np.nan), (0, operation.cut.size)
        along, rows = operation.settings.values(), (0, window.kernel_height)
        WEIGHT_BACKWARDS[operation.kernel.serial](dW, db, dY, X, scratch, *along, 0, *parts, *rows)
        found |= {f"dW {way.__name__}": dW.reshape(case.W.shape), f"db {way.__name__}": db}
    return found


def assert_equal(case: Case, expected: dict[str, Array]) -> None:
    """Assert that the blocks' results, the gradients' by either way, are those."""
    for name, found in results(case).items():
        assert np.array_equal(found, expected[name.split()[0]]), (name, case.window, case.W.shape)


def test_windows_compute_what_is_defined(rng: np.random.Generator) -> None:
    for case in cases(rng, FEW_SHAPES):
        assert_equal(case, defined_results(case))


@pytest.mark.parametrize("kernel", [*itertools.product(range(1, 6), repeat=2)])
def test_windows_that_keep_the_size_compute_what_is_defined(
    kernel: tuple[int, int], rng: np.random.Generator
) -> None:
    window = Window.over((5, 6), kernel, (1, 1), "same", "the window")
    for n_in, n_out in ((1, 6), (2, 8), (3, 3), (7, 13)):
        shapes = [
            (WIDTH + 1, 5, 6, n_in),
            (*kernel, n_in, n_out),
            (n_out,),
            (WIDTH + 1, 5, 6, n_out),
        ]
        case = Case(window, *(rng.integers(-4, 5, shape).astype(float) for shape in shapes))
        assert_equal(case, defined_results(case, "same"))


def test_every_window_computes_what_pytorch_does(rng: np.random.Generator) -> None:
    for case in cases(rng, SHAPES):
        assert_equal(case, torch_results(case))


@pytest.mark.parametrize("kernel", [7, 9, 11])
def test_large_windows_compute_what_pytorch_does(kernel: int, rng: np.random.Generator) -> None:
    for padding, n_in, n_out in itertools.product((0, kernel // 2), (1, 4), (3, 25)):
        window = Window.over((13, 12), (kernel,) * 2, (1, 1), (padding,) * 2, "the window")
        out = window.out_height, window.out_across
        shapes = [(5, 13, 12, n_in), (kernel, kernel, n_in, n_out), (n_out,), (5, *out, n_out)]
        case = Case(window, *(rng.integers(-4, 5, shape).astype(float) for shape in shapes))
        assert_equal(case, torch_results(case))


@pytest.mark.parametrize(
    ("n_in", "filters", "way"), [(1, 5, lanes_gradient), (6, 16, turned_gradient)]
)
def test_a_batch_in_blocks_has_the_same_bits_with_more_workers_than_rows_of_taps(
    n_in: int,
    filters: int,
    way: Callable[..., Any],
    rng: np.random.Generator,
    with_cores: Callable[[int], list[int]],
) -> None:
    with_cores(16)
    X, y = rng.normal(size=(400, 64, 64, n_in)), rng.normal(size=(400, 2))
    size = 3, 2  # which no patches compute
    (gradients,) = jn.Conv2D(filters, size).node((64, 64, n_in), WIDTH).gradients
    window = Window.over((64, 64), size, (1, 1), "valid", "the window")
    assert gradients.kernel is way(window, n_in, filters, WIDTH)[0].kernel
    found = set()
    for workers in (1, 2, 4):
        layers = [jn.Conv2D(filters, size), jn.GlobalAveragePool(), jn.Dense(2)]
        model = jn.Sequential(layers, loss="mse", n_threads=workers)
        model.fit(X, y, epochs=1, batch_size=None)
        engine = model._built()
        data = engine.data(X.reshape(400, -1), y, False, y[:, 0], uniform=True)
        assert engine.cost.block(data) < 400
        found.add(b"".join(array.tobytes() for array in model.get_weights()))
    assert len(found) == 1


@pytest.mark.parametrize("padding", [0, 1])
@pytest.mark.parametrize("kernel_size", [(3, 2), (2, 4)])
@pytest.mark.parametrize("filters", [IN_A_TILE // 2, IN_A_TILE, IN_A_TILE + 3])
def test_one_image_alone_has_the_bits_that_it_has_among_others(
    filters: int, kernel_size: tuple[int, int], padding: int, rng: np.random.Generator
) -> None:
    layer = jn.Conv2D(filters, kernel_size, strides=(2, 1), padding=padding, activation="relu")
    model = jn.Sequential([layer], loss="mse").build((7, 29, 2))
    X = rng.normal(size=(IN_A_TILE, 7, 29, 2))
    together = model.predict(X)
    for place in (0, 5):
        np.testing.assert_array_equal(model.predict(X[place : place + 1])[0], together[place])


def test_same_padding_keeps_an_images_size_with_a_zero_more_behind_an_even_window() -> None:
    model = jn.Sequential([jn.Conv2D(1, (1, 2), padding="same"), jn.Flatten()], loss="mse")
    model.build((1, 3, 1))
    model.set_weights([np.array([1.0, 10.0]).reshape(1, 2, 1, 1), np.zeros(1)])
    assert model.predict([[[[1.0], [2.0], [3.0]]]]).tolist() == [[21.0, 32.0, 3.0]]


def test_first_weights_are_as_wide_as_the_numbers_that_a_unit_sees() -> None:
    layers = [jn.Conv2D(64, 3, activation="relu"), jn.Conv2D(64, 3), jn.Flatten()]
    relu, _, glorot, _ = jn.Sequential(layers, loss="mse").build((5, 5, 32)).get_weights()
    assert relu.std() == pytest.approx((2 / (9 * 32)) ** 0.5, rel=0.02)
    assert abs(glorot).max() == pytest.approx((6 / (9 * 64 + 9 * 64)) ** 0.5, rel=0.02)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"filters": 0}, "filters must be from 1 to"),
        ({"kernel_size": 0}, "kernel_size must be at least 1, got 0"),
        ({"kernel_size": (3, 3, 3)}, "kernel_size must be a whole number or 2, one for each axis"),
        ({"strides": (1, 0)}, "strides must be at least 1, got 0"),
        ({"padding": -1}, "padding must be at least 0, got -1"),
        ({"padding": "full"}, "unknown padding .full.; there are: valid, same"),
        ({"padding": "same", "strides": 2}, "padding='same' keeps an input's size"),
        ({"activation": "softmax"}, "activation"),
        ({"l2": -1.0}, "l2 must be"),
    ],
)
def test_settings_that_make_no_sense_are_refused(arguments: dict[str, Any], error: str) -> None:
    with pytest.raises(ValueError, match=error):
        jn.Conv2D(**{"filters": 3, "kernel_size": 3} | arguments)


def test_a_window_larger_than_its_image_is_refused() -> None:
    with pytest.raises(ValueError, match=r"Conv2D\(.* are larger than its input of \(4, 9\)"):
        jn.Sequential([jn.Conv2D(2, 5), jn.Flatten()], loss="mse").build((4, 9, 1))


def test_rows_of_features_are_no_images() -> None:
    with pytest.raises(ValueError, match=r"Conv2D takes images .* Reshape makes images of rows"):
        jn.Sequential([jn.Conv2D(2, 5), jn.Flatten()], loss="mse").build(64)
    with pytest.raises(ValueError, match="Conv1D takes sequences"):
        jn.Sequential([jn.Conv1D(2, 5), jn.Flatten()], loss="mse").build((28, 28, 1))
