"""Compiled kernels are kept: for their sources alone, whole or not at all, for all processes."""

from __future__ import annotations

import compileall
import contextlib
import json
import os
import platform
import shlex
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from numba import config

import jitnet
from jitnet.kernels import cache
from kernel_processes import WATCH, Runner

SHARED = str(cache._digest(cache.SOURCES))
"""The folder's name."""

DOUBLE = """
from jitnet.kernels.jit import njit

@njit(entry=True)
def double(x):
    for i in range(x.size):
        x[i] *= 2

x = np.arange(4.0)
with cache.compilation():
    double(x)
assert (x == [0, 2, 4, 6]).all()
print(watch.compiled_kernels, cache.folders().written)
"""
TRAIN = """
import jitnet as jn

X = np.linspace(-1, 1, 40).reshape(10, 4)
model = jn.Sequential([jn.Dense(3), jn.Dense(1)], loss="mse")
model.fit(X, X[:, 0], epochs=3)
print(watch.compiled_kernels, model.get_weights()[0].tobytes().hex())
"""

NOTE_LITERALS = """
from numba.core import event

literals = []

class Listener(event.Listener):
    def on_start(self, event):
        kernel = event.data["dispatcher"]
        if kernel.__module__.startswith("jitnet.") and "Literal" in str(event.data["args"]):
            literals.append(kernel.__qualname__)

    def on_end(self, event):
        pass

event.register("numba:compile", Listener())
"""
USE = """
import jitnet as jn
import numpy as np
from jitnet.engine import cost

X = np.linspace(-1, 1, 400).reshape(100, 4)
for dtype in ("float32", "float64"):
    model = jn.Sequential([jn.Dense(3), jn.Dense(1)], loss="mse", dtype=dtype)
    model.fit(X, X[:, 0], epochs=3)
    model.evaluate(X, X[:, 0])
    for rows in (1, 100):
        model.predict(X[:rows])
    cost.LONG_FLOPS = 0.0  # as steps of a second are
    model.fit(X, X[:, 0], epochs=1)
    cost.LONG_FLOPS = 1e9
"""
WARM_UP = "from jitnet.cli import main; main(['warmup'])"
NOTED = """
import json
from jitnet.kernels import cache

asked, load = set(), cache.KernelCache.load_overload

def noted(kernel, signature, context):
    asked.add(kernel._name_of(signature))
    return load(kernel, signature, context)

cache.KernelCache.load_overload = noted
{}
print(json.dumps(sorted(map(str, asked))))
"""


def doubling(folder: Path) -> Runner:
    runner = Runner(folder)
    runner.script.write_text(WATCH + DOUBLE)
    return runner


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a cache that has the kernel."""
    runner = doubling(tmp_path_factory.mktemp("kept"))
    assert runner.run() == (1, str(runner.folder / "jitnet" / SHARED))
    return runner.folder


@pytest.fixture
def empty(tmp_path: Path) -> Runner:
    """With nothing compiled."""
    return doubling(tmp_path)


@pytest.fixture
def full(tmp_path: Path, kept: Path) -> Runner:
    """With the kernel in its cache."""
    runner = doubling(tmp_path)
    shutil.copytree(kept, runner.folder)
    return runner


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A copy of the package."""
    return shutil.copytree(Path(jitnet.__file__).parent, tmp_path / "copy" / "jitnet")


def test_an_edit_of_what_all_kernels_share_means_another_folder(package: Path) -> None:
    sources = package / "kernels"
    assert cache._digest(sources) == SHARED
    digests = {SHARED}
    for path in sorted(sources.glob("*.py")):
        path.write_text(path.read_text() + "\n# an edit\n")
        digests.add(str(cache._digest(sources)))
    (sources / "new.py").touch()
    digests.add(str(cache._digest(sources)))
    (sources / "new.py").rename(sources / "newer.py")
    digests.add(str(cache._digest(sources)))
    assert len(digests) == 3 + len(list(sources.glob("*.py"))) - 1


SHOW = """
from jitnet.kernels import cache
from jitnet.engine.turns import copy_words
import jitnet as jn
print(cache.folders().written.name, copy_words._cache._name_of(()), {})
"""


def names_from(place: Path) -> list[str]:
    """The names of the folder and of a kernel in a package that has its data with it."""
    program = SHOW.format("jn.datasets.load_digits()[0].shape[0]")
    ended = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"PYTHONPATH": str(place)},
        cwd=place.parent,
        capture_output=True,
        text=True,
        check=True,
    )
    folder, kernel, images = ended.stdout.split()
    assert images == "1797"
    return [folder, kernel]


def test_a_package_in_a_zip_file_has_the_names_of_its_sources(package: Path) -> None:
    def zipped(name: str) -> Path:
        root, into = package.parent, package.parents[1] / name
        return Path(shutil.make_archive(str(into), "zip", root, "jitnet"))

    names = names_from(package.parent)
    assert names[0] == SHARED
    assert names_from(zipped("same")) == names
    source = package / "kernels" / "turn.py"
    source.write_text(source.read_text() + "\n# an edit\n")
    assert names_from(zipped("edited"))[0] not in (SHARED, "None")


def test_a_package_without_sources_has_names_of_its_compiled_modules(package: Path) -> None:
    def without_sources(name: str) -> Path:
        place = package.parents[1] / name
        shutil.copytree(package, place / "jitnet")
        compileall.compile_dir(place, legacy=True, quiet=1)
        for path in place.rglob("*.py"):
            path.unlink()
        return place

    names, first = names_from(package.parent), names_from(without_sources("first"))
    assert first[1] == names[1]
    source = package / "kernels" / "turn.py"
    source.write_text(source.read_text() + "\nEDIT = 1\n")
    second = names_from(without_sources("second"))
    assert len({SHARED, "None", first[0], second[0]}) == 4


def test_where_nothing_of_the_package_can_be_read_no_kernel_is_kept(tmp_path: Path) -> None:
    assert cache._digest(tmp_path) is None
    assert cache._digest(tmp_path / "missing") is None


READ_ONLY = "mount --bind {0} {0} && mount -o remount,ro,bind {0} && exec {1}"


def test_a_cache_that_can_only_be_read_is_read(full: Runner, tmp_path: Path) -> None:
    home = str(tmp_path / "home")
    environment = full.environment | {"HOME": home, "XDG_CACHE_HOME": home}
    command = [sys.executable, str(full.script), ""]
    if os.geteuid() == 0:  # to whom no folder is read-only
        inside = READ_ONLY.format(full.folder, shlex.join(command))
        command = ["unshare", "--mount", "sh", "-c", inside]
        probe = ["unshare", "--mount", "true"]
        if not shutil.which("unshare") or subprocess.run(probe, capture_output=True).returncode:
            pytest.skip("nothing can be mounted here")
    else:
        for folder in (full.folder, *full.folder.rglob("*")):
            folder.chmod(0o555 if folder.is_dir() else 0o444)
    for missing in ({}, {"HOME": os.devnull, "XDG_CACHE_HOME": os.devnull}):
        ended = subprocess.run(
            command, env=environment | missing, capture_output=True, text=True, check=True
        )
        assert ended.stdout.split()[0] == "0"  # kernels compiled


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="owners and rights as POSIX has them")
@pytest.mark.parametrize("stranger", ["may write", "owns it"])
def test_code_that_a_stranger_may_have_put_there_is_not_run(full: Runner, stranger: str) -> None:
    folder = full.folder / "jitnet" / SHARED
    if stranger == "may write":
        folder.chmod(0o777)
    elif os.geteuid() == 0:
        os.chown(folder, 65534, -1)
    else:
        pytest.skip("only root may give a folder away")
    before = sorted(folder.iterdir())
    home = str(full.folder / "home")
    compiled, written = full.run(HOME=home, XDG_CACHE_HOME=home)
    assert (compiled, written) == (1, str(full.folder / "home" / "jitnet" / SHARED))
    assert sorted(folder.iterdir()) == before


def test_a_second_process_compiles_nothing(full: Runner) -> None:
    assert full.run() == (0, str(full.folder / "jitnet" / SHARED))


def files_of(program: str) -> set[str]:
    """The kernels' files that a program reads or writes, in the cache that the tests have."""
    command = [sys.executable, "-c", NOTED.format(program)]
    ended = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return set(json.loads(ended.stdout.splitlines()[-1]))


def test_a_warmup_compiles_all_that_networks_of_rows_need() -> None:
    needed = files_of(USE)
    assert len(needed) > 20
    assert "None" not in needed
    assert needed - files_of(WARM_UP) == set()


def test_bounds_checks_have_a_folder_of_their_own(full: Runner) -> None:
    other = "0" if config.BOUNDSCHECK else "1"
    compiled, folder = full.run(NUMBA_BOUNDSCHECK=other)
    assert compiled == 1
    assert not folder.endswith(SHARED)


def test_where_the_chosen_folder_cannot_be_written_the_users_own_is_taken(
    empty: Runner, tmp_path: Path
) -> None:
    home = str(tmp_path / "home")
    homes = {"HOME": home, "USERPROFILE": home, "XDG_CACHE_HOME": home, "LOCALAPPDATA": home}
    blocked = str(empty.script / "below a file")
    compiled, folder = empty.run(NUMBA_CACHE_DIR=blocked, **homes)
    assert compiled == 1
    assert folder.startswith(home)
    assert empty.run(NUMBA_CACHE_DIR=blocked, **homes) == (0, folder)


def test_where_no_folder_can_be_written_kernels_work_all_the_same(empty: Runner) -> None:
    blocked = str(empty.script / "below a file")
    names = ("NUMBA_CACHE_DIR", "HOME", "USERPROFILE", "XDG_CACHE_HOME", "LOCALAPPDATA")
    assert empty.run(**dict.fromkeys(names, blocked)) == (1, "None")


NO_HOME = """
import os
for name in ("HOME", "XDG_CACHE_HOME"):
    os.environ.pop(name, None)
os.getuid = lambda: 54_321  # of whom no list of users knows a home
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no list of users to read")
def test_who_has_no_home_has_kernels_all_the_same(empty: Runner) -> None:
    blocked = str(empty.script / "below a file")
    assert empty.run(NO_HOME, NUMBA_CACHE_DIR=blocked) == (1, "None")


@pytest.mark.skipif(
    platform.machine().lower() not in ("x86_64", "amd64"), reason="the other one is an x86-64, too"
)
def test_another_processor_has_kernels_of_its_own_beside(full: Runner) -> None:
    other = {"NUMBA_CPU_NAME": "nehalem", "NUMBA_CPU_FEATURES": "+sse4.2"}
    compiled = [full.run(**environment)[0] for environment in (other, other, {})]
    assert compiled == [1, 0, 0]


def test_two_versions_lie_side_by_side(package: Path, full: Runner) -> None:
    source = package / "kernels" / "turn.py"
    source.write_text(source.read_text() + "\n# an edit\n")
    other = {"PYTHONPATH": str(package.parent)}
    found = [full.run(**environment) for environment in (other, {}, other)]
    assert [compiled for compiled, _ in found] == [1, 0, 0]
    assert found[0][1] == found[2][1] != found[1][1]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on a file's size")
def test_a_full_disk_stops_no_one(empty: Runner) -> None:
    fill = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))"
    assert empty.run(fill)[0] == 1
    assert empty.run()[0] == 1
    assert empty.run()[0] == 0


def test_a_folder_that_is_removed_stops_no_one(full: Runner) -> None:
    assert full.run("import shutil; shutil.rmtree(cache.folders().written)")[0] == 1


def with_zeros_in_its_code(content: bytes) -> bytes:
    start = len(content) // 5
    return content[:start] + bytes(256) + content[start + 256 :]


def with_a_wrong_bit(content: bytes) -> bytes:
    half = len(content) // 2
    return content[:half] + bytes([content[half] ^ 1]) + content[half + 1 :]


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[: len(content) // 2],
        lambda content: os.urandom(len(content)),
        with_zeros_in_its_code,
        with_a_wrong_bit,
    ],
)
def test_a_damaged_file_is_compiled_anew(damage: Callable[[bytes], bytes], full: Runner) -> None:
    (file,) = full.folder.rglob("*.nbc")
    file.write_bytes(damage(file.read_bytes()))
    assert full.run()[0] == 1


def test_what_was_compiled_anew_is_kept(full: Runner) -> None:
    for file in full.folder.rglob("*.nbc"):
        file.write_bytes(b"?")
    assert [full.run()[0] for _ in range(2)] == [1, 0]


def test_no_function_of_a_training_is_compiled_for_a_literal_number(empty: Runner) -> None:
    empty.script.write_text(WATCH + NOTE_LITERALS + TRAIN + "print(*literals)")
    _, printed = empty.run(NUMBA_NUM_THREADS="1")  # without a second process that compiles some
    assert printed.split()[1:] == []


def test_eight_processes_that_start_at_once_compile_no_kernel_twice(empty: Runner) -> None:
    empty.script.write_text(WATCH + TRAIN)
    alone = {"NUMBA_NUM_THREADS": "1"}  # each without a second process that helps it
    starts = [empty.start(**alone) for _ in range(8)]
    printed = [process.communicate()[0].split() for process in starts]
    kept = list(empty.folder.rglob("*.nbc"))
    assert sum(int(compiled) for compiled, _ in printed) == len(kept) > 0
    assert len({weights for _, weights in printed}) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not fork")
def test_a_child_forked_while_kernels_compile_does_not_keep_a_lock(full: Runner) -> None:
    fork = (
        "import os\n"
        "from jitnet.kernels.locks import Locks\n"
        "file = cache.folders().written / 'kernel'\n"
        "read, write = os.pipe()\n"
        "with cache.compilation():\n"
        "    assert cache.LOCKS.take(file) and not Locks().take(file)\n"
        "    child = os.fork()\n"
        "    if child == 0:\n"
        "        os.close(write)\n"
        "        os.read(read, 1)\n"
        "        os._exit(0)\n"
        "assert Locks().take(file)\n"
        "os.close(write)\n"
        "os.waitpid(child, 0)\n"
    )
    assert full.run(fork)[0] == 0


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not fork")
def test_a_forked_child_leaves_its_parents_locks_alone(full: Runner) -> None:
    fork = (
        "import os\n"
        "from jitnet.kernels.locks import Locks\n"
        "file = cache.folders().written / 'kernel'\n"
        "with cache.compilation():\n"
        "    assert cache.LOCKS.take(file)\n"
        "    child = os.fork()\n"
        "    if child == 0:\n"
        "        cache.LOCKS.give_all_back()\n"
        "        os._exit(0)\n"
        "    os.waitpid(child, 0)\n"
        "    assert not Locks().take(file)\n"
    )
    assert full.run(fork)[0] == 0


def test_an_interrupt_while_kernels_compile_is_raised_when_the_compiler_is_left() -> None:
    def compile_with_a_callback_that_swallows() -> None:
        with cache.compilation(), contextlib.suppress(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
            seen.append("went on")

    seen: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        compile_with_a_callback_that_swallows()
    assert seen == ["went on"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_compilation_in_a_thread_leaves_signals_alone() -> None:
    found = []

    def compile_in_a_thread() -> None:
        with cache.compilation():
            found.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=compile_in_a_thread)
    thread.start()
    thread.join()
    assert found == [signal.getsignal(signal.SIGINT)]
