"""A file of a state dict has the names and layouts of PyTorch's, and gives the weights back."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import jitnet as jn
from exported import NETWORKS, TRAVELLING, assert_same_predictions, filled
from jitnet.activations import ACTIVATIONS
from jitnet.arrays import Array
from jitnet.export import torch_layers
from jitnet.export.state_dict import from_state_dict, to_state_dict

numpy_files: Any = pytest.importorskip(
    "safetensors.numpy", reason="a state dict is written with safetensors"
)


def test_names_count_activations_and_layouts_are_those_of_pytorch(
    rng: np.random.Generator,
) -> None:
    layers = [
        jn.Conv2D(4, (3, 2), activation="relu"),
        jn.BatchNorm(),
        jn.MaxPool2D(2),
        jn.Flatten(),
        jn.Residual([jn.Dense(24, "tanh", bias=False)]),
        jn.Dense(5),
    ]
    model, _ = filled(layers, (6, 7, 3), rng)
    shapes = {name: array.shape for name, array in to_state_dict(model).items()}
    assert shapes == {
        "0.weight": (4, 3, 3, 2),
        "0.bias": (4,),
        "2.weight": (4,),
        "2.bias": (4,),
        "2.running_mean": (4,),
        "2.running_var": (4,),
        "2.num_batches_tracked": (),
        "6.layers.0.weight": (24, 24),  # behind a Reorder: the sum is in the order of here
        "7.weight": (5, 24),
        "7.bias": (5,),
    }


def test_a_gru_has_two_biases_of_which_one_is_zero_but_for_n(rng: np.random.Generator) -> None:
    layers = [jn.Embedding(7, 2), jn.Bidirectional(jn.GRU(3)), jn.Dense(1)]
    model, _ = filled(layers, 5, rng)
    embedding, weight, bias, recurrent_weight, recurrent_bias, *_ = model.get_weights()
    found = to_state_dict(model)
    expected = {
        "0.weight": embedding,
        "1.weight_ih_l0": weight[:, :9].T,
        "1.weight_hh_l0": recurrent_weight[:3].T,
        "1.bias_ih_l0": bias[:9],
        "1.bias_hh_l0": [*np.zeros(6), *recurrent_bias[:3]],
        "1.weight_ih_l0_reverse": weight[:, 9:].T,
        "1.weight_hh_l0_reverse": recurrent_weight[3:].T,
        "1.bias_ih_l0_reverse": bias[9:],
        "1.bias_hh_l0_reverse": [*np.zeros(6), *recurrent_bias[3:]],
    }
    assert [*found] == [*expected, "3.weight", "3.bias"]
    for name, array in expected.items():
        np.testing.assert_array_equal(found[name], array, err_msg=name)


def test_weights_travel_where_zeros_are_no_steps_too(rng: np.random.Generator) -> None:
    layers = [jn.Embedding(5, 2, mask_zero=True), jn.LSTM(2)]
    (model, X), (other, _) = filled(layers, 4, rng), filled(layers, 4, rng)
    from_state_dict(other, to_state_dict(model))
    np.testing.assert_array_equal(other.predict(X), model.predict(X))


@pytest.mark.parametrize("layer", [jn.LSTM(2), jn.GRU(2), jn.SimpleRNN(2)])
def test_both_biases_are_summed_but_for_those_that_stay_apart(
    layer: Any, rng: np.random.Generator
) -> None:
    model, X = filled([layer], (4, 3), rng, dtype="float64")
    tensors = to_state_dict(model)
    expected = model.predict(X)
    moved = rng.normal(size=2)  # of the first gate, which has one bias here
    tensors["0.bias_ih_l0"][:2] -= moved
    tensors["0.bias_hh_l0"][:2] += moved
    from_state_dict(model, tensors)
    assert_same_predictions(model.predict(X), expected)
    if isinstance(layer, jn.GRU):
        tensors["0.bias_ih_l0"][-2:] -= moved
        tensors["0.bias_hh_l0"][-2:] += moved
        from_state_dict(model, tensors)
        assert np.abs(model.predict(X) - expected).max() > 1e-3


def test_weights_behind_a_flatten_go_by_channels_that_come_first(rng: np.random.Generator) -> None:
    model, X = filled([jn.Flatten(), jn.Dense(2, bias=False)], (3, 4, 2), rng)
    weight = to_state_dict(model)["1.weight"]
    rows = np.moveaxis(X, -1, 1).reshape(len(X), -1)  # as nn.Flatten has them
    assert_same_predictions(rows @ weight.T, model.predict(X))


@pytest.mark.parametrize("name", NETWORKS)
def test_a_file_gives_the_weights_back_to_the_bit(
    name: str, rng: np.random.Generator, tmp_path: Path
) -> None:
    model, _ = filled(*NETWORKS[name], rng)
    other, _ = filled(*NETWORKS[name], rng)
    jn.save_state_dict(model, tmp_path / "weights.safetensors")
    jn.load_state_dict(other, tmp_path / "weights.safetensors")
    for found, expected in zip(other.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(found, expected)


def test_every_layer_and_activation_has_a_row() -> None:
    assert set(torch_layers.ACTIVATIONS) == set(ACTIVATIONS)
    assert set(torch_layers.LAYERS) == TRAVELLING


def tensors(**changed: Array) -> dict[str, Array]:
    model = jn.Sequential([jn.Dense(3)], "mse").build(2)
    return to_state_dict(model) | {name.replace("_", "."): x for name, x in changed.items()}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (tensors(**{"1_weight": np.ones(3)}), r"but not both have \['1.weight'\]"),
        ({"0.weight": np.ones((3, 2))}, r"but not both have \['0.bias'\]"),
        (tensors(**{"0_weight": np.ones((2, 3))}), r"0.weight must be \(3, 2\), but is \(2, 3\)"),
        (tensors(**{"0_bias": np.full(3, np.nan)}), "finite"),
    ],
)
def test_other_tensors_are_refused_and_leave_the_model_as_it_was(
    given: dict[str, Array], message: str, rng: np.random.Generator
) -> None:
    model, X = filled([jn.Dense(3)], 2, rng)
    expected = model.predict(X)
    with pytest.raises(ValueError, match=message):
        from_state_dict(model, given)
    np.testing.assert_array_equal(model.predict(X), expected)


def test_infinities_in_two_biases_that_are_summed_are_refused() -> None:
    model = jn.Sequential([jn.SimpleRNN(2)], "mse").build((3, 2))
    given = to_state_dict(model)
    given |= {"0.bias_ih_l0": np.full(2, np.inf), "0.bias_hh_l0": np.full(2, -np.inf)}
    with pytest.raises(ValueError, match=r"0.bias_\w+_l0 must be finite, but contains -?inf"):
        from_state_dict(model, given)


def test_an_error_is_short_however_long_a_files_names_are(tmp_path: Path) -> None:
    model = jn.Sequential([jn.Dense(1)], "mse").build(1)
    numpy_files.save_file({"x" * 50_000: np.ones(1)}, tmp_path / "weights.safetensors")
    with pytest.raises(ValueError, match="must have the same tensors") as error:
        jn.load_state_dict(model, tmp_path / "weights.safetensors")
    assert len(str(error.value)) < 1500
    header = json.dumps({"x": {"dtype": "y" * 50_000, "shape": [], "data_offsets": [0, 0]}})
    content = len(header).to_bytes(8, "little") + header.encode()
    (tmp_path / "weights.safetensors").write_bytes(content)
    with pytest.raises(ValueError, match="is no file of safetensors") as error:
        jn.load_state_dict(model, tmp_path / "weights.safetensors")
    assert len(str(error.value)) < 1500


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    (tmp_path / "weights").write_bytes(b"no tensors")
    with pytest.raises(ValueError, match="is no file of safetensors"):
        jn.load_state_dict(jn.Sequential([jn.Dense(1)], "mse").build(1), tmp_path / "weights")
