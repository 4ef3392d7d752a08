"""What sends strangers' files to readers sees what is wrong, and gets behind lengths and sums."""

from __future__ import annotations

import gzip
import io
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

import hunt
import jitnet as jn
from envelopes import GZIP, PNG_CHUNKS, REQUEST, SAFETENSORS, ZIP
from fuzzing import NEEDS, guided
from hunting import Hunt, Lost, Tally
from mutated_json import STRANGE, mutated

PLANTED = """
import os
from pathlib import Path
from fuzzing import Reader

def begin(folder):
    def read(content):
        if content.startswith(b"lines"):
            raise ValueError("two\\nlines")
        if content[:1] == b"o":
            raise KeyError("another error")
        if content.startswith(b"write"):
            (folder.parent.parent / "outside").open("w").close()
        if content.startswith(b"start"):
            os.system("true")
        if content.startswith(b"refuse"):
            raise ValueError("one line")
        (folder / "inside").write_bytes(content)
    return [b"seed"], read

READERS = (Reader(begin),)
INSTRUMENTED = ("planted",)
"""


@pytest.fixture
def planted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A module of a reader that is wrong in several ways."""
    (tmp_path / "planted.py").write_text(PLANTED)
    folders = [str(tmp_path), str(Path(jn.__file__).parent.parent)]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(folders))
    return "planted"


@pytest.mark.parametrize(
    ("case", "said"),
    [
        (b"used", ""),
        (b"refuse", ""),
        (b"lines", "the error is not one line"),
        (b"other", "KeyError: 'another error'"),
        (b"write", "it does open"),
        (b"start", "it does os.system"),
    ],
)
def test_a_case_is_used_or_refused_in_one_line(
    case: bytes, said: str, planted: str, tmp_path: Path
) -> None:
    (tmp_path / "case").write_bytes(b"\0" + case)
    script = Path(hunt.__file__).with_name("fuzzing.py")
    done = subprocess.run(
        [sys.executable, script, planted, tmp_path / "case"], capture_output=True, text=True
    )
    assert (done.returncode == 0) is (not said)
    assert said in done.stderr


@pytest.mark.skipif(find_spec(NEEDS) is None, reason=f"the fuzzer is {NEEDS}")
def test_what_the_fuzzer_finds_is_kept_and_named(
    planted: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JITNET_CORPUS", str(tmp_path / "corpus"))
    with pytest.raises(Lost, match=r"found/crash-\w+: KeyError") as error:
        guided(planted)(300.0, 0, 0)
    kept = Path(str(error.value).partition(":")[0])
    assert kept.read_bytes()[1:2] == b"o"


def test_a_hunt_without_its_package_is_said_to_be_passed_over(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    without = Hunt(lambda seconds, seed, first: Tally(), 1.0, 1.0, needs="no_such_package")
    monkeypatch.setattr(hunt, "load", lambda name: (without, "about"))
    monkeypatch.setattr(hunt, "NAMES", ["alone"])
    monkeypatch.setattr(sys, "argv", ["hunt.py", "--short", "--seed", "0"])
    assert hunt.main() == 0
    assert "alone          is passed over: it needs no_such_package: pip install" in (
        capsys.readouterr().out
    )


def test_files_taken_apart_and_put_together_are_read_as_before(tmp_path: Path) -> None:
    image = pytest.importorskip("PIL.Image")
    pytest.importorskip("safetensors")
    pixels = np.arange(30, dtype=np.uint8).reshape(5, 6)

    def again(envelope: Any, content: bytes) -> io.BytesIO:
        return io.BytesIO(envelope.closed(envelope.opened(content)))

    file = io.BytesIO()
    np.savez_compressed(file, pixels=pixels)
    np.testing.assert_array_equal(np.load(again(ZIP, file.getvalue()))["pixels"], pixels)
    file = io.BytesIO()
    image.fromarray(pixels).save(file, "PNG")
    np.testing.assert_array_equal(image.open(again(PNG_CHUNKS, file.getvalue())), pixels)
    assert gzip.decompress(again(GZIP, gzip.compress(b"rows")).read()) == b"rows"
    request = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}"
    assert again(REQUEST, request).read() == request
    path = tmp_path / "model.safetensors"
    model = jn.Sequential([jn.Dense(3), jn.BatchNorm(), jn.Dense(1)], "mse").build(2)
    model.save(path)
    whole = path.read_bytes()
    path.write_bytes(again(SAFETENSORS, whole).read())
    jn.load(path).save(path)
    assert path.read_bytes() == whole


def test_json_is_changed_without_an_end_and_strange_values_stay_what_they_are() -> None:
    before = repr(STRANGE)
    seen = set()
    for seed in range(1000):
        value: Any = {"rows": [{"a": 1.5, "b": None}, [2, "x"]]}
        for again in range(3):
            value = mutated(value, Random(3 * seed + again))
        seen.add(repr(value))
    assert len(seen) > 500, "most of them differ"
    assert repr(STRANGE) == before, "a list that is put somewhere is a new one"
