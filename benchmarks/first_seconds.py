"""The command from the shell, all told: its first line, and its end, beside an import of Keras.

    python benchmarks/first_seconds.py        needs adult's files, and the package keras

`jitnet train adult.csv --target income` starts as a process of its own, kernels in the cache, as
does `python -c "import keras"`, in turns; medians. The exit status is 1 where the first line takes
longer than a second, or all of it longer than Keras's import and thirty seconds.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

from race.machine import description
from tables import ROWS

TURNS = 5
MOST_SECONDS, MOST_BEHIND = 1.0, 30.0
"""Until the first line; and behind an import of Keras."""
BACKEND = {"KERAS_BACKEND": os.environ.get("KERAS_BACKEND", "jax")}


def seconds_of(command: Sequence[str], folder: Path) -> tuple[float, float]:
    """Seconds until a command's first line, and until its end."""
    began, first = time.perf_counter(), None
    streams: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, **streams, cwd=folder, env=os.environ | BACKEND) as process:
        assert process.stdout is not None
        for _ in process.stdout:
            first = first or time.perf_counter() - began
    ended = time.perf_counter() - began
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    return first or ended, ended


def main() -> int:
    """Print the seconds."""
    argparse.ArgumentParser(description="The first seconds of the command.").parse_args()
    train, _ = ROWS["adult"].load()
    command = [sys.executable, "-m", "jitnet", "train", "adult.csv", "--target", "income"]
    keras = [sys.executable, "-c", "import keras"]
    firsts, ends, imports = [], [], []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        train.write_csv(folder / "adult.csv")
        seconds_of(command, folder)  # compiles
        for _ in range(TURNS):
            first, end = seconds_of(command, folder)
            firsts.append(first)
            ends.append(end)
            imports.append(seconds_of(keras, folder)[1])
    print(f"first line      {median(firsts):.2f} s")
    print(f"all             {median(ends):.2f} s")
    print(f"import keras    {median(imports):.2f} s")
    print(description())
    late = median(firsts) > MOST_SECONDS
    return int(late or median(ends) > median(imports) + MOST_BEHIND)


if __name__ == "__main__":
    sys.exit(main())
