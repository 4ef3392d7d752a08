"""Every row of every table is right: a layer, an activation, a loss, an optimiser.

Rows are found from the tables: whoever adds one need not add a test here.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import jitnet as jn
import rows
from oracle import of
from rows import ROWS, Row

each_row = pytest.mark.parametrize("row", ROWS, ids=str)
each_layer = pytest.mark.parametrize("row", [r for r in ROWS if r.kind == "layer"], ids=str)
each_optimizer = pytest.mark.parametrize("row", [r for r in ROWS if r.kind == "optimizer"], ids=str)
each_dtype = pytest.mark.parametrize("dtype", ["float32", "float64"])


@each_dtype
@each_row
def test_agrees_with_plain_loops(row: Row, dtype: str, rng: np.random.Generator) -> None:
    rows.check_row(row, dtype, rng)


@each_row
def test_gradients_are_central_differences(row: Row, rng: np.random.Generator) -> None:
    rows.check_differences(row, rng)


@each_dtype
@each_layer
def test_every_edge_of_a_tile(row: Row, dtype: str, rng: np.random.Generator) -> None:
    rows.check_edges(row, dtype, rng)


@each_dtype
@each_row
def test_a_batch_in_several_blocks(
    row: Row, dtype: str, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows.check_blocks(row, dtype, rng, monkeypatch)


@each_layer
def test_steps_of_training_through_each_layer(row: Row, rng: np.random.Generator) -> None:
    for network in rows.networks(row):
        rows.check_steps(network._replace(optimizer=jn.SGD(0.05)), rows.sgd, rng)


@each_optimizer
def test_steps_follow_the_definition(row: Row, rng: np.random.Generator) -> None:
    for example in rows.examples_of(rows.OPTIMIZER_EXAMPLES, row):
        for units in (7, 33):
            layers = jn.Dense(units, "tanh"), jn.Dense(3)
            network = rows.Network(layers, "softmax_crossentropy", example.optimizer)
            rows.check_steps(network, example.step, rng)


@each_dtype
@each_row
def test_bits_are_the_same_with_one_to_sixteen_workers(
    row: Row, dtype: str, rng: np.random.Generator, with_cores: Callable[[int], list[int]]
) -> None:
    rows.check_workers(row, dtype, rng, with_cores)


@each_dtype
@each_row
def test_a_few_examples_have_the_bits_that_they_have_among_many(
    row: Row, dtype: str, rng: np.random.Generator
) -> None:
    rows.check_few(row, dtype, rng)


@each_dtype
@each_row
def test_a_fit_goes_on_with_its_bits_from_memory_and_from_a_file(
    row: Row, dtype: str, rng: np.random.Generator, tmp_path: Path
) -> None:
    rows.check_resumed(row, dtype, rng, tmp_path)


def test_a_row_without_an_oracle_says_where_to_add_one() -> None:
    with pytest.raises(AssertionError, match="layer 'Unknown' has no oracle: add its definition"):
        of({}, "Unknown", "layer")
    for kind in ("layer", "optimizer"):
        with pytest.raises(AssertionError, match=r"no example of the \w+ Unknown"):
            rows.networks(Row(kind, "Unknown"))
