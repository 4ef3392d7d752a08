"""States: from batch to batch, from piece to piece, and from step to step."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import jitnet as jn
from jitnet.arrays import Array

VOCABULARY, TIME, PIECE = 30, 24, 6


def network(stateful: bool, n_threads: int | None = None) -> jn.Sequential:
    """One of each recurrent layer, that gives a letter at each step."""
    options: dict[str, Any] = {"return_sequences": True, "stateful": stateful}
    layers = [
        jn.Embedding(VOCABULARY, 8),
        jn.LSTM(9, **options),
        jn.GRU(7, **options),
        jn.Dropout(0.1),
        jn.SimpleRNN(6, **options),
        jn.Dense(VOCABULARY),
    ]
    return jn.Sequential(layers, "softmax_crossentropy", n_threads=n_threads)


@pytest.fixture
def letters(rng: np.random.Generator) -> Array:
    return rng.integers(0, VOCABULARY, (40, TIME))


@pytest.fixture
def whole(letters: Array) -> tuple[jn.Sequential, Array]:
    """A model of whole sequences, and its predictions."""
    model = network(stateful=False).build(TIME)
    return model, model.predict(letters)


def stateful_like(model: jn.Sequential) -> jn.Sequential:
    twin = network(stateful=True).build(PIECE)
    twin.set_weights(model.get_weights())
    return twin


def pieces(letters: Array) -> list[Array]:
    return np.split(letters, TIME // PIECE, axis=1)


def test_pieces_are_predicted_to_the_bits_of_the_whole(
    whole: tuple[jn.Sequential, Array], letters: Array
) -> None:
    model, expected = whole
    twin = stateful_like(model)
    for _ in range(2):  # reset_state begins anew
        found = [twin.predict(piece) for piece in pieces(letters)]
        np.testing.assert_array_equal(np.concatenate(found, axis=1), expected)
        twin.reset_state()


def test_an_evaluation_begins_at_zero_and_goes_from_batch_to_batch(
    whole: tuple[jn.Sequential, Array], letters: Array, rng: np.random.Generator
) -> None:
    model, _ = whole
    targets = rng.integers(0, VOCABULARY, letters.shape)
    twin = stateful_like(model)
    twin.predict(pieces(letters)[2])  # leaves states that an evaluation does not see
    X, y = (np.concatenate(pieces(array)) for array in (letters, targets))
    found, expected = twin.evaluate(X, y, batch_size=40), model.evaluate(letters, targets)
    assert found["loss"] == pytest.approx(expected["loss"], rel=1e-6)  # summed in another order
    assert twin.evaluate(X, y)["loss"] != pytest.approx(expected["loss"], rel=1e-6)


def test_predictions_in_a_fit_see_nothing_of_its_states(letters: Array) -> None:
    X = np.concatenate(pieces(letters))
    model = network(stateful=True).build(PIECE)
    seen = []

    class Predict(jn.Callback):
        def on_epoch_end(self, model: Any, epoch: int, logs: dict[str, float]) -> None:
            model.reset_state()
            seen.append((model.predict(letters[:, :PIECE]), copy.deepcopy(model)))

    model.fit(X, X, epochs=2, batch_size=40, shuffle=False, callbacks=[Predict()])
    for found, then in seen:
        np.testing.assert_array_equal(found, then.predict(letters[:, :PIECE]))


def test_training_goes_on_from_the_batch_before_with_any_number_of_threads(
    letters: Array,
) -> None:
    X = np.concatenate(pieces(letters))
    found: list[list[Array]] = []
    for n_threads in (1, 2):
        model = network(stateful=True, n_threads=n_threads)
        model.fit(X, X, epochs=2, batch_size=40, shuffle=False)
        found.append(model.get_weights())
    for one, two in zip(*found, strict=True):
        np.testing.assert_array_equal(one, two)
    other = network(stateful=False)
    other.fit(X, X, epochs=2, batch_size=40, shuffle=False)
    assert any((a != b).any() for a, b in zip(other.get_weights(), found[0], strict=True))


def test_an_epoch_begins_in_states_of_zero(letters: Array) -> None:
    X = np.concatenate(pieces(letters))
    at_once, in_two = (network(stateful=True) for _ in range(2))
    options: dict[str, Any] = {"batch_size": 40, "shuffle": False}
    at_once.fit(X, X, epochs=2, **options)
    for _ in range(2):
        in_two.fit(X, X, epochs=1, **options)
    for one, two in zip(at_once.get_weights(), in_two.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)


def test_a_checkpoint_within_an_epoch_has_the_states(tmp_path: Path, letters: Array) -> None:
    pytest.importorskip("safetensors", reason="a checkpoint is written with safetensors")
    X = np.concatenate(pieces(letters))
    options: dict[str, Any] = {"epochs": 3, "batch_size": 40, "shuffle": False}
    unbroken = network(stateful=True)
    unbroken.fit(X, X, callbacks=[jn.Checkpoint(tmp_path / "one", every_steps=3)], **options)
    file = min((tmp_path / "one").glob("step-*"))
    resumed = network(stateful=True)
    resumed.fit(
        X, X, callbacks=[jn.Checkpoint(tmp_path / "two", every_steps=3)], resume=file, **options
    )
    for one, two in zip(unbroken.get_weights(), resumed.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)


def test_a_stream_gives_the_bits_of_the_whole_step_by_step(
    whole: tuple[jn.Sequential, Array], letters: Array
) -> None:
    model, expected = whole
    stream = model.stream()
    alone = [stream.step(letter) for letter in letters[0]]
    np.testing.assert_array_equal(alone, expected[0])
    side_by_side = model.stream(5)
    found = [side_by_side.step(letters[:5, step]) for step in range(TIME)]
    np.testing.assert_array_equal(np.stack(found, axis=1), expected[:5])


def test_a_stream_goes_back_to_a_state(whole: tuple[jn.Sequential, Array], letters: Array) -> None:
    model, expected = whole
    stream = model.stream(2)
    for step in range(3):
        stream.step(letters[:2, step])
    state = stream.state
    assert [array.shape for array in state] == [(2, 18), (2, 7), (2, 6)]
    after = stream.step(letters[:2, 3])
    stream.state = state
    np.testing.assert_array_equal(stream.step(letters[:2, 3]), after)
    stream.reset()
    np.testing.assert_array_equal(stream.step(letters[:2, 0]), expected[:2, 0])


def test_a_stream_of_numbers_takes_their_features(rng: np.random.Generator) -> None:
    layers = [jn.Residual([jn.LSTM(3, return_sequences=True)]), jn.GRU(4), jn.Dense(2)]
    model = jn.Sequential(layers, "mse").build((5, 3))
    X = rng.normal(size=(5, 3)).astype(np.float32)
    stream = model.stream()
    steps = [stream.step(x) for x in X]
    np.testing.assert_array_equal(steps[-1], model.predict(X[np.newaxis])[0])


def test_a_stream_has_the_weights_of_its_model(letters: Array) -> None:
    model = network(stateful=False).build(TIME)
    stream = model.stream()
    before = stream.step(3)
    model.set_weights([2 * w for w in model.get_weights()])
    stream.reset()
    assert (stream.step(3) != before).any()
    np.testing.assert_array_equal(stream.step(5), model.predict([[3, 5] + [0] * 22])[0, 1])


STATEFUL: Any = {"stateful": True, "return_sequences": True}


def fitted(**options: Any) -> Any:
    model = jn.Sequential([jn.GRU(2, **STATEFUL)], "mse")
    X = np.zeros((12, 4, 1))
    return model.fit(X, np.zeros((12, 4, 2)), **{"shuffle": False, "batch_size": 4} | options)


def built(*layers: Any, shape: Any = (4, 3)) -> jn.Sequential:
    return jn.Sequential(layers, "mse").build(shape)


MISTAKES: dict[str, tuple[Callable[[], Any], str]] = {
    "shuffled": (lambda: fitted(shuffle=True), "shuffle=False"),
    "a short batch": (lambda: fitted(batch_size=5), "12 examples are no multiple of batch_size=5"),
    "a short batch to validate on": (
        lambda: fitted(validation_data=(np.zeros((5, 4, 1)), np.zeros((5, 4, 2)))),
        "5 examples are no multiple of batch_size=4",
    ),
    "backwards": (lambda: jn.Bidirectional(jn.GRU(2, stateful=True)), "must not be stateful"),
    "a stream of both directions": (
        lambda: built(jn.Bidirectional(jn.GRU(2))).stream(),
        "no stream of layer 1, Bidirectional",
    ),
    "a stream of a pool": (
        lambda: built(jn.GRU(2, return_sequences=True), jn.GlobalMaxPool()).stream(),
        "no stream of layer 2, GlobalMaxPool",
    ),
    "a stream of rows": (lambda: built(jn.Dense(1), shape=3).stream(), "examples are"),
    "a long batch": (lambda: built(jn.GRU(2)).stream(1000), "at most"),
    "another shape": (lambda: built(jn.GRU(2)).stream().step([1.0]), r"must have the shape \(3,\)"),
    "not finite": (lambda: built(jn.GRU(2)).stream().step([1.0, np.nan, 0.0]), "finite"),
    "an index outside": (
        lambda: built(jn.Embedding(4, 2), jn.GRU(2), shape=3).stream().step(4),
        "from 0 to 3",
    ),
    "a fraction": (
        lambda: built(jn.Embedding(4, 2), jn.GRU(2), shape=3).stream().step(0.5),
        "from 0 to 3",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_said_before_any_work(mistake: str) -> None:
    make, said = MISTAKES[mistake]
    with pytest.raises((TypeError, ValueError), match=said):
        make()


def test_other_examples_than_those_whose_states_there_are_are_refused() -> None:
    model = built(jn.GRU(2, stateful=True))
    model.predict(np.zeros((4, 4, 3)))
    with pytest.raises(ValueError, match="states of 4 examples, but X has 3; call reset_state"):
        model.predict(np.zeros((3, 4, 3)))
    model.reset_state()
    assert model.predict(np.zeros((3, 4, 3))).shape == (3, 2)
