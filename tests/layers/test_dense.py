"""The two twins of each block of the dense layer, compiled from one source, give the same bits.

Blocks are found in the module; what they are given goes by the names of their arguments.
"""

import inspect
from typing import Any

import numba
import numpy as np
import pytest

from jitnet.kernels.jit import njit
from jitnet.kernels.panels import panel_width
from jitnet.layers import dense

Array = np.ndarray[Any, Any]

PANELS, N_IN, N_OUT = 3, 40, 27

BLOCKS = {
    name: block
    for name, block in vars(dense).items()
    if getattr(block, "serial", block) is not block
}

forward = dense.dense_forward.serial
backward = dense.dense_backward.serial
weight_backward = dense.dense_weight_backward.serial
small_forward = dense.dense_small_forward.serial
small_backward = dense.dense_small_backward.serial
small_weight_backward = dense.dense_small_weight_backward.serial
bias_backward = dense.dense_bias_backward.serial
few_forward = dense.dense_few_forward.serial


@njit(entry=True)
def call_forward(*args: Any) -> None:
    forward(*args)


@njit(entry=True)
def call_backward(*args: Any) -> None:
    backward(*args)


@njit(entry=True)
def call_weight_backward(*args: Any) -> None:
    weight_backward(*args)


@njit(entry=True)
def call_small_forward(*args: Any) -> None:
    small_forward(*args)


@njit(entry=True)
def call_small_backward(*args: Any) -> None:
    small_backward(*args)


@njit(entry=True)
def call_small_weight_backward(*args: Any) -> None:
    small_weight_backward(*args)


@njit(entry=True)
def call_bias_backward(*args: Any) -> None:
    bias_backward(*args)


@njit(entry=True)
def call_few_forward(*args: Any) -> None:
    few_forward(*args)


SERIAL = {
    "dense_forward": call_forward,
    "dense_backward": call_backward,
    "dense_weight_backward": call_weight_backward,
    "dense_small_forward": call_small_forward,
    "dense_small_backward": call_small_backward,
    "dense_small_weight_backward": call_small_weight_backward,
    "dense_bias_backward": call_bias_backward,
    "dense_few_forward": call_few_forward,
}
"""The twins for one thread are called from compiled code alone."""


def arguments(name: str, dtype: str, rng: np.random.Generator) -> list[Any]:
    """Arrays and bounds for a block, by the names of its arguments."""
    width = panel_width(dtype)
    blocks = -(-N_OUT // width)
    shapes = {
        "X": (PANELS, N_IN, width),
        "Z": (PANELS, N_OUT, width),
        "columns": (PANELS, N_IN, width),
        "rows": (PANELS, blocks, width + 1, width),
        "weight": (N_IN * N_OUT,),
        "bias": (N_OUT,),
    }
    if name == "dense_few_forward":
        shapes |= {"X": (PANELS, N_IN), "Z": (PANELS, N_OUT), "weight": (N_IN * N_OUT + width,)}
    shapes |= {f"d{array}": shape for array, shape in shapes.items()}
    numbers: dict[str, Any] = {
        "input_step": N_OUT,
        "unit_step": 1,
        "lanes_count": N_OUT,
        "last": N_OUT,
        "last_panel": PANELS,
        "last_input": N_IN,
        "last_unit": N_OUT,
        "last_row": N_IN,
        "last_block": blocks,
        "add": True,
    }
    numbers |= {first.replace("last", "first"): 0 for first in numbers if "last" in first}
    names = inspect.signature(BLOCKS[name].py_func).parameters
    return [numbers[n] if n in numbers else rng.normal(size=shapes[n]).astype(dtype) for n in names]


def test_every_block_has_its_two_twins_compared() -> None:
    assert set(BLOCKS) == set(SERIAL)


@pytest.mark.parametrize("name", BLOCKS)
def test_the_twins_give_the_same_bits(name: str, rng: np.random.Generator) -> None:
    given = arguments(name, "float32", rng)
    before = given[0].copy()
    SERIAL[name](*given)
    expected = given[0].copy()
    assert not np.array_equal(expected, before), "the block has written something"
    threads = numba.get_num_threads()
    try:
        for count in range(1, threads + 1):
            numba.set_num_threads(count)
            given[0][:] = before
            BLOCKS[name](*given)
            np.testing.assert_array_equal(given[0].view(np.uint8), expected.view(np.uint8))
    finally:
        numba.set_num_threads(threads)
