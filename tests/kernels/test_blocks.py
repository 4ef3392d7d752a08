"""What a kernel is given is read out of its block's record: each source by what it says."""

from typing import Any

import numpy as np
import pytest

from jitnet.kernels.blocks import EXAMPLES, ORIGIN, PANELS, call_block, words_of
from jitnet.kernels.blocks import address_of as address_of_block
from jitnet.kernels.intrinsics import at
from jitnet.kernels.jit import njit
from jitnet.kernels.panels import panel_width

Array = np.ndarray[Any, Any]

WORDS = 6
FIRST_PANEL, LAST_PANEL = 3, 4
"""Words of what changes from call to call that are used here."""

each_dtype = pytest.mark.parametrize("dtype", ["float32", "float64"])


@njit(parallel=True)
def tell_panels(target: Any, array: Any) -> None:
    """Write the shape of an array of three axes, its first and its last element."""
    a, b, c = array.shape
    target[0], target[1], target[2] = a, b, c
    target[3], target[4] = array[0, 0, 0], array[a - 1, b - 1, c - 1]


@njit(parallel=True)
def tell_rows(target: Any, array: Any) -> None:
    """Write the shape of an array of two axes, its first and its last element."""
    a, b = array.shape
    target[0], target[1], target[2] = a, b, 0
    target[3], target[4] = array[0, 0], array[a - 1, b - 1]


@njit(parallel=True)
def tell_numbers(target: Any, first_panel: int, last_panel: int, time: int) -> None:
    """Write three whole numbers."""
    target[0], target[1], target[2] = first_panel, last_panel, time


@njit(entry=True)
def call(address: int, record: Any, span: Any, reals: Any, values: Any) -> None:
    memory = at(values, 0)
    call_block(address, at(record, 0), at(span, 0), at(reals, 0), memory, memory, memory, memory)


def called(
    kernel: Any,
    sources: list[tuple[str, list[int]]],
    dtype: str,
    values: Array,
    origin: int = 0,
) -> Array:
    """What a kernel writes to the first of a batch's values, for 3 panels or 5 examples."""
    span = np.zeros(WORDS, np.int64)
    span[[PANELS, EXAMPLES, FIRST_PANEL, LAST_PANEL, ORIGIN]] = 3, 5, 1, 2, origin
    named = [("room:1", [0, 5]), *sources]
    record = np.array([word for _, words in named for word in words], np.int64)
    block = kernel, tuple(source for source, _ in named), np.dtype(dtype)
    call(address_of_block(block), record, span, np.zeros(1), values)
    return values[:5]


def numbered(dtype: str) -> Array:
    """A batch's values, each its own place."""
    return np.arange(4096).astype(dtype)


PLACE, UNITS, TIMES = 32, 6, 4


@each_dtype
def test_panels_and_their_time_steps_are_the_same_numbers(dtype: str) -> None:
    width = panel_width(dtype)
    last = PLACE + 3 * UNITS * TIMES * width - 1
    sources = {
        "panels": ([PLACE, UNITS * TIMES], [3, UNITS * TIMES]),
        "steps": ([PLACE, UNITS, TIMES], [3 * TIMES, UNITS]),
    }
    for source, (words, shape) in sources.items():
        assert words_of(source) == len(words)
        told = called(tell_panels, [(source, words)], dtype, numbered(dtype))
        assert told.tolist() == [*shape, width, PLACE, last]
        beyond = 2 * UNITS * TIMES * width
        told = called(tell_panels, [(source, words)], dtype, numbered(dtype), origin=2)
        assert told.tolist() == [*shape, width, PLACE + beyond, last + beyond]


@each_dtype
def test_rows_and_their_time_steps_are_the_same_numbers(dtype: str) -> None:
    last = PLACE + 5 * UNITS * TIMES - 1
    sources = {
        "rows": ([PLACE, UNITS * TIMES], [5, UNITS * TIMES]),
        "step_rows": ([PLACE, UNITS, TIMES], [5 * TIMES, UNITS]),
    }
    for source, (words, shape) in sources.items():
        assert words_of(source) == len(words)
        told = called(tell_rows, [(source, words)], dtype, numbered(dtype))
        assert told.tolist() == [*shape, 0, PLACE, last]


@each_dtype
def test_indices_are_whole_numbers_of_32_bits_in_the_place_of_others(dtype: str) -> None:
    width, first, last = panel_width(dtype), 2**24 + 1, -3
    for kernel, source, count in (
        (tell_panels, "indices", 3 * UNITS * width),
        (tell_rows, "index_rows", 5 * UNITS),
    ):
        values = numbered(dtype)
        places = values[PLACE:].view(np.int32)
        places[0], places[count - 1] = first, last
        told = called(kernel, [(source, [PLACE, UNITS])], dtype, values)
        by_panels = kernel is tell_panels
        if by_panels:
            beyond = values.copy()
            beyond[PLACE:].view(np.int32)[UNITS * width :][:count] = places[:count]
            shifted = called(kernel, [(source, [PLACE, UNITS])], dtype, beyond, origin=1)
            assert shifted.tolist() == told.tolist()
        assert told[:3].tolist() == ([3, UNITS, width] if by_panels else [5, UNITS, 0])
        assert told[3:].tolist() == np.array([first, last], dtype).tolist()


@each_dtype
def test_a_number_that_changes_may_be_counted_in_time_steps(dtype: str) -> None:
    assert words_of(f"times:{FIRST_PANEL}") == 1
    sources = [(f"times:{FIRST_PANEL}", [7]), (f"times:{LAST_PANEL}", [7]), ("int", [9])]
    assert called(tell_numbers, sources, dtype, numbered(dtype))[:3].tolist() == [7, 14, 9]
