"""What all tests share: the one source of random data, and memory with an end."""

import ctypes
import mmap
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import numpy as np
import pytest

from team_sizes import many_cores

SEED = 2027


@pytest.fixture
def rng() -> np.random.Generator:
    """A generator of random data, the same for every test that asks for one."""
    return np.random.default_rng(SEED)


@pytest.fixture
def with_cores() -> Iterator[Callable[[int], list[int]]]:
    """Have fits take so many threads, whatever the machine has; the sizes of teams that came."""
    with ExitStack() as stack:
        yield lambda cores: stack.enter_context(many_cores(cores))


@pytest.fixture
def last_bytes_of_memory() -> Iterator[np.ndarray[Any, np.dtype[np.uint8]]]:
    """The end of a page behind which reading is not allowed: it would end the process."""
    if not hasattr(mmap, "PROT_READ"):
        pytest.skip("the system's pages cannot be protected from here")
    page = mmap.PAGESIZE
    view = np.frombuffer(mmap.mmap(-1, 2 * page), np.uint8)
    behind, size = ctypes.c_void_p(view.ctypes.data + page), ctypes.c_size_t(page)
    protect = ctypes.CDLL(None).mprotect
    assert protect(behind, size, 0) == 0
    yield view[:page]
    assert protect(behind, size, mmap.PROT_READ | mmap.PROT_WRITE) == 0
