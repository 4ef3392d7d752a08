"""Branches takes several inputs, each through layers of its own."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import jitnet as jn
from jitnet.arrays import Array
from tolerances import assert_norms_close

N = 61


def images_rows_words_and_steps(rng: np.random.Generator) -> tuple[tuple[Array, ...], Array]:
    """Four inputs of one kind each, and targets."""
    words = rng.integers(0, 7, (N, 1))
    inputs = (
        rng.normal(size=(N, 8, 8, 1)),
        rng.normal(size=(N, 5)),
        words,
        rng.normal(size=(N, 6, 3)),
    )
    return inputs, rng.normal(size=N)


def model_of_four(dtype: str = "float64", n_threads: int = 1) -> jn.Sequential:
    branches: list[list[Any]] = [
        [jn.Conv2D(4, 3, activation="tanh"), jn.Flatten()],
        [],
        [jn.Embedding(7, 3), jn.Flatten()],
        [jn.LSTM(5)],
    ]
    layers = [jn.Branches(branches), jn.Dense(9, "tanh"), jn.Dense(1)]
    shapes = [(8, 8, 1), (5,), (1,), (6, 3)]
    return jn.Sequential(layers, "mse", dtype=dtype, n_threads=n_threads).build(shapes)


@pytest.mark.parametrize("n_threads", [1, 2])
def test_it_is_the_branches_outputs_side_by_side(n_threads: int, rng: np.random.Generator) -> None:
    inputs, _ = images_rows_words_and_steps(rng)
    model = model_of_four(n_threads=n_threads)
    parts: list[Any] = []
    weights = iter(model.get_weights())
    for layers, X in zip(model.layers[0].branches, inputs, strict=True):  # type: ignore[attr-defined]
        if not layers:
            parts.append(X)
            continue
        alone = jn.Sequential(layers, "mse", dtype="float64").build(X.shape[1:])
        alone.set_weights([next(weights) for _ in alone.get_weights()])
        parts.append(alone.predict(X))
    rest = jn.Sequential(model.layers[1:], "mse", dtype="float64").build(157)
    rest.set_weights(list(weights))
    expected = rest.predict(np.concatenate(parts, axis=1))
    np.testing.assert_array_equal(model.predict(inputs), expected)


def test_sequences_are_joined_at_every_time_step(rng: np.random.Generator) -> None:
    X, Z = rng.normal(size=(9, 4, 2)), rng.normal(size=(9, 4, 3))
    joined = jn.Sequential([jn.Branches([[], []])], "mse", dtype="float64")
    joined.build([(4, 2), (4, 3)])
    np.testing.assert_array_equal(joined.predict((X, Z)), np.concatenate([X, Z], axis=2))


def test_gradients_are_central_differences(rng: np.random.Generator) -> None:
    inputs, y = images_rows_words_and_steps(rng)
    lengths = (None, None, None, rng.integers(1, 7, N))
    model = model_of_four()
    gradients = model.gradients(inputs, y, lengths=lengths)
    weights = model.get_weights()
    for array, gradient in zip(weights, gradients, strict=True):
        places = rng.choice(array.size, min(5, array.size), replace=False)
        slopes = []
        for place in places:
            kept, losses = array.flat[place], []
            for step in (1e-5, -1e-5):
                array.flat[place] = kept + step
                model.set_weights(weights)
                losses.append(model.evaluate(inputs, y, lengths=lengths)["loss"])
            array.flat[place] = kept
            slopes.append((losses[0] - losses[1]) / 2e-5)
        found = gradient.ravel()[places]
        assert_norms_close("central_difference", "float64", [found], [np.array(slopes)])


def test_any_number_of_threads_gives_the_same_bits(rng: np.random.Generator) -> None:
    inputs, y = images_rows_words_and_steps(rng)
    found = []
    for n_threads in (1, 2):
        model = model_of_four("float32", n_threads)
        model.fit(inputs, y, epochs=2, batch_size=16)
        found.append(model.get_weights())
    for one, two in zip(*found, strict=True):
        np.testing.assert_array_equal(one, two)


def test_few_examples_have_the_bits_that_they_have_among_many(rng: np.random.Generator) -> None:
    inputs, _ = images_rows_words_and_steps(rng)
    model = model_of_four("float32")
    among_many = model.predict(inputs)
    for first, last in ((0, 1), (7, 12)):
        few = tuple(X[first:last] for X in inputs)
        np.testing.assert_array_equal(model.predict(few), among_many[first:last])


def test_a_file_holds_it_and_names_each_layers_weights(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    pytest.importorskip("safetensors", reason="a model is written with safetensors")
    from safetensors.numpy import load_file

    inputs, y = images_rows_words_and_steps(rng)
    model = model_of_four("float32")
    model.fit(inputs, y, epochs=1)
    model.save(tmp_path / "model.safetensors")
    loaded = jn.load(tmp_path / "model.safetensors")
    np.testing.assert_array_equal(loaded.predict(inputs), model.predict(inputs))
    names = load_file(tmp_path / "model.safetensors")
    assert {"layers.0.0.0.weight", "layers.0.2.0.weight", "layers.0.3.0.recurrent_weight"} <= {
        *names
    }


def test_the_summary_names_the_branches_layers(capsys: pytest.CaptureFixture[str]) -> None:
    model_of_four().summary()
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[1:-1]] == [
        "1", "1.1.1", "1.1.2", "1.3.1", "1.3.2", "1.4.1", "2", "3",
    ]  # fmt: skip


def branched(*shapes: tuple[int, ...]) -> jn.Sequential:
    model = jn.Sequential([jn.Branches([[], [jn.Dense(2)]]), jn.Dense(1)], "mse")
    return model.build(shapes) if shapes else model


A, B = np.zeros((6, 3)), np.zeros((6, 4))

MISTAKES: dict[str, tuple[Callable[[], Any], str]] = {
    "one array": (lambda: branched().fit(A, A[:, 0]), "must be a tuple of 2 arrays"),
    "too few": (lambda: branched().fit((A,), A[:, 0]), "must be a tuple of 2 arrays.*got 1"),
    "other counts": (
        lambda: branched().fit((A, B[:5]), A[:, 0]),
        "as many examples each, got 6 and 5",
    ),
    "another shape": (
        lambda: branched((3,), (4,)).predict((A, A)),
        r"X\[1\] must have 4 features, got 3",
    ),
    "one length for all": (
        lambda: branched().fit((A, B), A[:, 0], lengths=[1] * 6),
        "lengths must be a tuple of 2",
    ),
    "a tuple for one input": (
        lambda: jn.Sequential([jn.Dense(1)], "mse").fit((A, B), A[:, 0]),
        "must be one array, got a tuple of 2",
    ),
    "not first": (
        lambda: jn.Sequential([jn.Dense(3), jn.Branches([[], []])], "mse").build(3),
        "layer 2, .* takes a tuple of 2 inputs",
    ),
    "one branch": (lambda: jn.Branches([[jn.Dense(2)]]), "two lists of layers or more"),
    "no layers": (lambda: jn.Branches([[], 3]), "layers must be a sequence"),  # type: ignore[list-item]
    "within itself": (lambda: jn.Branches([[jn.Branches([[], []])], []]), "must not have Branches"),
    "unequal sequences": (
        lambda: jn.Sequential([jn.Branches([[], []])], "mse").build([(3, 2), (4, 2)]),
        r"the others must be alike; the branches give \(3, 2\), \(4, 2\)",
    ),
    "sparse": (
        lambda: branched().fit((pytest.importorskip("scipy.sparse").csr_matrix(A), B), A[:, 0]),
        "must not be a sparse matrix",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_said_before_any_work(mistake: str) -> None:
    make, said = MISTAKES[mistake]
    with pytest.raises((TypeError, ValueError), match=said):
        make()
