"""A model written as ONNX predicts in onnxruntime what it predicts here."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import jitnet as jn
from exported import (
    INPUTS_FIRST,
    NETWORKS,
    ROWS_TO_EXPORT,
    SEVERAL,
    TRAVELLING,
    assert_same_predictions,
    far_from_zero,
    filled,
    several,
)
from jitnet.activations import ACTIVATIONS
from jitnet.arrays import Array
from jitnet.export import onnx_functions, onnx_layers
from jitnet.export.onnx import onnx_model
from jitnet.losses.links import LINKS
from own_rows import PReLU
from rows import Row, networks

onnx: Any = pytest.importorskip("onnx", reason="onnx is an extra: jitnet[onnx]")
runtime: Any = pytest.importorskip("onnxruntime", reason="onnxruntime runs what is written")

WITHOUT_FLOAT64 = {
    "AveragePool",
    "Conv",
    "Elu",
    "GRU",
    "Gelu",
    "LSTM",
    "LeakyRelu",
    "RNN",
    "Softplus",
}
"""Operators that onnxruntime has in float32 alone."""

TOLERANCE = 1e-5
"""Relative to the greatest prediction, in float64 too: an operator's ε and slope are float32."""


def ran(model: Any, X: Any) -> Array:
    """What onnxruntime makes of examples; the reference of onnx where an operator is missing."""
    fed = X if isinstance(X, dict) else {"x": X}
    operators = {node.op_type for node in model.graph.node}
    double = model.graph.output[0].type.tensor_type.elem_type == onnx.TensorProto.DOUBLE
    if double and operators & WITHOUT_FLOAT64:
        from onnx.reference import ReferenceEvaluator

        return np.asarray(ReferenceEvaluator(model).run(None, fed)[0])
    providers = ["CPUExecutionProvider"]
    session = runtime.InferenceSession(model.SerializeToString(), providers=providers)
    return np.asarray(session.run(None, fed)[0])


def check(layers: Sequence[Any], shape: Any, rng: np.random.Generator, **settings: Any) -> None:
    model, X = filled(layers, shape, rng, **settings)
    assert_same_predictions(ran(onnx_model(model), X), model.predict(X), TOLERANCE)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("row", ROWS_TO_EXPORT, ids=str)
def test_every_row_of_the_tables_predicts_the_same(
    row: Row, dtype: str, rng: np.random.Generator
) -> None:
    for network in networks(row):
        check(network.layers, network.n_features, rng, loss=network.loss, dtype=dtype)


@pytest.mark.parametrize("name", NETWORKS)
def test_networks_of_several_kinds_predict_the_same(name: str, rng: np.random.Generator) -> None:
    check(*NETWORKS[name], rng)


@pytest.mark.parametrize(("layers", "shape"), INPUTS_FIRST)
def test_a_first_layer_reads_the_input_in_any_shape(
    layers: Sequence[Any], shape: Any, rng: np.random.Generator
) -> None:
    check(layers, shape, rng)


def test_a_mean_far_from_zero_costs_no_digits(rng: np.random.Generator) -> None:
    model, X = far_from_zero(rng)
    assert_same_predictions(ran(onnx_model(model), X), model.predict(X), 1e-6)


def test_every_layer_activation_and_link_has_a_row() -> None:
    assert set(onnx_layers.LAYERS) == TRAVELLING
    assert set(onnx_functions.ACTIVATIONS) == set(ACTIVATIONS)
    assert set(onnx_functions.LINKS) == set(LINKS)


def operators(layers: Sequence[Any], shape: Any) -> list[str]:
    graph = onnx_model(jn.Sequential(layers, "mse").build(shape)).graph
    return [node.op_type for node in graph.node]


def test_channels_are_moved_once_for_all_layers_of_images() -> None:
    layers = [
        jn.Rescaling(1 / 255),
        jn.Conv2D(4, 3, activation="relu"),
        jn.BatchNorm(),
        jn.MaxPool2D(2),
        jn.Residual([jn.Conv2D(4, 3, padding="same"), jn.Activation("tanh")]),
        jn.Flatten(),
        jn.BatchNorm(),
        jn.Dropout(0.5),
        jn.Dense(3),
    ]
    assert operators(layers, (8, 8, 3)).count("Transpose") == 1
    assert operators(layers, (8, 8, 1)).count("Transpose") == 0, "one channel lies as it is"


def test_what_only_training_does_is_left_out() -> None:
    layers = [jn.Dropout(0.5), jn.Dense(3)]
    assert operators(layers, 4) == ["Gemm"]
    moves = [jn.RandomFlip(), jn.RandomShift(1), jn.RandomRotation(10), jn.GlobalMaxPool()]
    assert operators(moves, (3, 3, 2)) == ["ReduceMax"]


def test_steps_come_first_once_for_all_recurrent_layers() -> None:
    layers = [
        jn.LSTM(4, return_sequences=True),
        jn.LayerNorm(),
        jn.GRU(4, return_sequences=True),
        jn.Dropout(0.5),
        jn.Dense(3, "relu"),
        jn.SimpleRNN(4, return_sequences=True),
        jn.GlobalMaxPool(),
    ]
    expected = ["Transpose", "LSTM", "Squeeze", "LayerNormalization", "GRU", "Squeeze", "MatMul"]
    expected += ["Add", "Relu", "RNN", "Squeeze", "ReduceMax"]
    assert operators(layers, (5, 3)) == expected


def test_indices_are_int64_and_classes_of_each_time_step_sum_to_1(
    rng: np.random.Generator,
) -> None:
    layers = [jn.Embedding(9, 4), jn.Bidirectional(jn.LSTM(3, return_sequences=True)), jn.Dense(3)]
    model, X = filled(layers, 5, rng, loss="softmax_crossentropy")
    made = onnx_model(model)
    assert made.graph.input[0].type.tensor_type.elem_type == onnx.TensorProto.INT64
    found = ran(made, X)
    np.testing.assert_allclose(found.sum(axis=2), np.ones((5, 5)), rtol=1e-6)
    assert_same_predictions(found, model.predict(X))


def test_an_embedding_whose_zeros_are_no_steps_is_refused(tmp_path: Path) -> None:
    layers = [jn.Embedding(4, 2, mask_zero=True), jn.LSTM(2)]
    with pytest.raises(ValueError, match="ONNX does not know which time steps there are"):
        jn.to_onnx(jn.Sequential(layers, "mse").build(5), tmp_path / "model.onnx")
    assert not list(tmp_path.iterdir())


def test_a_stateful_layer_begins_each_prediction_at_zero(rng: np.random.Generator) -> None:
    layers = [jn.LSTM(3, return_sequences=True, stateful=True), jn.GRU(2, stateful=True)]
    model, X = filled(layers, (4, 2), rng)
    made, expected = onnx_model(model), model.predict(X)
    for _ in range(2):
        assert_same_predictions(ran(made, X), expected)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", SEVERAL)
def test_several_inputs_predict_the_same(name: str, dtype: str, rng: np.random.Generator) -> None:
    model, X = several(name, rng, dtype)
    fed = {f"x_{place}": part for place, part in enumerate(X)}
    assert_same_predictions(ran(onnx_model(model), fed), model.predict(X), TOLERANCE)


def test_a_mask_within_a_branch_is_refused() -> None:
    embedded = [jn.Embedding(5, 2, mask_zero=True), jn.GRU(2)]
    model = jn.Sequential([jn.Branches([[], embedded])], "mse").build([(3,), (4,)])
    with pytest.raises(ValueError, match="does not know which time steps there are"):
        onnx_model(model)


def test_a_file_says_who_made_it_and_takes_any_number_of_examples(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    model, X = filled([jn.Dense(3)], 4, rng, loss="softmax_crossentropy")
    jn.to_onnx(model, tmp_path / "model.onnx")
    read = onnx.load(tmp_path / "model.onnx")
    assert (read.producer_name, read.producer_version) == ("jitnet", jn.__version__)
    assert read.graph.input[0].type.tensor_type.shape.dim[0].dim_param == "n"
    session = runtime.InferenceSession(tmp_path / "model.onnx", providers=["CPUExecutionProvider"])
    for count in (1, 7):
        rows = X[:1].repeat(count, axis=0)
        assert_same_predictions(session.run(None, {"x": rows})[0], model.predict(rows))


def test_a_layer_of_ones_own_is_named(tmp_path: Path) -> None:
    model = jn.Sequential([jn.Dense(3), PReLU()], "mse").build(2)
    with pytest.raises(ValueError, match="ONNX has no PReLU of jitnet's, but these: Activation, "):
        jn.to_onnx(model, tmp_path / "model.onnx")
    assert not list(tmp_path.iterdir())


def test_a_model_without_weights_is_refused(tmp_path: Path) -> None:
    with pytest.raises(jn.NotFittedError):
        jn.to_onnx(jn.Sequential([jn.Dense(3)], "mse"), tmp_path / "model.onnx")


def test_an_estimator_is_told_how_it_becomes_a_model(tmp_path: Path) -> None:
    pytest.importorskip("sklearn", reason="scikit-learn is an extra: jitnet[sklearn]")
    with pytest.raises(TypeError, match=r"got MLPRegressor; its to_sequential\(\) makes one"):
        jn.to_onnx(jn.MLPRegressor(), tmp_path / "model.onnx")
