"""The parent's side of a child process that holds one library."""

from __future__ import annotations

import os
from pathlib import Path

from race.process import Process

BENCHMARKS = Path(__file__).resolve().parent.parent
THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMBA_NUM_THREADS",
    "NPROC",  # what XLA reads
)

BACKENDS = {"keras_torch": "torch", "keras_jax": "jax"}
"""What Keras runs on, by the kind of child."""


class MissingPeerError(Exception):
    """The library is not installed."""


class Child(Process):
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
        arguments = ["-m", "race.worker", kind, str(threads)]
        environment = child_environment(threads)
        if kind in BACKENDS:
            environment["KERAS_BACKEND"] = BACKENDS[kind]
        super().__init__(kind, arguments, environment)
        greeting = self.answer()
        if "missing" in greeting:
            self.close()
            raise MissingPeerError(greeting["missing"])
        self.title = title or greeting["title"]
        self.version: str = greeting["version"]


def child_environment(threads: int) -> dict[str, str]:
    """The variables of a process that finds the benchmarks' modules and uses so many threads."""
    path = os.pathsep.join([str(BENCHMARKS), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    limits = dict.fromkeys(THREAD_VARIABLES, str(threads))
    return {**os.environ, **limits, "PYTHONPATH": path, "JAX_PLATFORMS": "cpu"}
