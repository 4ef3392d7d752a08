"""A convolution by Winograd's way is the convolution, and as right in its last digits."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
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
from jitnet.kernels.jit import Kernel, factory, njit
from jitnet.kernels.matmul import TALL, tile_for_rest
from jitnet.kernels.panels import panel_width
from jitnet.layers import convolution_winograd, convolution_winograd_few, winograd
from jitnet.layers.convolution_gradient_winograd import patches_gradient
from jitnet.layers.window import Window
from jitnet.layers.winograd import Forms
from jitnet.layers.winograd_form import ONE
from jitnet.layers.winograd_forms import FORMS

TWO, THREE, FOUR = FORMS[3]
TWO_OF_FIVE, FOUR_OF_FIVE = FORMS[5]
WAYS = (
    Forms(TWO, TWO),
    Forms(THREE, FOUR),
    Forms(FOUR, ONE),
    Forms(TWO_OF_FIVE, TWO_OF_FIVE),
    Forms(ONE, FOUR_OF_FIVE),
)
"""Forms whose blocks are compiled: each one down or across."""

SHAPES, FEW_SHAPES = 100, 6
"""Windows of each that are compared with PyTorch, and with the definition."""

GUARD = 64
"""Numbers behind a room."""

CLOSE = 1e-12
"""Of results' greatest value, in float64, by thirds and fifteenths that are not exact; two outputs
of a window of three are, on whole numbers."""

GRADIENTS_ERROR = 3.5
"""How many times as wrong as the window's own sums gradients may be: 2.7 times are those of
5 × 5, others less wrong."""


def as_text(forms: Forms) -> str:
    """The outputs and the weights, down and across."""
    return " x ".join(f"{form.outputs} of {form.weights}" for form in forms)


value = ACTIVATIONS["identity"].value


@factory
def called(kernel: Kernel) -> Kernel:
    """A kernel as Python can call it."""

    @njit(entry=True)
    def call(*arguments: Any) -> None:
        kernel(*arguments)

    return call


def cases(forms: Forms, rng: np.random.Generator, count: int) -> Iterator[Case]:
    """Windows of some forms with all paddings, odd and even images, tiles whole and cut."""
    kernel = forms.down.weights, forms.across.weights
    for _ in range(count):
        n_in, n_out = map(int, rng.integers(1, 27, 2))
        height, across = (int(k + rng.integers(0, 9)) for k in kernel)
        padding = tuple(int(rng.integers(0, k + 1)) for k in kernel)
        window = Window.over((height, across), kernel, (1, 1), padding, "the window")
        m, out = int(rng.integers(1, 2 * WIDTH)), (window.out_height, window.out_across)
        shapes = [(m, height, across, n_in), (*kernel, n_in, n_out), (n_out,), (m, *out, n_out)]
        yield Case(window, *(rng.integers(-4, 5, shape).astype(float) for shape in shapes))


def sizes(window: Window) -> tuple[int, ...]:
    """What the blocks are told of a window."""
    size = window.height, window.across, window.out_height, window.out_across
    return (*size, window.padding_y, window.padding_x)


@contextmanager
def room(size: int) -> Iterator[Array]:
    """Room for so many numbers, that holds what is none; what is behind it must stay."""
    guarded = np.full(size + GUARD, np.nan)
    guarded[size:] = 7.0
    yield guarded[:size].reshape(1, size)
    assert (guarded[size:] == 7.0).all(), "written behind the room"


def results(case: Case, forms: Forms) -> dict[str, Array]:
    """Y, the same of few examples, and all gradients."""
    window, (n_in, n_out) = case.window, case.W.shape[2:]
    X, dY, weight = as_panels(case.X), as_panels(case.dY), case.W.ravel()
    Y, dX, told = np.full_like(dY, np.nan), np.full_like(X, np.nan), sizes(window)
    forward = convolution_winograd.forward_of(forms, value, tile_for_rest(n_out))
    size = convolution_winograd.scratch_size(forms, n_in, n_out, WIDTH)
    patches = forms.patches(window.out_height, window.out_across)
    with room(size) as scratch:
        called(forward.serial)(Y, X, weight, case.b, scratch, *told, 0, len(X), 0, patches)
    backward = convolution_winograd.backward_of(forms, tile_for_rest(n_in))
    size = convolution_winograd.scratch_size(forms, n_out, n_in, WIDTH)
    patches = forms.patches(window.height, window.across)
    with room(size) as scratch:
        called(backward.serial)(dX, dY, weight, scratch, *told, 0, len(X), 0, patches)
    size = convolution_winograd_few.scratch_size(forms, window, n_in, n_out, WIDTH)
    rows = np.ascontiguousarray(case.X.reshape(len(case.X), -1))
    few_forward = convolution_winograd_few.few_forward_of(forms, value, tile_for_rest(n_out))
    found = {"Y": as_images(Y, case.dY.shape), "dX": as_images(dX, case.X.shape)}
    most = convolution_winograd_few.lines_together(forms, window)
    for together in {1, min(2, most), most}:
        few = np.full((len(case.X), dY.shape[1]), np.nan)
        with room(size) as scratch:
            called(few_forward.serial)(few, rows, weight, case.b, scratch, *told, together)
        assert np.array_equal(few.reshape(case.dY.shape), found["Y"]), "to the same bits"
    return found | gradients(case, forms, dY, X)


def gradients(case: Case, forms: Forms, dY: Array, X: Array) -> dict[str, Array]:
    """The gradients of weights and biases, which parts of them have to the same bits."""
    n_in, n_out = case.W.shape[2:]
    way = patches_gradient(forms, case.window, n_in, n_out, WIDTH)
    sum_up, collect = (called(operation.kernel.serial) for operation in way.operations)
    together = int(way.operations[0].settings["together"])
    blocks, told = -(-n_out // WIDTH), (*sizes(case.window), together, n_in, n_out)
    found: list[tuple[Array, Array]] = []
    for parts, channels in divisions(2 * blocks, n_in):
        dW, db, sums = (np.full(size, np.nan) for size in (case.W.size, n_out, way.sums.shape))
        for part in itertools.product(parts, channels):
            with room(way.scratch) as scratch:
                sum_up(sums, dY, X, scratch, *told, *part[0], *part[1])
        for add in (0, 1):
            for part in itertools.product(*next(divisions(blocks, n_in))):
                collect(dW, db, sums, n_in, n_out, add, *part[0], *part[1])
            found.append((dW / (1 + add), db / (1 + add)))
    for dW, db in found:
        assert np.array_equal(dW, found[0][0]), "of any part, written or added to what there is"
        assert np.array_equal(db, found[0][1]), "of any part, written or added to what there is"
    return {"dW": found[0][0].reshape(case.W.shape), "db": found[0][1]}


Ranges = list[tuple[int, int]]


def divisions(count: int, n_in: int) -> Iterator[tuple[Ranges, Ranges]]:
    """So many parts and the channels, as one worker has them and as several have either."""
    tall = len(TALL)
    whole, channels = [(0, count)], [(0, n_in)]
    if n_in > tall:
        yield whole, [(0, tall), (tall, n_in)]
    yield whole, channels
    if count > 1:
        yield [(0, 1), (1, count)], channels
        yield [(i, i + 1) for i in range(count)], channels


def assert_equal(case: Case, forms: Forms, expected: dict[str, Array]) -> None:
    """Assert that the blocks' results are those."""
    is_exact = {*forms} <= {ONE, TWO}
    for name, found in results(case, forms).items():
        close = 0.0 if is_exact else CLOSE * abs(expected[name]).max()
        assert abs(found - expected[name]).max() <= close, (name, case.window, case.W.shape)


@pytest.mark.parametrize("forms", WAYS, ids=as_text)
def test_patches_compute_what_is_defined(forms: Forms, rng: np.random.Generator) -> None:
    for case in cases(forms, rng, FEW_SHAPES):
        assert_equal(case, forms, defined_results(case))


@pytest.mark.parametrize("forms", WAYS, ids=as_text)
def test_patches_compute_what_pytorch_does(forms: Forms, rng: np.random.Generator) -> None:
    for case in cases(forms, rng, SHAPES):
        assert_equal(case, forms, torch_results(case))


def kernel_of(
    layer: jn.Conv2D | jn.Conv1D, shape: tuple[int, ...], width: int, part: str = "forward"
) -> str:
    """The name of what runs a part of a layer for images of a shape."""
    kernel: Any = getattr(layer.node(shape, width), part)[0].kernel
    return str(getattr(kernel, "py_func", kernel).__name__)


def layers_of_patches(n_in: int, n_out: int) -> list[Any]:
    """A network for images of 10 × 10 whose second convolution goes by patches alone."""
    first = jn.Conv2D(n_in, 1, activation="tanh")
    second = jn.Conv2D(n_out, 3, padding="same", activation="tanh")
    for part, name in (
        ("forward", "forward"),
        ("backward", "backward"),
        ("gradients", "weight_sums"),
    ):
        assert kernel_of(second, (10, 10, n_in), WIDTH, part) == f"convolution_patches_{name}"
    return [first, second, jn.GlobalAveragePool(), jn.Dense(3)]


@pytest.mark.parametrize(
    ("dtype", "shape", "layer"),
    [
        ("float64", (10, 10, 24), jn.Conv2D(40, 3, padding="same")),
        ("float32", (10, 11, 24), jn.Conv2D(40, 5, padding="same")),
        ("float32", (40, 64), jn.Conv1D(64, 5, activation="relu")),
    ],
    ids=["3 x 3", "5 x 5", "sequences"],
)
def test_a_few_examples_are_predicted_to_the_same_bits_as_many(
    dtype: str, shape: tuple[int, ...], layer: jn.Conv2D | jn.Conv1D, rng: np.random.Generator
) -> None:
    assert kernel_of(layer, shape, panel_width(dtype)) == "convolution_patches_forward"
    X = rng.normal(size=(40, *shape)).astype(dtype)
    model = jn.Sequential([layer], loss="mse", dtype=dtype, seed=1).build(shape)
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
        layers = layers_of_patches(n_in, n_out)
        model = jn.Sequential(layers, loss="softmax_crossentropy", n_threads=workers, seed=3)
        model.fit(X, y, epochs=3, batch_size=13, progress=False)
        found.add(b"".join(array.tobytes() for array in model.get_weights()))
    assert len(found) == 1


def test_a_layer_of_so_many_weights_that_workers_would_have_no_room_goes_the_windows_way() -> None:
    width, layers = panel_width(np.float32), {n: jn.Conv2D(n, 3) for n in (512, 12_000)}
    kernels = [kernel_of(layer, (16, 16, n), width) for n, layer in layers.items()]
    assert kernels == ["convolution_patches_forward", "convolution_forward"]
    assert layers[12_000].node((16, 16, 12_000), width).scratch < 2**31


@pytest.mark.parametrize(
    ("shape", "layer"),
    [
        ((16, 16, 32), jn.Conv2D(48, 3)),
        ((16, 16, 96), jn.Conv2D(32, 3)),
        ((14, 14, 32), jn.Conv2D(48, 3)),
        ((16, 16, 32), jn.Conv2D(48, 5)),
        ((80, 64), jn.Conv1D(64, 5)),
    ],
    ids=["3 x 3", "many channels", "three outputs", "5 x 5", "sequences"],
)
def test_patches_are_about_as_right_as_the_sums_that_they_replace(
    shape: tuple[int, ...],
    layer: jn.Conv2D | jn.Conv1D,
    rng: np.random.Generator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    X, width = rng.normal(size=(70, *shape)).astype(np.float32), panel_width(np.float32)
    exact = jn.Sequential([layer], loss="mse", dtype="float64").build(shape)
    y = rng.normal(size=exact.predict(X.astype(float)).shape).astype(np.float32)
    weights: list[Array] = []
    found: list[tuple[float, float]] = []

    def compute(layer: jn.Conv2D | jn.Conv1D) -> None:
        model = jn.Sequential([layer], loss="mse", dtype="float32", seed=2).build(shape)
        weights[:] = weights or model.get_weights()
        model.set_weights(weights)
        exact.set_weights([array.astype(float) for array in weights])
        gradient, expected = (m.gradients(X.astype(m.dtype), y)[0] for m in (model, exact))
        outputs = model.predict(X) - exact.predict(X.astype(float))
        found.append((float(np.std(outputs)), float(np.std(gradient - expected))))

    assert kernel_of(layer, shape, width) == "convolution_patches_forward"
    compute(layer)
    layer = replace(layer, initializer="glorot_uniform")  # a node of its own
    monkeypatch.setattr(winograd, "LEAST_PATCHES", 10**9)
    assert kernel_of(layer, shape, width) == "convolution_forward"
    compute(layer)
    (outputs, gradients), (own_outputs, own_gradients) = found
    assert outputs < winograd.MOST_ERROR * own_outputs
    assert gradients < GRADIENTS_ERROR * own_gradients
