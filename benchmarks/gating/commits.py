"""A commit's package in a folder of its own."""

from __future__ import annotations

import subprocess
import tarfile
from io import BytesIO
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]


class UnknownCommitError(ValueError):
    """There is no such commit."""


def resolve(name: str, repository: Path = REPOSITORY) -> str:
    """A commit's full hash.

    Raises
    ------
    UnknownCommitError
        If the repository has no such commit.
    """
    command = ["git", "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}"]
    found = subprocess.run(command, cwd=repository, capture_output=True, text=True)
    if found.returncode:
        raise UnknownCommitError(f"there is no commit {name!r} in {repository}")
    return found.stdout.strip()


def same_package(base: str, head: str, repository: Path = REPOSITORY) -> bool:
    """Whether two commits hold the same package, to the letter."""
    command = ["git", "diff", "--quiet", base, head, "--", "jitnet"]
    return subprocess.run(command, cwd=repository).returncode == 0


def extract(commit: str, folder: Path, repository: Path = REPOSITORY) -> Path:
    """The commit's package in a folder, as ``folder/commit/jitnet``; returns what it is put in."""
    target = folder / commit
    if not target.exists():
        command = ["git", "archive", commit, "jitnet"]
        archive = subprocess.run(command, cwd=repository, capture_output=True, check=True).stdout
        with tarfile.open(fileobj=BytesIO(archive)) as files:
            files.extractall(target, filter="data")
    return target
