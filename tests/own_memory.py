"""A process's own memory: what is not a page of a file."""

from __future__ import annotations

from pathlib import Path

STATUS = Path("/proc/self/status")
IS_COUNTED = STATUS.exists() and "RssAnon" in STATUS.read_text()


def own_mib() -> float:
    """Mebibytes that this process has for itself."""
    lines = STATUS.read_text().splitlines()
    return int(next(line for line in lines if line.startswith("RssAnon")).split()[1]) / 1024
