"""What the tests of C share: the compiler, as strict as it can be, and programs."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

COMPILER = shutil.which("cc")
STRICT = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic"]
CHECKS = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-O1"]
"""What ends a program that reads or writes outside of an array."""

compiled = pytest.mark.skipif(COMPILER is None, reason="there is no C compiler cc")


def compile_c(*arguments: Any) -> None:
    """Compile without a warning."""
    subprocess.run([str(COMPILER), *STRICT, *map(str, arguments), "-lm"], check=True)


def run(path: Path, *arguments: str, given: str = "") -> tuple[int, str, str]:
    """What a program ends with, and what it prints."""
    done = subprocess.run([path, *arguments], input=given.encode(), capture_output=True)
    return done.returncode, done.stdout.decode(), done.stderr.decode()
