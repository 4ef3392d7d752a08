"""The blocks of the dense layer multiply right whichever way weights lie and work is cut.

Factors are small whole numbers there, so that every sum is exact and nothing may differ. The two
twins of each block, compiled from one source, give the same bits: blocks are found in the module,
and what they are given goes by the names of their arguments.
"""

import inspect
from typing import Any

import numba
import numpy as np
import pytest

from jitnet.kernels import matmul, weights
from jitnet.kernels.cpu import TILES
from jitnet.kernels.jit import njit
from jitnet.kernels.matmul import packed_shape
from jitnet.kernels.panels import panel_width, room_size
from jitnet.layers import dense, dense_few, dense_small

Array = np.ndarray[Any, Any]

PANELS, N_IN, N_OUT = 3, 40, 27
TALL = TILES[0]
GUARD = -777.0
"""What stands where nothing may be written."""

BLOCKS = {
    name: block
    for name, block in vars(dense).items()
    if getattr(block, "serial", block) is not block
}

forward = dense.dense_forward.serial
backward = dense.dense_backward.serial
weight_backward = dense.dense_weight_backward.serial
pack = weights.pack_weights.serial
small_forward = dense_small.dense_small_forward.serial
small_backward = dense_small.dense_small_backward.serial
small_weight_backward = dense_small.dense_small_weight_backward.serial
bias_backward = dense.dense_bias_backward.serial
few_forward = dense_few.dense_few_forward.serial


@njit(entry=True)
def call_forward(*args: Any) -> None:
    forward(*args)


@njit(entry=True)
def call_backward(*args: Any) -> None:
    backward(*args)


@njit(entry=True)
def call_weight_backward(*args: Any) -> None:
    weight_backward(*args)


@njit(entry=True)
def call_pack(*args: Any) -> None:
    pack(*args)


@njit(entry=True)
def call_small_forward(*args: Any) -> None:
    small_forward(*args)


@njit(entry=True)
def call_small_backward(*args: Any) -> None:
    small_backward(*args)


@njit(entry=True)
def call_small_weight_backward(*args: Any) -> None:
    small_weight_backward(*args)


@njit(entry=True)
def call_bias_backward(*args: Any) -> None:
    bias_backward(*args)


@njit(entry=True)
def call_few_forward(*args: Any) -> None:
    few_forward(*args)


input_weight_backward = dense.dense_input_weight_backward.serial


@njit(entry=True)
def call_input_weight_backward(*args: Any) -> None:
    input_weight_backward(*args)


SERIAL = {
    "dense_input_weight_backward": call_input_weight_backward,
    "pack_weights": call_pack,
    "dense_forward": call_forward,
    "dense_backward": call_backward,
    "dense_weight_backward": call_weight_backward,
    "dense_small_forward": call_small_forward,
    "dense_small_backward": call_small_backward,
    "dense_small_weight_backward": call_small_weight_backward,
    "dense_bias_backward": call_bias_backward,
    "dense_few_forward": call_few_forward,
}
"""The twins for one thread are called from compiled code alone."""


def arguments(name: str, dtype: str, rng: np.random.Generator) -> list[Any]:
    """Arrays and bounds for a block, by the names of its arguments."""
    width = panel_width(dtype)
    shapes = {
        "X": (PANELS, N_IN, width),
        "Y": (PANELS, N_OUT, width),
        "weight": (N_IN * N_OUT,),
        "packed": (-(-N_OUT // TALL), N_IN + 1, TALL),
        "bias": (N_OUT,),
        "scratch": (2, width * PANELS * width),
    }
    if name == "dense_few_forward":
        shapes |= {"X": (PANELS, N_IN), "Y": (PANELS, N_OUT), "weight": (N_IN * N_OUT + width,)}
    blocks = -(-N_IN // width)
    shapes["X_rows"] = PANELS, blocks * (width + 1), width
    shapes |= {f"d{array}": shape for array, shape in shapes.items()}
    numbers: dict[str, Any] = {
        "turned": False,
        "examples": PANELS * width,
        "times": 1,
        "last": N_OUT,
        "last_panel": PANELS,
        "last_input": N_IN,
        "last_unit": N_OUT,
        "last_row": N_IN,
        "last_block": -(-N_OUT // width),
        "add": True,
    }
    if name == "dense_input_weight_backward":
        numbers |= {"n_lanes": N_IN, "last_row": N_OUT, "last_block": blocks}
    numbers |= {first.replace("last", "first"): 0 for first in numbers if "last" in first}
    names = inspect.signature(BLOCKS[name].py_func).parameters
    return [numbers[n] if n in numbers else rng.normal(size=shapes[n]).astype(dtype) for n in names]


def test_every_block_has_its_two_twins_compared() -> None:
    assert set(BLOCKS) == set(SERIAL)


@pytest.mark.parametrize("name", BLOCKS)
def test_the_twins_give_the_same_bits(name: str, rng: np.random.Generator) -> None:
    given = arguments(name, "float32", rng)
    before = given[0].copy()
    SERIAL[name](*given)
    expected = given[0].copy()
    assert not np.array_equal(expected, before), "the block has written something"
    threads = numba.get_num_threads()
    try:
        for count in range(1, threads + 1):
            numba.set_num_threads(count)
            given[0][:] = before
            BLOCKS[name](*given)
            np.testing.assert_array_equal(given[0].view(np.uint8), expected.view(np.uint8))
    finally:
        numba.set_num_threads(threads)


each_dtype = pytest.mark.parametrize("dtype", ["float32", "float64"])
each_order = pytest.mark.parametrize("turned", [False, True], ids=["as it is", "turned"])
SHAPES = [(1, 1), (3, 10), (40, 27), (64, 100), (2 * TALL, 3 * TALL), (2 * TALL + 1, 3 * TALL - 1)]
LONG = (int(weights.DEPTH) + 3, 5)
"""Inputs whose sum goes on after a part of it, and units."""
LARGE = (300, 300)
"""Of more weights than all panels read at once."""


def test_large_weights_are_more_than_are_read_at_once() -> None:
    assert LARGE[0] * LARGE[1] > weights.NEAR_WEIGHTS


def whole_numbers(rng: np.random.Generator, dtype: str, *shape: int) -> Array:
    return rng.integers(-4, 5, shape).astype(dtype)


class Layer:
    """Weights in their order, packed or not, with panels of inputs and gradients."""

    def __init__(
        self, rng: np.random.Generator, dtype: str, n_in: int, n_out: int, turned: bool, packs: bool
    ) -> None:
        self.n_in, self.n_out, self.turned = n_in, n_out, turned
        self.width = panel_width(dtype)
        self.W = whole_numbers(rng, dtype, n_in, n_out)
        self.weight = np.ascontiguousarray(self.W.T if turned else self.W).reshape(-1)
        self.bias = whole_numbers(rng, dtype, n_out)
        self.X = whole_numbers(rng, dtype, PANELS, n_in, self.width)
        self.dY = whole_numbers(rng, dtype, PANELS, n_out, self.width)
        self.n_rows, self.n_lanes = (n_out, n_in) if turned else (n_in, n_out)
        tiles = -(-self.n_lanes // TALL) if packs else 0
        self.packed = np.full((tiles, self.n_rows + 1, TALL), GUARD, dtype)
        if packs:
            call_pack(self.packed, self.weight, 0, self.n_rows)

    def room(self, rows: int) -> Array:
        """A room of so many turned rows."""
        return np.full((1, rows * self.width), GUARD, self.X.dtype)


@pytest.fixture(params=[False, True], ids=["read as they lie", "packed"])
def packs(request: pytest.FixtureRequest) -> bool:
    """Whether weights are packed."""
    return bool(request.param)


@each_dtype
@each_order
@pytest.mark.parametrize(("n_in", "n_out"), [*SHAPES, LONG, LARGE])
def test_forward_multiplies_any_part(
    dtype: str, turned: bool, n_in: int, n_out: int, packs: bool, rng: np.random.Generator
) -> None:
    layer = Layer(rng, dtype, n_in, n_out, turned, packs)
    expected = np.einsum("ku,pki->pui", layer.W, layer.X) + layer.bias[:, None]
    for first, last in ((0, n_out), (n_out // 3, n_out - n_out // 4)):
        Y = np.full((PANELS, n_out, layer.width), GUARD, dtype)
        call_forward(
            Y, layer.X, layer.weight, layer.packed, layer.bias, turned, 1, PANELS, first, last
        )
        np.testing.assert_array_equal(Y[1:, first:last], expected[1:, first:last])
        Y[1:, first:last] = GUARD
        np.testing.assert_array_equal(Y, GUARD)


@each_dtype
@each_order
@pytest.mark.parametrize(("n_in", "n_out"), [*SHAPES, LONG[::-1], LARGE])
def test_backward_multiplies_any_part(
    dtype: str, turned: bool, n_in: int, n_out: int, packs: bool, rng: np.random.Generator
) -> None:
    layer = Layer(rng, dtype, n_in, n_out, turned, packs)
    expected = np.einsum("ku,pui->pki", layer.W, layer.dY)
    for first, last in ((0, n_in), (n_in // 3, n_in - n_in // 4)):
        dX = np.full((PANELS, n_in, layer.width), GUARD, dtype)
        call_backward(dX, layer.dY, layer.weight, layer.packed, turned, 1, PANELS, first, last)
        np.testing.assert_array_equal(dX[1:, first:last], expected[1:, first:last])
        dX[1:, first:last] = GUARD
        np.testing.assert_array_equal(dX, GUARD)


@each_dtype
@each_order
@pytest.mark.parametrize(("add", "missing"), [(False, 0), (True, 3)], ids=["overwrites", "adds"])
@pytest.mark.parametrize("times", [1, PANELS], ids=["examples", "time steps"])
@pytest.mark.parametrize(("n_in", "n_out"), SHAPES)
def test_the_weights_gradient_of_any_part(
    dtype: str,
    turned: bool,
    n_in: int,
    n_out: int,
    times: int,
    add: bool,
    missing: int,
    rng: np.random.Generator,
) -> None:
    layer = Layer(rng, dtype, n_in, n_out, turned, packs=False)
    examples = PANELS * layer.width - missing * times
    seen = layer.dY.copy()
    seen[-times:, :, layer.width - missing :] = 0
    product = np.einsum("pki,pui->ku", layer.X, seen)
    before = whole_numbers(rng, dtype, layer.n_rows, layer.n_lanes)
    expected = (product.T if turned else product) + before * add
    blocks, rows = -(-layer.n_lanes // layer.width), layer.n_rows
    room = layer.room(PANELS * layer.width)  # for one block at a time
    parts = [((0, rows), (0, blocks)), ((rows // 3, rows - rows // 4), (blocks // 2, blocks))]
    for (r0, r1), (b0, b1) in parts:
        dweight = before.copy()
        sizes = turned, examples, times, r0, r1, b0, b1
        call_weight_backward(dweight.reshape(-1), layer.X, layer.dY, room, *sizes, add)
        lanes = slice(b0 * layer.width, b1 * layer.width)
        np.testing.assert_array_equal(dweight[r0:r1, lanes], expected[r0:r1, lanes])
        dweight[r0:r1, lanes] = before[r0:r1, lanes]
        np.testing.assert_array_equal(dweight, before)


@each_order
def test_the_weights_gradient_of_more_examples_than_are_summed_at_once(
    turned: bool, rng: np.random.Generator
) -> None:
    width = panel_width("float32")
    panels = 2 * int(weights.EXAMPLES_AT_ONCE) // width + 1
    X = whole_numbers(rng, "float32", panels, 5 * TALL + 1, width)
    dY = whole_numbers(rng, "float32", panels, 3, width)
    product = np.einsum("pki,pui->ku", X, dY)
    dweight = np.empty_like(product.T if turned else product, order="C")
    rooms = np.empty((1, room_size("float32")), "float32")
    rows, lanes = dweight.shape
    blocks = -(-lanes // width)
    sizes = turned, panels * width, 1, 0, rows, 0, blocks
    call_weight_backward(dweight.reshape(-1), X, dY, rooms, *sizes, False)
    np.testing.assert_array_equal(dweight, product.T if turned else product)


@each_dtype
def test_weights_are_packed_by_any_part_of_their_rows(dtype: str, rng: np.random.Generator) -> None:
    for rows, lanes in ((1, 1), (3, TALL), (40, 2 * TALL + 1), (50, 3 * TALL), (33, 5 * TALL - 1)):
        weight = whole_numbers(rng, dtype, rows, lanes)
        tiles = -(-lanes // TALL)
        expected = np.full((tiles, rows + 1, TALL), GUARD, dtype)
        for tile in range(tiles):
            part = weight[:, tile * TALL : (tile + 1) * TALL]
            expected[tile, :rows, : part.shape[1]] = part
        for first, last in ((0, rows), (rows // 3, rows - rows // 5)):
            packed = np.full_like(expected, GUARD)
            call_pack(packed, weight.reshape(-1), first, last)
            np.testing.assert_array_equal(packed[:, first:last], expected[:, first:last])
            packed[:, first:last] = GUARD
            np.testing.assert_array_equal(packed, GUARD)


def test_nothing_behind_the_weights_is_read(last_bytes_of_memory: Array) -> None:
    for rows, lanes in ((1, TALL), (17, TALL), (20, 2 * TALL + 1)):
        weight = last_bytes_of_memory[-4 * rows * lanes :].view("float32")
        weight[:] = np.arange(weight.size)
        packed = np.full((-(-lanes // TALL), rows + 1, TALL), GUARD, "float32")
        call_pack(packed, weight, 0, rows)
        np.testing.assert_array_equal(packed[0, :rows], weight.reshape(rows, lanes)[:, :TALL])
        for turned in (False, True):
            n_in, n_out = (lanes, rows) if turned else (rows, lanes)
            width = panel_width("float32")
            X, Y = np.ones((1, n_in, width), "f4"), np.empty((1, n_out, width), "f4")
            for room in (packed, packed[:0]):
                call_forward(Y, X, weight, room, np.zeros(n_out, "f4"), turned, 0, 1, 0, n_out)
                call_backward(X, Y, weight, room, turned, 0, 1, 0, n_in)


@each_dtype
@each_order
@pytest.mark.parametrize(("n_in", "n_out"), [*SHAPES, LONG, LARGE])
def test_a_few_examples_give_the_bits_of_a_panel(
    dtype: str, turned: bool, n_in: int, n_out: int, packs: bool, rng: np.random.Generator
) -> None:
    layer = Layer(rng, dtype, n_in, n_out, turned, packs)
    X = rng.normal(size=(PANELS, n_in, layer.width)).astype(dtype)
    bias: Array = layer.bias / 3
    weight = rng.normal(size=(layer.weight.size + 2 * layer.width,)).astype(dtype)
    if packs:
        call_pack(layer.packed, weight[: layer.weight.size], 0, layer.n_rows)
    Y = np.empty((PANELS, n_out, layer.width), dtype)
    call_forward(Y, X, weight, layer.packed, bias, turned, 0, PANELS, 0, n_out)
    for count in range(1, layer.width + 1):
        few = np.empty((count, n_out), dtype)
        call_few_forward(few, X[0, :, :count].T.copy(), weight, bias, turned)
        np.testing.assert_array_equal(few.view(np.uint8), Y[0, :, :count].T.copy().view(np.uint8))


def test_only_layers_that_gain_by_it_are_packed() -> None:
    assert packed_shape(1, matmul.PACKED_LAYER)[0] > 0
    assert packed_shape(1, matmul.PACKED_LAYER - 1)[0] == 0
