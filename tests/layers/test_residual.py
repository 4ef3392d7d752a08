"""Residual adds its input to what layers make of it, wherever it stands and whatever is in it."""

import copy
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import jitnet as jn
from gradient_check import check_gradients, make_case
from jitnet.arrays import Array
from jitnet.io.model_file import read_model, write_model
from jitnet.kernels.panels import panel_width
from rows import Network, check, check_predictions, check_steps, sgd

NO_SEQUENCE: Any = jn.Dense(3)
NO_LAYER: Any = 3
WIDTH = panel_width("float64")

BLOCK = jn.Residual([jn.Dense(9, "tanh", l2=0.1), jn.Dense(4)])

NETWORKS: dict[str, Sequence[Any]] = {
    "first": [BLOCK, jn.Dense(2)],
    "last": [jn.Dense(4), BLOCK],
    "alone": [BLOCK],
    "one after the other": [BLOCK, BLOCK, jn.Dense(3, "tanh")],
    "within another": [jn.Residual([jn.Dense(5), jn.Residual([jn.Dense(5, "tanh")]), jn.Dense(4)])],
    "an activation last": [jn.Residual([jn.Dense(4, "softplus")]), jn.Dense(2)],
    "nothing trained": [jn.Dense(4), jn.Residual([jn.Dropout(0.5)]), jn.Dense(1)],
    "before all that is trained": [jn.Residual([jn.Dropout(0.5)]), jn.Dense(1)],
    "nested at its end": [jn.Residual([jn.Residual([jn.Residual([jn.Dense(4, "gelu")])])])],
    "other shapes": [jn.Residual([jn.Reshape((2, 2)), jn.LayerNorm(0.3), jn.Flatten()])],
    "on images": [jn.Reshape((2, 2)), jn.Residual([jn.BatchNorm()]), jn.Flatten(), jn.Dense(2)],
    "convolved": [
        jn.Reshape((2, 2, 1)),
        jn.Conv2D(3, 3, padding="same", activation="tanh"),
        jn.Residual([jn.Conv2D(3, 3, padding="same", bias=False), jn.BatchNorm()]),
        jn.Flatten(),
        jn.Dense(2),
    ],
    "normalised": [jn.Dense(4), jn.Residual([jn.BatchNorm(), jn.Dense(4, "silu")]), jn.BatchNorm()],
}


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("examples", [1, WIDTH // 2, 2 * WIDTH + 3])
def test_agrees_with_the_definition(network: str, examples: int, rng: np.random.Generator) -> None:
    options: Any = {"n_features": 4, "n_examples": examples, "weighted": True}
    case = make_case(rng, NETWORKS[network], "mse", **options)
    check(case)
    check_predictions(case)


@pytest.mark.parametrize("network", NETWORKS)
def test_gradients_are_central_differences(network: str, rng: np.random.Generator) -> None:
    check_gradients(make_case(rng, NETWORKS[network], "mse", n_features=4, weighted=True))


@pytest.mark.parametrize("network", NETWORKS)
def test_steps_of_training_are_those_of_the_definition(
    network: str, rng: np.random.Generator
) -> None:
    layers = jn.Reshape((4,)), *NETWORKS[network]
    check_steps(Network(layers, "mse", jn.SGD(0.05)), sgd, rng, steps=6)


def test_of_zero_weights_it_does_nothing(rng: np.random.Generator) -> None:
    model = jn.Sequential([jn.Residual([jn.Dense(7, "relu"), jn.Dense(3)])], "mse").build(3)
    model.set_weights([0.0 * w for w in model.get_weights()])
    X = rng.normal(size=(50, 3)).astype(np.float32)
    np.testing.assert_array_equal(model.predict(X), X)


def deep(n_threads: int | None = 1, dtype: str = "float32") -> jn.Sequential:
    """A network that normalises, forgets, and has shortcuts within shortcuts."""
    inner = jn.Residual([jn.Dropout(0.1), jn.Dense(40, "relu", l2=0.01)])
    block = jn.Residual([jn.BatchNorm(), jn.Dense(40, "relu"), inner, jn.Dense(33)])
    layers = [jn.Dense(33, "gelu"), block, jn.Residual([jn.LayerNorm(), jn.Dropout(0.2)])]
    return jn.Sequential([*layers, jn.Dense(2)], "mse", dtype=dtype, n_threads=n_threads)


def data_of(rng: np.random.Generator, examples: int = 300) -> tuple[Array, Array]:
    return rng.normal(size=(examples, 8)), rng.normal(size=(examples, 2))


def bits_of(model: jn.Sequential) -> list[bytes]:
    return [w.tobytes() for w in model.get_weights()]


@pytest.mark.parametrize("batch_size", [8, 150])
def test_bits_are_the_same_with_one_to_sixteen_workers(
    batch_size: int, rng: np.random.Generator, with_cores: Callable[[int], list[int]]
) -> None:
    with_cores(16)
    X, y = data_of(rng)
    found = []
    for workers in (1, 2, 4, 16):
        model = deep(workers)
        model.fit(X, y, epochs=3, batch_size=batch_size)
        found.append(bits_of(model))
    assert all(bits == found[0] for bits in found)


def test_a_fit_goes_on_in_copies_and_from_a_file(rng: np.random.Generator, tmp_path: Path) -> None:
    X, y = data_of(rng)
    whole, model = deep(), deep()
    whole.fit(X, y, epochs=4, batch_size=50)
    model.fit(X, y, epochs=2, batch_size=50)
    model.save(tmp_path / "model")
    for going_on in (copy.deepcopy(model), jn.load(tmp_path / "model"), model):
        going_on.fit(X, y, epochs=2, batch_size=50)
        assert going_on.layers == whole.layers
        assert bits_of(going_on) == bits_of(whole)


def test_a_few_examples_have_a_way_of_their_own(rng: np.random.Generator) -> None:
    layers = [jn.Dense(9), jn.Residual([jn.BatchNorm(), jn.Dense(9, "relu"), BLOCK_OF_9])]
    model = jn.Sequential([*layers, jn.Dense(2)], "mse", dtype="float64").build(8)
    assert model._built()._few.takes(1, True)
    X, _ = data_of(rng, 3 * WIDTH)
    whole = model.predict(X)
    for count in (1, 3, WIDTH // 2):
        np.testing.assert_array_equal(model.predict(X[:count]), whole[:count])


BLOCK_OF_9 = jn.Residual([jn.Dense(5, "tanh"), jn.Dense(9)])


def test_sparse_rows_go_through_it(rng: np.random.Generator) -> None:
    sparse = pytest.importorskip("scipy.sparse")
    X, y = data_of(rng, 90)
    X[rng.random(X.shape) < 0.9] = 0.0
    models = []
    for inputs in (X, sparse.csr_matrix(X)):
        layers = [jn.Residual([jn.Dense(5, "tanh"), jn.Dense(8)]), jn.Dense(2)]
        model = jn.Sequential(layers, "mse", dtype="float64").build(8)
        model.fit(inputs, y, epochs=2)
        models.append(model)
    assert bits_of(models[0]) == bits_of(models[1])


def test_names_in_a_file_say_which_layer_within_which(tmp_path: Path) -> None:
    safetensors = pytest.importorskip("safetensors")
    layers = [jn.Dense(4), jn.Residual([jn.Dense(4), jn.Residual([jn.LayerNorm()])])]
    model = jn.Sequential(layers, "mse", jn.SGD()).build(4)
    model.save(tmp_path / "model")
    with safetensors.safe_open(tmp_path / "model", "numpy") as file:
        assert sorted(file.keys()) == [
            "layers.0.bias",
            "layers.0.weight",
            "layers.1.0.bias",
            "layers.1.0.weight",
            "layers.1.1.0.bias",
            "layers.1.1.0.weight",
        ]


def test_a_model_shows_what_is_within(capsys: pytest.CaptureFixture[str]) -> None:
    layers = [jn.Residual([jn.Dense(4, "relu"), jn.Residual([jn.LayerNorm()])]), jn.Dense(1)]
    model = jn.Sequential(layers, "mse").build(4)
    model.summary()
    assert capsys.readouterr().out.splitlines() == [
        "layer                 parameters                output  count",
        "1      Residual       -                         (m, 4)       ",
        "1.1      Dense, relu  weight (4, 4), bias (4,)  (m, 4)     20",
        "1.2      Residual     -                         (m, 4)       ",
        "1.2.1      LayerNorm  weight (4,), bias (4,)    (m, 4)      8",
        "2      Dense          weight (4, 1), bias (1,)  (m, 1)      5",
        "total                                                      33",
    ]
    assert repr(model) == (
        "Sequential([Residual([Dense(4, activation='relu'), Residual([LayerNorm()])]), Dense(1)], "
        "loss='mse', optimizer=Adam())"
    )


def test_an_unknown_activation_within_a_file_says_what_to_register(tmp_path: Path) -> None:
    model = jn.Sequential([jn.Residual([jn.Dense(4, "relu")])], "mse").build(4)
    model.save(tmp_path / "model")
    description, tensors = read_model(tmp_path / "model")
    description["layers"][0]["layers"][0]["activation"] = "remu"
    write_model(tmp_path / "model", description, tensors)
    with pytest.raises(ValueError, match="activation 'remu'"):
        jn.load(tmp_path / "model")


@pytest.mark.parametrize(
    ("make", "kind", "message"),
    [
        (lambda: jn.Residual([]), ValueError, "at least one layer, got []"),
        (lambda: jn.Residual(NO_SEQUENCE), ValueError, "sequence of at least one layer"),
        (lambda: jn.Residual([NO_LAYER]), TypeError, "layers such as Dense(10), got 3"),
        (
            lambda: jn.Sequential([jn.Residual([jn.Dense(3)])], "mse").build(4),
            ValueError,
            "the input has (4,), the output (3,)",
        ),
        (
            lambda: jn.Sequential([jn.Reshape((2, 2)), jn.Residual([jn.Flatten()])], "mse").build(
                4
            ),
            ValueError,
            "the input has (2, 2), the output (4,)",
        ),
    ],
)
def test_what_makes_no_shortcut_is_refused(
    make: Callable[[], object], kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind, match=re.escape(message)):
        make()


def test_lists_and_tuples_of_layers_are_equal() -> None:
    assert jn.Residual([jn.Dense(3)]) == jn.Residual((jn.Dense(3),))
    assert hash(jn.Residual([jn.Dense(3)])) == hash(jn.Residual((jn.Dense(3),)))
