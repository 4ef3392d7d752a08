"""A fit's progress: silent, plain lines, or a bar, and a sign of life while kernels compile."""

import io
import logging
import os
import subprocess
import sys
import threading
from contextlib import suppress

import pytest

from jitnet.progress import BarProgress, LineProgress, Progress, make_progress


class Terminal(io.StringIO):
    """A stream that says it is a terminal, and tells when a text has been written to it."""

    def __init__(self, awaited: str = "") -> None:
        super().__init__()
        self.awaited = awaited
        self.written = threading.Event()

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        length = super().write(text)
        if self.awaited in text:
            self.written.set()
        return length


def compiling_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "jitnet-compiling"]


def test_a_fit_that_compiles_says_so_once_and_is_silent_otherwise(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    progress = make_progress(None)
    progress.start(2, compiling=True)
    progress.compiling()
    progress.compiled(1.0)
    progress.update(2, {"loss": 0.5})
    progress.close()
    ((name, level, line),) = caplog.record_tuples
    assert (name, level) == ("jitnet", logging.WARNING)
    assert line.startswith("compiling kernels (once")
    assert "progress=False leaves this line out" in line
    make_progress(None).start(2)
    assert len(caplog.records) == 1


@pytest.mark.parametrize("stream", ["", "sys.stderr.close()\n", "sys.stderr = None\n"])
@pytest.mark.parametrize("progress", [None, False])
def test_a_first_fit_says_on_standard_error_that_it_compiles_unless_told_not_to(
    progress: bool | None, stream: str
) -> None:
    code = (
        f"import sys, jitnet as jn\n{stream}"
        "from jitnet.kernels.cache import watchers\n"
        "from jitnet.fitting import shown\n"
        "from jitnet.progress import make_progress\n"
        f"with shown(make_progress({progress}), 1):\n"
        "    [watcher.compiling() for watcher in watchers]\n"
        "print('done')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "done\n"
    assert done.stderr.count("\n") == int(progress is None and not stream)


@pytest.mark.parametrize("value", [None, False])
def test_without_progress_nothing_is_written(
    value: bool | None, capsys: pytest.CaptureFixture[str]
) -> None:
    progress = make_progress(value)
    progress.start(2, compiling=True)
    progress.compiled(1.0)
    progress.update(2, {"loss": 0.5})
    progress.close()
    assert capsys.readouterr() == ("", "")


def test_a_stream_that_is_no_terminal_gets_lines() -> None:
    assert isinstance(make_progress(True, io.StringIO()), LineProgress)


def test_a_terminal_gets_a_bar() -> None:
    pytest.importorskip("tqdm", reason="the bar is tqdm's, from the extra cli")
    assert isinstance(make_progress(True, Terminal()), BarProgress)


def test_a_progress_is_taken_as_it_is() -> None:
    progress = LineProgress()
    assert make_progress(progress) is progress


def test_what_is_no_progress_is_refused() -> None:
    with pytest.raises(TypeError, match="must be True, False, None or a Progress, got 'yes'"):
        make_progress("yes")  # type: ignore[arg-type]


def test_lines_go_to_the_standard_error_stream(capsys: pytest.CaptureFixture[str]) -> None:
    progress = LineProgress()
    progress.start(4)
    progress.update(4, {"loss": 0.5, "accuracy": 0.75})
    progress.close()
    assert capsys.readouterr() == ("", "epoch 4/4  loss 0.5000  accuracy 0.7500\n")


def test_lines_keep_their_distance_but_the_last_always_comes() -> None:
    stream = io.StringIO()
    progress = LineProgress(stream, interval=1e6)
    progress.start(3)
    for epochs in (1, 1.5, 2, 3):
        progress.update(epochs, {"loss": 1 / epochs})
    assert stream.getvalue() == "epoch 3/3  loss 0.3333\n"


def test_lines_of_a_long_epoch_say_something_new_and_end_where_their_text_does() -> None:
    stream = io.StringIO()
    progress = LineProgress(stream, interval=0)
    for _ in range(2):  # fits
        progress.start(n_epochs=1)
        for done in (0.11, 0.12, 0.2):
            progress.update(done, {})
        for loss in (0.5, 0.5, 0.25):
            progress.update(1, {"loss": loss})
        progress.close()
    fit = ["epoch 0.1/1", "epoch 0.2/1", "epoch 1/1  loss 0.5000", "epoch 1/1  loss 0.2500"]
    assert stream.getvalue().splitlines() == 2 * fit


def test_a_fit_that_stops_early_leaves_its_last_figures() -> None:
    stream = io.StringIO()
    progress = LineProgress(stream, interval=1e6)
    progress.start(200)
    progress.update(17, {"loss": 0.25})
    assert stream.getvalue() == ""
    for _ in range(2):
        progress.close()
        assert stream.getvalue() == "epoch 17/200  loss 0.2500\n"


def test_a_part_of_an_epoch_is_shown_as_a_fraction() -> None:
    stream = io.StringIO()
    progress = LineProgress(stream, interval=0.0)
    progress.start(12_345)
    progress.update(10_000 + 1 / 3, {"loss": 1.0})
    progress.update(10_001, {"loss": 2.5e-7})
    assert stream.getvalue().splitlines() == [
        "epoch 10000.3/12345  loss 1.0000",
        "epoch 10001/12345  loss 2.500e-07",
    ]


def test_compiling_is_a_plain_line_where_there_is_no_terminal() -> None:
    stream = io.StringIO()
    progress = LineProgress(stream)
    progress.start(1, compiling=True)
    assert stream.getvalue() == "compiling kernels (once; cached for later runs) ...\n"
    assert not compiling_threads()
    progress.compiled(8.76)
    assert stream.getvalue().splitlines()[1:] == ["compiled kernels in 8.8 s"]


def test_compiling_counts_the_seconds_on_a_terminal() -> None:
    stream = Terminal(awaited=" 1 s")
    progress = LineProgress(stream)
    progress.start(1, compiling=True)
    assert stream.written.wait(timeout=20)
    progress.compiled(1.2)
    assert not compiling_threads()
    assert stream.getvalue().endswith("\rcompiled kernels in 1.2 s\n")


@pytest.mark.parametrize("kind", [LineProgress, BarProgress])
def test_closing_in_the_middle_of_compiling_ends_the_count(
    kind: type[LineProgress | BarProgress],
) -> None:
    progress = kind(Terminal())
    progress.start(1)
    progress.compiling()
    progress.compiling()
    assert len(compiling_threads()) == 1
    progress.close()
    progress.close()
    assert not compiling_threads()


def test_the_bar_moves_by_parts_of_epochs_and_shows_the_figures() -> None:
    pytest.importorskip("tqdm", reason="the bar is tqdm's, from the extra cli")
    stream = Terminal()
    progress = BarProgress(stream)
    progress.start(40)
    progress.update(19.5, {"loss": 0.25})
    progress.close()
    last = stream.getvalue().split("\r")[-1]
    assert "49%" in last
    assert "| 19/40 epochs" in last
    progress.update(40, {"loss": 0.125, "accuracy": 0.99})
    progress.close()
    last = stream.getvalue().split("\r")[-1]
    assert "100%" in last
    assert "| 40/40 epochs" in last
    assert "loss 0.1250  accuracy 0.9900" in last


def test_without_tqdm_a_terminal_gets_one_line_that_is_written_over() -> None:
    stream = Terminal()
    progress = LineProgress(stream, interval=0.0)
    progress.start(30)
    for epochs, loss in ((1, 2.5e-7), (2, 0.5), (30, 0.25)):
        progress.update(epochs, {"loss": loss})
    progress.compiled(0.5)
    progress.close()
    progress.close()
    lines = stream.getvalue().split("\r")
    assert lines[0] == ""
    assert [line.rstrip() for line in lines[1:]] == [
        "epoch 1/30  loss 2.500e-07",
        "epoch 2/30  loss 0.5000",
        "epoch 30/30  loss 0.2500",
    ]
    assert len(lines[2]) == len(lines[1]), "what was longer is wiped"
    assert stream.getvalue().count("\n") == 1


def test_a_line_is_cut_where_a_terminal_would_break_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    stream = Terminal()
    progress = LineProgress(stream, interval=0.0)
    progress.start(30)
    progress.update(30, {"loss": 0.25, "accuracy": 0.5})
    progress.close()
    assert stream.getvalue() == "\repoch 30/30  loss 0\n"


@pytest.mark.skipif(sys.platform == "win32", reason="a terminal of its own as POSIX has it")
@pytest.mark.parametrize(("columns", "width"), [(0, 79), (60, 59)])
def test_a_bar_is_as_wide_as_its_terminal_also_where_that_does_not_say(
    columns: int, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("tqdm", reason="the bar is tqdm's, from the extra cli")
    import fcntl
    import struct
    import termios

    monkeypatch.delenv("COLUMNS", raising=False)
    master, terminal = os.openpty()
    fcntl.ioctl(
        terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24 * bool(columns), columns, 0, 0)
    )
    with open(terminal, "w", encoding="utf-8") as stream:  # noqa: PTH123 (a descriptor)
        progress = make_progress(True, stream)
        assert isinstance(progress, BarProgress)
        progress.start(2)
        progress.update(2, {"loss": 0.25})
        progress.close()
    shown = b""
    with suppress(OSError):  # the other side has been closed
        while part := os.read(master, 4096):
            shown += part
    os.close(master)
    last = shown.decode().rstrip().split("\r")[-1]
    assert "2/2 epochs" in last
    assert len(last) == width


@pytest.mark.parametrize("kind", [Progress, LineProgress, BarProgress])
def test_the_time_spent_compiling_is_kept_for_one_fit(kind: type[Progress]) -> None:
    progress = kind(io.StringIO())
    progress.start(1, compiling=True)
    progress.compiled(1.5)
    progress.compiled(0.5)
    assert progress.compile_seconds == 2.0
    progress.start(1)
    assert progress.compile_seconds == 0.0
