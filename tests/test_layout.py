"""Where the engine's arrays lie."""

import numpy as np
import pytest

import jitnet as jn
from jitnet import memory

LINE_BYTES = 64


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", [0, 1, 7, 1000, 100_000, (3, 5), (2, 0, 4)])
def test_zeros_begin_on_a_page(shape: int | tuple[int, ...], dtype: str) -> None:
    for _ in range(5):
        array = memory.zeros(shape, dtype)
        assert array.shape == (shape if isinstance(shape, tuple) else (shape,))
        assert array.dtype == dtype
        assert array.size == 0 or array.ctypes.data % memory.PAGE_BYTES == 0
        assert array.flags.c_contiguous
        assert array.flags.writeable
        assert not array.any()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_every_layers_weights_begin_on_a_line_of_the_cache(dtype: str) -> None:
    layers = [jn.Dense(33, bias=False), jn.Dense(7, "relu"), jn.Dense(3)]
    model = jn.Sequential(layers, "mse", jn.Adam(), dtype=dtype).build(5)
    assert model._engine is not None
    network = model._engine.network
    arrays = (network.parameters, network.gradients, network.first_moment, network.second_moment)
    for flat in arrays:
        for start in network.table[:, [memory.WEIGHT, memory.BIAS]].flat:
            assert (flat.ctypes.data + start * flat.itemsize) % LINE_BYTES == 0


def test_a_batch_begins_on_pages() -> None:
    table, _ = memory.lay_out([memory.Shape(5, 33, 0, True), memory.Shape(33, 3, 0, True)])
    batch = memory.place_batch(table, panels=3, dtype=np.float32)
    for array in (batch.values, batch.targets, batch.weights, batch.losses, batch.hits):
        assert array.ctypes.data % memory.PAGE_BYTES == 0
