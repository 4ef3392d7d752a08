"""Train on a file that is larger than the memory that a process may have.

    python benchmarks/streaming.py                      6 GB of rows within 1 GiB: minutes
    python benchmarks/streaming.py --memmap             the same of an array that is mapped
    python benchmarks/streaming.py --gigabytes 0.05     a smoke test

A Parquet file of random columns is written, and ``jitnet train FILE --stream`` trains on it for one
epoch; or an array of NumPy's, and ``Sequential.fit`` trains on its memory map, shuffled as a whole.
The process's data may take 1 GiB (RLIMIT_DATA: private memory that can be written; pages of a
mapped file are the system's). The exit status is 1 where that fails, or nothing is learned.
"""

from __future__ import annotations

import argparse
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

LIMIT = 1 << 30
NUMBERS = 24
COLUMNS = 100
ROWS_A_GROUP = 1 << 17
NAMES = ["amber", "blue", "coral", "denim", "ebony"]


def write(path: Path, size: float) -> int:
    """Write rows until the file has so many bytes; their number."""
    rng = np.random.default_rng(0)
    writer: Any = None
    rows = 0
    while not rows or path.stat().st_size < size:
        numbers = rng.normal(size=(NUMBERS, ROWS_A_GROUP))
        colour = rng.integers(len(NAMES), size=ROWS_A_GROUP)
        score = numbers[0] * numbers[1] + numbers[2] + (colour == 1) - 0.3
        columns = {f"number_{k}": column for k, column in enumerate(numbers)}
        columns["colour"] = np.array(NAMES)[colour]
        columns["target"] = np.where(score > 0, "yes", "no")
        table = pa.table(columns)
        writer = writer or pq.ParquetWriter(path, table.schema, compression="none")
        writer.write_table(table)
        rows += ROWS_A_GROUP
    writer.close()
    return rows


def write_array(path: Path, size: float) -> int:
    """Write an array of about so many bytes; its number of rows."""
    rng = np.random.default_rng(0)
    rows = max(1, int(size / (4 * COLUMNS * ROWS_A_GROUP))) * ROWS_A_GROUP
    array = np.lib.format.open_memmap(path, "w+", np.float32, (rows, COLUMNS))
    for first in range(0, rows, ROWS_A_GROUP):
        array[first : first + ROWS_A_GROUP] = rng.normal(size=(ROWS_A_GROUP, COLUMNS))
    array.flush()
    return rows


MAPPED = """
import sys
import numpy as np
import jitnet as jn
X = np.load(sys.argv[1], mmap_mode="r")
y = np.concatenate([part[:, 0] * part[:, 1] + part[:, 2] for part in np.array_split(X, 64)])
model = jn.Sequential([jn.Dense(32, "relu"), jn.Dense(1)], "mse")
model.fit(X, y, epochs=1, batch_size=1024, progress=False)
left = 1 - model.evaluate(X[:100_000], y[:100_000])["loss"] / y.var()
print(f"R2 {left:.4f}, and 0.0000 by the mean alone")
"""


def limited() -> None:
    """Limit the memory of the process that is about to be started."""
    resource.setrlimit(resource.RLIMIT_DATA, (LIMIT, LIMIT))


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the file, train on it, and say what that took."""
    parser = argparse.ArgumentParser(description="Train on a file that is larger than memory.")
    parser.add_argument("--gigabytes", type=float, default=6.0, help="of the file: %(default)s")
    parser.add_argument("--memmap", action="store_true", help="an array, not a table's file")
    parser.add_argument("--folder", type=Path, help="where it is written")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        if options.memmap:
            path = Path(folder) / "rows.npy"
            rows = write_array(path, options.gigabytes * 1e9)
            line = [sys.executable, "-c", MAPPED, str(path)]
        else:
            path = Path(folder) / "rows.parquet"
            rows = write(path, options.gigabytes * 1e9)
            line = [
                sys.executable, "-m", "jitnet", "train", str(path), "--target", "target",
                "--stream", "--epochs", "1", "--hidden", "32", "--quiet", "--batch-size", "1024",
                "--output", str(Path(folder) / "model.safetensors"),
            ]  # fmt: skip
        began = time.perf_counter()
        environment = os.environ | {"ARROW_DEFAULT_MEMORY_POOL": "system"}  # others reserve 1 GiB
        done = subprocess.run(
            line, capture_output=True, text=True, preexec_fn=limited, env=environment
        )
        seconds = time.perf_counter() - began
        size = path.stat().st_size
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(done.stdout + done.stderr)
    print(
        f"{size / 1e9:.2f} GB, {rows:,} rows, {seconds:.1f} s, {rows / seconds:,.0f} rows a second"
    )
    print(f"limit {LIMIT / 2**20:.0f} MiB, resident at its peak {peak:.0f} MiB")
    found = re.search(r"(?:accuracy|R2) +([0-9.]+), and ([0-9.]+)", done.stdout)
    return 0 if found and float(found[1]) > float(found[2]) + 0.1 else 1


if __name__ == "__main__":
    sys.exit(main())
