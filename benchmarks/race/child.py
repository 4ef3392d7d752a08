"""The parent's side of a child process that holds one library."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self

BENCHMARKS = Path(__file__).resolve().parent.parent
THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMBA_NUM_THREADS",
    "NPROC",  # what XLA reads
)


class MissingPeerError(Exception):
    """The library is not installed."""


class Child:
    """A process that holds one library, told how many threads to use before it imports it.

    Parameters
    ----------
    kind : str
        A key of `race.worker.PEERS`.
    threads : int
        Threads that the library may use.
    title : str, optional
        What to call it in place of the library's name.

    Raises
    ------
    MissingPeerError
        If the library cannot be imported.
    """

    def __init__(self, kind: str, threads: int, title: str | None = None) -> None:
        self.kind = kind
        self.process = subprocess.Popen(
            [sys.executable, "-m", "race.worker", kind, str(threads)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=_environment(threads),
        )
        greeting = self._read()
        if "missing" in greeting:
            self.close()
            raise MissingPeerError(greeting["missing"])
        self.title: str = title or greeting["title"]
        self.version: str = greeting["version"]

    def __enter__(self) -> Self:
        """The child itself; the process runs already."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the process."""
        self.close()

    def ask(self, do: str, **arguments: Any) -> dict[str, Any]:
        """Have a method of the worker done, and wait for its answer."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"do": do, **arguments}) + "\n")
        self.process.stdin.flush()
        return self._read()

    def close(self) -> None:
        """End the process."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()

    def _read(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            status = self.process.wait()
            raise RuntimeError(f"the process of {self.kind} ended with status {status}")
        answer: dict[str, Any] = json.loads(line)
        return answer


def _environment(threads: int) -> dict[str, str]:
    path = os.pathsep.join([str(BENCHMARKS), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    limits = dict.fromkeys(THREAD_VARIABLES, str(threads))
    return {**os.environ, **limits, "PYTHONPATH": path, "JAX_PLATFORMS": "cpu"}
