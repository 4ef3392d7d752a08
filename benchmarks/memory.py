"""The memory that training on a file needs: ``python benchmarks/memory.py``.

X is a sparse file of 4 GiB that is mapped into memory. What counts is RssAnon, the process's own
memory: pages of the file can be dropped at any time, a copy of X could not. Linux alone counts it.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import jitnet as jn
from jitnet.progress import Progress

STATUS = Path("/proc/self/status")
FEATURES = 1024
UNITS = 64
BATCH_SIZE = 4096
MAX_MIB = 300
"""What training on 4 GiB may need above a small fit."""


def own_mib() -> float:
    """The process's own memory, RssAnon, in MiB."""
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith("RssAnon"))
    return int(line.split()[1]) / 1024


class Watch(Progress):
    """Notes the most memory that a fit has at the end of any of its slices."""

    most = 0.0

    def update(self, epochs_done: float, logs: dict[str, float]) -> None:
        """Look at the memory."""
        self.most = max(self.most, own_mib())


def most_mib(X: np.ndarray[tuple[int, int], np.dtype[np.float32]], epochs: int) -> float:
    """The most memory during a fit on X."""
    model = jn.Sequential([jn.Dense(UNITS, activation="relu"), jn.Dense(1)], loss="mse")
    watch = Watch()
    y = np.linspace(0.0, 1.0, len(X), dtype=np.float32)
    model.fit(X, y, epochs=epochs, batch_size=BATCH_SIZE, progress=watch)
    return watch.most


def main() -> int:
    """Print what a large fit needs above a small one; 1 where that is too much."""
    parser = argparse.ArgumentParser(description="Measure the memory of training on a mapped file.")
    parser.add_argument("--gib", type=float, default=4.0, help="size of the file: %(default)s")
    parser.add_argument("--folder", type=Path, help="where to put it: the system's own by default")
    options = parser.parse_args()
    if not STATUS.exists():
        print("This system does not count a process's own memory.")
        return 0
    rows = int(options.gib * 2**30) // (4 * FEATURES)
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        X = np.memmap(Path(folder) / "X", np.float32, "w+", shape=(rows, FEATURES))
        small = most_mib(X[:128], epochs=1)
        start = time.perf_counter()
        large = most_mib(X, epochs=1)
        seconds = time.perf_counter() - start
        del X
    print(f"X            {rows:,} x {FEATURES} float32, {options.gib:g} GiB in a file")
    print(f"small fit    {small:,.0f} MiB of memory of its own, at most")
    print(f"large fit    {large:,.0f} MiB, {large - small:+,.0f} MiB; {seconds:.1f} s an epoch")
    print(f"bound        {MAX_MIB:+,} MiB")
    return int(large - small >= MAX_MIB)


if __name__ == "__main__":
    sys.exit(main())
