"""A convolution and the max pool behind it as one node have the bits of one and then the other."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import jitnet as jn
from jitnet.engine.nodes import Nodes
from jitnet.extend import Layer, Node
from jitnet.kernels.panels import panel_width

Array = np.ndarray[Any, Any]

APART = jn.Rescaling(1)
"""Changes no number, but stands between a convolution and its pool."""
CASES: dict[str, tuple[tuple[int, ...], Layer, Layer]] = {
    "windows that fill the image": ((8, 6, 1), jn.Conv2D(6, 3), jn.MaxPool2D(2)),
    "places behind the last window": ((9, 8, 2), jn.Conv2D(7, 3), jn.MaxPool2D(2)),
    "zeros around the image": ((7, 9, 1), jn.Conv2D(5, 5, padding="same"), jn.MaxPool2D((2, 3))),
    "strides": ((15, 13, 3), jn.Conv2D(9, 3, strides=(2, 1), padding=1), jn.MaxPool2D(2)),
    "one window": ((6, 6, 1), jn.Conv2D(4, 3), jn.MaxPool2D(4)),
    "a window of one": ((6, 6, 1), jn.Conv2D(4, 3), jn.MaxPool2D(1)),
    "one line of an image": ((3, 10, 1), jn.Conv2D(4, 3), jn.MaxPool2D((1, 2))),
    "more columns than are copied": ((4, 90, 1), jn.Conv2D(8, 2), jn.MaxPool2D((2, 3))),
    "a sequence": ((21, 2), jn.Conv1D(8, 4), jn.MaxPool1D(3)),
    "many units": ((7, 7, 1), jn.Conv2D(40, 2), jn.MaxPool2D(2)),
    "no biases": ((8, 8, 1), jn.Conv2D(6, 3, bias=False), jn.MaxPool2D(2)),
}


def network(layers: list[Layer], **options: Any) -> jn.Sequential:
    ending = [jn.Flatten(), jn.Dense(3)]
    return jn.Sequential([*layers, *ending], "softmax_crossentropy", seed=4, **options)


def running(layers: list[Layer], shape: tuple[int, ...], dtype: Any = np.float32) -> list[Node]:
    return Nodes(layers, shape, panel_width(dtype)).joined().nodes


def images(
    shape: tuple[int, ...], rng: np.random.Generator, count: int = 45
) -> tuple[Array, Array]:
    return rng.integers(-3, 4, (count, *shape)).astype(np.float64), rng.integers(0, 3, count)


def assert_same(models: list[jn.Sequential], X: Array) -> None:
    found, expected = models
    for one, other in zip(found.get_weights(), expected.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    for some in (slice(None), slice(2)):  # as panels, and as a few examples
        np.testing.assert_array_equal(found.predict(X[some]), expected.predict(X[some]))


@pytest.mark.parametrize("activation", ["identity", "relu", "tanh"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("case", CASES)
def test_training_and_predictions_have_the_bits_of_both_layers(
    case: str, dtype: str, activation: str, rng: np.random.Generator
) -> None:
    shape, convolution, pool = CASES[case]
    convolution = type(convolution)(**vars(convolution) | {"activation": activation})
    assert running([convolution, pool], shape, dtype)[1].is_free
    X, y = images(shape, rng)  # of whole numbers, so that a window often has equal ones
    models = [network([convolution, *gap, pool], dtype=dtype) for gap in ([], [APART])]
    for model in models:
        model.fit(X, y, epochs=2, batch_size=20, progress=False)
    assert_same(models, X)


@pytest.mark.parametrize("n_threads", [2, 3, 16])
def test_any_number_of_threads_has_the_bits_of_one(
    n_threads: int, rng: np.random.Generator, with_cores: Callable[[int], list[int]]
) -> None:
    X, y = images((12, 11, 1), rng)
    sizes = with_cores(n_threads)
    layers = [jn.Conv2D(20, 3, activation="relu"), jn.MaxPool2D(2)]
    models = [network(layers, n_threads=threads) for threads in (n_threads, 1)]
    for model in models:
        model.fit(X, y, epochs=2, batch_size=len(X), progress=False)
    assert max(sizes) == n_threads
    assert_same(models, X)


def test_a_batch_in_several_blocks_adds_to_the_gradients(rng: np.random.Generator) -> None:
    X, y = images((5, 5, 1), rng, 5000)  # longer than a block
    models = [network([jn.Conv2D(6, 2), *gap, jn.MaxPool2D(2)]) for gap in ([], [APART])]
    for model in models:
        model.fit(X, y, epochs=1, batch_size=len(X), progress=False)
    assert_same(models, X)


ALIKE = jn.Conv2D(6, 3, activation="relu")
APART_CASES: dict[str, list[Layer]] = {
    "windows that overlap": [ALIKE, jn.MaxPool2D(3, strides=2)],
    "windows with gaps": [ALIKE, jn.MaxPool2D(2, strides=3)],
    "windows that reach out of the image": [ALIKE, jn.MaxPool2D(2, padding=1)],
    "means": [ALIKE, jn.AveragePool2D(2)],
    "an activation between": [jn.Conv2D(6, 3, activation="gelu"), jn.MaxPool2D(2)],
    "units whose patches are fewer products": [jn.Conv2D(64, 3), jn.MaxPool2D(2)],
}


@pytest.mark.parametrize("case", APART_CASES)
def test_others_are_left_as_they_are(case: str) -> None:
    channels = 32 if "patches" in case else 1
    nodes = running(APART_CASES[case], (20, 20, channels))
    assert not any(node.is_free for node in nodes)


@dataclass(frozen=True)
class Joining(Layer):
    """Passes numbers on, and has something for a twin."""

    join: Any

    def node(self, shape: tuple[int, ...], width: int) -> Node:
        return jn.Dropout(0.5).node(shape, width)._replace(join=self.join)


@pytest.mark.parametrize(
    ("join", "message"),
    [("no", "join of layer 1.* must be a function"), (lambda after: 3, "twin of layer 1.* a Node")],
)
def test_what_is_no_twin_is_refused_before_any_work(join: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        network([Joining(join), jn.Dense(2)]).build((3,))


def test_an_input_whose_gradient_is_wanted_keeps_both() -> None:
    first, second, *_ = running([jn.Conv2D(1, 1), ALIKE, jn.MaxPool2D(2)], (20, 20, 1))[1:]
    assert (first.output, second.output) == ((18, 18, 6), (9, 9, 6))


def test_behind_layers_without_weights_they_are_one(rng: np.random.Generator) -> None:
    layers = [jn.Rescaling(1 / 255), ALIKE, jn.MaxPool2D(2)]
    assert running(layers, (9, 9, 1))[2].is_free
    X, y = images((9, 9, 1), rng)
    models = [network([*layers[:2], *gap, layers[2]]) for gap in ([], [APART])]
    for model in models:
        model.fit(X, y, epochs=1, batch_size=20, progress=False)
    assert_same(models, X)
