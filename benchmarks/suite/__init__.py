"""jitnet's benchmarks for asv: what has to be so before any of them is imported.

The suite is the working tree's for every commit; jitnet is the one that is installed in the
environment.
"""

import os
import sys
from pathlib import Path

import numpy  # noqa: F401 (its BLAS has to be there to be limited)
from threadpoolctl import ThreadpoolController

BENCHMARKS = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(BENCHMARKS))  # for the cases and workloads that others use as well


def cache_folder() -> Path:
    """Where kernels are kept: a folder a commit."""
    environment = os.environ.get("ASV_ENV_DIR", str(BENCHMARKS / ".asv" / "existing"))
    commit = os.environ.get("ASV_COMMIT", "working-tree")
    return Path(environment, "kernels", commit)


os.environ["NUMBA_CACHE_DIR"] = str(cache_folder())
os.environ.setdefault("NUMBA_NUM_THREADS", "2")  # as in asv.conf.json, for an existing Python
# asv, in an existing Python, has imported NumPy before a variable is set
ThreadpoolController().limit(limits=1, user_api="blas")
