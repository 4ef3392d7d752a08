"""What the figures were measured on."""

from __future__ import annotations

import os
import platform

from jitnet.machine import processor


def core_count() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def description() -> str:
    """Processor, its vectors, cores, system and Python in one line."""
    return (
        f"{processor()}, {core_count()} cores, {platform.system()} {platform.machine()}, "
        f"Python {platform.python_version()}"
    )
