"""The public face: what building, fitting, predicting and asking a model for its weights mean."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import jitnet as jn
from training_state import state_of

RNG = np.random.default_rng(3)
X = RNG.normal(size=(50, 6)).astype(np.float32)
LABELS = RNG.integers(0, 3, 50)
VALUES = X @ np.arange(1.0, 7.0) / 6


def classifier(**given: Any) -> jn.Sequential:
    layers = [jn.Dense(8, activation="relu"), jn.Dense(3)]
    return jn.Sequential(layers, loss="softmax_crossentropy", **given)


def regressor(optimizer: Any = None, l2: float = 0.0, **given: Any) -> jn.Sequential:
    layers = [jn.Dense(8, activation="tanh", l2=l2), jn.Dense(1, l2=l2)]
    return jn.Sequential(layers, "mse", optimizer or jn.Adam(0.01), **given)


def bits(arrays: list[Any]) -> list[bytes]:
    return [array.tobytes() for array in arrays]


def test_a_built_model_has_its_layers_weights_and_biases() -> None:
    shapes = [array.shape for array in classifier().build(6).get_weights()]
    assert shapes == [(6, 8), (8,), (8, 3), (3,)]
    bare = jn.Sequential([jn.Dense(2, bias=False), jn.Dense(1)], loss="mse").build(3)
    assert [array.shape for array in bare.get_weights()] == [(3, 2), (2, 1), (1,)]


def test_building_starts_anew() -> None:
    model = regressor()
    model.fit(X, VALUES)
    model.build(6)
    assert model.history == {}
    assert state_of(model) == state_of(regressor().build(6))


def test_a_seed_decides_first_weights_and_shuffles() -> None:
    states = [state_of(trained(regressor(seed=seed))) for seed in (7, np.int32(7), 8)]
    assert states[0] == states[1]
    assert states[0] != states[2]
    drawn = [regressor(seed=None) for _ in range(2)]
    assert drawn[0].seed != drawn[1].seed
    assert state_of(trained(drawn[0])) == state_of(trained(regressor(seed=drawn[0].seed)))


def trained(model: jn.Sequential, epochs: int = 2, **given: Any) -> jn.Sequential:
    model.fit(X, VALUES, **{"epochs": epochs, "batch_size": 8} | given)
    return model


def test_the_history_has_a_number_an_epoch() -> None:
    model = classifier()
    history = model.fit(X, LABELS, epochs=3, validation_data=(X[:20], LABELS[:20]))
    assert history is model.history
    assert list(history) == ["loss", "accuracy", "val_loss", "val_accuracy"]
    assert all(len(values) == 3 for values in history.values())
    assert all(type(value) is float for values in history.values() for value in values)
    later = model.partial_fit(X, LABELS)
    assert {name: len(values) for name, values in later.items()} == {"loss": 1, "accuracy": 1}
    assert len(history["loss"]) == 3
    assert list(regressor().fit(X, VALUES)) == ["loss"]


def test_an_epochs_loss_is_that_of_its_examples_before_their_update() -> None:
    model = regressor(l2=0.1).build(6)
    weights = np.linspace(0.5, 2.0, 50)
    before = model.evaluate(X, VALUES, sample_weight=weights)
    first = model.fit(X, VALUES, epochs=1, batch_size=None, sample_weight=weights)["loss"][0]
    assert first == pytest.approx(before["loss"], rel=1e-6)


def test_an_epochs_loss_is_the_weighted_mean_over_its_batches() -> None:
    model = regressor(jn.SGD(1e-12)).build(6)
    weights = np.linspace(0.0, 2.0, 50)
    before = model.evaluate(X, VALUES, sample_weight=weights)["loss"]
    history = model.fit(X, VALUES, epochs=1, batch_size=16, sample_weight=weights)
    assert history["loss"][0] == pytest.approx(before, rel=1e-6)


def test_validation_is_an_evaluation_after_each_epoch_and_changes_nothing() -> None:
    seen, alone = regressor(), regressor()
    history = trained(seen, 3, validation_data=(X[:10], VALUES[:10])).history
    assert state_of(seen) == state_of(trained(alone, 3))
    assert history["val_loss"][-1] == seen.evaluate(X[:10], VALUES[:10])["loss"]


def test_a_short_last_batch_is_trained_on() -> None:
    model = regressor(jn.SGD(0.1)).build(6)
    before = bits(model.get_weights())
    last_alone = (np.arange(50) >= 48).astype(float)
    model.fit(X, VALUES, epochs=1, batch_size=16, shuffle=False, sample_weight=last_alone)
    expected = regressor(jn.SGD(0.1)).build(6)
    expected.fit(X[48:], VALUES[48:], epochs=1, batch_size=None)
    assert bits(model.get_weights()) != before
    for given, wanted in zip(model.get_weights(), expected.get_weights(), strict=True):
        np.testing.assert_allclose(given, wanted, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("size", [50, 51, 10**30, np.int64(50), np.uint8(50)])
def test_a_batch_of_all_or_more_is_the_full_batch(size: Any) -> None:
    full, large = regressor(), regressor()
    assert state_of(trained(large, batch_size=size)) == state_of(trained(full, batch_size=None))


def test_shuffling_changes_the_order_and_can_be_left_out() -> None:
    shuffled, ordered, again = regressor(), regressor(), regressor()
    assert state_of(trained(shuffled)) != state_of(trained(ordered, shuffle=False))
    assert state_of(ordered) == state_of(trained(again, shuffle=np.False_))


def test_whole_weights_count_as_repeated_examples() -> None:
    model, counts = regressor(l2=0.1).build(6), np.arange(50) % 4
    repeated = np.repeat(np.arange(50), counts)
    weighted = model.gradients(X, VALUES, sample_weight=counts)
    for given, wanted in zip(weighted, model.gradients(X[repeated], VALUES[repeated]), strict=True):
        np.testing.assert_allclose(given, wanted, rtol=1e-4, atol=1e-6)


class Frame:
    """What pandas' tables look like from outside."""

    def __init__(self, array: Any) -> None:
        self.array = array

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return np.asarray(self.array, dtype)


@pytest.mark.parametrize("wrapped", [Frame, np.ma.masked_array])
def test_what_can_be_made_an_array_means_that_array(wrapped: Callable[[Any], Any]) -> None:
    model, same = classifier(), classifier()
    assert model.fit(wrapped(X), wrapped(LABELS), epochs=2) == same.fit(X, LABELS, epochs=2)
    assert bits([model.predict(wrapped(X))]) == bits([same.predict(X)])


@pytest.mark.parametrize(
    "labels",
    [LABELS[:, np.newaxis], *(np.eye(3, dtype=t)[LABELS] for t in ("f8", "f2", "?"))],
    ids=["a column", "float64", "float16", "bool"],
)
def test_a_column_and_one_hot_rows_mean_the_same_as_labels(labels: Any) -> None:
    model, same = classifier(), classifier()
    assert model.fit(X, labels, epochs=2) == same.fit(X, LABELS, epochs=2)


def test_numbers_of_numpys_are_numbers() -> None:
    n: Any = np
    layers = [jn.Dense(n.int8(100)), jn.Dense(n.uint16(1), bias=n.True_, l2=n.float32(0.5))]
    model = jn.Sequential(layers, "mse", jn.SGD(n.float32(0.125)), n_threads=n.int8(1))
    model.build(n.uint8(6))
    model.fit(X, VALUES, epochs=n.int8(100), batch_size=n.int8(10))
    assert len(model.history["loss"]) == 100


def test_weights_are_copied_out_and_in() -> None:
    model, other = trained(regressor()), regressor()
    taken = model.get_weights()
    other.set_weights([array.astype(np.float64).tolist() for array in taken])
    assert bits(other.get_weights()) == bits(taken)
    assert bits([other.predict(X)]) == bits([model.predict(X)])
    for array in taken:
        array[:] = 0.0
    assert bits(model.get_weights()) != bits(taken)


def test_setting_weights_keeps_the_optimisers_state() -> None:
    model, same = trained(regressor()), trained(regressor())
    model.set_weights(model.get_weights())
    assert state_of(trained(model)) == state_of(trained(same))


def test_an_evaluation_may_be_infinite() -> None:
    model = jn.Sequential([jn.Dense(1)], loss="mse").build(1)
    model.set_weights([[[1e30]], [0.0]])
    many = np.ones((20_000, 1))
    assert model.evaluate(many, np.zeros(len(many))) == {"loss": np.inf}


@pytest.mark.parametrize(
    "copied", [copy.copy, copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))]
)
def test_a_copy_trains_like_its_model_and_apart_from_it(
    copied: Callable[[jn.Sequential], jn.Sequential],
) -> None:
    assert state_of(copied(regressor())) is None
    model = trained(regressor())
    before, other = state_of(model), copied(model)
    assert other.history == model.history
    trained(other)
    assert state_of(model) == before
    assert state_of(trained(model)) == state_of(other)


def test_numpys_error_state_neither_matters_nor_changes() -> None:
    with np.errstate(all="raise"):
        found = np.geterr()
        rate = jn.Exponential(0.1, every=1, factor=1e-30)
        model = regressor(jn.Adam(rate), l2=1e-30)
        tiny = X.astype(np.float64) * 1e-40
        model.fit(tiny, tiny[:, 0], epochs=20, sample_weight=np.geomspace(1e-300, 1.0, 50))
        model.set_weights([array.astype(np.float64) * 1e-42 for array in model.get_weights()])
        model.evaluate(tiny, tiny[:, 0])
        assert np.geterr() == found


def test_before_the_first_fit_the_summary_shows_what_is_known(
    capsys: pytest.CaptureFixture[str],
) -> None:
    model = classifier()
    model.summary()
    before = capsys.readouterr().out.splitlines()
    model.build(6).summary()
    after = capsys.readouterr().out.splitlines()
    assert before[-1] == "? is known after the first fit, or build(n_features)"
    assert len(before) == len(after) + 1
    assert "weight (?, " in before[1]
    assert "weight (6, " in after[1]
    assert before[1].split()[-1] == before[-2].split()[-1] == "?"
    assert before[2].split() == after[2].split(), "the second layer's inputs are the first's units"


def test_a_model_shows_itself_as_the_code_that_makes_it() -> None:
    rate = jn.Cosine(0.01, steps=100, warmup=5)
    for model, code in (
        (
            jn.Sequential([jn.Dense(1)], "mse"),
            "Sequential([Dense(1)], loss='mse', optimizer=Adam()",
        ),
        (
            jn.Sequential(
                [jn.Dense(3, activation="relu", l2=0.5), jn.Dense(2, bias=False)],
                "softmax_crossentropy",
                jn.SGD(rate, momentum=0.9),
                label_smoothing=0.1,
                seed=7,
                dtype="float64",
                n_threads=1,
            ),
            "Sequential([Dense(3, activation='relu', l2=0.5), Dense(2, bias=False)], "
            "loss='softmax_crossentropy', optimizer=SGD(",
        ),
    ):
        assert repr(model).startswith(code)
        same = eval(repr(model), dict(vars(jn)))
        assert repr(same) == repr(model)
        assert state_of(same.build(4)) == state_of(model.build(4))
        assert (same.layers, same.optimizer) == (model.layers, model.optimizer)


def test_the_summary_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    classifier().build(6).summary()
    assert capsys.readouterr().out.splitlines()[-1].split() == ["total", "83"]
