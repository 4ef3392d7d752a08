"""What all tests share: the one source of random data, and memory with an end."""

import ctypes
import mmap
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from jitnet.kernels.team import SIZE
from jitnet.threads import run_team

SEED = 2027


@pytest.fixture
def rng() -> np.random.Generator:
    """A generator of random data, the same for every test that asks for one."""
    return np.random.default_rng(SEED)


@pytest.fixture
def with_cores(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], list[int]]:
    """Have fits take so many threads, whatever the machine has; the sizes of teams that came."""

    def take(cores: int) -> list[int]:
        sizes: list[int] = []

        def noted(size: int, work: Any, team: Any) -> Any:
            had_a_turn = run_team(size, work, team)
            sizes.append(int(team[SIZE]))
            return had_a_turn

        monkeypatch.setattr("jitnet.engine.engine.available_threads", lambda: cores)
        monkeypatch.setattr("jitnet.engine.engine.left_over", lambda threads: min(threads, cores))
        monkeypatch.setattr("jitnet.engine.engine.run_team", noted)
        return sizes

    return take


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
