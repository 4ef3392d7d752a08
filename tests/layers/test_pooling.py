"""Pools are right for windows of every size, stride and padding, whichever way work is cut.

Values are small whole numbers, of which many are equal, so that sums are exact and it shows which
of the greatest takes a gradient.
"""

import inspect
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

import jitnet as jn
from jitnet.arrays import FloatArray
from jitnet.kernels.panels import panel_width
from jitnet.layers import Layer, Node, Operation
from jitnet.study.blocks import BACKWARD, FORWARD, Blocks, from_panels, to_panels
from oracle import oracle_of
from tolerances import EPSILON

Array = np.ndarray[Any, Any]

GUARD = -777.0
"""What stands where nothing may be written."""

POOLS = (jn.MaxPool2D, jn.MaxPool1D, jn.AveragePool2D, jn.AveragePool1D)
GLOBAL_POOLS = (jn.GlobalMaxPool, jn.GlobalAveragePool)

each_dtype = pytest.mark.parametrize("dtype", ["float32", "float64"])
each_pool = pytest.mark.parametrize("kind", POOLS)
each_global_pool = pytest.mark.parametrize("kind", GLOBAL_POOLS)


def random_pools(kind: Any, rng: np.random.Generator, count: int) -> Iterator[tuple[Any, Any]]:
    """Pools of all kinds of windows, and shapes that they fit into."""
    for _ in range(count):
        pool = rng.integers(1, 5, kind.axes)
        padding = rng.integers(0, pool // 2 + 1)
        strides = rng.integers(1, 5, kind.axes)
        sizes = rng.integers(np.maximum(pool - 2 * padding, 1), 10)
        layer = kind(*(tuple(n.tolist()) for n in (pool, strides, padding)))
        yield layer, (*sizes.tolist(), int(rng.integers(1, 6)))


def whole_numbers(rng: np.random.Generator, *shape: int) -> FloatArray:
    return rng.integers(-2, 3, shape).astype(float)


class Panels:
    """A layer's node, and arrays of panels that its kernels are called on."""

    def __init__(self, layer: Layer, X: FloatArray, dtype: str) -> None:
        self.shape, self.examples = X.shape[1:], len(X)
        self.node: Node = layer.node(self.shape, panel_width(dtype))
        x = to_panels(X.reshape(len(X), -1).T.astype(dtype))
        y = np.full((len(x), int(np.prod(self.node.output)), x.shape[2]), GUARD, dtype)
        self.arrays = {"X": x, "Y": y, "dX": np.full_like(x, GUARD), "dY": np.full_like(y, GUARD)}
        if len(self.shape) == 2:  # of sequences, all time steps are there
            self.arrays["mask"] = np.ones((len(x), self.shape[0], x.shape[2]), dtype)

    def write(self, name: str, values: FloatArray) -> None:
        rows = values.reshape(self.examples, -1).T
        self.arrays[name][...] = to_panels(rows.astype(self.arrays[name].dtype))

    def read(self, name: str) -> Array:
        shape = self.shape if name == "dX" else self.node.output
        return from_panels(self.arrays[name], self.examples).T.reshape(-1, *shape)

    def run(self, operation: Operation, **portion: int) -> None:
        """Call an operation's kernel, on all panels and its whole cut where none is said."""
        assert operation.cut is not None
        part = operation.cut.dimension
        values: Mapping[str, Any] = {
            **self.arrays,
            **operation.settings,
            "first_panel": 0,
            "last_panel": len(self.arrays["X"]),
            f"first_{part}": 0,
            f"last_{part}": operation.cut.size,
            **portion,
        }
        kernel: Any = operation.kernel
        names = inspect.signature(getattr(kernel, "py_func", kernel)).parameters
        kernel(*(values[name] for name in names))

    def forward(self) -> Array:
        self.run(self.node.forward[0])
        return self.read("Y")

    def backward(self, dY: FloatArray) -> Array:
        self.write("dY", dY)
        self.run(self.node.backward[0])
        return self.read("dX")


def check(layer: Layer, X: FloatArray, dY: FloatArray, dtype: str) -> None:
    """Forward and backward agree with the definition: to the bit where nothing is divided."""
    oracle, panels = oracle_of(layer), Panels(layer, X, dtype)
    expected: Any = oracle.forward(layer, X, [], None), oracle.backward(layer, dY, X, [], None)[0]
    exact = "Max" in type(layer).__name__
    # a few roundings: of 1 / count, of the product, and of sums of at most 81 values
    bound = 0.0 if exact else 16 * EPSILON[dtype]
    for found, right in zip((panels.forward(), panels.backward(dY)), expected, strict=True):
        np.testing.assert_allclose(found, right, rtol=bound, atol=bound, err_msg=repr(layer))


@each_dtype
@each_pool
def test_windows_of_every_size_stride_and_padding(
    kind: Any, dtype: str, rng: np.random.Generator
) -> None:
    for layer, shape in random_pools(kind, rng, 150):
        X = whole_numbers(rng, int(rng.integers(1, 40)), *shape)
        check(layer, X, whole_numbers(rng, len(X), *layer.node(shape, 16).output), dtype)


@each_dtype
@each_global_pool
def test_the_whole_of_images_and_sequences(kind: Any, dtype: str, rng: np.random.Generator) -> None:
    for _ in range(50):
        shape = rng.integers(1, 10, rng.integers(2, 4)).tolist()
        X = whole_numbers(rng, int(rng.integers(1, 40)), *shape)
        check(kind(), X, whole_numbers(rng, len(X), shape[-1]), dtype)


@each_pool
def test_images_and_sequences_without_channels_have_one(
    kind: Any, rng: np.random.Generator
) -> None:
    X = whole_numbers(rng, 5, *(7, 6)[: kind.axes])
    layer = kind(2)
    output = layer.node(X.shape[1:], 16).output
    assert output == (3,) * kind.axes + (1,)
    check(layer, X, whole_numbers(rng, 5, *output), "float64")


def test_windows_are_as_large_as_the_pool_unless_strides_are_given() -> None:
    assert jn.MaxPool2D().node((9, 8, 3), 16).output == (4, 4, 3)
    assert jn.MaxPool2D(3).node((9, 8, 3), 16).output == (3, 2, 3)
    assert jn.MaxPool2D((3, 2), 1, (1, 0)).node((9, 8, 3), 16).output == (9, 7, 3)
    assert jn.AveragePool1D(3, 2, padding=1).node((9, 4), 16).output == (5, 4)


@each_dtype
def test_the_first_of_equal_values_takes_the_gradient(dtype: str) -> None:
    X = np.zeros((1, 4, 4, 1))
    X[0, :2, 2:, 0] = [[1, 3], [3, 3]]
    X[0, 2:, :2, 0] = [[-5, -6], [-5, -5]]
    panels = Panels(jn.MaxPool2D(2), X, dtype)
    panels.forward()
    dX = panels.backward(np.array([10.0, 20.0, 30.0, 40.0]).reshape(1, 2, 2, 1))
    expected = [[10, 0, 0, 20], [0, 0, 0, 0], [30, 0, 40, 0], [0, 0, 0, 0]]
    np.testing.assert_array_equal(dX[0, :, :, 0], expected)


@each_dtype
def test_gradients_of_overlapping_windows_add_up(dtype: str) -> None:
    X = np.array([0.0, 1.0, 5.0, 2.0, 3.0]).reshape(1, 5, 1)
    panels = Panels(jn.MaxPool1D(3, strides=1), X, dtype)
    panels.forward()
    dX = panels.backward(np.array([1.0, 10.0, 100.0]).reshape(1, 3, 1))
    np.testing.assert_array_equal(dX.ravel(), [0, 0, 111, 0, 0])


@each_dtype
@pytest.mark.parametrize("layer", [jn.MaxPool2D(2), jn.GlobalMaxPool()])
@pytest.mark.parametrize("place", range(4))
def test_what_is_not_a_number_or_infinite_shows(layer: Any, place: int, dtype: str) -> None:
    X = np.array([1.0, 2.0, 3.0, 4.0] * 3).reshape(3, 2, 2, 1)
    X[0].reshape(-1)[place] = np.nan
    X[1].reshape(-1)[place] = np.inf
    X[2] = -np.inf
    Y = Panels(layer, X, dtype).forward()
    np.testing.assert_array_equal(Y.ravel(), [np.nan, np.inf, -np.inf])


def cuts(size: int, rng: np.random.Generator) -> list[tuple[int, int]]:
    """A range in pieces, in any order."""
    inner = sorted(set(rng.integers(1, size, 3).tolist())) if size > 1 else []
    pieces = list(pairwise([0, *inner, size]))
    return [pieces[i] for i in rng.permutation(len(pieces))]


def all_pools(rng: np.random.Generator) -> Iterator[tuple[Any, Any]]:
    for kind in POOLS:
        yield from random_pools(kind, rng, 40)
    for layer in (jn.GlobalMaxPool(), jn.GlobalAveragePool()):
        yield layer, (4, 3, 5)


@each_dtype
def test_each_worker_writes_its_own_part_and_all_parts_have_the_bits_of_one(
    dtype: str, rng: np.random.Generator
) -> None:
    for layer, shape in all_pools(rng):
        X = rng.normal(size=(2 * panel_width(dtype) + 1, *shape))
        whole, parts = Panels(layer, X, dtype), Panels(layer, X, dtype)
        for operation, name in ((whole.node.forward[0], "Y"), (whole.node.backward[0], "dX")):
            whole.run(operation)
            written = parts.arrays[name]
            by_part = written.reshape(len(written), *_split(operation, name, parts), -1)
            part = operation.cut.dimension  # type: ignore[union-attr]
            for first, last in cuts(operation.cut.size, rng):  # type: ignore[union-attr]
                before = written.copy()
                portion = {f"first_{part}": first, f"last_{part}": last}
                parts.run(operation, first_panel=1, last_panel=2, **portion)
                changed = (written != before).reshape(by_part.shape)
                changed[1, :, first:last] = False
                assert not changed.any(), layer
                parts.run(operation, first_panel=0, last_panel=1, **portion)
                parts.run(operation, first_panel=2, last_panel=3, **portion)
            np.testing.assert_array_equal(written, whole.arrays[name], err_msg=repr(layer))
            dY = rng.normal(size=(len(X), *whole.node.output))
            whole.write("dY", dY)
            parts.write("dY", dY)


def _split(operation: Operation, name: str, panels: Panels) -> tuple[int, int]:
    """A panel's units as what lies before the cut's dimension, and the dimension."""
    assert operation.cut is not None
    units, size = panels.arrays[name].shape[1], operation.cut.size
    return (1, size) if operation.cut.dimension == "row" else (units // size, size)


@each_dtype
@pytest.mark.parametrize(
    "layer", [jn.MaxPool2D(2), jn.AveragePool2D(3, 2, 1), jn.MaxPool1D(3, 1), jn.GlobalMaxPool()]
)
def test_workers_in_lockstep_have_the_bits_of_one(
    layer: Any, dtype: str, rng: np.random.Generator
) -> None:
    shape = (9, 5) if isinstance(layer, jn.MaxPool1D) else (9, 7, 5)
    X = rng.normal(size=(panel_width(dtype) + 1, *shape))
    dY = rng.normal(size=(len(X), *layer.node(shape, 16).output))
    results = []
    for threads in (1, 3, 4):
        blocks = Blocks(layer, shape, len(X), dtype, threads)
        blocks.write(X=X.reshape(len(X), -1).T, dY=dY.reshape(len(X), -1).T)
        blocks.runs(FORWARD, BACKWARD)(1)
        results.append(blocks.read("Y").tobytes() + blocks.read("dX").tobytes())
    assert results[0] == results[1] == results[2]
    assert any(results[0])


@each_pool
@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"pool_size": 0}, "pool_size must be at least 1, got 0"),
        ({"strides": 0}, "strides must be at least 1, got 0"),
        ({"padding": -1}, "padding must be at least 0, got -1"),
        ({"pool_size": (1, 2, 3)}, r"pool_size must be a whole number or \d, one for each axis"),
        ({"strides": ()}, r"strides must be a whole number or \d, one for each axis, got \(\)"),
        ({"padding": "same"}, "padding must be 'valid' or whole numbers, .* got 'same'"),
        ({"padding": 2}, "padding must be at most half of pool_size 2, got 2"),
        ({"pool_size": 3, "padding": 2}, "padding must be at most half of pool_size 3, got 2"),
    ],
)
def test_numbers_that_make_no_sense_are_refused(kind: Any, given: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        kind(**given)


@each_pool
@pytest.mark.parametrize("name", ["pool_size", "strides", "padding"])
@pytest.mark.parametrize("value", [1.5, True, None, ("2",)])
def test_what_is_no_whole_number_is_refused(kind: Any, name: str, value: Any) -> None:
    if name == "strides" and value is None:
        return
    value = value * kind.axes if isinstance(value, tuple) else value
    with pytest.raises(TypeError, match=f"{name} must be a whole number, got"):
        kind(**{name: value})


def test_inputs_of_another_number_of_axes_are_refused() -> None:
    images, sequences = r"images \(height, width, channels\)", r"sequences \(time, channels\)"
    with pytest.raises(ValueError, match=rf"MaxPool2D takes {images}, got \(9,\)"):
        jn.MaxPool2D().node((9,), 16)
    with pytest.raises(ValueError, match=rf"AveragePool1D takes {sequences}, got \(9, 9, 1\)"):
        jn.AveragePool1D().node((9, 9, 1), 16)
    with pytest.raises(ValueError, match=rf"GlobalMaxPool takes {images} or {sequences}, got"):
        jn.GlobalMaxPool().node((9,), 16)


@each_pool
def test_a_pool_larger_than_its_input_is_refused(kind: Any) -> None:
    shape = (3, 2, 1)[2 - kind.axes :]
    with pytest.raises(ValueError, match=r"the windows of .*\(pool_size=3, .* are larger than its"):
        kind(3).node(shape, 16)
    assert kind(3, padding=1).node(shape, 16).output == (1,) * (kind.axes + 1)


def test_pools_of_lists_are_those_of_tuples() -> None:
    assert jn.MaxPool2D([2, 1], [1, 2], [1, 0]) == jn.MaxPool2D((2, 1), (1, 2), (1, 0))  # type: ignore[arg-type]


def test_other_libraries_keywords_are_answered_with_ours() -> None:
    with pytest.raises(TypeError, match="'kernel_size'; what you mean is pool_size"):
        jn.MaxPool2D(kernel_size=2)  # type: ignore[call-arg]


@each_pool
def test_pools_are_those_of_pytorch(kind: Any, rng: np.random.Generator) -> None:
    torch: Any = pytest.importorskip("torch", reason="PyTorch is an extra: jitnet[reference]")
    from torch_pools import TORCH_POOLS

    exact = "Max" in kind.__name__
    bound = 0.0 if exact else 1e-12  # another order of sums
    for layer, shape in random_pools(kind, rng, 60):
        X = whole_numbers(rng, 3, *shape)
        panels = Panels(layer, X, "float64")
        x = torch.tensor(X, requires_grad=True)
        y = TORCH_POOLS[kind.__name__](layer, x)
        dY = whole_numbers(rng, 3, *panels.node.output)
        y.backward(torch.tensor(dY))
        for found, right in ((panels.forward(), y.detach()), (panels.backward(dY), x.grad)):
            np.testing.assert_allclose(found, right, rtol=bound, atol=bound, err_msg=repr(layer))
