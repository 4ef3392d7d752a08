"""A status line that is overwritten in place, and one that counts seconds."""

from __future__ import annotations

import os
import sys
import threading
import time
from contextlib import suppress

from jitnet.streams import Output

COMPILING = "compiling kernels (once; cached for later runs)"


class Line:
    """A status line that is overwritten in place until it is ended."""

    def __init__(self, stream: Output) -> None:
        self._stream = stream
        self._shown = ""

    def show(self, text: str) -> None:
        """Overwrite the line, cut to the terminal's width."""
        if self._stream.isatty():
            text = text[: width_of(self._stream)]
        self._write(f"\r{text.ljust(len(self._shown))}")
        self._shown = text

    def wipe(self) -> None:
        """Empty the line."""
        self.show("")
        self._write("\r")

    def end(self) -> None:
        """Keep what is shown, if anything is, and go to the next line."""
        if self._shown:
            self._write("\n")
            self._shown = ""

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


class Ticker:
    """A line that counts seconds from a thread of its own, until it is stopped.

    Where it cannot be written over the line is written once and does not count.
    """

    def __init__(self, stream: Output, *, live: bool, interval: float = 1.0) -> None:
        self._interval = interval
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self._line = Line(stream)
        if not live:
            stream.write(f"{COMPILING} ...\n")
            stream.flush()
        else:
            self._line.show(f"{COMPILING} ...")
            self._thread = threading.Thread(target=self._tick, name="jitnet-compiling", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End the thread and wipe the line."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()
            self._line.wipe()

    def _tick(self) -> None:
        start = time.perf_counter()
        while not self._stopped.wait(self._interval):
            self._line.show(f"{COMPILING} ... {time.perf_counter() - start:.0f} s")


def width_of(stream: Output) -> int:
    """Characters that a terminal shows in a line; some terminals say none, where 80 are likely."""
    columns = 0
    with suppress(ValueError):
        columns = int(os.environ.get("COLUMNS", 0))
    with suppress(OSError, ValueError, AttributeError):
        columns = columns or os.get_terminal_size(stream.fileno()).columns
    return (columns or 80) - 1


def in_notebook() -> bool:
    """Whether a notebook's cell is being run, where no stream is a terminal."""
    return "ipykernel.zmqshell" in sys.modules
