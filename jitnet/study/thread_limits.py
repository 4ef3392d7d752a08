"""Limits on the threads of Numba, which run the parallel rung, and of NumPy."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

import numba

from jitnet.extras import install

_one_at_a_time = threading.Lock()
_launched_by = 0


@contextmanager
def numba_threads(threads: int) -> Iterator[None]:
    """Set Numba's number of threads, and restore the caller's at the end.

    Numba's threading layers end the process where two threads launch parallel code at once, or a
    forked child does after its parent.
    """
    global _launched_by
    with _one_at_a_time:
        _launched_by = _launched_by or os.getpid()
        if _launched_by != os.getpid():
            raise RuntimeError(
                "a forked process cannot run Numba's parallel code after its parent has: start "
                "processes by spawn or forkserver"
            )
        before = numba.get_num_threads()
        numba.set_num_threads(min(threads, numba.config.NUMBA_NUM_THREADS))
        try:
            yield
        finally:
            numba.set_num_threads(before)


@contextmanager
def numpy_threads(threads: int) -> Iterator[str]:
    """Limit NumPy's BLAS to so many threads; yield a remark where that cannot be done."""
    if find_spec("threadpoolctl") is None:
        yield f" (NumPy's are its own: {install('study')})"
        return
    from threadpoolctl import threadpool_limits

    with threadpool_limits(threads, "blas"):
        yield ""
