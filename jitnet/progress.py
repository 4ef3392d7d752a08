"""The progress of a fit: a bar, a widget or a status line, and plain lines in a log."""

from __future__ import annotations

import contextlib
import logging
import sys
import time
import warnings
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TextIO

from jitnet.checks import check_flag
from jitnet.lines import COMPILING, Line, Ticker, in_notebook, width_of
from jitnet.streams import Output

__all__ = ["BarProgress", "LineProgress", "Notice", "Progress", "make_progress"]

ROWS = 20
"""A terminal's lines as tqdm assumes them: it draws no bar where the terminal says none."""

RESUMING = "going on after {:.4g} of {} epochs, from {}"
NOTICE = f"{COMPILING}, some ten seconds; progress=False leaves this line out"


class Progress:
    """A silent progress, and what the others have in common.

    A fit calls `start`, then `update` as often as it likes, then `close`. Around the first
    compilation, if there is one, it calls `compiling` and `compiled`.

    Parameters
    ----------
    stream : file-like, optional
        Where to write; the standard error stream by default.

    Attributes
    ----------
    compile_seconds : float
        Time that was spent on compiling, 0.0 where everything was in the cache.

    Examples
    --------
    >>> progress = Progress()
    >>> progress.start(n_epochs=2)
    >>> progress.compiled(seconds=4.5)
    >>> progress.update(2, {"loss": 0.25})
    >>> progress.close()
    >>> progress.compile_seconds
    4.5
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._given_stream = stream
        self._output: Output | None = None
        self.compile_seconds = 0.0
        self.n_epochs = 0

    @property
    def stream(self) -> Output:
        """Where this progress is written; nothing ends a fit that cannot be written there."""
        stream = self._given_stream or sys.stderr
        if self._output is None or self._output != stream:
            self._output = Output(stream, lasting=True)
        return self._output

    def start(self, n_epochs: int, compiling: bool = False) -> None:
        """Begin.

        Parameters
        ----------
        n_epochs : int
            The epochs that were asked for.
        compiling : bool, default False
            Whether kernels are to be compiled before the first step; the same as calling
            `compiling` next.
        """
        self.n_epochs = n_epochs
        self.compile_seconds = 0.0
        if compiling:
            self.compiling()

    def compiling(self) -> None:
        """Say that kernels are being compiled; call it in the moment before."""

    def compiled(self, seconds: float) -> None:
        """Say that all kernels are there.

        Parameters
        ----------
        seconds : float
            What compiling them took.
        """
        self.compile_seconds += seconds

    def resuming(self, epochs_done: float, n_epochs: int, file: Path) -> None:
        """Say where a fit goes on.

        Parameters
        ----------
        epochs_done : float
            Epochs that are done, a fraction in the middle of one.
        n_epochs : int
            The epochs that were asked for.
        file : Path
            The checkpoint.
        """

    def update(self, epochs_done: float, logs: dict[str, float]) -> None:
        """Show how far the fit has come.

        Parameters
        ----------
        epochs_done : float
            Epochs that are done, a fraction in the middle of one.
        logs : dict of str to float
            The figures to show, ``"loss"`` and the like.
        """

    def note(self, text: str) -> None:
        """Show lines between those of the progress.

        Parameters
        ----------
        text : str
            One line, or several.
        """

    def close(self) -> None:
        """End, also in the middle of a fit; a second call does nothing."""


class Notice(Progress):
    """A progress that says by `logging`, in a line, that kernels have to be compiled.

    Examples
    --------
    >>> Notice().compiling()  # a warning of the logger "jitnet", by default on standard error
    """

    _said = False

    def compiling(self) -> None:
        """Say it once; see `Progress.compiling`."""
        if not self._said:
            self._said = True
            self._warn(NOTICE)

    def resuming(self, epochs_done: float, n_epochs: int, file: Path) -> None:
        """Say it; see `Progress.resuming`."""
        self._warn(RESUMING.format(epochs_done, n_epochs, file))

    def _warn(self, text: str) -> None:
        with contextlib.suppress(ValueError):  # the standard error stream may be closed
            logging.getLogger("jitnet").warning(text)


class _Shown(Progress):
    """A progress that shows that kernels are being compiled."""

    def __init__(self, stream: TextIO | None = None) -> None:
        super().__init__(stream)
        self._ticker: Ticker | None = None

    @property
    def live(self) -> bool:
        """Whether a line can be written over: on a terminal, and in a notebook's cell."""
        return self.stream.isatty() or self._in_a_cell

    @property
    def _in_a_cell(self) -> bool:
        return self._given_stream is None and in_notebook()

    def compiling(self) -> None:
        if self._ticker is None:
            self._ticker = Ticker(self.stream, live=self.live)

    def compiled(self, seconds: float) -> None:
        super().compiled(seconds)
        if self._ticker is not None:
            self._stop_ticker()
            self._write_line(f"compiled kernels in {seconds:.1f} s")

    def resuming(self, epochs_done: float, n_epochs: int, file: Path) -> None:
        """Say it; see `Progress.resuming`."""
        self._write_line(RESUMING.format(epochs_done, n_epochs, file))

    def note(self, text: str) -> None:
        """Show them; see `Progress.note`."""
        for line in text.splitlines():
            self._write_line(line)

    def close(self) -> None:
        self._stop_ticker()

    def _stop_ticker(self) -> None:
        if self._ticker is not None:
            self._ticker.stop()
            self._ticker = None

    def _write_line(self, text: str) -> None:
        self.stream.write(text + "\n")
        self.stream.flush()


class LineProgress(_Shown):
    """A line that is written over and over, or plain lines where that cannot be: for logs.

    Parameters
    ----------
    stream : file-like, optional
        Where to write; the standard error stream by default.
    interval : float, default 0.5
        Seconds between two lines, at least; the line of the last epoch always comes, also where
        the fit stops early.

    Examples
    --------
    >>> import sys
    >>> progress = LineProgress(sys.stdout)
    >>> progress.start(n_epochs=40)
    >>> progress.update(40, {"loss": 0.25, "accuracy": 0.9})
    epoch 40/40  loss 0.2500  accuracy 0.9000
    >>> progress.close()
    """

    def __init__(self, stream: TextIO | None = None, interval: float = 0.5) -> None:
        super().__init__(stream)
        self.interval = interval
        self._next_line, self._unwritten, self._written = 0.0, "", ""
        self._line: Line | None = None

    def start(self, n_epochs: int, compiling: bool = False) -> None:
        """Begin; see `Progress.start`."""
        self._next_line = time.perf_counter() + self.interval
        self._unwritten = self._written = ""
        self._line = Line(self.stream) if self.live else None
        super().start(n_epochs, compiling)

    def update(self, epochs_done: float, logs: dict[str, float]) -> None:
        """Write a line, if the last one is old enough; see `Progress.update`."""
        epoch = f"{epochs_done:.1f}".removesuffix(".0")
        text = f"epoch {epoch}/{self.n_epochs}  {_figures(logs)}".rstrip()
        self._unwritten = "" if text == self._written else text
        if time.perf_counter() >= self._next_line or epochs_done >= self.n_epochs:
            self._write_last()

    def close(self) -> None:
        """Write the last figures, if no line has them; see `Progress.close`."""
        super().close()
        self._write_last()
        if self._line is not None:
            self._line.end()

    def _write_last(self) -> None:
        if self._unwritten:
            if self._line is not None:
                self._line.show(self._unwritten)
            else:
                self._write_line(self._unwritten)
            self._next_line = time.perf_counter() + self.interval
            self._unwritten, self._written = "", self._unwritten

    def _write_line(self, text: str) -> None:
        if self._line is not None:
            self._line.show(text)
            self._line.end()
        else:
            super()._write_line(text)


class BarProgress(_Shown):
    """A bar by tqdm, which must be installed: a widget in a notebook that has them.

    Parameters
    ----------
    stream : file-like, optional
        Where to write, meant to be a terminal; the standard error stream by default.

    Raises
    ------
    ImportError
        At the first `update`, if tqdm is not installed.

    Examples
    --------
    >>> import io
    >>> progress = BarProgress(io.StringIO())
    >>> progress.start(n_epochs=2)
    >>> progress.update(0.5, {"loss": 0.25})
    >>> progress.close()
    >>> "loss 0.2500" in progress.stream.getvalue()
    True
    """

    FORMAT = (
        "{{l_bar}}{{bar}}| {done}/{{total}} epochs "
        "[{{elapsed}}<{{remaining}}{{postfix}}, {{rate_noinv_fmt}}]"
    )

    def __init__(self, stream: TextIO | None = None) -> None:
        super().__init__(stream)
        self._bar: Any = None

    def update(self, epochs_done: float, logs: dict[str, float]) -> None:
        """Move the bar; see `Progress.update`."""
        if self._bar is None:
            self._bar = self._new_bar()
        self._bar.bar_format = self.FORMAT.format(done=int(epochs_done))
        self._bar.set_postfix_str(_figures(logs), refresh=False)
        self._bar.update(min(epochs_done, self.n_epochs) - self._bar.n)

    def close(self) -> None:
        """Draw the bar a last time and leave it standing; see `Progress.close`."""
        super().close()
        if self._bar is not None:
            self._bar.refresh()
            self._bar.close()
            stopped = self._bar.n < self.n_epochs and sys.exc_info()[0] is None
            if stopped and hasattr(self._bar, "container"):
                self._bar.disp(bar_style="info")  # a widget would be red, as after an error
            self._bar = None

    def _new_bar(self) -> Any:
        bar_format = self.FORMAT.format(done=0)
        size = {"ncols": width_of(self.stream), "nrows": ROWS} if self.stream.isatty() else {}
        shown = {"total": self.n_epochs, "unit": " epochs", "bar_format": bar_format}
        return self._kind()(file=self.stream, **shown, **size)

    def _kind(self) -> Any:
        if not self._in_a_cell:
            from tqdm import tqdm

            return tqdm
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # said where the notebook has no widgets
            from tqdm.auto import tqdm as suited

        return suited

    def _write_line(self, text: str) -> None:
        if self._bar is None:
            super()._write_line(text)
        else:
            self._bar.write(text, file=self.stream)


def make_progress(value: bool | Progress | None, stream: TextIO | None = None) -> Progress:
    """Turn what a user gives as ``progress`` into an object to tell.

    Parameters
    ----------
    value : bool, Progress or None
        None is silent but for a line where kernels are compiled, False altogether. True is a bar by
        tqdm where that is installed and the stream is a terminal or a notebook's, which may show it
        as a widget; without tqdm it is a line that is written over, and elsewhere plain lines. A
        `Progress` is returned as it is.
    stream : file-like, optional
        Where to write; the standard error stream by default.

    Returns
    -------
    Progress

    Raises
    ------
    TypeError
        If the value is none of these.

    Examples
    --------
    >>> import io
    >>> type(make_progress(True, io.StringIO())).__name__
    'LineProgress'
    """
    if isinstance(value, Progress):
        return value
    if value is None:
        return Notice(stream)
    if not check_flag("progress", value, kind="True, False, None or a Progress"):
        return Progress(stream)
    lines = LineProgress(stream)
    return BarProgress(stream) if lines.live and find_spec("tqdm") is not None else lines


def _figures(logs: dict[str, float]) -> str:
    return "  ".join(f"{name} {_figure(value)}" for name, value in logs.items())


def _figure(value: float) -> str:
    return f"{value:.4f}" if value == 0 or 1e-3 <= abs(value) < 1e4 else f"{value:.3e}"
