"""Two long-lived processes, one a commit, that take turns."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from race.child import BENCHMARKS, child_environment
from race.process import Process

TURN_SECONDS = 0.006
"""A turn is long against a request, some 50 µs, and short against what else the machine does."""


class BrokenCommitError(RuntimeError):
    """A commit's package cannot be imported, or lacks what the cases call."""


class Pair:
    """The processes of two commits' packages.

    Parameters
    ----------
    base, head : Path
        Folders that hold a package each.
    cache : Path
        Where compiled kernels are kept, in a folder for each commit.
    head_first : bool, default False
        Whether head's process is started first.
    """

    def __init__(
        self,
        base: Path,
        head: Path,
        cache: Path,
        *,
        head_first: bool = False,
    ) -> None:
        folders = (base, head)
        with ExitStack() as stack:
            started = {
                folder: stack.enter_context(_start(folder, cache))
                for folder in (reversed(folders) if head_first else folders)
            }
            self.processes = [started[folder] for folder in folders]
            greetings = [process.answer() for process in self.processes]
            for greeting, folder in zip(greetings, folders, strict=True):
                if "failed" in greeting:
                    raise BrokenCommitError(f"{folder.name[:9]}: {greeting['failed']}")
                if folder not in Path(greeting["package"]).parents:
                    raise RuntimeError(f"{greeting['package']} is not the package in {folder}")
            self.times: dict[str, int] = {}
            self._stack = stack.pop_all()

    def __enter__(self) -> Self:
        """The pair itself, which runs already."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End both processes."""
        self._stack.close()

    def prepare(self, kernels: list[str]) -> tuple[dict[str, str], dict[str, str]]:
        """Compile and check kernels in both processes; what failed in base and in head, and why."""
        for process in self.processes:
            process.tell("prepare", kernels=kernels)
        base_failed, head_failed = (process.answer()["failed"] for process in self.processes)
        for kernel in kernels:
            if kernel not in base_failed and kernel not in head_failed:
                self.times[kernel] = self._times(kernel)
        return base_failed, head_failed

    def ratio(self, kernel: str, base_first: bool) -> float:
        """Head's time over base's, in two turns that follow one another."""
        seconds = [0.0, 0.0]
        for which in (0, 1) if base_first else (1, 0):
            seconds[which] = self._seconds(which, kernel, self.times[kernel])
        return seconds[1] / seconds[0]

    def _seconds(self, which: int, kernel: str, times: int) -> float:
        seconds = self.processes[which].ask("run", kernel=kernel, times=times)["seconds"]
        return float(seconds)

    def _times(self, kernel: str) -> int:
        """How often a kernel runs in a turn."""
        times = 1
        while (seconds := min(self._seconds(0, kernel, times) for _ in range(2))) < TURN_SECONDS:
            times = max(2 * times, int(times * TURN_SECONDS / max(seconds, 1e-7)))
        return times


def _start(folder: Path, cache: Path) -> Process:
    """A process that imports the package in a folder."""
    environment = child_environment(threads=1)
    environment["PYTHONPATH"] = os.pathsep.join([str(folder), str(BENCHMARKS)])
    environment["NUMBA_CACHE_DIR"] = str(cache / folder.name)
    return Process(folder.name[:12], ["-P", "-m", "gating.worker"], environment)
