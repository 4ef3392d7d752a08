"""Weights that Keras wrote make the same predictions here."""

import os
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import jitnet as jn
from exported import ROWS_TO_EXPORT, assert_same_predictions, filled
from jitnet.arrays import Array
from jitnet.export.keras_layers import LAYERS
from jitnet.export.keras_weights import with_weights
from jitnet.export.network import read
from own_rows import PReLU
from rows import networks

h5py: Any = pytest.importorskip("h5py", reason="weights of Keras's are read with h5py")

LAYERS_WITH_WEIGHTS: Sequence[Any] = (
    jn.Conv2D(3, (3, 2), padding="same", activation="relu"),
    jn.BatchNorm(epsilon=1e-3),
    jn.MaxPool2D(2),
    jn.Reshape((-1, 3)),
    jn.Conv1D(4, 2, bias=False),
    jn.LayerNorm(epsilon=1e-3),
    jn.Flatten(),
    jn.Dense(5, activation="silu"),
    jn.Residual([jn.Dense(6, activation="tanh"), jn.Dense(5, bias=False)]),
    jn.Dense(2),
)

SHAPE = (6, 4, 2)
WEIGHT = "layers/dense/vars/0"

GROUPS = {
    "conv2d": 2,
    "batch_normalization": 4,
    "conv1d": 1,
    "layer_normalization": 2,
    "dense": 2,
    "dense_1": 2,
    "dense_2": 1,
    "dense_3": 2,
}
"""What Keras calls these layers, and their arrays; in the file they stand by the alphabet."""


def written(path: Path, weights: Sequence[Array]) -> None:
    """Weights as Keras 3 lays them out, with an optimiser's state and layers without weights."""
    left = list(weights)
    with h5py.File(path, "w") as file:
        for name, count in GROUPS.items():
            group = file.create_group(f"layers/{name}/vars")
            group.attrs["name"] = name
            for number in range(count):
                group[str(number)] = left.pop(0)
        file.create_group("layers/flatten/vars")
        file["optimizer/vars/0"] = np.array(3)
        file.create_group("vars")
    assert not left


def test_the_layout_of_keras_is_read(rng: np.random.Generator, tmp_path: Path) -> None:
    model, X = filled(LAYERS_WITH_WEIGHTS, SHAPE, rng)
    written(tmp_path / "model.weights.h5", model.get_weights())
    other, _ = filled(LAYERS_WITH_WEIGHTS, SHAPE, rng)
    assert jn.from_keras(tmp_path / "model.weights.h5", other) is other
    np.testing.assert_array_equal(other.predict(X), model.predict(X))


def test_every_layer_with_weights_has_a_name_in_keras() -> None:
    found: set[type[Any]] = set()
    for row in ROWS_TO_EXPORT:
        for network in networks(row) if row.kind == "layer" else ():
            model = network.model().build(network.n_features)
            found |= {type(stage.layer) for stage in with_weights(read(model).stages)}
    assert found == set(LAYERS)


SEQUENCE_LAYERS: Sequence[Any] = (
    jn.Embedding(7, 4),
    jn.Bidirectional(jn.GRU(3, return_sequences=True)),
    jn.Bidirectional(jn.LSTM(2, return_sequences=True)),
    jn.GRU(3, return_sequences=True),
    jn.LSTM(4, return_sequences=True),
    jn.SimpleRNN(3, return_sequences=True),
    jn.Dense(4, activation="tanh"),
    jn.Bidirectional(jn.SimpleRNN(3)),
    jn.Dense(2),
)


def logistic(z: Array) -> Array:
    return 1 / (1 + np.exp(-z))


def test_the_gates_of_keras_are_put_in_order(rng: np.random.Generator, tmp_path: Path) -> None:
    """By the formulas of Keras's cells, of one time step after another."""
    units, X = 2, rng.normal(size=(5, 4, 3))
    z = {  # (features, gates), (units, gates), and biases (2, gates) or (gates,)
        "gru": [rng.normal(size=s) for s in ((3, 6), (2, 6), (2, 6))],
        "lstm": [rng.normal(size=s) for s in ((2, 8), (2, 8), (8,))],
    }
    with h5py.File(tmp_path / "model.weights.h5", "w") as file:
        for name, arrays in z.items():
            for number, array in enumerate(arrays):
                file[f"layers/{name}/cell/vars/{number}"] = array
    layers = [jn.GRU(units, return_sequences=True), jn.LSTM(units)]
    model = jn.Sequential(layers, "mse", dtype="float64").build((4, 3))
    jn.from_keras(tmp_path / "model.weights.h5", model)

    of_gru, h, c = np.zeros((5, units)), np.zeros((5, units)), np.zeros((5, units))
    for t in range(4):
        kernel, recurrent, (bias, recurrent_bias) = z["gru"]
        given, kept = X[:, t] @ kernel + bias, of_gru @ recurrent + recurrent_bias
        update, reset = logistic((given + kept)[:, :2]), logistic((given + kept)[:, 2:4])
        new = np.tanh(given[:, 4:] + reset * kept[:, 4:])
        of_gru = update * of_gru + (1 - update) * new
        kernel, recurrent, bias = z["lstm"]
        i, f, g, o = np.split(of_gru @ kernel + h @ recurrent + bias, 4, axis=1)
        c = logistic(f) * c + logistic(i) * np.tanh(g)
        h = logistic(o) * np.tanh(c)
    assert_same_predictions(model.predict(X), h)


of_keras = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy")
"""Keras's own way from PyTorch's tensors to NumPy's arrays warns."""


@pytest.fixture(scope="module")
def keras() -> Any:
    """Keras on a library that is there, PyTorch first: the tests run it anyway."""
    libraries = [name for name in ("torch", "jax", "tensorflow") if find_spec(name)]
    if libraries:
        os.environ.setdefault("KERAS_BACKEND", libraries[0])
    return pytest.importorskip("keras", reason="Keras is an extra: jitnet[peers]")


def in_keras(keras: Any) -> Any:
    """The same network as a user of Keras writes it."""
    layers = keras.layers
    given = keras.Input(SHAPE)
    x = layers.Conv2D(3, (3, 2), padding="same", activation="relu")(given)
    x = layers.BatchNormalization()(x)
    x = layers.MaxPooling2D(2)(x)
    x = layers.Reshape((-1, 3))(x)
    x = layers.Conv1D(4, 2, use_bias=False)(x)
    x = layers.LayerNormalization()(x)
    x = layers.Flatten()(x)
    x = layers.Dense(5, activation="silu", name="named")(x)
    inner = layers.Dense(6, activation="tanh")(x)
    inner = layers.Dense(5, use_bias=False)(inner)
    x = layers.Add()([x, inner])
    return keras.Model(given, layers.Dense(2)(layers.Dropout(0.5)(x)))


@of_keras
def test_a_file_that_keras_wrote_predicts_the_same(
    keras: Any, rng: np.random.Generator, tmp_path: Path
) -> None:
    theirs = in_keras(keras)
    theirs.set_weights([rng.uniform(0.1, 1.0, w.shape) for w in theirs.get_weights()])
    theirs.save_weights(tmp_path / "model.weights.h5")
    model, X = filled(LAYERS_WITH_WEIGHTS, SHAPE, rng)
    jn.from_keras(tmp_path / "model.weights.h5", model)
    expected = np.asarray(keras.ops.convert_to_numpy(theirs(X, training=False)))
    assert_same_predictions(model.predict(X), expected)


@of_keras
def test_recurrent_layers_and_embeddings_of_keras_are_read(
    keras: Any, rng: np.random.Generator, tmp_path: Path
) -> None:
    layers, both = keras.layers, keras.layers.Bidirectional
    theirs = keras.Sequential(
        [
            keras.Input((6,), dtype="int32"),
            layers.Embedding(7, 4),
            both(layers.GRU(3, return_sequences=True)),
            both(layers.LSTM(2, return_sequences=True)),
            layers.GRU(3, return_sequences=True),
            layers.LSTM(4, return_sequences=True),
            layers.SimpleRNN(3, return_sequences=True),
            layers.Dense(4, "tanh"),
            both(layers.SimpleRNN(3)),
            layers.Dense(2),
        ]
    )
    theirs.set_weights([rng.uniform(-1.0, 1.0, w.shape) for w in theirs.get_weights()])
    theirs.save_weights(tmp_path / "model.weights.h5")
    model, X = filled(SEQUENCE_LAYERS, 6, rng)
    jn.from_keras(tmp_path / "model.weights.h5", model)
    assert_same_predictions(model.predict(X), theirs.predict(X, verbose=0))


@of_keras
def test_a_gru_whose_gate_stands_before_the_product_is_refused(keras: Any, tmp_path: Path) -> None:
    gru = keras.layers.GRU(2, reset_after=False)
    keras.Sequential([keras.Input((4, 3)), gru]).save_weights(tmp_path / "model.weights.h5")
    model = jn.Sequential([jn.GRU(2)], "mse").build((4, 3))
    with pytest.raises(ValueError, match=r"gru/cell/vars/2 must be \(2, 6\), but is \(6,\)"):
        jn.from_keras(tmp_path / "model.weights.h5", model)


@of_keras
def test_a_sequential_of_keras_is_read_with_its_optimiser(
    keras: Any, rng: np.random.Generator, tmp_path: Path
) -> None:
    dense = keras.layers.Dense
    theirs = keras.Sequential([keras.Input((3,)), dense(4, "tanh"), dense(2, "softmax")])
    theirs.compile("adam", "categorical_crossentropy")
    X, y = rng.normal(size=(20, 3)).astype(np.float32), np.eye(2)[rng.integers(0, 2, 20)]
    theirs.fit(X, y, epochs=1, verbose=0)
    theirs.save_weights(tmp_path / "model.weights.h5")
    layers = [jn.Dense(4, "tanh"), jn.Dense(2)]
    model = jn.Sequential(layers, "softmax_crossentropy").build(3)
    jn.from_keras(tmp_path / "model.weights.h5", model)
    assert_same_predictions(model.predict(X), theirs.predict(X, verbose=0))


def test_several_inputs_are_refused(tmp_path: Path) -> None:
    layers: Any = [jn.Branches([[], [jn.Dense(2)]]), jn.Dense(1)]
    shapes: Any = [(3,), (4,)]
    with pytest.raises(ValueError, match="Keras has no Branches of jitnet's"):
        jn.from_keras(tmp_path / "none", jn.Sequential(layers, "mse").build(shapes))


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ([jn.Dense(2, bias=False)], r"not both have \['layers/dense/vars/1'\]"),
        ([jn.Dense(2), jn.Dense(2)], r"\['layers/dense_1/vars/0', 'layers/dense_1/vars/1'\]"),
        ([jn.Dense(3)], r"layers/dense/vars/0 must be \(4, 3\), but is \(4, 2\)"),
        ([PReLU(), jn.Dense(2)], "Keras has no PReLU of jitnet's"),
    ],
)
def test_other_weights_are_refused_and_leave_the_model_as_it_was(
    layers: Sequence[Any], message: str, tmp_path: Path
) -> None:
    with h5py.File(tmp_path / "model.weights.h5", "w") as file:
        file["layers/dense/vars/0"], file["layers/dense/vars/1"] = np.ones((4, 2)), np.ones(2)
    model = jn.Sequential(layers, "mse").build(4)
    weights = model.get_weights()
    with pytest.raises(ValueError, match=message):
        jn.from_keras(tmp_path / "model.weights.h5", model)
    for found, expected in zip(model.get_weights(), weights, strict=True):
        np.testing.assert_array_equal(found, expected)


def test_numbers_that_lie_in_other_files_are_not_read(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"nobody else reads this here")
    outside = [(str(tmp_path / "secret"), 0, 24)]
    virtual = h5py.VirtualLayout((3, 2), "f4")
    virtual[:] = h5py.VirtualSource(tmp_path / "other.h5", "numbers", (3, 2))
    model = jn.Sequential([jn.Dense(2)], "mse").build(3)
    for is_virtual in (False, True):
        with h5py.File(tmp_path / "model.weights.h5", "w") as file:
            if is_virtual:
                file.create_virtual_dataset(WEIGHT, virtual)
            else:
                file.create_dataset(WEIGHT, (3, 2), "f4", external=outside)
            file["layers/dense/vars/1"] = np.ones(2, "f4")
        with pytest.raises(ValueError, match=f"the numbers of {WEIGHT} lie in other files"):
            jn.from_keras(tmp_path / "model.weights.h5", model)


def test_an_array_is_not_read_before_its_shape_fits(tmp_path: Path) -> None:
    """A file of some kilobytes may say that it has a petabyte of zeros."""
    with h5py.File(tmp_path / "model.weights.h5", "w") as file:
        file.create_dataset(WEIGHT, (1 << 25, 1 << 25), "f4", chunks=(64, 64))
        file["layers/dense/vars/1"] = np.ones(2, "f4")
    model = jn.Sequential([jn.Dense(2)], "mse").build(3)
    with pytest.raises(ValueError, match=r"vars/0 must be \(3, 2\), but is \(33554432, "):
        jn.from_keras(tmp_path / "model.weights.h5", model)


def test_a_weights_file_that_is_damaged_anywhere_gets_one_line(tmp_path: Path) -> None:
    path = tmp_path / "model.weights.h5"
    with h5py.File(path, "w") as file:
        file[WEIGHT], file["layers/dense/vars/1"] = np.ones((3, 2), "f4"), np.ones(2, "f4")
    whole = path.read_bytes()
    model = jn.Sequential([jn.Dense(2)], "mse").build(3)
    refusals, said = set(), ""
    for place in range(0, len(whole), 5):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
        try:
            jn.from_keras(path, model)
        except ValueError as error:
            refusals.add(type(error.__cause__))
            said += str(error)
    assert "\n" not in said
    assert refusals > {OSError, RuntimeError}, "h5py says it in many ways"


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    (tmp_path / "weights").write_bytes(b"no weights")
    model = jn.Sequential([jn.Dense(1)], "mse").build(1)
    with pytest.raises(ValueError, match="is no file of HDF5"):
        jn.from_keras(tmp_path / "weights", model)
    with pytest.raises(FileNotFoundError):
        jn.from_keras(tmp_path / "nothing", model)
