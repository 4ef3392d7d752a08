"""Embeddings look vectors up and give gradients back, whichever way work is cut.

Gradients are small whole numbers where sums are compared with NumPy's, so that they are exact.
"""

from collections.abc import Callable
from operator import methodcaller
from typing import Any

import numpy as np
import pytest

import jitnet as jn
from jitnet.kernels.jit import njit
from jitnet.kernels.panels import panel_width, room_size
from jitnet.layers import embedding

Array = np.ndarray[Any, Any]

PANELS, TIME, VOCABULARY = 3, 4, 6
GUARD = -777.0
"""What stands where nothing may be written."""

each_dtype = pytest.mark.parametrize("dtype", ["float32", "float64"])

forward = embedding.embedding_forward.serial
weight_backward = embedding.embedding_weight_backward.serial


@njit(entry=True)
def call_forward(*args: Any) -> None:
    forward(*args)


@njit(entry=True)
def call_weight_backward(*args: Any) -> None:
    weight_backward(*args)


FORWARD = [call_forward, embedding.embedding_forward]
WEIGHT_BACKWARD = [call_weight_backward, embedding.embedding_weight_backward]
each_forward = pytest.mark.parametrize("kernel", FORWARD, ids=["serial", "parallel"])
each_weight_backward = pytest.mark.parametrize(
    "kernel", WEIGHT_BACKWARD, ids=["serial", "parallel"]
)


def units_at_edges(dtype: str) -> list[int]:
    width = panel_width(dtype)
    return [1, 2, width // 2, width // 2 + 1, width - 1, width, width + 1, 2 * width + 3]


def indices(rng: np.random.Generator, width: int) -> Array:
    return rng.integers(0, VOCABULARY, (PANELS, TIME, width)).astype(np.int32)


def rooms(parts: int, dtype: str) -> Array:
    return np.full((parts, room_size(dtype)), GUARD, dtype)


@each_dtype
@each_forward
def test_each_index_finds_its_vector(
    kernel: Callable[..., None], dtype: str, rng: np.random.Generator
) -> None:
    for units in units_at_edges(dtype):
        X = indices(rng, panel_width(dtype))
        weight = rng.normal(size=(VOCABULARY, units)).astype(dtype)
        expected = np.moveaxis(weight[X], 3, 2).reshape(PANELS, TIME * units, -1)
        Y = np.full_like(expected, GUARD)
        kernel(Y, X, weight.reshape(-1), rooms(2, dtype), TIME, 1, PANELS)
        np.testing.assert_array_equal(Y[1:], expected[1:])
        np.testing.assert_array_equal(Y[0], GUARD)


def test_nothing_behind_the_weights_is_read(last_bytes_of_memory: Array) -> None:
    width = panel_width("float32")
    X = np.full((1, TIME, width), VOCABULARY - 1, np.int32)
    for units in (1, 3, width, width + 1):
        weight = last_bytes_of_memory[-4 * VOCABULARY * units :].view("float32")
        weight[:] = np.arange(weight.size)
        Y = np.empty((1, TIME * units, width), "float32")
        call_forward(Y, X, weight, rooms(1, "float32"), TIME, 0, 1)
        last = np.tile(weight[-units:], TIME)
        np.testing.assert_array_equal(Y[0], np.repeat(last[:, None], width, axis=1))


@each_dtype
@each_weight_backward
@pytest.mark.parametrize("add", [0, 1], ids=["overwrites", "adds"])
@pytest.mark.parametrize("parts", [1, 2, 3])
def test_the_gradient_of_any_units_is_summed_index_by_index(
    kernel: Callable[..., None], add: int, parts: int, dtype: str, rng: np.random.Generator
) -> None:
    width = panel_width(dtype)
    for units in units_at_edges(dtype):
        X = indices(rng, width)
        dY = rng.integers(-4, 5, (PANELS, TIME * units, width)).astype(dtype)
        before = rng.integers(-4, 5, (VOCABULARY, units)).astype(dtype)
        expected = before * add
        np.add.at(expected, X, np.moveaxis(dY.reshape(PANELS, TIME, units, width), 2, 3))
        firsts = range(0, units, embedding.UNITS_AT_ONCE)
        for first in firsts:
            last = min(first + 2 * embedding.UNITS_AT_ONCE, units)
            dweight = before.copy()
            kernel(dweight.reshape(-1), dY, X, rooms(parts, dtype), TIME, add, first, last)
            np.testing.assert_array_equal(dweight[:, first:last], expected[:, first:last])
            dweight[:, first:last] = before[:, first:last]
            np.testing.assert_array_equal(dweight, before)


def model_of(dtype: str = "float32", **options: Any) -> jn.Sequential:
    layers = [jn.Embedding(50, 17, **options), jn.GRU(5), jn.Dense(3)]
    return jn.Sequential(layers, "softmax_crossentropy", dtype=dtype)


KINDS: dict[str, Callable[[Array], Any]] = {
    **{kind: methodcaller("astype", kind) for kind in ("u1", "i2", "i8", "u8", "f4", "f8")},
    "other byte order": lambda X: X.astype(">i4"),
    "Fortran-ordered": np.asfortranarray,
    "strided": lambda X: np.repeat(X, 3, axis=1)[:, ::3],
    "list": lambda X: X.tolist(),
}


@each_dtype
@pytest.mark.parametrize("kind", KINDS)
def test_indices_of_every_type_and_layout_are_the_same(
    kind: str, dtype: str, rng: np.random.Generator
) -> None:
    X, y = rng.integers(0, 50, (70, 6)), rng.integers(0, 3, 70)
    found = []
    for given in (X, KINDS[kind](X)):
        model = model_of(dtype)
        losses = model.fit(given, y, epochs=2, batch_size=32)["loss"]
        found.append((losses, model.predict(given).tobytes(), model.predict(given[:2]).tobytes()))
    assert found[0] == found[1]


def test_indices_beyond_what_floats_hold_are_not_confused(rng: np.random.Generator) -> None:
    many = 2**24 + 2  # of float32, whole numbers have gaps from 2**24 on
    model = jn.Sequential([jn.Embedding(many, 1), jn.Flatten()], "mse").build(2)
    weight = np.zeros((many, 1), np.float32)
    weight[-2:] = [[1.0], [2.0]]
    model.set_weights([weight])
    X = np.array([[many - 2, many - 1]] * 40)
    assert model.predict(X).tolist() == [[1.0, 2.0]] * 40
    assert model.predict(X[:1]).tolist() == [[1.0, 2.0]]


def test_only_the_vectors_of_a_batch_learn_by_plain_gradient_descent(
    rng: np.random.Generator,
) -> None:
    model = jn.Sequential([jn.Embedding(9, 4), jn.GlobalAveragePool()], "mse", jn.SGD(0.5)).build(5)
    before = model.get_weights()[0]
    X = rng.choice([1, 4, 8], (40, 5))
    model.fit(X, rng.normal(size=(40, 4)), epochs=1)
    changed = (model.get_weights()[0] != before).any(axis=1)
    assert np.flatnonzero(changed).tolist() == [1, 4, 8]


def test_first_vectors_are_small_and_differ() -> None:
    weight = jn.Sequential([jn.Embedding(100, 8)], "mse").build(3).get_weights()[0]
    assert np.abs(weight).max() <= 0.05
    assert np.abs(weight).max() > 0.04
    assert np.unique(weight).size == weight.size


def test_a_model_of_indices_comes_back_from_its_file(
    tmp_path: Any, rng: np.random.Generator
) -> None:
    X, y = rng.integers(0, 50, (70, 6)), rng.integers(0, 3, 70)
    model = model_of(mask_zero=True)
    model.fit(X, y, epochs=1)
    model.save(tmp_path / "model")
    again = jn.load(tmp_path / "model")
    assert again.layers == model.layers
    np.testing.assert_array_equal(again.predict(X), model.predict(X))


@pytest.mark.parametrize(
    ("X", "message"),
    [
        ([[0, 50]], r"indices from 0 to 49, as the Embedding has 50; got 50 at \[0, 1\]"),
        ([[0, 1], [-1, 0]], r"indices from 0 to 49, as the Embedding has 50; got -1 at \[1, 0\]"),
        ([[0, 2**40]], r"got 1\.09951e\+12 at \[0, 1\]"),
        ([[0.0, 1.5]], "must hold whole indices, got float64 fractions"),
        ([[0.0, np.nan]], "must be finite"),
        ([[0, 1, 2]], "2"),
    ],
    ids=["above", "below", "far above", "a fraction", "missing", "another length"],
)
def test_what_is_no_index_is_refused(X: Any, message: str, rng: np.random.Generator) -> None:
    model = model_of().build(2)
    for use in (
        model.predict,
        lambda X: model.fit(X, [0] * len(X)),
        lambda X: model.evaluate(X, [0] * len(X)),
        lambda X: model.fit([[0, 1]], [0], validation_data=(X, [0] * len(X))),
    ):
        with pytest.raises(ValueError, match=message):
            use(X)


def test_an_embedding_is_the_first_layer() -> None:
    for layers in (
        [jn.Dense(3), jn.Embedding(3, 4)],
        [jn.Embedding(3, 4), jn.Flatten(), jn.Embedding(3, 4)],
        [jn.Residual([jn.Dense(5), jn.Embedding(3, 1), jn.Flatten()])],
    ):
        with pytest.raises(ValueError, match="takes indices, not the numbers of another layer"):
            jn.Sequential(layers, "mse").build(5)


def test_indices_have_one_axis() -> None:
    with pytest.raises(ValueError, match=r"takes indices \(n_samples, time\), got .* \(4, 3\)"):
        jn.Sequential([jn.Embedding(3, 4)], "mse").build((4, 3))


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"vocabulary": 0, "units": 3}, ValueError, "vocabulary must be"),
        ({"vocabulary": 2**31, "units": 3}, ValueError, "vocabulary must be"),
        ({"vocabulary": 3, "units": 0}, ValueError, "units must be"),
        ({"vocabulary": 3, "units": 3, "mask_zero": 1}, TypeError, "mask_zero must be"),
        ({"vocabulary": 3, "units": 3, "l2": -0.1}, ValueError, "l2 must be"),
    ],
)
def test_what_makes_no_sense_is_refused(options: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        jn.Embedding(**options)
