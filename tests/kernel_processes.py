"""Processes of their own that compile kernels, and how many each has compiled."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

WATCH = """
import sys
import numpy as np
from jitnet.kernels import cache

class Watch:
    compiled_kernels = 0

    def compiling(self):
        self.compiled_kernels += 1

    def compiled(self, seconds):
        pass

watch = Watch()
cache.watchers.append(watch)
exec(sys.argv[1])
"""


class Runner:
    """Runs kernels in processes of their own, by default with a cache of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.script = folder / "cache", folder / "kernel.py"
        self.environment = os.environ | {"NUMBA_CACHE_DIR": str(self.folder)}

    def start(self, before: str = "", **environment: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, self.script, before],
            env=self.environment | environment,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, before: str = "", **environment: str) -> tuple[int, str]:
        """How many kernels were compiled, and what else is printed; ``before`` is run first."""
        process = self.start(before, **environment)
        compiled, printed = process.communicate()[0].split(maxsplit=1)
        assert process.returncode == 0
        return int(compiled), printed.strip()


def compiled_kernels(runner: Runner, script: str) -> int:
    """How many a script compiles."""
    runner.script.write_text(f"{WATCH}{script}\nprint(watch.compiled_kernels, 'kernels')")
    return runner.run()[0]
