"""The most memory that training takes, in a process that does nothing else."""

from __future__ import annotations

import sys
from pathlib import Path

from race.child import Child
from workloads import Workload

STATUS = Path("/proc/self/status")


def peak_bytes() -> int:
    """The most memory that this process has had.

    Linux begins its ``ru_maxrss`` with that of the process that started it; its own is the status's
    ``VmHWM``.
    """
    if STATUS.exists():
        lines = dict(line.split(":", 1) for line in STATUS.read_text().splitlines())
        if "VmHWM" in lines:
            return int(lines["VmHWM"].split()[0]) * 1024
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def training_bytes(kind: str, threads: int, job: Workload, smoke: bool) -> tuple[str, int]:
    """A library's name, and the peak of an epoch, data included, above that of the import.

    A process before it compiles what there is to be compiled and kept.
    """
    with Child(kind, threads) as child:
        _train(child, job, smoke)
    with Child(kind, threads) as child:
        _train(child, job, smoke)
        return child.title, int(child.ask("peak")["bytes"])


def _train(child: Child, job: Workload, smoke: bool) -> None:
    child.ask("prepare", job=job.name, smoke=smoke)
    child.ask("run", seconds=0.0)
