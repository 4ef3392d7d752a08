"""Readers under a coverage-guided fuzzer: bytes from a stranger are refused, or can be used.

python tests/fuzzing.py hunts.model_files FILE …      what was found, once more

The fuzzer is atheris: it keeps what reaches new branches, and goes on from there. What is tried
begins with a byte that says by which of a hunt's readers it is read.
"""

from __future__ import annotations

import importlib
import math
import os
import random
import re
import subprocess
import sys
import tempfile
import types
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from envelopes import PLAIN, Envelope
from hunting import Lost, Run, Tally
from watched import Watched

NEEDS = "atheris"
LONGEST_CASE, LONGEST_ERROR = 1 << 16, 2500
"""Bytes of a case, and letters of an error."""
LIMITS = {"max_len": LONGEST_CASE, "timeout": 60, "rss_limit_mb": 3072, "print_final_stats": 1}
"""The fuzzer's: seconds of a case that compiles kernels, and memory with all libraries loaded."""
STRUCTURED = 0.8
"""The share of the cases in which a file is taken apart and put together again."""
KEPT = "JITNET_CORPUS"
"""Names the folder in which what reaches new branches is kept from one hunt to the next."""

Read = Callable[[bytes], None]


class Reader(NamedTuple):
    """Something that reads what a stranger has written.

    Parameters
    ----------
    begin : callable
        ``begin(folder)`` gives whole examples, and a function of bytes that reads them, for which
        the folder is.
    envelope : Envelope, optional
        How its files are taken apart.
    refuses : tuple of exceptions, optional
        What it may raise.
    """

    begin: Callable[[Path], tuple[Sequence[bytes], Read]]
    envelope: Envelope = PLAIN
    refuses: tuple[type[Exception], ...] = (ValueError,)


def guided(module: str) -> Run:
    """A hunt's run of the fuzzer on the ``READERS`` of a module, in a process of its own.

    Its ``INSTRUMENTED`` are the modules whose branches are followed. What is found is kept in a
    folder, and said.
    """

    def run(seconds: float, seed: int, first: int) -> Tally:
        kept = os.environ.get(KEPT) or tempfile.mkdtemp(prefix="jitnet-corpus-")
        folder = Path(kept).absolute() / module.rpartition(".")[2]
        found = folder / "found"
        for part in (folder / "corpus", found):
            part.mkdir(parents=True, exist_ok=True)
        options = LIMITS | {
            "max_total_time": math.ceil(seconds),
            "seed": seed % ((1 << 31) - 1) + 1,  # 0 is a new one
            "artifact_prefix": f"{found}/",
        }
        words = [f"-{name}={value}" for name, value in options.items()]
        command = [sys.executable, __file__, module, *words, str(folder / "corpus")]
        log = folder / "log.txt"
        with log.open("wb") as file:
            done = subprocess.run(command, stdout=file, stderr=file)
        return _tally(log, done.returncode)

    return run


def _tally(log: Path, code: int) -> Tally:
    """How many cases the fuzzer has tried; it ends with another code than 0 at what is wrong."""
    text = log.read_text("utf-8", errors="replace")
    if code == 0:
        return Tally(int(re.findall(r"number_of_executed_units:\s+(\d+)", text)[-1]))
    where = (re.findall(r"Test unit written to (\S+)", text) or [log])[-1]
    what = re.search(r"Python exception: ===\n(.*)|ERROR: (.*)", text)
    said = next(filter(None, what.groups())) if what else f"it ended with {code}"
    raise Lost(f"{where}: {said}; {log} has more")


class Readers:
    """A hunt's readers, begun: they read a case, and mutate one.

    Parameters
    ----------
    readers : sequence of Reader
        The readers.
    folder : Path
        Where they may write.
    """

    def __init__(self, readers: Sequence[Reader], folder: Path) -> None:
        self._readers, self._read, self.seeds = readers, [], []
        self._watched = Watched(folder)
        for place, reader in enumerate(readers):
            own = folder / str(place)
            own.mkdir()
            seeds, read = reader.begin(own)
            self._read.append(read)
            for seed in seeds:
                read(seed)  # a whole example can be used
            self.seeds += [bytes([place]) + seed for seed in seeds]

    def read(self, case: bytes) -> None:
        """Read a case; Lost, where it is neither refused as it should be nor used."""
        if not case:
            return
        place = case[0] % len(self._readers)
        with self._watched:
            try:
                self._read[place](case[1:])
            except self._readers[place].refuses as error:
                _check_said(error)

    def mutated(self, case: bytes, longest: int, seed: int, flip: Any) -> bytes:
        """A case changed at random, within its envelope or by ``flip(content, longest)`` at all."""
        rng = random.Random(seed)
        if not case or rng.random() > STRUCTURED:
            return bytes(flip(case, longest))
        envelope = self._readers[case[0] % len(self._readers)].envelope
        content = envelope.mutated(case[1:], rng, lambda part: bytes(flip(part, longest)))
        return case[:1] + content[: longest - 1]


def _check_said(error: Exception) -> None:
    """An error is one line that can be shown."""
    text = str(error)
    if not text.strip() or "\n" in text or len(text) > LONGEST_ERROR:
        raise Lost(f"the error is not one line: {type(error).__name__}: {text[:500]!r}") from error


def _follow(name: str) -> None:
    """Count the branches of a module's functions."""
    import atheris

    module = importlib.import_module(name)
    owners = [module, *(part for part in vars(module).values() if isinstance(part, type))]
    for owner in owners:
        for thing in vars(owner).values():
            if isinstance(thing, types.FunctionType) and thing.__module__ == name:
                atheris.instrument_func(thing)


def main(module: str, *words: str) -> None:
    """Be the fuzzer, or read the files that are named."""
    warnings.simplefilter("error")
    warnings.filterwarnings("ignore", category=UserWarning, module="PIL")  # says what it skips
    hunt = importlib.import_module(module)
    is_hunt = words[0].startswith("-")
    for followed in hunt.INSTRUMENTED if is_hunt else ():
        _follow(followed)
    with tempfile.TemporaryDirectory(prefix="jitnet-cases-") as name:
        readers = Readers(hunt.READERS, Path(name))
        if not is_hunt:
            for word in words:
                readers.read(Path(word).read_bytes())
            return
        import atheris

        corpus = Path(words[-1])
        for number, seed in enumerate(readers.seeds):
            (corpus / f"seed-{number:03d}").write_bytes(seed)

        def mutate(case: bytes, longest: int, seed: int) -> bytes:
            return readers.mutated(case, longest, seed, atheris.Mutate)

        atheris.Setup([module, *words], readers.read, custom_mutator=mutate)
        atheris.Fuzz()


if __name__ == "__main__":
    main(*sys.argv[1:])
