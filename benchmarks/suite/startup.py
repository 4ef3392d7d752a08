"""What a new process waits for: the import, the kernels from the cache, the compiler."""

import os
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import ClassVar

import jitnet

FIT = """
import sys
import jitnet as jn
X, y = jn.datasets.load_digits()
model = jn.Sequential([jn.Dense(10)], loss="softmax_crossentropy", dtype=sys.argv[1])
model.fit(X[:32], y[:32], epochs=1)
"""
SOURCES = str(Path(jitnet.__file__).parents[1])
"""New processes import the jitnet that this one has, whatever their caller's PYTHONPATH says."""


def fit_in_new_process(dtype: str, **environment: str) -> None:
    """One small fit, from the start of Python on."""
    variables = {**os.environ, "PYTHONPATH": SOURCES, **environment}
    subprocess.run([sys.executable, "-c", FIT, dtype], env=variables, check=True)


filled_cache = cache(fit_in_new_process)


class FromNothing:
    """The whole process with an empty cache: here compilation is what is timed."""

    params = (["float32", "float64"],)
    param_names = ("dtype",)
    timeout = 600
    version = "1"
    rounds, repeat, number, warmup_time, min_run_count = 1, 1, 1, 0.0, 1

    def setup(self, dtype: str) -> None:
        """Make an empty folder."""
        self.folder = tempfile.TemporaryDirectory()

    def teardown(self, dtype: str) -> None:
        """Remove what was compiled."""
        self.folder.cleanup()

    def time_compile(self, dtype: str) -> None:
        """Time a small fit of a new process, compiler and all."""
        fit_in_new_process(dtype, NUMBA_CACHE_DIR=self.folder.name)


class FromCache:
    """The whole process when every kernel is in the cache."""

    params = (["float32", "float64"],)
    param_names = ("dtype",)
    timeout = 600
    version = "1"

    def setup(self, dtype: str) -> None:
        """Fill the commit's cache, once."""
        filled_cache(dtype)

    def time_start(self, dtype: str) -> None:
        """Time a small fit of a new process."""
        fit_in_new_process(dtype)


class Import:
    """The import alone, without Python's own start."""

    timeout = 120
    version = "1"
    env: ClassVar[dict[str, str]] = {"PYTHONPATH": SOURCES}

    def timeraw_import(self) -> str:
        """Time the import in a new process."""
        return "import jitnet"
