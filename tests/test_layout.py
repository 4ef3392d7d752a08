"""Where the engine's arrays lie."""

from typing import Any

import numpy as np
import pytest

import jitnet as jn
from jitnet import memory
from jitnet.engine import Engine
from jitnet.engine.nodes import Nodes
from jitnet.engine.places import place_batch
from jitnet.kernels.panels import panel_width

LINE_BYTES = 64


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", [0, 1, 7, 1000, 100_000, (3, 5), (2, 0, 4)])
def test_zeros_begin_at_their_place_of_a_page(shape: int | tuple[int, ...], dtype: str) -> None:
    for place in range(10):
        array = memory.zeros(shape, dtype, place)
        assert array.shape == (shape if isinstance(shape, tuple) else (shape,))
        assert array.dtype == dtype
        if array.size:
            assert array.ctypes.data % memory.PAGE_BYTES == place % 8 * memory.APART_BYTES
        assert array.flags.c_contiguous
        assert array.flags.writeable
        assert not array.any()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_every_layers_weights_begin_on_a_line_of_the_cache(dtype: str) -> None:
    layers = [jn.Dense(33, bias=False), jn.Dense(7, "relu"), jn.Dense(3)]
    model = jn.Sequential(layers, "mse", jn.Adam(), dtype=dtype).build(5)
    assert model._engine is not None
    network = model._engine.network
    for flat in (network.parameters, network.gradients, *moments_of(model._engine)):
        for start in model._engine.penalties.places[:, 0]:
            assert (flat.ctypes.data + start * flat.itemsize) % LINE_BYTES == 0


def moments_of(engine: Engine) -> list[Any]:
    apart = engine.training.apart
    return [engine.network.moments[start:] for start in (0, apart)]


def in_page(array: np.ndarray[Any, Any]) -> int:
    return int(array.ctypes.data % memory.PAGE_BYTES)


@pytest.mark.parametrize("units", [3, 64])
def test_arrays_that_are_read_together_do_not_begin_at_the_same_place_of_their_pages(
    units: int,
) -> None:
    model = jn.Sequential([jn.Dense(units)], "mse", jn.Adam()).build(units)
    assert model._engine is not None
    network = model._engine.network
    trained = (network.parameters, network.gradients, *moments_of(model._engine))
    assert len({in_page(array) for array in trained}) == 4

    places = place_batch(Nodes([jn.Dense(units)], (units,), panel_width(np.float32)), 2, np.float32)
    (dense,) = places.nodes
    values = places.values(np.float32)
    forward, gradients = [dense.X, dense.Y], [dense.X, dense.dY]
    loss = [dense.Y, dense.dY, places.targets, places.weights, places.losses]
    for together in (forward, gradients, loss):
        assert len({in_page(values[start:]) for start in together}) == len(together)
