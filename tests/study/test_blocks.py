"""Blocks by themselves compute what they compute in a network, however often and by how many."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import jitnet as jn
from jitnet.layers import dense
from jitnet.losses import LOSSES
from jitnet.study.blocks import (
    BACKWARD,
    FORWARD,
    GRADIENTS,
    LOSS,
    PREPARE,
    UPDATE,
    Activation,
    Blocks,
    from_panels,
    to_panels,
)

RNG = np.random.default_rng(3)
PHASES = PREPARE, FORWARD, BACKWARD, GRADIENTS


def blocks_of(layer: Any, n: int, m: int, threads: int = 1) -> Blocks:
    """A layer on random numbers, which has run forward and back."""
    blocks, rng = Blocks(layer, (n,), m, "float64", threads), np.random.default_rng(n)
    outputs = blocks.room.nodes.n_outputs
    given = {row.name: rng.normal(size=row.shape) for row in blocks.parameters}
    blocks.write(X=rng.normal(size=(n, m)), dY=rng.normal(size=(outputs, m)), **given)
    blocks.runs(*PHASES)(1)
    return blocks


@pytest.mark.parametrize("m", [1, 16, 37])
def test_what_is_put_into_panels_comes_back(m: int) -> None:
    array = RNG.normal(size=(5, m))
    np.testing.assert_array_equal(from_panels(to_panels(array), m), array)


@pytest.mark.parametrize("layer", [Activation("tanh"), jn.Dropout(0.5)])
def test_backward_may_run_often_though_it_writes_over_what_it_reads(layer: Any) -> None:
    blocks = blocks_of(layer, 5, 37)
    once = blocks.read("dX")
    assert np.abs(once).max() > 0
    blocks.runs(BACKWARD)(3)
    np.testing.assert_array_equal(blocks.read("dX"), once)


@pytest.mark.parametrize("layer", [jn.Dense(150), jn.Dense(5), jn.LayerNorm(), Activation("gelu")])
@pytest.mark.parametrize("m", [5, 200])
def test_any_number_of_threads_gives_the_same_bits(layer: Any, m: int) -> None:
    one, two = (blocks_of(layer, 300, m, threads) for threads in (1, 2))
    for name in ("Y", "dX", *(f"d{row.name}" for row in one.parameters)):
        np.testing.assert_array_equal(one.read(name), two.read(name))


def test_blocks_give_what_a_network_gives() -> None:
    blocks, X = blocks_of(jn.Dense(7), 20, 37), RNG.normal(size=(20, 37))
    model = jn.Sequential([jn.Dense(7)], loss="mse", dtype="float64").build(20)
    model.set_weights([blocks.read("weight"), blocks.read("bias")])
    blocks.write(X=X)
    blocks.runs(FORWARD)(1)
    np.testing.assert_array_equal(blocks.read("Y"), model.predict(X.T).T)


def test_a_layer_of_several_nodes_gives_what_its_last_one_gives() -> None:
    blocks = blocks_of(jn.Residual([jn.Rescaling(3.0)]), 20, 37)
    for output, given in (("Y", "X"), ("dX", "dY")):
        np.testing.assert_allclose(blocks.read(output), 4 * blocks.read(given), rtol=1e-15)


@pytest.mark.parametrize("layer", [jn.SimpleRNN(6), jn.GRU(6), jn.Bidirectional(jn.LSTM(6))])
@pytest.mark.parametrize("sequences", [False, True])
def test_a_recurrent_layer_gives_what_it_gives_in_a_network(layer: Any, sequences: bool) -> None:
    layer = _with_sequences(layer, sequences)
    shape, m = (4, 5), 37
    model = jn.Sequential([layer], loss="mse", dtype="float64").build(shape)
    blocks = Blocks(layer, shape, m, "float64")
    names = [row.name for row in blocks.parameters]
    assert names == ["weight", "bias", "recurrent_weight", "recurrent_bias"][: len(names)]
    assert len(names) == len(model.get_weights())
    X, outputs = RNG.normal(size=(m, *shape)), blocks.room.nodes.n_outputs
    y = RNG.normal(size=(m, *model.predict(X).shape[1:]))
    blocks.write(X=X.reshape(m, -1).T, T=y.reshape(m, outputs).T)
    blocks.write(**dict(zip(names, model.get_weights(), strict=True)))
    blocks.runs(PREPARE, FORWARD)(1)
    np.testing.assert_array_equal(blocks.read("Y"), model.predict(X).reshape(m, outputs).T)
    blocks.write(dY=(blocks.read("Y") - blocks.read("T")) * 2 / y.size)
    blocks.runs(BACKWARD, GRADIENTS)(1)
    for name, gradient in zip(names, model.gradients(X, y), strict=True):
        np.testing.assert_allclose(blocks.read(f"d{name}"), gradient, rtol=1e-12, atol=1e-16)


def _with_sequences(layer: Any, sequences: bool) -> Any:
    if isinstance(layer, jn.Bidirectional):
        return replace(layer, layer=_with_sequences(layer.layer, sequences))
    return replace(layer, return_sequences=sequences)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_indices_lie_as_whole_numbers_whatever_the_type_of_the_model(dtype: str) -> None:
    indices = RNG.integers(0, 50, (4, 37))
    blocks = Blocks(jn.Embedding(50, 3), (4,), 37, dtype)
    blocks.write(X=indices, weight=np.arange(150).reshape(50, 3))
    np.testing.assert_array_equal(blocks.read("X"), indices)
    blocks.runs(FORWARD)(1)
    np.testing.assert_array_equal(blocks.read("Y").reshape(4, 3, 37)[:, 1], 3 * indices + 1)


def test_a_kernel_may_run_by_itself() -> None:
    blocks = blocks_of(jn.Dense(30), 20, 37)
    kernels = blocks.kernels(GRADIENTS)
    assert kernels == [dense.dense_weight_backward, dense.dense_bias_backward]
    expected = 2 * blocks.read("dbias")
    blocks.write(dY=2 * blocks.read("dY"))
    before = blocks.read("dweight")
    blocks.runs(GRADIENTS, kernel=dense.dense_bias_backward)(1)
    np.testing.assert_allclose(blocks.read("dbias"), expected, rtol=1e-12)
    np.testing.assert_array_equal(blocks.read("dweight"), before)


@pytest.mark.parametrize("loss", LOSSES)
def test_examples_that_fill_up_a_panel_have_no_loss(loss: str) -> None:
    blocks = Blocks(None, (3,), 5, "float64", loss=loss)
    blocks.write(Z=RNG.normal(size=(3, 5)), T=np.eye(3)[:, [0, 1, 2, 0, 1]])
    blocks.runs(LOSS)(1)
    panels = blocks._view("losses")
    assert np.count_nonzero(panels) == 5


def test_an_optimiser_takes_a_step_a_time() -> None:
    blocks = Blocks(None, (1,), 1, "float64", optimizer=jn.SGD(0.5), parameters=100)
    blocks.write(dbelow=np.arange(100.0))
    blocks.runs(UPDATE)(3)
    np.testing.assert_array_equal(blocks.read("below"), -1.5 * np.arange(100))
