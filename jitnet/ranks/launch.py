"""A command that was started as several ranks, by ``mpiexec``."""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from jitnet.extras import install
from jitnet.ranks.ending import end_all

SIZES = ("PMI_SIZE", "OMPI_COMM_WORLD_SIZE", "SLURM_STEP_NUM_TASKS", "PALS_SIZE")
"""What launchers say by: MPICH's and Intel's, Open MPI's, Slurm's and Cray's."""
MISSING = (
    f"several ranks need the package mpi4py, and an MPI such as the package mpich: {install('mpi')}"
)
PATIENCE = 3.0
"""Seconds in which all ranks meet the same mistake."""


def mpi() -> Any:
    """The module `mpi4py.MPI`.

    Raises
    ------
    ImportError
        If the package or the library of an MPI is missing.
    """
    try:
        from mpi4py import MPI
    except (ImportError, RuntimeError) as error:  # the second where there is no library
        raise ImportError(MISSING) from error
    return MPI


def launched() -> Any:
    """The communicator of all ranks, or None where a command was not started by a launcher.

    Raises
    ------
    ImportError
        Without mpi4py or an MPI, where there are several ranks.
    """
    sizes = [os.environ[name] for name in SIZES if os.environ.get(name, "").isdigit()]
    if not sizes:
        return None
    try:
        return mpi().COMM_WORLD
    except ImportError:
        if sizes == ["1"]:
            return None
        raise


def run_as_ranks(work: Callable[[argparse.Namespace], int], options: argparse.Namespace) -> int:
    """Do what a command does, in all ranks of which the first alone speaks and writes.

    A mistake that all ranks meet is raised in the first, and ends the others silently; one that a
    rank alone meets ends all.
    """
    options.communicator = communicator = launched()
    if communicator is None:
        return work(options)
    together = communicator.Dup()
    try:
        if communicator.rank == 0:
            return work(options)
        with _silent(options):
            return work(options)
    except Exception as error:
        if not _meets_all(together):
            end_all(communicator, f"jitnet: rank {communicator.rank}: {error}", code=2)
        if communicator.rank == 0:
            raise
        return 2


@contextmanager
def _silent(options: argparse.Namespace) -> Iterator[None]:
    """Have a rank that is not the first say nothing, and write nothing that is kept."""
    options.quiet, options.plot = True, None
    if hasattr(options, "report"):
        options.report = None
    with (
        TemporaryDirectory() as folder,
        Path(os.devnull).open("w") as nowhere,
        redirect_stdout(nowhere),
    ):
        options.output = Path(folder) / "model.safetensors"
        yield


def _meets_all(together: Any) -> bool:
    """Whether all ranks come here within some seconds."""
    meeting, start = together.Ibarrier(), time.monotonic()
    while not meeting.Test():
        if time.monotonic() - start > PATIENCE:
            return False
        time.sleep(0.01)
    return True
