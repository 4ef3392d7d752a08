"""An embedding whose mean over time is taken at once has the bits of one and then the other."""

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

EXAMPLES, TIME, VOCABULARY = 37, 7, 30
APART = jn.Rescaling(1)
"""Changes no number, but stands between an embedding and what takes its mean."""


def bag(*between: Layer, units: int = 20, mask_zero: bool = False, **options: Any) -> jn.Sequential:
    embedding = jn.Embedding(VOCABULARY, units, mask_zero=mask_zero, l2=0.01)
    layers = [embedding, *between, jn.GlobalAveragePool(), jn.Dense(3)]
    return jn.Sequential(layers, "softmax_crossentropy", seed=5, **options)


def words(rng: np.random.Generator) -> Array:
    return rng.integers(0, VOCABULARY, (EXAMPLES, TIME)).astype(np.int32)


def assert_same(models: list[jn.Sequential], X: Array, **options: Any) -> None:
    found, expected = models
    for one, other in zip(found.get_weights(), expected.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    for some in (slice(None), slice(2)):  # as panels, and as a few examples
        given = {name: values[some] for name, values in options.items()}
        np.testing.assert_array_equal(
            found.predict(X[some], **given), expected.predict(X[some], **given)
        )


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("ragged", ["whole", "mask_zero", "lengths"])
def test_training_and_predictions_have_the_bits_of_both_layers(
    ragged: str, dtype: str, rng: np.random.Generator
) -> None:
    width = panel_width(dtype)
    X, y = words(rng), rng.integers(0, 3, EXAMPLES)
    X[3] = 0  # all of its steps are none where zeros are masked
    options: dict[str, Any] = {}
    if ragged == "lengths":
        options["lengths"] = rng.integers(1, TIME + 1, EXAMPLES)
    for units in (1, width // 2, width // 2 + 1, width - 1, width, width + 1, 2 * width + 3):
        settings: dict[str, Any] = {
            "units": units,
            "mask_zero": ragged == "mask_zero",
            "dtype": dtype,
        }
        models = [bag(**settings), bag(APART, **settings)]
        for model in models:
            model.fit(X, y, epochs=2, batch_size=10, progress=False, **options)
        assert_same(models, X, **options)


@pytest.mark.parametrize("n_threads", [2, 3, 16])
def test_any_number_of_threads_has_the_bits_of_one(
    n_threads: int, rng: np.random.Generator, with_cores: Callable[[int], list[int]]
) -> None:
    X, y = words(rng), rng.integers(0, 3, EXAMPLES)
    sizes = with_cores(n_threads)
    models = [bag(units=70, n_threads=threads) for threads in (n_threads, 1)]
    for model in models:
        model.fit(X, y, epochs=2, batch_size=EXAMPLES, progress=False)
    assert max(sizes) == n_threads
    assert_same(models, X)


def test_a_batch_in_several_blocks_adds_to_the_gradients(rng: np.random.Generator) -> None:
    X = rng.integers(0, VOCABULARY, (5000, TIME)).astype(np.int32)  # longer than a block
    y = rng.integers(0, 3, len(X))
    models = [bag(), bag(APART)]
    for model in models:
        model.fit(X, y, epochs=1, batch_size=len(X), progress=False)
    assert_same(models, X)


def running(layers: list[Layer]) -> list[Node]:
    return Nodes(layers, (TIME,), 16).joined().nodes


def test_a_mean_is_taken_at_once_where_it_follows_an_embedding() -> None:
    embedding, mean = jn.Embedding(VOCABULARY, 4), jn.GlobalAveragePool()
    made, free, _ = running([embedding, mean, jn.Dense(2)])
    assert made.output == (4,)
    assert free.is_free
    assert running([embedding, APART, mean])[0].output == (TIME, 4)
    assert running([embedding, jn.GlobalMaxPool()])[0].output == (TIME, 4)


@dataclass(frozen=True)
class Borrowing(Layer):
    """Borrows an array of another node, and does nothing with it."""

    distance: int
    array: str

    def node(self, shape: tuple[int, ...], width: int) -> Node:
        node = jn.Dropout(0.5).node(shape, width)
        return node._replace(borrows={"other": (self.distance, self.array)})


@pytest.mark.parametrize(("distance", "array"), [(-2, "Y"), (-2, "dY"), (-1, "X"), (-1, "dX")])
def test_what_another_layer_borrows_is_made(distance: int, array: str) -> None:
    layers = [jn.Embedding(VOCABULARY, 4), jn.GlobalAveragePool()]
    assert running([*layers, Borrowing(distance, array)])[0].output == (TIME, 4)
    assert running([*layers, Borrowing(-1, "Y")])[0].output == (4,)


def test_a_branch_takes_its_mean_at_once(rng: np.random.Generator) -> None:
    X, numbers, y = words(rng), rng.normal(size=(EXAMPLES, 3)), rng.integers(0, 2, EXAMPLES)
    models = []
    for between in ([], [APART]):
        branch = [jn.Embedding(VOCABULARY, 9), *between, jn.GlobalAveragePool()]
        layers = [jn.Branches([branch, [jn.Dense(4, "relu")]]), jn.Dense(2)]
        model = jn.Sequential(layers, "softmax_crossentropy", seed=1)
        model.fit((X, numbers), y, epochs=2, batch_size=8, progress=False)
        models.append(model)
    for one, other in zip(*(model.get_weights() for model in models), strict=True):
        np.testing.assert_array_equal(one, other)
