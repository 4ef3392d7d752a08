"""Images and sequences go in as they are: as arrays of more axes than two, of any layout."""

from __future__ import annotations

import copy
import pickle
import re
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import jitnet as jn
from jitnet.arrays import Array
from jitnet.engine.cost import WORKSPACE_BYTES
from jitnet.validation import check_inputs
from training_state import state_of

COUNT, CLASSES = 60, 3
RNG = np.random.default_rng(5)
PIXELS = RNG.integers(0, 256, (COUNT, 6, 5, 2)).astype(np.uint8)
GREY = PIXELS[..., 0].copy()
LABELS = RNG.integers(0, CLASSES, COUNT)
ROWS = (PIXELS.reshape(COUNT, -1) * np.float32(1 / 255)).astype(np.float32)


def classifier(*first: Any, **options: Any) -> jn.Sequential:
    """A network that begins with some layers."""
    layers = [*first, jn.Dense(8, "relu"), jn.Dense(CLASSES)]
    return jn.Sequential(layers, "softmax_crossentropy", **options)


def of_images(**options: Any) -> jn.Sequential:
    return classifier(jn.Rescaling(1 / 255), jn.Flatten(), **options)


def trained(model: jn.Sequential, X: Any, **options: Any) -> jn.Sequential:
    model.fit(X, LABELS, **{"epochs": 3, "batch_size": 16} | options)
    return model


def bits(model: jn.Sequential) -> list[bytes]:
    return [array.tobytes() for array in model.get_weights()]


LAYOUTS: dict[str, Callable[[Array], Array]] = {
    "as they are": lambda X: X,
    "read-only": lambda X: read_only(X.copy()),
    "every other one": lambda X: np.repeat(X, 2, axis=0)[::2],
    "backwards": lambda X: X[::-1].copy()[::-1],
    "within larger numbers": lambda X: np.repeat(X, 3, axis=3)[..., ::3],
    "Fortran's order": np.asfortranarray,
    "channels moved": lambda X: np.ascontiguousarray(X.transpose(0, 3, 1, 2)).transpose(0, 2, 3, 1),
    "a part of larger images": lambda X: np.pad(X, ((0, 0), (1, 1), (2, 2), (0, 0)))[:, 1:-1, 2:-2],
    "lists": lambda X: X.tolist(),
    "float64": lambda X: X.astype(np.float64),
    "int16": lambda X: X.astype(np.int16),
}


def read_only(array: Array) -> Array:
    array.flags.writeable = False
    return array


@pytest.mark.parametrize("layout", LAYOUTS)
def test_images_of_any_layout_and_type_have_the_bits_of_rows(layout: str) -> None:
    X, flat = LAYOUTS[layout](PIXELS), trained(classifier(), ROWS)
    model = trained(of_images(), X, validation_data=(X, LABELS))
    assert bits(model) == bits(flat)
    assert model.evaluate(X, LABELS) == flat.evaluate(ROWS, LABELS)
    np.testing.assert_array_equal(model.predict(X), flat.predict(ROWS))
    pairs = zip(model.gradients(X, LABELS), flat.gradients(ROWS, LABELS), strict=True)
    assert all(np.array_equal(found, wanted) for found, wanted in pairs)


@pytest.mark.parametrize("units", [8, 90])
@pytest.mark.parametrize("threads", [1, 2])
def test_a_free_layer_costs_the_next_one_nothing_of_its_ways(units: int, threads: int) -> None:
    """Dense has row blocks of the network's input, few rows and sparse ones, behind a Flatten."""
    rest: list[Any] = [jn.Dense(units, "tanh"), jn.Dense(CLASSES)]
    loss = "softmax_crossentropy"
    flat = trained(jn.Sequential(rest, loss, n_threads=threads), ROWS)
    model = trained(
        jn.Sequential([jn.Flatten(), *rest], loss, n_threads=threads), ROWS.reshape(-1, 6, 5, 2)
    )
    assert bits(model) == bits(flat)
    engine, reader = model._built(), model._built().nodes.reader
    assert reader is engine.nodes.nodes[1]
    assert engine._few.takes(1, True)
    kinds = [call.block[0].py_func.__name__ for call in forms_of(model)]
    assert kinds == [call.block[0].py_func.__name__ for call in forms_of(flat)]


def forms_of(model: jn.Sequential) -> list[Any]:
    engine = model._built()
    (room,) = engine._rooms.values()
    wanted = next(iter(room._tables))
    return [call for calls in room.phases(wanted).values() for call in calls]


def test_sparse_rows_reach_the_dense_layer_behind_a_flatten() -> None:
    sparse = pytest.importorskip("scipy.sparse")
    X = np.where(RNG.uniform(size=(200, 40)) < 0.05, 1.0, 0.0).astype(np.float32)
    y = np.arange(200) % CLASSES
    for first in ([], [jn.Flatten()], [jn.Reshape((8, 5)), jn.Flatten()]):
        model, rows = classifier(*first), sparse.csr_matrix(X)
        model.fit(rows, y, epochs=2)
        engine = model._built()
        assert engine._rooms.keys() == {True}, "it has trained on sparse rows by the twin"
        order = engine.nodes.reader.parameters[0].order
        assert order == "C", "an input's weights lie side by side"
        if not first:
            alone = bits(model)
        assert bits(model) == alone
        np.testing.assert_allclose(model.predict(rows), model.predict(X), rtol=1e-5)


@pytest.mark.parametrize("built", [(6, 5), (6, 5, 1)])
def test_one_channel_may_be_left_out_or_said(built: tuple[int, ...]) -> None:
    model = of_images().build(built)
    other = of_images().build(built)
    assert bits(trained(model, GREY)) == bits(trained(other, GREY[..., np.newaxis]))
    expected = model.predict(GREY)
    np.testing.assert_array_equal(model.predict(GREY[..., np.newaxis]), expected)
    validation = GREY[..., np.newaxis], LABELS
    history = of_images().fit(GREY, LABELS, epochs=1, validation_data=validation)
    assert "val_loss" in history


def test_one_image_is_predicted_as_among_others() -> None:
    model = trained(of_images(), PIXELS)
    together = model.predict(PIXELS)
    for place in (0, 7):
        alone = model.predict(PIXELS[place : place + 1])
        np.testing.assert_array_equal(alone, together[place : place + 1])


def test_rows_become_images_by_a_reshape() -> None:
    images = classifier(jn.Rescaling(1 / 255), jn.Reshape((6, 5, 2)), jn.Flatten())
    assert bits(trained(images, PIXELS.reshape(COUNT, -1))) == bits(trained(of_images(), PIXELS))
    first = classifier(jn.Reshape((6, 5, 2)), jn.Rescaling(1 / 255), jn.Flatten())
    assert bits(trained(first, PIXELS.reshape(COUNT, -1))) == bits(trained(of_images(), PIXELS))


def test_passes_go_on_and_copies_and_files_are_the_same_model(tmp_path: Path) -> None:
    pytest.importorskip("safetensors", reason="a model file needs safetensors")
    model = of_images()
    for _ in range(2):
        model.partial_fit(PIXELS, LABELS)
    model.save(tmp_path / "model")
    copies = [jn.load(tmp_path / "model"), copy.deepcopy(model), pickle.loads(pickle.dumps(model))]
    for other in copies:
        assert repr(other) == repr(model)
        assert state_of(other) == state_of(model)
        np.testing.assert_array_equal(other.predict(PIXELS), model.predict(PIXELS))
        with pytest.raises(ValueError, match=r"images of shape \(6, 5, 2\)"):
            other.predict(PIXELS[:, 1:])
    model.partial_fit(PIXELS, LABELS)
    for other in copies:
        other.partial_fit(PIXELS, LABELS)
        assert state_of(other) == state_of(model)


def test_a_network_of_free_layers_alone_predicts_its_input() -> None:
    X = ROWS.reshape(COUNT, 6, 10)
    for layers in ([jn.Flatten()], [jn.Reshape((5, 12)), jn.Flatten()]):
        model = jn.Sequential(layers, "mse").build((6, 10))
        np.testing.assert_array_equal(model.predict(X), ROWS)
        np.testing.assert_array_equal(model.predict(X[:1]), ROWS[:1])
        assert model.evaluate(X, ROWS) == {"loss": 0.0}
        assert model.fit(X, ROWS, epochs=2)["loss"] == [0.0, 0.0]
        assert model.gradients(X, ROWS) == []


def test_what_is_in_place_behind_free_layers_leaves_the_input_alone() -> None:
    """The input of a small network stays in its panels from step to step."""
    X = ROWS.reshape(COUNT, 6, 10)
    layers = [jn.Flatten(), jn.Rescaling(0.5), jn.Dropout(0.0), jn.Reshape((60,))]
    model = jn.Sequential(layers, "mse").build((6, 10))
    options: Any = {"epochs": 3, "batch_size": None}
    assert model.fit(X, 0.5 * ROWS, **options)["loss"] == [0.0, 0.0, 0.0]


def test_an_output_of_several_axes_has_its_shape() -> None:
    X = ROWS.reshape(COUNT, 6, 10).astype(np.float64)
    model = jn.Sequential([jn.Flatten(), jn.Dense(6), jn.Reshape((2, 3, 1))], "mse")
    targets = X[:, :2, :3]
    history = model.fit(X, targets, epochs=2, validation_data=(X, targets[..., np.newaxis]))
    assert model.predict(X).shape == (COUNT, 2, 3, 1)
    assert model.predict(X[:1]).shape == (1, 2, 3, 1)
    flat = jn.Sequential([jn.Dense(6)], "mse")
    rows = targets.reshape(COUNT, 6)
    assert history == flat.fit(
        X.reshape(COUNT, -1), rows, epochs=2, validation_data=(X.reshape(COUNT, -1), rows)
    )
    words = "y must have the shape (n_samples, 2, 3, 1), as the last layer gives the shape"
    with pytest.raises(ValueError, match=re.escape(words)):
        model.evaluate(X, targets.transpose(0, 2, 1))
    for_classes = jn.Sequential([jn.Reshape((5, 4, 3))], "softmax_crossentropy")
    with pytest.raises(ValueError, match=r"takes one axis of classes.*\(5, 4, 3\).*Flatten"):
        for_classes.build(60)


def test_images_in_a_file_are_read_where_they_lie(tmp_path: Path) -> None:
    """Of 192 MiB no more than a block is ever in memory, whatever is done."""
    shape = (1 << 16, 32, 32, 3)
    images: Any = np.memmap(tmp_path / "images", np.uint8, "w+", shape=shape)
    images = np.memmap(tmp_path / "images", np.uint8, "r", shape=shape)
    labels = np.zeros(len(images), int)
    model = of_images()
    model.fit(images[:256], labels[:256], epochs=1)
    model.predict(images[:256])
    model.evaluate(images[:256], labels[:256])
    tracemalloc.start()
    model.fit(images, labels, epochs=1, batch_size=128)
    model.predict(images)
    model.evaluate(images, labels)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < WORKSPACE_BYTES < images.nbytes / 2
    rows = check_inputs(images, None, np.float32).rows
    assert isinstance(rows, np.ndarray)
    assert np.shares_memory(rows, images)


@pytest.mark.parametrize(
    "layout", ["read-only", "every other one", "backwards", "within larger numbers"]
)
def test_what_lies_at_one_stride_is_not_copied(layout: str) -> None:
    X = LAYOUTS[layout](PIXELS)
    rows = check_inputs(X, None, np.float32).rows
    assert isinstance(rows, np.ndarray)
    assert rows.shape == (COUNT, 60)
    assert np.shares_memory(rows, X)


@pytest.mark.parametrize("layout", ["Fortran's order", "a part of larger images"])
def test_other_layouts_are_copied_once(layout: str) -> None:
    X = LAYOUTS[layout](np.zeros((1000, 30, 30, 2), np.uint8))
    tracemalloc.start()
    rows = check_inputs(X, None, np.float32).rows
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert rows.dtype == np.uint8
    assert 1.0 <= most / X.nbytes < 1.2


def test_images_of_many_chunks_are_looked_at_to_their_end() -> None:
    X = np.zeros((300, 64, 64), np.float32)
    X[299, 63, 63] = np.nan
    model = jn.Sequential([jn.Flatten(), jn.Dense(1)], "mse")
    with pytest.raises(ValueError, match=r"X must be finite, but contains nan; leave it out$"):
        model.fit(X, np.zeros(300))
    with pytest.raises(ValueError, match="X of validation_data must be finite, but contains nan"):
        model.fit(X[:5], np.zeros(5), validation_data=(X, np.zeros(300)))
    assert model._engine is None


IMAGES = of_images().build((28, 28, 1))
SHAPES = "X must hold images of shape (28, 28, 1) like those of the first fit, got "

REFUSED: dict[str, tuple[tuple[int, ...], str]] = {
    "another size": ((5, 32, 32, 3), SHAPES + "(32, 32, 3)"),
    "other channels": ((5, 28, 28, 3), SHAPES + "(28, 28, 3)"),
    "channels first": (
        (5, 1, 28, 28),
        SHAPES + "(1, 28, 28), which looks like channels first; use X.transpose(0, 2, 3, 1)",
    ),
    "rows": ((5, 784), SHAPES + "(784,); X.reshape(-1, 28, 28, 1) makes them of rows"),
    "one image": ((28, 28, 1), SHAPES + "(28, 1); X[np.newaxis] makes one example of it"),
    "one image without its channel": (
        (28, 28),
        SHAPES + "(28,); X[np.newaxis] makes one example of it",
    ),
    "a number": ((), SHAPES + "()"),
    "no images": ((0, 28, 28, 1), "X must have examples and features, got the shape (0, 28, 28,"),
    "an axis too many": ((5, 1, 28, 28, 1), SHAPES + "(1, 28, 28, 1)"),
}


@pytest.mark.parametrize("given", REFUSED)
def test_images_of_another_shape_are_refused_before_any_work(given: str) -> None:
    shape, words = REFUSED[given]
    X, before = np.zeros(shape, np.uint8), state_of(IMAGES)
    y = np.zeros(len(X) if shape else 1, int)
    with pytest.raises(ValueError, match=re.escape(words)):
        IMAGES.predict(X)
    for method in ("fit", "partial_fit", "evaluate", "gradients"):
        with pytest.raises(ValueError, match=re.escape(words)):
            getattr(IMAGES, method)(X, y)
    right = np.zeros((5, 28, 28), np.uint8), np.zeros(5, int)
    with pytest.raises(ValueError, match=re.escape(words.replace("X", "X of validation_data", 1))):
        IMAGES.fit(*right, validation_data=(X, y))
    with pytest.raises(ValueError, match=re.escape(words.replace("X", "X of validation_data", 1))):
        of_images().fit(np.zeros((5, 28, 28, 1)), np.zeros(5, int), validation_data=(X, y))
    assert state_of(IMAGES) == before


def test_sequences_with_their_channels_first_are_told() -> None:
    model = of_images().build((50, 3))
    with pytest.raises(ValueError, match=r"channels first; use X.transpose\(0, 2, 1\)"):
        model.predict(np.zeros((4, 3, 50)))


def test_a_dense_layer_on_images_names_flatten() -> None:
    X, y = np.zeros((4, 6, 5, 2)), np.zeros(4, int)
    first = r"X must have the shape \(n_samples, n_features\), got \(4, 6, 5, 2\); .*jn.Flatten\(\)"
    model = classifier()
    with pytest.raises(ValueError, match=first):
        model.fit(X, y)
    assert model._engine is None
    with pytest.raises(
        ValueError, match=r"features\), got the shape \(6, 5, 2\); put jn.Flatten\(\)"
    ):
        model.build((6, 5, 2))
    later = classifier(jn.Reshape((6, 5, 2)))
    with pytest.raises(
        ValueError, match=r"features\), got the shape \(6, 5, 2\); put jn.Flatten\(\)"
    ):
        later.fit(X.reshape(4, 60), y)
    rows = r"got \(4, 6, 5, 2\); X.reshape\(4, -1\) makes rows of it"
    with pytest.raises(ValueError, match=rows):
        classifier().build(60).predict(X)


class OfImages(jn.LayerNorm):
    """Takes images alone."""

    def node(self, shape: tuple[int, ...], width: int) -> Any:
        if len(shape) != 3 or min(shape[:2]) < 3:
            raise ValueError(f"it takes images (height, width, channels), got {shape}")
        return super().node(shape, width)


def test_where_a_layer_refuses_images_their_channels_may_be_first() -> None:
    model = classifier(OfImages(), jn.Flatten())
    words = r"it takes images .*, got \(1, 28, 28\); if X has its channels first, use X.transpose\("
    with pytest.raises(ValueError, match=words):
        model.fit(np.zeros((4, 1, 28, 28)), np.zeros(4, int))
    with pytest.raises(ValueError, match=r"got \(784,\)$"):
        model.fit(np.zeros((4, 784)), np.zeros(4, int))


@pytest.mark.parametrize("shape", [(28, 28, 1), [28, 28, 1], (784,), 784])
def test_a_model_is_built_for_a_shape(shape: Any) -> None:
    model = of_images().build(shape)
    assert model.get_weights()[0].shape == (784, 8)
    one: Any = np.int64(784)
    assert of_images().build((one,))._built().nodes.shape == (784,)


@pytest.mark.parametrize(
    ("shape", "kind", "words"),
    [
        ((), ValueError, "the shape of an example must have an axis"),
        ((28, 0), ValueError, "each axis of the shape must be from 1"),
        ((None, 28, 28), TypeError, "each axis of the shape must be a whole number, got None"),
        ((28.0, 28), TypeError, "each axis of the shape must be a whole number, got 28.0"),
        ((1 << 20, 1 << 20), ValueError, "numbers in an example must be from 1 to 2147483647"),
    ],
)
def test_a_shape_that_is_none_is_refused(shape: Any, kind: type[Exception], words: str) -> None:
    with pytest.raises(kind, match=words):
        of_images().build(shape)


@pytest.mark.parametrize(
    ("shape", "kind", "words"),
    [
        ((), ValueError, "positive whole numbers"),
        ((4, 0), ValueError, "positive whole numbers"),
        ((-1, -1), ValueError, "of which one may be -1"),
        ((4, -2), ValueError, "an axis of shape must be at least -1"),
        ((4, 2.0), TypeError, "an axis of shape must be a whole number"),
        ("ab", TypeError, "an axis of shape must be a whole number"),
    ],
)
def test_a_reshape_to_what_is_no_shape(shape: Any, kind: type[Exception], words: str) -> None:
    with pytest.raises(kind, match=words):
        jn.Reshape(shape)


def test_a_reshape_takes_as_many_numbers_as_it_gives() -> None:
    for shape, taken in (
        ((4, 4, 1), r"of 16 numbers; got the shape \(9,\), of 9"),
        ((2, -1), r"of 2 numbers, or a multiple of that; got"),
    ):
        with pytest.raises(ValueError, match=taken):
            classifier(jn.Reshape(shape), jn.Flatten()).build(9)
    given: list[Any] = [4, [4], (np.int8(4),)]
    assert {jn.Reshape(shape) for shape in given} == {jn.Reshape((4,))}


@pytest.mark.parametrize(
    "given",
    [
        {"scale": np.nan},
        {"scale": np.inf},
        {"scale": "1"},
        {"scale": 1, "offset": np.inf},
        {"scale": [1.0, 2.0]},
    ],
)
def test_a_rescaling_takes_finite_numbers(given: Any) -> None:
    with pytest.raises((TypeError, ValueError), match=f"{list(given)[-1]} must be"):
        jn.Rescaling(**given)


def test_models_of_images_show_themselves(capsys: pytest.CaptureFixture[str]) -> None:
    model = classifier(jn.Reshape((6, 5, 2)), jn.Rescaling(0.5, 1), jn.Flatten())
    code = (
        "Sequential([Reshape((6, 5, 2)), Rescaling(0.5, offset=1.0), Flatten(), "
        "Dense(8, activation='relu'), Dense(3)]"
    )
    assert repr(model).startswith(code)
    assert repr(eval(repr(model), vars(jn) | {"Adam": jn.Adam})) == repr(model)
    model.summary()
    shown = capsys.readouterr().out
    assert "?" not in shown
    model.build(60).summary()
    assert capsys.readouterr().out == shown
    outputs = re.findall(r"\(m,.*?\)", shown)
    assert outputs == ["(m, 6, 5, 2)", "(m, 6, 5, 2)", "(m, 60)", "(m, 8)", "(m, 3)"]


def test_before_the_first_fit_the_summary_asks_for_images(
    capsys: pytest.CaptureFixture[str],
) -> None:
    classifier(OfImages(), jn.Flatten()).summary()
    before = capsys.readouterr().out.splitlines()
    assert before[-1] == "? is known after the first fit, or build((height, width, channels))"
    assert "(m, ?, ?, ?)" in before[1]
    assert "weight (?, 8), bias (8,)" in before[3]
    classifier(jn.Reshape((-1, 7, 7, 7)), jn.Flatten()).summary()
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == "? is known after the first fit, or build(shape)"
    assert [line.split()[-1] for line in lines[1:-1]] == ["?"] * 5


def test_weights_build_a_model_whose_layers_say_the_shape() -> None:
    weights = trained(of_images(), PIXELS).get_weights()
    model = classifier(jn.Reshape((6, 5, 2)), jn.Rescaling(1 / 255), jn.Flatten())
    model.set_weights(weights)
    assert model._built().nodes.shape == (60,)
    plain = of_images()
    plain.set_weights(weights)
    assert plain._built().nodes.shape == (60,)
    other = classifier(OfImages(), jn.Flatten())
    with pytest.raises(ValueError, match=r"call build\(shape\) before"):
        other.set_weights([np.ones(2), np.ones(2), *weights])
