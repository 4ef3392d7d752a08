"""``CSVLogger``: a file with a line for each epoch."""

from __future__ import annotations

import csv
from os import PathLike
from pathlib import Path
from typing import Any

from jitnet.arrays import Array
from jitnet.callbacks.callback import Callback
from jitnet.callbacks.stopwatch import Stopwatch
from jitnet.checks import check_number, check_whole
from jitnet.io.files import write_file


class CSVLogger(Callback):
    """Write each epoch's figures to a CSV file: epoch, seconds, learning rate, losses, accuracies.

    A resumed fit goes on in the same file, without the lines of epochs that it repeats.

    Parameters
    ----------
    path : str or path-like
        The file; one that is there is replaced, but by a resumed fit.

    Examples
    --------
    >>> import jitnet as jn, pathlib, tempfile
    >>> model = jn.Sequential([jn.Dense(1)], loss="mse")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder) / "log.csv"
    ...     _ = model.fit([[1.0]], [1.0], epochs=2, callbacks=[jn.CSVLogger(path)])
    ...     lines = path.read_text().splitlines()
    >>> lines[0], len(lines)
    ('epoch,seconds,learning_rate,loss', 3)
    """

    for_sequential = True

    def __init__(self, path: str | PathLike[str]) -> None:
        self.path = Path(path)
        self._watch, self._epochs = Stopwatch(), 0
        self._resumes = False

    def check(self, resume: Path | None) -> None:
        """Take note whether a fit goes on; see `Callback.check`."""
        self._resumes = resume is not None

    def on_fit_begin(self, model: Any, n_epochs: int) -> None:
        """Begin a new file, but where a fit goes on; see `Callback.on_fit_begin`."""
        self._watch, self._epochs = Stopwatch(), 0
        if not self._resumes:
            self.path.write_text("", encoding="utf-8")

    def on_epoch_end(self, model: Any, epoch: int, logs: dict[str, float]) -> None:
        """Write a line; see `Callback.on_epoch_end`."""
        seconds = f"{self._watch.seconds():.3f}"
        row = {"epoch": epoch, "seconds": seconds, "learning_rate": model.learning_rate}
        with self.path.open("a", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            if not file.tell():
                writer.writerow([*row, *logs])
            writer.writerow([*row.values(), *logs.values()])
        self._epochs = epoch

    def state(self) -> tuple[dict[str, Any], list[Array]]:
        """The epochs that are written and the seconds so far; see `Callback.state`."""
        return {"epochs": self._epochs, "seconds": self._watch.seconds()}, []

    def restore(self, numbers: dict[str, Any], arrays: list[Array]) -> None:
        """Take them over, and leave out the lines of later epochs; see `Callback.restore`."""
        self._epochs = check_whole("epochs", numbers["epochs"], least=0)
        self._watch = Stopwatch(check_number("seconds", numbers["seconds"], least=0.0))
        lines = self.path.read_text(encoding="utf-8").splitlines() if self.path.exists() else []
        kept = lines[: self._epochs + 1] if self._epochs else []  # a header may be a part of one
        write_file(self.path, "".join(f"{line}\n" for line in kept).encode())
