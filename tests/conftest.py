"""What all tests share: the one source of random data, and memory with an end."""

import ctypes
import mmap
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

SEED = 2027


@pytest.fixture
def rng() -> np.random.Generator:
    """A generator of random data, the same for every test that asks for one."""
    return np.random.default_rng(SEED)


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
