"""The end of all ranks by one that has failed: it says why before, and is heard."""

from __future__ import annotations

import os
import stat
import sys
import time
from typing import Any

HEARING = 5.0
"""Seconds that a launcher has to read what a rank says."""


def end_all(communicator: Any, why: str, code: int) -> None:
    """Write why to the standard error, and end all ranks with an exit code.

    A launcher that is told to end its ranks throws away what it has not read from them: of MPICH's,
    stopped for a moment, one in four. So it is told once it has read.
    """
    try:
        print(why, file=sys.stderr, flush=True)
        _wait_until_read(sys.stderr.fileno())
    finally:  # whatever becomes of the words, as the others wait
        communicator.Abort(code)


def _wait_until_read(pipe: int) -> None:
    from fcntl import ioctl
    from termios import FIONREAD

    if not stat.S_ISFIFO(os.fstat(pipe).st_mode):
        return
    end = time.monotonic() + HEARING
    while any(ioctl(pipe, FIONREAD, bytes(4))) and time.monotonic() < end:
        time.sleep(1e-3)
