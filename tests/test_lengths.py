"""What is behind a sequence's end changes no bit, and the definitions do not see it."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

import jitnet as jn
from jitnet.arrays import Array
from jitnet.kernels.panels import panel_width
from ragged import draw_weights, ragged_loss_and_gradients, ragged_predictions
from rows import bits_of
from tolerances import assert_close, assert_norms_close

COUNT, TIME, VOCABULARY, FEATURES = 77, 12, 50, 4

each_dtype = pytest.mark.parametrize("dtype", ["float32", "float64"])

LAST: dict[str, Sequence[Any]] = {
    "recurrent": [jn.LSTM(9), jn.Dense(3)],
    "both directions": [jn.Bidirectional(jn.GRU(7)), jn.Dense(3)],
    "average": [jn.GlobalAveragePool(), jn.Dense(3)],
    "maximum": [jn.GlobalMaxPool(), jn.Dense(3)],
    "deep": [
        jn.Bidirectional(jn.SimpleRNN(5, return_sequences=True)),
        jn.Dropout(0.3),
        jn.LayerNorm(),
        jn.Residual([jn.Dense(10, "relu"), jn.GRU(10, return_sequences=True)]),
        jn.GlobalMaxPool(),
        jn.Dense(3),
    ],
}
"""What makes one output of a sequence."""

ALL: dict[str, Sequence[Any]] = {
    "of each step": [jn.Dense(7, "tanh"), jn.LayerNorm(), jn.Dense(3)],
    "of each state": [jn.Bidirectional(jn.LSTM(5, return_sequences=True)), jn.Dense(3)],
}
"""What makes an output of each time step."""

NETWORKS = LAST | ALL
each_network = pytest.mark.parametrize("name", NETWORKS)


class Ragged(NamedTuple):
    """Sequences that end early, with labels."""

    X: Array
    y: Array
    lengths: Array

    def behind(self, values: Any) -> Array:
        """The same sequences, with other values behind their ends."""
        is_there = np.arange(self.X.shape[1]) < self.lengths[:, np.newaxis]
        is_there = is_there.reshape(*is_there.shape, *[1] * (self.X.ndim - 2))
        found: Array = np.where(is_there, self.X, values).astype(self.X.dtype)
        return found

    def longer(self, values: Array) -> Array:
        """The same sequences, with more time steps behind."""
        return np.concatenate([self.X, values.astype(self.X.dtype)], axis=1)


def labels(rng: np.random.Generator, name: str, count: int, time: int = TIME) -> Array:
    return rng.integers(0, 3, (count, time) if name in ALL else count)


def ragged_numbers(rng: np.random.Generator, name: str, count: int = COUNT) -> Ragged:
    X = rng.normal(size=(count, TIME, FEATURES)).astype(np.float32)
    return Ragged(X, labels(rng, name, count), rng.integers(1, TIME + 1, count))


def ragged_indices(rng: np.random.Generator, name: str, count: int = COUNT) -> Ragged:
    X = rng.integers(1, VOCABULARY, (count, TIME))
    return Ragged(X, labels(rng, name, count), rng.integers(1, TIME + 1, count))


def model_of(name: str, dtype: str = "float32", **options: Any) -> jn.Sequential:
    return jn.Sequential(NETWORKS[name], "softmax_crossentropy", dtype=dtype, **options)


def of_indices(name: str, dtype: str = "float32", **options: Any) -> jn.Sequential:
    first = jn.Embedding(VOCABULARY, 17, mask_zero=options.pop("mask_zero", False))
    return jn.Sequential([first, *NETWORKS[name]], "softmax_crossentropy", dtype=dtype, **options)


def trained(model: jn.Sequential, X: Array, y: Array, lengths: Array | None, **options: Any) -> Any:
    """All that a fit, a prediction of many and of few, and an evaluation make, bit by bit."""
    options = {"epochs": 2, "batch_size": 32} | options
    losses = model.fit(X, y, lengths=lengths, **options)["loss"]
    few = None if lengths is None else lengths[:3]
    predicted = model.predict(X, lengths=lengths), model.predict(X[:3], lengths=few)
    if predicted[0].ndim == 3:  # what is predicted behind an end means nothing
        assert lengths is not None
        is_there = np.arange(TIME) < lengths[:, np.newaxis]
        predicted = predicted[0][:, :TIME][is_there], predicted[1][:, :TIME][is_there[:3]]
    arrays = [*model.get_weights(), *predicted]
    return [array.tobytes() for array in arrays], losses, model.evaluate(X, y, lengths=lengths)


@each_dtype
@each_network
def test_what_is_behind_an_end_changes_no_bit(
    name: str, dtype: str, rng: np.random.Generator
) -> None:
    given = ragged_numbers(rng, name)
    found = [
        trained(model_of(name, dtype), X, given.y, given.lengths)
        for X in (given.X, given.behind(0.0), given.behind(1e20))
    ]
    assert found[0] == found[1] == found[2]


@each_dtype
@pytest.mark.parametrize("name", LAST)
def test_more_time_steps_behind_the_ends_change_no_bit(
    name: str, dtype: str, rng: np.random.Generator
) -> None:
    given = ragged_numbers(rng, name)
    longer = given.longer(rng.normal(size=(COUNT, 5, FEATURES)))
    found = [trained(model_of(name, dtype), X, given.y, given.lengths) for X in (given.X, longer)]
    assert found[0] == found[1]


@each_dtype
@each_network
@pytest.mark.parametrize("length", [1, 5, TIME])
def test_padded_sequences_of_one_length_have_the_bits_of_those_cut_there(
    name: str, length: int, dtype: str, rng: np.random.Generator
) -> None:
    given = ragged_numbers(rng, name)._replace(lengths=np.full(COUNT, length))
    cut = given.y[:, :length] if name in ALL else given.y
    found = []
    for X, y, lengths in ((given.X, given.y, given.lengths), (given.X[:, :length], cut, None)):
        model = model_of(name, dtype)
        losses = model.fit(X, y, epochs=2, batch_size=32, lengths=lengths)["loss"]
        predicted = [model.predict(X, lengths=lengths)]
        predicted += [model.predict(X[:3], lengths=None if lengths is None else lengths[:3])]
        if name in ALL:
            predicted = [array[:, :length] for array in predicted]
        gradients = model.gradients(X, y, lengths=lengths)
        arrays = [*model.get_weights(), *predicted, *gradients]
        found.append((losses, [array.tobytes() for array in arrays]))
    assert found[0] == found[1]


@each_dtype
@each_network
def test_masked_zeros_have_the_bits_of_lengths(
    name: str, dtype: str, rng: np.random.Generator
) -> None:
    given = ragged_indices(rng, name)
    masked = of_indices(name, dtype, mask_zero=True)
    X, y = given.behind(0), given.y
    losses = masked.fit(X, y, epochs=2, batch_size=32)["loss"]
    model = of_indices(name, dtype)
    expected = trained(model, given.X, y, given.lengths)
    assert losses == expected[1]
    assert [array.tobytes() for array in masked.get_weights()] == [
        array.tobytes() for array in model.get_weights()
    ]
    assert masked.evaluate(X, y) == expected[2]
    if name in LAST:
        for count in (3, COUNT):
            theirs = model.predict(given.X[:count], lengths=given.lengths[:count])
            np.testing.assert_array_equal(masked.predict(X[:count]), theirs)


@pytest.mark.parametrize("name", ["recurrent", "average", "maximum"])
def test_masked_zeros_may_stand_anywhere(name: str, rng: np.random.Generator) -> None:
    """What looks at the steps in one direction sees those that are left as if side by side."""
    X = rng.integers(1, VOCABULARY, (40, TIME))
    model = draw_weights(of_indices(name, "float64", mask_zero=True).build(TIME), rng)
    with_holes = np.zeros((40, 2 * TIME), int)
    places = np.sort(rng.permuted(np.tile(np.arange(2 * TIME), (40, 1)), axis=1)[:, :TIME], axis=1)
    np.put_along_axis(with_holes, places, X, axis=1)
    longer = of_indices(name, "float64", mask_zero=True).build(2 * TIME)
    longer.set_weights(model.get_weights())
    np.testing.assert_array_equal(longer.predict(with_holes), model.predict(X))
    np.testing.assert_array_equal(longer.predict(with_holes[:2]), model.predict(X[:2]))


@each_dtype
@pytest.mark.parametrize("name", LAST)
def test_an_example_of_masked_steps_alone_leaves_the_last_bias(
    name: str, dtype: str, rng: np.random.Generator
) -> None:
    model = draw_weights(of_indices(name, dtype, mask_zero=True).build(TIME), rng)
    model.set_weights([*model.get_weights()[:-1], [1.0, 2.0, 3.0]])
    X = rng.integers(1, VOCABULARY, (40, TIME))
    X[[1, 30]] = 0
    logits = np.log(model.predict(X)[[1, 30]].astype(float))
    np.testing.assert_allclose(np.diff(logits), 1.0, rtol=1e-6)
    np.testing.assert_array_equal(model.predict(X[1:2]), model.predict(X)[1:2])
    y = rng.integers(0, 3, 40)
    assert all(np.isfinite(array).all() for array in model.gradients(X, y))
    assert np.isfinite(model.fit(X, y, epochs=1, batch_size=1)["loss"][0])


def test_a_batch_of_masked_steps_alone_takes_no_step(rng: np.random.Generator) -> None:
    model = of_indices("of each state", mask_zero=True, optimizer=jn.SGD(0.1)).build(TIME)
    X, y = rng.integers(1, VOCABULARY, (40, TIME)), rng.integers(0, 3, (40, TIME))
    X[8:24] = 0
    without = of_indices("of each state", mask_zero=True, optimizer=jn.SGD(0.1)).build(TIME)
    kept = np.r_[:8, 24:40]
    losses = model.fit(X, y, epochs=1, batch_size=8, shuffle=False)["loss"]
    assert losses == without.fit(X[kept], y[kept], epochs=1, batch_size=8, shuffle=False)["loss"]
    for found, expected in zip(model.get_weights(), without.get_weights(), strict=True):
        np.testing.assert_array_equal(found, expected)


@each_network
@pytest.mark.parametrize(("indices", "dtype"), [(False, "float32"), (True, "float64")])
def test_one_to_sixteen_workers_give_the_same_bits(
    name: str,
    indices: bool,
    dtype: str,
    rng: np.random.Generator,
    with_cores: Callable[[int], list[int]],
) -> None:
    given = (ragged_indices if indices else ragged_numbers)(rng, name, count=206)
    make = of_indices if indices else model_of
    sizes = with_cores(16)
    for batch_size in (panel_width(dtype) // 2, 6 * panel_width(dtype)):
        found = [
            trained(make(name, dtype, n_threads=workers), *given, batch_size=batch_size)
            for workers in (1, 2, 4, 16)
        ]
        assert all(bits == found[0] for bits in found)
    assert max(sizes) > 2


@each_network
def test_slices_of_any_length_have_the_bits_of_a_whole_fit(
    name: str, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = ragged_indices(rng, name)
    options: Any = {"epochs": 5, "batch_size": 30}
    expected = trained(of_indices(name), *given, **options)
    monkeypatch.setattr("jitnet.engine.pace.SLICE_SECONDS", 1e-9)
    monkeypatch.setattr("jitnet.engine.cost.FIRST_FLOPS", 1.0)
    assert trained(of_indices(name), *given, **options) == expected


@each_dtype
@each_network
def test_a_few_sequences_have_the_bits_that_they_have_among_many(
    name: str, dtype: str, rng: np.random.Generator
) -> None:
    for ragged, make in ((ragged_numbers, model_of), (ragged_indices, of_indices)):
        X, _, lengths = ragged(rng, name)
        model = draw_weights(make(name, dtype).build(X.shape[1:]), rng)
        many = model.predict(X, lengths=lengths)
        for first, last in ((0, 1), (3, 6), (7, 7 + panel_width(dtype) // 2)):
            few = model.predict(X[first:last], lengths=lengths[first:last])
            for row, expected, end in zip(few, many[first:last], lengths[first:last], strict=True):
                part = slice(end if name in ALL else None)
                np.testing.assert_array_equal(row[part], expected[part])


@each_dtype
@each_network
def test_loss_gradients_and_predictions_are_those_of_sequences_cut_at_their_ends(
    name: str, dtype: str, rng: np.random.Generator
) -> None:
    for ragged, make in ((ragged_numbers, model_of), (ragged_indices, of_indices)):
        X, y, lengths = ragged(rng, name, 23)
        model = draw_weights(make(name, dtype).build(X.shape[1:]), rng)
        weight = rng.uniform(0.5, 2.0, len(X)).astype(dtype)
        given = X.astype(dtype) if ragged is ragged_numbers else X
        loss, gradients = ragged_loss_and_gradients(model, given, np.eye(3)[y], lengths, weight)
        options: Any = {"sample_weight": weight, "lengths": lengths}
        assert_close("loss", dtype, model.evaluate(given, y, **options)["loss"], loss)
        assert_norms_close("gradient", dtype, model.gradients(given, y, **options), gradients)
        expected = ragged_predictions(model, given, lengths)
        for row, right in zip(model.predict(given, lengths=lengths), expected, strict=True):
            assert_close("prediction", dtype, row[: len(right)], right)


@each_dtype
def test_lengths_are_weights_of_zero_behind_the_ends(dtype: str, rng: np.random.Generator) -> None:
    X, y, lengths = ragged_numbers(rng, "of each step")
    own = rng.uniform(0.5, 2.0, (COUNT, TIME)).astype(dtype)
    is_there = np.arange(TIME) < lengths[:, np.newaxis]
    found = []
    both: list[dict[str, Any]] = [
        {"sample_weight": own, "lengths": lengths},
        {"sample_weight": own * is_there},
    ]
    for options in both:
        model = model_of("of each step", dtype)
        losses = model.fit(X, y, epochs=2, batch_size=32, **options)["loss"]
        gradients = model.gradients(X, y, **options)
        logs = model.evaluate(X, y, **options)
        found.append((bits_of(model, X, losses), logs, [array.tobytes() for array in gradients]))
    assert found[0] == found[1]


@each_dtype
@pytest.mark.parametrize("name", ALL)
def test_the_weight_of_an_example_is_that_of_each_of_its_steps(
    name: str, dtype: str, rng: np.random.Generator
) -> None:
    X, y, lengths = ragged_numbers(rng, name)
    weight = rng.uniform(0.5, 2.0, COUNT).astype(dtype)
    of_steps = np.repeat(weight[:, np.newaxis], TIME, axis=1)
    found = []
    for own in (weight, of_steps):
        model = model_of(name, dtype)
        losses = model.fit(X, y, epochs=2, batch_size=32, lengths=lengths, sample_weight=own)
        found.append((losses, [array.tobytes() for array in model.get_weights()]))
    assert found[0] == found[1]


def test_what_is_given_stays_as_it_is(rng: np.random.Generator) -> None:
    X, y, lengths = ragged_numbers(rng, "of each state")
    given = [X, y, lengths, np.ones((COUNT, TIME), np.float32)]
    before = [array.copy() for array in given]
    for array in given:
        array.setflags(write=False)
    model_of("of each state").fit(X, y, lengths=lengths, sample_weight=given[-1], epochs=1)
    for array, expected in zip(given, before, strict=True):
        np.testing.assert_array_equal(array, expected)


def test_accuracy_is_the_share_of_the_steps_that_are_there(rng: np.random.Generator) -> None:
    X, y, lengths = ragged_numbers(rng, "of each state")
    model = model_of("of each state", "float64").build((TIME, FEATURES))
    is_there = np.arange(TIME) < lengths[:, np.newaxis]
    right = (model.predict(X, lengths=lengths).argmax(axis=2) == y)[is_there]
    found = model.evaluate(X, y, lengths=lengths)["accuracy"]
    assert_close("loss", "float64", found, right.mean())


@each_network
def test_sequences_to_validate_on_have_lengths_of_their_own(
    name: str, rng: np.random.Generator
) -> None:
    X, y, lengths = ragged_numbers(rng, name)
    other = ragged_numbers(rng, name, 40)
    model = model_of(name)
    validation: Any = (other.X, other.y, None, other.lengths)
    history = model.fit(X, y, epochs=2, lengths=lengths, validation_data=validation)
    logs = model.evaluate(other.X, other.y, lengths=other.lengths)
    assert history["val_loss"][-1] == logs["loss"]
    assert logs != model.evaluate(other.X, other.y)


@pytest.mark.parametrize("name", ["recurrent", "of each state"])
def test_a_fit_of_ragged_sequences_goes_on_from_its_checkpoint(
    name: str, rng: np.random.Generator, tmp_path: Path
) -> None:
    X, y, lengths = ragged_numbers(rng, name)

    def weights(epochs: int, lengths: Array, **options: Any) -> list[bytes]:
        model = model_of(name)
        model.fit(X, y, epochs=epochs, batch_size=30, lengths=lengths, **options)
        return [array.tobytes() for array in model.get_weights()]

    saved: Any = {"callbacks": [jn.Checkpoint(tmp_path)]}
    weights(2, lengths, **saved)
    others = np.where(lengths == 1, 2, lengths - 1)
    with pytest.raises(ValueError, match="its data were others"):
        weights(4, others, resume=tmp_path, **saved)
    assert weights(4, lengths, resume=tmp_path, **saved) == weights(4, lengths)


def test_an_output_that_is_made_of_a_pooled_sequence_has_no_end(rng: np.random.Generator) -> None:
    """Two axes of it are no time steps of the input."""
    X, y = rng.integers(1, VOCABULARY, (40, TIME)), rng.normal(size=(40, 2, 3))
    X[:, 1:] = 0
    layers = [jn.Embedding(VOCABULARY, 4, mask_zero=True), jn.LSTM(6)]
    rows, pairs = (
        jn.Sequential([*layers, jn.Reshape(shape)], "mse", dtype="float64").build(TIME)
        for shape in ((6,), (2, 3))
    )
    for first, second in zip(
        pairs.gradients(X, y), rows.gradients(X, y.reshape(40, 6)), strict=True
    ):
        np.testing.assert_allclose(first, second, rtol=1e-12, atol=1e-15)
    lengths = np.ones(40, int)
    assert pairs.evaluate(X, y, lengths=lengths) == pairs.evaluate(X, y)


BAD_LENGTHS: dict[str, tuple[Any, type[Exception], str]] = {
    "none": (0, ValueError, rf"lengths must be from 1 to the {TIME} time steps there are, got 0"),
    "too long": (TIME + 1, ValueError, rf"from 1 to the {TIME} time steps .* got 13 at \[2\]"),
    "negative": (-1, ValueError, r"got -1 at \[2\]"),
    "a fraction": (1.5, ValueError, "lengths must be whole numbers of time steps"),
    "missing": (np.nan, ValueError, "lengths must be whole numbers of time steps"),
    "text": ("3", TypeError, "lengths must hold real numbers"),
    "a column": ([1], ValueError, r"lengths must have the shape \(5,\), got \(5, 1\)"),
}


def uses_of(model: jn.Sequential, X: Array, y: Array) -> Sequence[Callable[[Any], Any]]:
    """All that takes lengths."""
    return (
        lambda lengths: model.fit(X, y, lengths=lengths),
        lambda lengths: model.predict(X, lengths=lengths),
        lambda lengths: model.evaluate(X, y, lengths=lengths),
        lambda lengths: model.gradients(X, y, lengths=lengths),
        lambda lengths: model.fit(X, y, validation_data=(X, y, None, lengths)),
    )


@pytest.mark.parametrize("kind", BAD_LENGTHS)
def test_lengths_that_cannot_be_are_refused(kind: str, rng: np.random.Generator) -> None:
    bad, error, message = BAD_LENGTHS[kind]
    X, y, _ = ragged_numbers(rng, "recurrent", 5)
    lengths = [[1]] * 5 if kind == "a column" else [1, 2, bad, 1, 1]
    model = model_of("recurrent").build((TIME, FEATURES))
    if kind == "text":
        lengths = ["1", "2", "3", "1", "1"]
    for use in uses_of(model, X, y):
        with pytest.raises(error, match=message):
            use(lengths)


def test_there_are_as_many_lengths_as_examples(rng: np.random.Generator) -> None:
    X, y, _ = ragged_numbers(rng, "recurrent", 5)
    for use in uses_of(model_of("recurrent").build((TIME, FEATURES)), X, y):
        for lengths, shape in (([1] * 4, r"\(4,\)"), (3, r"\(\)")):
            message = rf"lengths must have the shape \(5,\), got {shape}"
            with pytest.raises(ValueError, match=message):
                use(lengths)


MIXING: dict[str, Sequence[Any]] = {
    "Flatten": [jn.Flatten(), jn.Dense(3)],
    "Conv1D": [jn.Conv1D(4, 3), jn.GlobalMaxPool(), jn.Dense(3)],
    "MaxPool1D": [jn.MaxPool1D(2), jn.GlobalMaxPool(), jn.Dense(3)],
    "Reshape": [jn.Reshape((6, 8)), jn.GlobalMaxPool(), jn.Dense(3)],
    "BatchNorm": [jn.BatchNorm(), jn.GlobalMaxPool(), jn.Dense(3)],
    "Residual": [jn.Residual([jn.Conv1D(4, 3, padding="same")]), jn.GlobalMaxPool(), jn.Dense(3)],
}


@pytest.mark.parametrize("kind", MIXING)
def test_where_a_layer_mixes_time_steps_there_are_no_ends(
    kind: str, rng: np.random.Generator
) -> None:
    X, y, lengths = ragged_numbers(rng, "recurrent", 5)
    model = jn.Sequential([jn.Dense(4), *MIXING[kind]], "softmax_crossentropy")
    message = f"lengths cannot be had here, as .*layer 2, .*{kind}.* would mix time steps"
    for use in uses_of(model.build((TIME, FEATURES)), X, y):
        with pytest.raises(ValueError, match=message):
            use(lengths)
    layers = [jn.Embedding(VOCABULARY, 4, mask_zero=True), *MIXING[kind]]
    masked = jn.Sequential(layers, "softmax_crossentropy").build(TIME)
    with pytest.raises(ValueError, match=message.replace("lengths", "mask_zero")):
        masked.predict(np.ones((5, TIME), int))


def test_one_input_is_no_tuple(rng: np.random.Generator) -> None:
    X, y, lengths = ragged_numbers(rng, "recurrent", 5)
    model = model_of("recurrent").build((TIME, FEATURES))
    for use in (lambda X: model.fit(X, y), model.predict, lambda X: model.evaluate(X, y)):
        with pytest.raises(ValueError, match="X must be one array, got a tuple of 2"):
            use((X, X))
    with pytest.raises(ValueError, match="lengths must have the shape"):
        model.predict(X, lengths=(lengths, lengths))


def test_weights_that_are_all_behind_the_ends_are_refused(rng: np.random.Generator) -> None:
    X, y, _ = ragged_numbers(rng, "of each state", 5)
    weight = np.zeros((5, TIME))
    weight[:, 6:] = 1.0
    options: Any = {"sample_weight": weight, "lengths": [6] * 5}
    model = model_of("of each state").build((TIME, FEATURES))
    for use in (model.fit, model.evaluate, model.gradients):
        with pytest.raises(ValueError, match="no time step counts: all are behind the ends"):
            use(X, y, **options)
    masked = of_indices("of each state", mask_zero=True)
    with pytest.raises(ValueError, match="no time step counts"):
        masked.fit(np.zeros((5, TIME), int), y)


def test_the_weights_of_steps_have_the_shape_of_the_steps(rng: np.random.Generator) -> None:
    X, y, _ = ragged_numbers(rng, "of each state", 5)
    model = model_of("of each state").build((TIME, FEATURES))
    for shape in ((5, TIME - 1), (5, 1), (4,), (5, TIME, 1)):
        with pytest.raises(ValueError, match=r"\(5,\) or \(5, 12\), one for each time step"):
            model.fit(X, y, sample_weight=np.ones(shape))
    with pytest.raises(ValueError, match=r"sample_weight must have the shape \(5,\), got"):
        model_of("recurrent").fit(X, y[:, 0], sample_weight=np.ones((5, TIME)))


def test_a_partial_fit_knows_the_ends_too(rng: np.random.Generator) -> None:
    X, y, lengths = rng.normal(size=(9, 5, 2)), rng.normal(size=9), rng.integers(1, 6, 9)
    found = []
    for behind in (0.0, 7.0):
        Z = np.where(np.arange(5)[:, np.newaxis] < lengths[:, np.newaxis, np.newaxis], X, behind)
        model = jn.Sequential([jn.GRU(3), jn.Dense(1)], "mse")
        model.partial_fit(Z, y, lengths=lengths)
        found.append(model.get_weights())
    for one, two in zip(*found, strict=True):
        np.testing.assert_array_equal(one, two)
