"""What is printed can be read on every stream there may be, and none of them ends the work."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

import jitnet as jn
from jitnet.cli import main
from jitnet.progress import BarProgress, LineProgress, Progress
from jitnet.streams import Output, ReaderLeft, fitting

ENCODINGS = ("ascii", "cp437", "cp1252", "latin-1", "utf-8")
PACKAGE = Path(jn.__file__).parent
PRINTING = (
    ["--help"],
    ["train", "--help"],
    ["study", "--help"],
    ["study", "softmax_crossentropy", "--source", "tiled"],
    ["study", "matmul", "--size", "n=2", "--rungs", "loops,compiled"],
    ["study", "--lesson", "slope"],
    ["info"],
    ["warmup"],
)
posix = pytest.mark.skipif(os.name != "posix", reason="streams as a POSIX shell gives them")


class Encoded(io.TextIOWrapper):
    """A standard stream of some encoding, and what has been written to it."""

    def __init__(self, encoding: str) -> None:
        super().__init__(io.BytesIO(), encoding=encoding)

    def text(self) -> str:
        self.flush()
        content: bytes = self.buffer.getvalue()  # type: ignore[attr-defined]
        return content.decode(self.encoding)


def run(arguments: Sequence[str]) -> int:
    try:
        return main(arguments)
    except SystemExit as end:
        return int(end.code or 0)


def jitnet(*arguments: str, **given: Any) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "jitnet", *arguments]
    return subprocess.Popen(command, text=True, encoding="utf-8", **given)


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("arguments", PRINTING, ids=" ".join)
def test_every_command_prints_all_it_has_to_say_in_any_encoding(
    arguments: list[str], encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = Encoded(encoding)
    monkeypatch.setattr(sys, "stdout", stream)
    assert run(arguments) == 0
    assert sys.stdout is stream
    printed = stream.text()
    assert printed.endswith("\n")
    assert printed == fitting(printed, encoding)
    if arguments == ["study", "--help"]:
        assert "take a lesson of the course" in printed
        assert printed.rstrip().splitlines()[-1].startswith("  ")


def test_every_character_of_the_package_has_a_readable_twin() -> None:
    characters = {c for path in PACKAGE.rglob("*.py") for c in path.read_text("utf-8")}
    assert len(characters) > 128
    for character in characters:
        twin = fitting(character, "ascii")
        assert twin.isascii()
        assert character == "\\" or "\\" not in twin, character


@pytest.mark.parametrize(
    ("text", "encoding", "shown"),
    [
        ("3.52 µs, a² = Σ xᵢ", "ascii", "3.52 us, a^2 = sum x_i"),
        ("3.52 µs, a² = Σ xᵢ", "cp437", "3.52 µs, a² = Σ x_i"),
        ("n×n, 10⁻⁹, m̂ ≤ √v̂", "ascii", "nxn, 10^-9, m_hat <= sqrtv_hat"),
        ("Wᵀ, Φ(z), ½ σ … – λ", "ascii", "W^T, Phi(z), 1/2 sigma ... - lambda"),
        ("café.safetensors", "ascii", "cafe.safetensors"),
        ("模型 \udce9", "ascii", r"\u6a21\u578b \udce9"),
        ("模型 \udce9", "utf-8", r"模型 \udce9"),
    ],
)
def test_characters_that_do_not_fit_are_replaced_and_not_dropped(
    text: str, encoding: str, shown: str
) -> None:
    assert fitting(text, encoding) == shown


@pytest.mark.parametrize("closed", [False, True])
@pytest.mark.parametrize("arguments", PRINTING, ids=" ".join)
def test_without_streams_a_command_works_and_is_silent(
    arguments: list[str], closed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = None
    if closed:
        stream = io.StringIO()
        stream.close()
    monkeypatch.setattr(sys, "stdout", stream)
    monkeypatch.setattr(sys, "stderr", stream)
    assert run(arguments) == 0
    assert run(["train", "letters"]) == 2


@posix
def test_a_process_without_streams_trains_and_writes_its_model(tmp_path: Path) -> None:
    pytest.importorskip("safetensors", reason="a model is written with safetensors")
    path = tmp_path / "model"
    command = f'"{sys.executable}" -m jitnet train digits --epochs 1 --output "{path}" >&- 2>&-'
    assert subprocess.run(command, shell=True).returncode == 0
    assert jn.load(path).get_weights()


@posix
@pytest.mark.parametrize("arguments", PRINTING[2:6], ids=" ".join)
def test_a_reader_that_leaves_is_no_error(arguments: list[str]) -> None:
    process = jitnet(*arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.close()
    process.stdout = None
    _, errors = process.communicate()
    assert process.returncode == 0
    assert errors in ("", "compiling kernels, once …\n")


@posix
def test_a_model_is_written_though_nobody_reads_on(tmp_path: Path) -> None:
    pytest.importorskip("safetensors", reason="a model is written with safetensors")
    path = tmp_path / "model"
    reader, writer = os.pipe()
    os.close(reader)
    process = jitnet(
        "train", "digits", "--epochs", "1", "--output", str(path), stdout=writer, stderr=writer
    )
    os.close(writer)
    assert process.wait() == 0
    assert jn.load(path).get_weights()


UNFINISHED = """
import sys
from jitnet.streams import Output

errors = Output(sys.stderr, lasting=True)
errors.write("half a bar")
errors.flush()
"""


@posix
def test_what_nobody_reads_of_the_standard_error_is_no_failure_at_the_end() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    process = subprocess.Popen(
        [sys.executable, "-c", UNFINISHED],
        stderr=writer,
        env=os.environ | {"PYTHONUNBUFFERED": ""},
    )
    os.close(writer)
    assert process.wait() == 0


@posix
def test_a_full_disk_is_an_error_of_one_line() -> None:
    if not Path("/dev/full").exists():
        pytest.skip("the system has no /dev/full")
    with Path("/dev/full").open("w") as full:
        process = jitnet("study", "--help", stdout=full, stderr=subprocess.PIPE)
        _, errors = process.communicate()
    assert process.returncode == 1
    assert errors.startswith("jitnet: ")
    assert errors.count("\n") == 1


def broken_pipe() -> io.TextIOWrapper:
    reader, writer = os.pipe()
    os.close(reader)
    return io.TextIOWrapper(io.FileIO(writer, "w"), encoding="ascii", write_through=True)


def test_an_output_whose_reader_left_says_so() -> None:
    with broken_pipe() as pipe:
        output = Output(pipe)
        with pytest.raises(ReaderLeft):
            output.write("a line\n")
        assert output.write("another\n") == 8
        with pytest.raises(ReaderLeft):
            output.flush()
        assert Output(pipe, lasting=True).write("a third\n") == 8


@pytest.mark.parametrize("kind", [LineProgress, BarProgress])
def test_no_stream_ends_a_fit(
    kind: type[LineProgress | BarProgress], monkeypatch: pytest.MonkeyPatch
) -> None:
    if kind is BarProgress:
        pytest.importorskip("tqdm", reason="the bar is tqdm's, from the extra cli")
    closed = io.StringIO()
    closed.close()
    with broken_pipe() as pipe:
        for stream in (None, closed, pipe):
            monkeypatch.setattr(sys, "stderr", stream)
            progress = kind()
            progress.start(2, compiling=True)
            progress.compiled(1.0)
            for epochs in (0.5, 1, 2):
                progress.update(epochs, {"loss": 0.5})
            progress.close()
            model = jn.Sequential([jn.Dense(1)], "mse")
            model.fit([[1.0]], [1.0], epochs=2, progress=True)
            model.summary()


def test_a_bar_fits_its_streams_encoding() -> None:
    pytest.importorskip("tqdm", reason="the bar is tqdm's, from the extra cli")
    stream = Encoded("ascii")
    progress: Progress = BarProgress(stream)
    progress.start(2)
    progress.update(1, {"loss": 0.25})
    progress.close()
    assert "1" in stream.text()
