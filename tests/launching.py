"""Processes that `mpiexec` starts on this machine, to do a job of ``rank_jobs.py``."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import jitnet

JOBS = Path(__file__).with_name("rank_jobs.py")
LAUNCHER = shutil.which("mpiexec", path=sysconfig.get_path("scripts")) or shutil.which("mpiexec")
SECONDS = 300
"""After which ranks hang."""


def start(
    ranks: int, command: list[str], folder: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run Python in so many ranks, and wait for their end."""
    assert LAUNCHER is not None
    path = os.pathsep.join([str(Path(jitnet.__file__).parents[1]), str(JOBS.parent)])
    return subprocess.run(
        [LAUNCHER, "-n", str(ranks), sys.executable, *command],
        env=os.environ | {"PYTHONPATH": path},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )


def run(ranks: int, job: str, folder: Path, *arguments: str) -> list[Any]:
    """What each rank says of a job."""
    folder = folder / f"{job}-{ranks}-{len(list(folder.iterdir()))}"
    folder.mkdir()
    ended = start(ranks, [str(JOBS), job, str(folder), *arguments])
    assert ended.returncode == 0, ended.stderr
    return [json.loads(Path(folder, f"{rank}.json").read_text()) for rank in range(ranks)]


def results(ranks: int, job: str, folder: Path, *arguments: str) -> list[Any]:
    """What each rank's job has returned."""
    return [found["result"] for found in run(ranks, job, folder, *arguments)]


def errors(ranks: int, job: str, folder: Path, *arguments: str) -> list[Any]:
    """What each rank's job has raised: the type's name and the message."""
    return [found["error"] for found in run(ranks, job, folder, *arguments)]
