"""Compiled kernels are kept: for their sources alone, whole or not at all, for all processes."""

from __future__ import annotations

import compileall
import contextlib
import os
import shlex
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

import jitnet
from jitnet.kernels import cache

DIGEST = str(cache.DIGEST)

WATCH = """
import sys
import numpy as np
from jitnet.kernels import cache

class Watch:
    compiled_kernels = 0

    def compiling(self):
        self.compiled_kernels += 1

    def compiled(self, seconds):
        pass

watch = Watch()
cache.watchers.append(watch)
exec(sys.argv[1])
"""
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
print(watch.compiled_kernels, cache.FOLDER)
"""
TRAIN = """
import jitnet as jn

X = np.linspace(-1, 1, 40).reshape(10, 4)
model = jn.Sequential([jn.Dense(3), jn.Dense(1)], loss="mse")
model.fit(X, X[:, 0], epochs=3)
print(watch.compiled_kernels, model.get_weights()[0].tobytes().hex())
"""

USE = """
import jitnet as jn
from jitnet import engine

X = np.linspace(-1, 1, 400).reshape(100, 4)
for dtype in ("float32", "float64"):
    model = jn.Sequential([jn.Dense(3), jn.Dense(1)], loss="mse", dtype=dtype)
    model.fit(X, X[:, 0], epochs=3)
    model.evaluate(X, X[:, 0])
    for rows in (1, 100):
        model.predict(X[:rows])
    engine.LONG_FLOPS = 0.0  # as steps of a second are
    model.fit(X, X[:, 0], epochs=1)
    engine.LONG_FLOPS = 1e9
print(watch.compiled_kernels, "kernels")
"""
WARM_UP = "import sys; from jitnet.cli import main; sys.exit(main(['warmup']))"


class Runner:
    """Runs kernels in processes of their own, by default with a cache of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.script = folder / "cache", folder / "kernel.py"
        self.script.write_text(WATCH + DOUBLE)
        self.environment = os.environ | {"NUMBA_CACHE_DIR": str(self.folder)}

    def start(self, before: str = "", **environment: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, self.script, before],
            env=self.environment | environment,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, before: str = "", **environment: str) -> tuple[int, str]:
        """How many kernels were compiled, and what else is printed; ``before`` is run first."""
        process = self.start(before, **environment)
        compiled, printed = process.communicate()[0].split(maxsplit=1)
        assert process.returncode == 0
        return int(compiled), printed.strip()


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a cache that has the kernel."""
    runner = Runner(tmp_path_factory.mktemp("kept"))
    assert runner.run() == (1, str(runner.folder / "jitnet" / DIGEST))
    return runner.folder


@pytest.fixture
def empty(tmp_path: Path) -> Runner:
    """With nothing compiled."""
    return Runner(tmp_path)


@pytest.fixture
def full(tmp_path: Path, kept: Path) -> Runner:
    """With the kernel in its cache."""
    runner = Runner(tmp_path)
    shutil.copytree(kept, runner.folder)
    return runner


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A copy of the package."""
    return shutil.copytree(Path(jitnet.__file__).parent, tmp_path / "copy" / "jitnet")


def test_an_edit_of_any_source_means_another_folder(package: Path) -> None:
    assert cache._digest(package) == DIGEST
    digests = {DIGEST}
    for path in sorted(package.rglob("*.py")):
        path.write_text(path.read_text() + "\n# an edit\n")
        digests.add(str(cache._digest(package)))
    (package / "new.py").touch()
    digests.add(str(cache._digest(package)))
    (package / "new.py").rename(package / "newer.py")
    digests.add(str(cache._digest(package)))
    assert len(digests) == 3 + len(list(package.rglob("*.py"))) - 1


SHOW = "from jitnet.kernels import cache; import jitnet as jn; print(cache.DIGEST, {})"


def digest_from(place: Path) -> str:
    """The digest of a package that is imported from a place, where its data is found as well."""
    program = SHOW.format("jn.datasets.load_digits()[0].shape[0]")
    ended = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"PYTHONPATH": str(place)},
        cwd=place.parent,
        capture_output=True,
        text=True,
        check=True,
    )
    digest, images = ended.stdout.split()
    assert images == "1797"
    return digest


def test_a_package_in_a_zip_file_has_the_folder_of_its_sources(package: Path) -> None:
    def zipped(name: str) -> Path:
        root, into = package.parent, package.parents[1] / name
        return Path(shutil.make_archive(str(into), "zip", root, "jitnet"))

    assert digest_from(zipped("same")) == DIGEST
    loss = package / "losses" / "mse.py"
    loss.write_text(loss.read_text() + "\n# an edit\n")
    assert digest_from(zipped("edited")) not in (DIGEST, "None")


def test_a_package_without_sources_has_the_folder_of_its_compiled_modules(package: Path) -> None:
    def without_sources(name: str) -> Path:
        place = package.parents[1] / name
        shutil.copytree(package, place / "jitnet")
        compileall.compile_dir(place, legacy=True, quiet=1)
        for path in place.rglob("*.py"):
            path.unlink()
        return place

    first = digest_from(without_sources("first"))
    loss = package / "losses" / "mse.py"
    loss.write_text(loss.read_text() + "\nEDIT = 1\n")
    assert len({DIGEST, "None", first, digest_from(without_sources("second"))}) == 4


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


def test_a_second_process_compiles_nothing(full: Runner) -> None:
    assert full.run() == (0, str(full.folder / "jitnet" / DIGEST))


def test_after_a_warmup_nothing_is_compiled(empty: Runner) -> None:
    subprocess.run([sys.executable, "-c", WARM_UP], env=empty.environment, check=True)
    empty.script.write_text(WATCH + USE)
    assert empty.run() == (0, "kernels")


def test_bounds_checks_have_a_folder_of_their_own(full: Runner) -> None:
    compiled, folder = full.run(NUMBA_BOUNDSCHECK="1")
    assert compiled == 1
    assert not folder.endswith(DIGEST)


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


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on a file's size")
def test_a_full_disk_stops_no_one(empty: Runner) -> None:
    fill = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))"
    assert empty.run(fill)[0] == 1
    assert empty.run()[0] == 1
    assert empty.run()[0] == 0


def test_a_folder_that_is_removed_stops_no_one(full: Runner) -> None:
    assert full.run("import shutil; shutil.rmtree(cache.FOLDER)")[0] == 1


def with_zeros_in_its_code(content: bytes) -> bytes:
    start = len(content) // 5
    return content[:start] + bytes(256) + content[start + 256 :]


def with_a_wrong_bit(content: bytes) -> bytes:
    half = len(content) // 2
    return content[:half] + bytes([content[half] ^ 1]) + content[half + 1 :]


@pytest.mark.parametrize(
    ("ending", "damage"),
    [
        ("nbc", lambda content: b""),
        ("nbc", lambda content: content[: len(content) // 2]),
        ("nbc", lambda content: os.urandom(len(content))),
        ("nbc", with_zeros_in_its_code),
        ("nbc", with_a_wrong_bit),
        ("nbi", lambda content: content[: len(content) // 2]),
        ("nbi", lambda content: os.urandom(len(content))),
    ],
)
def test_a_damaged_file_is_compiled_anew(
    ending: str, damage: Callable[[bytes], bytes], full: Runner
) -> None:
    (file,) = full.folder.rglob(f"*.{ending}")
    file.write_bytes(damage(file.read_bytes()))
    assert full.run()[0] == 1


def test_what_was_compiled_anew_is_kept(full: Runner) -> None:
    for file in full.folder.rglob("*.nb?"):
        file.write_bytes(b"?")
    assert [full.run()[0] for _ in range(2)] == [1, 0]


def test_four_processes_that_start_at_once_compile_no_kernel_twice(empty: Runner) -> None:
    empty.script.write_text(WATCH + TRAIN)
    printed = [process.communicate()[0].split() for process in [empty.start() for _ in range(4)]]
    kept = list(empty.folder.rglob("*.nbc"))
    assert sum(int(compiled) for compiled, _ in printed) == len(kept) > 0
    assert len({weights for _, weights in printed}) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not fork")
def test_a_child_forked_while_kernels_compile_does_not_keep_the_lock(full: Runner) -> None:
    fork = (
        "import fcntl, os\n"
        "read, write = os.pipe()\n"
        "with cache.compilation():\n"
        "    child = os.fork()\n"
        "    if child == 0:\n"
        "        os.close(write)\n"
        "        os.read(read, 1)\n"
        "        os._exit(0)\n"
        "with open(cache.FOLDER / 'lock') as lock:\n"
        "    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)\n"
        "os.close(write)\n"
        "os.waitpid(child, 0)\n"
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
