"""Images move as their layer says, each by itself, and in steps of training alone."""

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import jitnet as jn
from jitnet.arrays import Array
from jitnet.kernels.panels import panel_width
from jitnet.study.blocks import BACKWARD, FORWARD, Blocks
from oracle import uniform_of
from tolerances import EPSILON
from twins import parallel_twins

ndimage = pytest.importorskip("scipy.ndimage", reason="SciPy is an extra: jitnet[sklearn]")

each_dtype = pytest.mark.parametrize("dtype", ["float32", "float64"])
each_layer = pytest.mark.parametrize(
    "layer", [jn.RandomFlip(), jn.RandomRotation(30), jn.RandomShift(2)], ids=repr
)
each_shape = pytest.mark.parametrize("shape", [(4, 5), (5, 4, 1), (6, 3, 2)], ids=str)

SEED, NODE = 7, 1
"""Of the models, and of the layer in them, behind a `Reshape`."""


def seen(layer: Any, images: Array, dtype: str = "float64", **options: Any) -> Array:
    """What a layer, or several, make of images in a step of training.

    With weights of zero, a target of -1 in output i for example i alone and a rate of 1, the step
    of weight (u, i) is -2 / (examples · outputs) times what example i has in unit u.
    """
    examples, *shape = images.shape
    moving = layer if isinstance(layer, list) else [layer]
    layers = [jn.Reshape(tuple(shape)), *moving, jn.Flatten(), jn.Dense(examples, bias=False)]
    options = {"seed": SEED} | options
    model = jn.Sequential(layers, "mse", jn.SGD(1.0), dtype=dtype, **options)
    X = images.reshape(examples, -1)
    model.set_weights([np.zeros((X.shape[1], examples))])
    model.fit(X, -np.eye(examples), epochs=1, batch_size=None, shuffle=False)
    moved: Array = model.get_weights()[0].T * (-(examples**2) / 2.0)
    return moved.reshape(images.shape)


def flips(mode: str, image: Array) -> list[Array]:
    """All that a mode may make of an image."""
    axes = {"vertical": [(), (0,)], "horizontal": [(), (1,)]}
    return [np.flip(image, move) for move in axes.get(mode, [(), (0,), (1,), (0, 1)])]


def crops(pixels: tuple[int, int], image: Array) -> list[Array]:
    """All crops of an image's own size, after so many rows and columns of zeros on each side."""
    rows, columns = image.shape[:2]
    padding = [(n, n) for n in (*pixels, 0)[: image.ndim]]
    padded: Any = np.pad(image, padding)
    places = np.ndindex(*(2 * n + 1 for n in pixels))
    return [padded[r : r + rows, c : c + columns] for r, c in places]


MOVES: list[tuple[Any, Callable[[Array], list[Array]]]] = [
    *((jn.RandomFlip(mode), partial(flips, mode)) for mode in ("vertical", "horizontal")),
    (jn.RandomFlip(), partial(flips, "")),
    (jn.RandomShift(2), partial(crops, (2, 2))),
    (jn.RandomShift((1, 0)), partial(crops, (1, 0))),
    (jn.RandomShift((3, 2)), partial(crops, (3, 2))),
    (jn.RandomShift(0), partial(crops, (0, 0))),
]
"""Layers, and all that each may make of an image."""
each_move = pytest.mark.parametrize(("layer", "moves"), MOVES, ids=[repr(m[0]) for m in MOVES])


def which_moves(layer: Any, moves: Any, images: Array, dtype: str = "float64") -> list[int]:
    """Which of its moves each image has made: one of them, or none where this fails."""
    found = []
    for image, moved in zip(images, seen(layer, images, dtype), strict=True):
        # what `seen` multiplies by and divides by is rounded, whole moves are not
        alike = [np.allclose(moved, m, rtol=4 * EPSILON[dtype], atol=0) for m in moves(image)]
        assert sum(alike) == 1
        found.append(alike.index(True))
    return found


@each_dtype
@each_shape
@each_move
def test_every_image_is_one_of_the_moves_of_its_original(
    layer: Any, moves: Any, shape: tuple[int, ...], dtype: str, rng: np.random.Generator
) -> None:
    for examples in (1, panel_width(dtype) + 1, 50):
        which_moves(layer, moves, rng.normal(size=(examples, *shape)), dtype)


@each_move
def test_all_moves_are_alike_in_number(layer: Any, moves: Any, rng: np.random.Generator) -> None:
    images = rng.normal(size=(1500, 4, 3))
    kinds = len(moves(images[0]))
    counts = np.bincount(which_moves(layer, moves, images), minlength=kinds)
    expected, freedom = len(images) / kinds, kinds - 1
    squares = np.square(counts - expected).sum() / expected
    # χ² of f degrees of freedom is above f + 2 √(f x) + 2 x with a chance of at most e⁻ˣ (Laurent
    # and Massart, 2000): here once in 10⁸
    x = 18.0
    assert squares <= freedom + 2 * np.sqrt(freedom * x) + 2 * x


@each_dtype
@each_shape
@pytest.mark.parametrize("degrees", [0.0, 10.0, 180.0])
def test_images_turn_about_their_centre_by_angles_of_all_sizes(
    degrees: float, shape: tuple[int, ...], dtype: str, rng: np.random.Generator
) -> None:
    images = rng.normal(size=(40, *shape))
    angles = np.radians(degrees) * (2 * uniform_of(SEED, 0, NODE)(len(images), 1)[:, 0] - 1)
    assert np.abs(angles).max() >= 0.8 * np.radians(degrees)  # by chance once in 10⁴
    centre = (np.array(shape[:2]) - 1) / 2
    for image, angle, found in zip(
        images, angles, seen(jn.RandomRotation(degrees), images, dtype), strict=True
    ):
        c, s = np.cos(angle), np.sin(angle)
        turn = np.array([[c, s], [-s, c]])
        offset = centre - turn @ centre
        channels = np.moveaxis(image.reshape(*shape[:2], -1), -1, 0)
        expected = np.array(
            [
                ndimage.affine_transform(channel, turn, offset, order=1, mode="grid-constant")
                for channel in channels
            ]
        )
        # a place is off by some roundings of the image's size, and slopes are at most some units
        bound = 200 * EPSILON[dtype]
        np.testing.assert_allclose(
            found, np.moveaxis(expected, 0, -1).reshape(shape), rtol=0, atol=bound
        )


@each_layer
def test_moves_are_the_same_in_both_precisions(layer: Any, rng: np.random.Generator) -> None:
    images = rng.normal(size=(100, 6, 5)).astype(np.float32)
    single, double = (seen(layer, images, dtype) for dtype in ("float32", "float64"))
    np.testing.assert_allclose(single, double, rtol=0, atol=200 * EPSILON["float32"])


@each_dtype
@each_layer
def test_the_way_back_is_the_transposed_move(
    layer: Any, dtype: str, rng: np.random.Generator
) -> None:
    m, units = 2 * panel_width(dtype) + 1, 5 * 4 * 2
    blocks = Blocks(layer, (5, 4, 2), m, dtype)
    X, dY = rng.normal(size=(2, units, m))
    blocks.write(X=X, dY=dY)
    blocks.runs(FORWARD)(1)
    blocks.runs(BACKWARD)(1)
    forth, back = (dY * blocks.read("Y")).sum(axis=0), (blocks.read("dX") * X).sum(axis=0)
    # sums of 40 products, of which each is rounded and some are above 10
    np.testing.assert_allclose(forth, back, rtol=0, atol=400 * EPSILON[dtype])
    assert not np.allclose(blocks.read("dX"), dY)


@each_layer
def test_every_image_of_every_step_has_a_move_of_its_own(
    layer: Any, rng: np.random.Generator
) -> None:
    image = rng.normal(size=(1, 6, 5))
    same = np.repeat(image, 64, axis=0)
    once, again = seen(layer, same), seen(layer, same, seed=SEED + 1)
    assert not np.array_equal(once, again)
    assert len(np.unique(once.reshape(64, -1), axis=0)) > 2  # each image by itself
    layers = [jn.Reshape((6, 5)), layer, jn.Flatten(), jn.Dense(1, bias=False)]
    model = jn.Sequential(layers, "mse", jn.SGD(1.0))
    steps = []
    for _ in range(6):
        model.set_weights([np.zeros((30, 1))])
        model.fit(image.reshape(1, -1), [1.0], epochs=1)
        steps.append(model.get_weights()[0])
    assert len(np.unique(np.array(steps).reshape(6, -1), axis=0)) > 1


def test_a_second_layer_has_moves_of_its_own(rng: np.random.Generator) -> None:
    images = rng.normal(size=(64, 6, 5))
    flip = jn.RandomFlip("horizontal")
    moved = [not np.allclose(a, b) for a, b in zip(seen([flip, flip], images), images, strict=True)]
    assert 0 < sum(moved) < len(images)  # the same flip twice would move none


def network(dtype: str, **options: Any) -> jn.Sequential:
    moves = [jn.RandomFlip("horizontal"), jn.RandomShift(2), jn.RandomRotation(15)]
    layers = [*moves, jn.Conv2D(4, 3, activation="relu"), *moves, jn.Flatten(), jn.Dense(3)]
    return jn.Sequential(layers, "softmax_crossentropy", dtype=dtype, **options)


def train(model: jn.Sequential, epochs: int = 3) -> list[bytes]:
    """The bits of a training."""
    rng = np.random.default_rng(3)
    X, y = rng.integers(0, 256, (230, 9, 8), np.uint8), rng.integers(0, 3, 230)
    model.fit(X, y, epochs=epochs, batch_size=70)
    return [w.tobytes() for w in model.get_weights()]


@each_dtype
def test_moves_are_the_same_for_any_number_of_threads(
    dtype: str, with_cores: Callable[[int], list[int]]
) -> None:
    sizes = with_cores(16)
    found = [train(network(dtype, n_threads=workers)) for workers in (1, 2, 4, 16)]
    assert all(bits == found[0] for bits in found)
    assert max(sizes) > 2


@each_dtype
def test_turns_have_the_same_bits_by_the_parallel_twin(
    dtype: str, rng: np.random.Generator
) -> None:
    images = rng.normal(size=(30, 7, 3, 5))
    turned = seen(jn.RandomRotation(180), images, dtype)
    with parallel_twins():
        np.testing.assert_array_equal(seen(jn.RandomRotation(180), images, dtype), turned)


@each_dtype
def test_moves_are_the_same_where_a_batch_goes_through_in_several_blocks(
    dtype: str, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = rng.normal(size=(5 * panel_width(dtype) + 1, 5, 4))
    layers = jn.RandomFlip(), jn.RandomRotation(30), jn.RandomShift(2)
    whole = [seen(layer, images, dtype) for layer in layers]
    monkeypatch.setattr("jitnet.engine.cost.SMALL_NETWORK", 0)
    monkeypatch.setattr("jitnet.engine.cost.MAX_BLOCK", 2 * panel_width(dtype))
    for layer, expected in zip(layers, whole, strict=True):
        np.testing.assert_array_equal(seen(layer, images, dtype), expected)


@each_dtype
def test_moves_go_on_in_a_resumed_and_in_a_reloaded_fit(dtype: str, tmp_path: Path) -> None:
    whole = train(network(dtype))
    model = network(dtype)
    train(model, epochs=2)
    model.save(tmp_path / "model")
    for going_on in (model, jn.load(tmp_path / "model")):
        assert train(going_on, epochs=1) == whole


@each_dtype
def test_nothing_moves_in_predict_evaluate_and_gradients(
    dtype: str, rng: np.random.Generator
) -> None:
    model = network(dtype)
    train(model)
    layers = [each for each in model.layers if not type(each).__name__.startswith("Random")]
    without = jn.Sequential(layers, model.loss, dtype=dtype)
    without.build((9, 8)).set_weights(model.get_weights())
    for examples in (1, 70):
        X, y = rng.normal(size=(examples, 9, 8)), rng.integers(0, 3, examples)
        np.testing.assert_array_equal(model.predict(X), without.predict(X))
        assert model.evaluate(X, y) == without.evaluate(X, y)
        pairs = zip(model.gradients(X, y), without.gradients(X, y), strict=True)
        for found, expected in pairs:
            np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    ("kind", "given", "error", "words"),
    [
        (jn.RandomFlip, {"mode": "both"}, ValueError, "mean is 'horizontal_and_vertical'"),
        (jn.RandomFlip, {"mode": "vertikal"}, ValueError, "did you mean 'vertical'?"),
        (jn.RandomFlip, {"mode": 0.5}, TypeError, "there are: horizontal, vertical, horizontal_"),
        (jn.RandomShift, {"pixels": -1}, ValueError, "pixels must be at least 0, got -1"),
        (jn.RandomShift, {"pixels": 0.1}, TypeError, "pixels must be a whole number, got 0.1"),
        (
            jn.RandomShift,
            {"pixels": (1, 2, 3)},
            ValueError,
            "one for each axis, got (1, 2, 3)",
        ),
        (jn.RandomShift, {"height_factor": 0.1}, TypeError, "what you mean is pixels"),
        (jn.RandomRotation, {"degrees": -1}, ValueError, "must be finite and at least 0 and at"),
        (jn.RandomRotation, {"degrees": 200}, ValueError, "at most 180, got 200"),
        (jn.RandomRotation, {"degrees": (-5, 5)}, TypeError, "must be a number, got (-5, 5)"),
        (jn.RandomRotation, {"factor": 0.1}, TypeError, "what you mean is degrees"),
    ],
)
def test_settings_that_make_no_sense_are_refused(
    kind: Any, given: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=re.escape(words)):
        kind(**given)


@pytest.mark.parametrize(
    ("layer", "shape", "words"),
    [
        (jn.RandomShift(4), (4, 5, 1), "less than the size of images, 4 x 5, got 4"),
        (jn.RandomShift((0, 5)), (4, 5), "less than the size of images, 4 x 5, got (0, 5)"),
        (jn.RandomFlip(), (9,), "RandomFlip takes images (height, width, channels)"),
        (jn.RandomShift(1), (9,), "RandomShift takes images (height, width, channels)"),
        (jn.RandomRotation(1), (9,), "RandomRotation takes images (height, width"),
        (jn.RandomRotation(1), (1, 9), "images of at least 2 x 2 pixels, got 1 x 9"),
    ],
)
def test_shapes_that_cannot_be_moved_are_refused(
    layer: Any, shape: tuple[int, ...], words: str
) -> None:
    model = jn.Sequential([layer, jn.Flatten(), jn.Dense(1)], "mse")
    with pytest.raises(ValueError, match=re.escape(words)):
        model.build(shape)
