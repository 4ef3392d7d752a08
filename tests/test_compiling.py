"""Kernels are compiled before they are called, by two processes, none by both."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from jitnet.kernels.locks import Locks
from jitnet.threads import available_threads

MODULE = """
from numba import prange
from jitnet.kernels.jit import factory, njit

@njit
def square(x):
    return x * x

@njit(parallel=True)
def scale(x):
    for i in prange(x.size):
        x[i] *= 2

@factory
def adding(number):
    @njit(entry=True)
    def add(x):
        for i in range(x.size):
            x[i] += number
    return add

@factory
def mapping(function):
    @njit(entry=True)
    def apply(x):
        for i in range(x.size):
            x[i] = function(x[i])
    return apply
"""

SCRIPT = """
import sys
import numpy as np
from numba import types
import kernels_here
from jitnet import compiling
from jitnet.kernels import cache
from jitnet.kernels.jit import njit

class Watch:
    compiled_kernels = 0

    def compiling(self):
        self.compiled_kernels += 1

    def compiled(self, seconds):
        pass

@njit(entry=True)
def own(x):
    x[0] = 7.0

vector = (types.Array(types.float64, 1, "C"),)
adders = [kernels_here.adding(number) for number in range(7)]
kernels = [*adders, kernels_here.mapping(kernels_here.square), kernels_here.scale, own]
watch = Watch()
cache.watchers.append(watch)
compiling.WORTH = 0  # these are compiled in no time
exec(sys.argv[1])
compiling.prepare([(kernel, vector) for kernel in kernels])
compiled = watch.compiled_kernels
x = np.ones(3)
for kernel in kernels:
    kernel(x)
assert x[0] == 7.0 and (x[1:] == 2 * 22.0**2).all() and watch.compiled_kernels == compiled
print(compiled)
"""
KERNELS = 10

needs_two_cores = pytest.mark.skipif(
    available_threads() < 2, reason="a second process has no core here"
)
needs_a_shell = pytest.mark.skipif(sys.platform == "win32", reason="the program is a shell's")


class Process:
    """Prepares kernels in a process of its own, with a cache of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "kernels_here.py").write_text(MODULE)
        (folder / "script.py").write_text(SCRIPT)
        self.environment = os.environ | {"NUMBA_CACHE_DIR": str(folder / "cache")}

    def start(self, before: str = "", **environment: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, self.folder / "script.py", before],
            env=self.environment | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, before: str = "", **environment: str) -> int:
        """How many kernels were compiled in the first process; ``before`` is run first."""
        process = self.start(before, **environment)
        printed, errors = process.communicate()
        assert process.returncode == 0, errors
        return int(printed)

    def kept(self) -> list[Path]:
        return list((self.folder / "cache").rglob("*.nbc"))

    def program(self, *lines: str) -> str:
        """Have a program of one's own take the place of Python for the second process."""
        program = self.folder / "python"
        program.write_text("\n".join(("#!/bin/sh", *lines)))
        program.chmod(0o755)
        return f"sys.executable = {str(program)!r}"


@pytest.fixture
def process(tmp_path: Path) -> Process:
    """With nothing compiled."""
    return Process(tmp_path)


WAIT_FOR_THE_SECOND = """
compile_free = compiling._compile_free

def after_the_second(jobs):
    while not list(cache.folders().written.glob("*.nbc")):
        pass
    return compile_free(jobs)

compiling._compile_free = after_the_second
"""


@needs_two_cores
def test_two_processes_compile_into_one_cache(process: Process) -> None:
    assert 1 <= process.run(WAIT_FOR_THE_SECOND) < KERNELS
    assert len(process.kept()) == KERNELS
    assert process.run() == 0


@needs_two_cores
def test_a_second_process_compiles_all_that_it_can_find(process: Process) -> None:
    wait = WAIT_FOR_THE_SECOND.replace('("*.nbc"))', f'("*.nbc"))[{KERNELS - 2}:]')
    assert process.run(wait) == 1  # the script's own


def test_kernels_that_are_kept_start_no_second_process(process: Process) -> None:
    process.run()
    assert process.run("def fail(jobs): raise AssertionError\ncompiling._start = fail") == 0


def test_kernels_that_take_no_time_start_no_second_process(process: Process) -> None:
    fail = "def fail(jobs): raise AssertionError\ncompiling._start, compiling.WORTH = fail, 25"
    assert process.run(fail) == KERNELS


def test_on_one_core_there_is_no_second_process(process: Process) -> None:
    fail = "def fail(jobs): raise AssertionError\ncompiling._start = fail"
    assert process.run(fail, NUMBA_NUM_THREADS="1") == KERNELS


@needs_a_shell
@pytest.mark.parametrize("lines", [("exit 1",), ("kill -9 $$",), ("cat > /dev/null", "sleep 600")])
def test_a_second_process_that_fails_or_hangs_is_no_failure(
    lines: tuple[str, ...], process: Process
) -> None:
    assert process.run(process.program(*lines)) == KERNELS


def test_a_program_that_python_is_embedded_in_is_not_started(process: Process) -> None:
    assert process.run("sys.executable = '/no/such/program'") == KERNELS


def test_a_second_process_that_cannot_be_started_is_no_failure(process: Process) -> None:
    assert process.run("sys.executable = '/no/such/python'") == KERNELS


@needs_two_cores
def test_a_kernel_that_cannot_be_compiled_is_an_error_here(process: Process) -> None:
    wrong = "kernels.append(kernels_here.adding('a string'))"
    ended = process.start(wrong)
    assert "TypingError" in ended.communicate()[1]
    process.run()
    assert len(process.kept()) == KERNELS


def test_eight_processes_that_start_at_once_compile_no_kernel_twice(process: Process) -> None:
    started = [process.start() for _ in range(8)]
    printed = [each.communicate() for each in started]
    compiled = sum(int(output) for output, _ in printed)
    assert len(process.kept()) == KERNELS
    assert compiled <= KERNELS


@needs_a_shell
@needs_two_cores
def test_an_interrupt_while_another_process_compiles_ends_the_second_and_is_raised(
    process: Process,
) -> None:
    numbers = process.folder / "number"
    second = process.program(f"echo $$ > {shlex.quote(str(numbers))}", "exec sleep 600")
    held = (
        f"{second}\n"
        "print(cache.folders().written / adders[-1]._cache._name_of(vector), flush=True)\n"
        "sys.stdin.readline()"
    )
    first = subprocess.Popen(
        [sys.executable, process.folder / "script.py", held],
        env=process.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert first.stdin is not None
    assert first.stdout is not None
    locks = Locks()
    assert locks.take(Path(first.stdout.readline().strip()))
    first.stdin.write("\n")
    first.stdin.flush()
    while len(process.kept()) < KERNELS - 1 or not numbers.exists() or not numbers.read_text():
        assert first.poll() is None
    first.send_signal(signal.SIGINT)
    assert "KeyboardInterrupt" in first.communicate()[1]
    locks.give_all_back()
    with pytest.raises(ProcessLookupError):
        os.kill(int(numbers.read_text()), 0)
