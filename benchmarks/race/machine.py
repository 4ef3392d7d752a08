"""What the figures were measured on."""

from __future__ import annotations

import os
import platform
from pathlib import Path

from jitnet.kernels.cpu import VECTOR_BYTES


def core_count() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def cpu_model() -> str:
    """The processor's name, as far as the system tells it."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def description() -> str:
    """Processor, its vectors, cores, system and Python in one line: names span many widths."""
    return (
        f"{cpu_model()} with vectors of {8 * VECTOR_BYTES} bits, {core_count()} cores, "
        f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    )
