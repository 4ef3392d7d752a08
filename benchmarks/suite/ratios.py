"""Ratios of two times from one process, which hold on a noisy machine.

Both sides have one thread, and what counts is the CPU's time: not what the process waits for its
turn. What slows the CPU itself slows both. asv takes less for better, so jitnet's time is above.
"""

from collections.abc import Callable
from statistics import median
from time import process_time

PAIRS = 9
UNIT = "jitnet's CPU time / NumPy's"


def numpy_ratio(ours: Callable[[], object], numpys: Callable[[], object]) -> float:
    """Our time over NumPy's, by turns: the middle one of some pairs."""
    return median(_seconds(ours) / _seconds(numpys) for _ in range(PAIRS))


def _seconds(call: Callable[[], object]) -> float:
    began = process_time()
    call()
    return process_time() - began
