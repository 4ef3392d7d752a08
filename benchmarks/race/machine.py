"""What the figures were measured on."""

from __future__ import annotations

import os
import platform
from pathlib import Path


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
    """Processor, cores, system and Python in one line."""
    return (
        f"{cpu_model()}, {core_count()} cores, {platform.system()} {platform.machine()}, "
        f"Python {platform.python_version()}"
    )
