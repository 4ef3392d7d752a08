"""A kernel is known by all that it is made of, and by nothing else."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import jitnet
from kernel_processes import WATCH, Runner, compiled_kernels


@pytest.fixture
def empty(tmp_path: Path) -> Runner:
    """With nothing compiled."""
    return Runner(tmp_path)


MADE_OF = """
from jitnet.kernels.intrinsics import at
from jitnet.kernels.jit import njit
from jitnet.kernels.simd import absolute, load, store
from jitnet.study.activations import compiled, loops

@njit(entry=True)
def of_relu(x):
    return compiled.relu(x[0])

@njit(entry=True)
def of_softplus(x):
    return compiled.softplus(x[0])

@njit(entry=True)
def of_a_constant(x):
    return x[0] * loops.LEAK

@njit(entry=True)
def of_vectors(x):
    store(at(x, 0), 0, absolute(load(at(x, 0), 0)))

made = []
for kernel in (of_relu, of_softplus, of_a_constant, of_vectors):
    before = watch.compiled_kernels
    kernel(np.ones(64, np.float32))
    if watch.compiled_kernels > before:
        made.append(kernel.__name__)
print(watch.compiled_kernels, *made, ".")
"""


class Edited:
    """A copy of the package that is edited, and a script with kernels made of it."""

    def __init__(self, package: Path, runner: Runner) -> None:
        self.package, self.runner = package, runner
        runner.script.write_text(WATCH + MADE_OF)

    def compiled(self) -> list[str]:
        """What is compiled now."""
        return self.runner.run(PYTHONPATH=str(self.package.parent))[1].split()[:-1]

    def edit(self, source: str, old: str, new: str) -> list[str]:
        """What is compiled after an edit."""
        path = self.package / source
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))
        return self.compiled()


ALL = ["of_relu", "of_softplus", "of_a_constant", "of_vectors"]
COMPILED, LOOPS = "study/activations/compiled.py", "study/activations/loops.py"


@pytest.fixture(scope="module")
def edited(tmp_path_factory: pytest.TempPathFactory) -> Edited:
    """All kernels are compiled; a test leaves the sources as they were."""
    folder = tmp_path_factory.mktemp("edited")
    package = shutil.copytree(Path(jitnet.__file__).parent, folder / "copy" / "jitnet")
    found = Edited(package, Runner(folder))
    assert found.compiled() == ALL
    assert found.compiled() == []
    return found


def test_an_edit_of_a_kernel_compiles_what_is_made_of_it_and_both_versions_are_kept(
    edited: Edited,
) -> None:
    old, new = "z if z > like(z, 0.0) else like(z, 0.0)", "z if z >= like(z, 0.0) else like(z, 0.0)"
    assert edited.edit(COMPILED, old, new) == ["of_relu", "of_softplus"]
    assert edited.edit(COMPILED, new, old) == []
    assert edited.edit(COMPILED, old, new) == []
    assert edited.edit(COMPILED, new, old) == []


def test_an_edit_of_a_constant_compiles_what_is_made_of_it(edited: Edited) -> None:
    assert edited.edit(LOOPS, "LEAK = 0.01", "LEAK = 0.02") == ["of_a_constant"]
    assert edited.edit(LOOPS, "LEAK = 0.02", "LEAK = 0.01") == []


def test_an_edit_of_what_no_kernel_is_made_of_compiles_nothing(edited: Edited) -> None:
    assert edited.edit("model.py", "\nimport", "\nEDIT = 1\nimport") == []
    assert edited.edit("model.py", "\nEDIT = 1\nimport", "\nimport") == []


def test_other_lines_comments_and_docstrings_compile_nothing(edited: Edited) -> None:
    old, new = "@njit\ndef relu(", "# a comment\n\n\n@njit\ndef relu("
    assert edited.edit(COMPILED, old, new) == []
    assert edited.edit(COMPILED, "g(z) = max(z, 0)", "The greater of z and 0") == []
    assert edited.edit(COMPILED, "The greater of z and 0", "g(z) = max(z, 0)") == []
    assert edited.edit(COMPILED, new, old) == []


def test_an_edit_of_what_all_kernels_share_compiles_all(edited: Edited) -> None:
    assert edited.edit("kernels/simd.py", "\nimport", "\n# an edit\nimport") == ALL
    assert edited.edit("kernels/simd.py", "\n# an edit\nimport", "\nimport") == []


FACTORY = """
from numba import prange
from jitnet.kernels.jit import njit

@njit
def once(x):
    return x

@njit
def twice(x):
    return x + x

def over(function):
    @njit
    def helper(x, depth):  # stays a function, whose name its object shows to others
        if depth == 0:
            return function(x)
        return (helper(x, depth - 1) + helper(x, depth - 1)) / 2

    @njit(entry=True)
    def apply(x):
        for i in range(x.size):
            x[i] = helper(x[i], x.size)

    @njit(parallel=True)
    def apply_in_parallel(x):
        for i in prange(x.size):
            x[i] = helper(x[i], x.size)

    return apply, apply_in_parallel

def check(*made):
    for function in made:
        for kernel in over(function):
            x = np.array([3.0])
            kernel(x)
            assert x[0] == {once: 3.0, twice: 6.0}[function]
"""


def test_kernels_of_a_factory_are_kept_and_told_apart(empty: Runner) -> None:
    assert compiled_kernels(empty, FACTORY + "check(once)") == 2
    assert compiled_kernels(empty, FACTORY + "check(twice)") == 2
    assert compiled_kernels(empty, FACTORY + "check(once, twice)") == 0
    assert compiled_kernels(empty, FACTORY + "check(twice, once, twice)") == 0


TAKES_A_KERNEL = """
from jitnet.kernels.jit import njit

@njit
def once(x):
    return x

@njit
def twice(x):
    return x + x

@njit(entry=True)
def apply(function, x):
    return function(x)

for _ in range(2):
    assert (apply(once, 3.0), apply(twice, 3.0)) == (3.0, 6.0)
"""


def test_a_kernel_that_takes_kernels_is_kept_for_each(empty: Runner) -> None:
    assert [compiled_kernels(empty, TAKES_A_KERNEL) for _ in range(2)] == [2, 0]


IN_A_CELL = """
from collections import namedtuple
from jitnet.kernels.jit import njit

Pair = namedtuple("Pair", "first second")

def cell(*lines):
    exec(compile("\\n".join(lines), "<cell>", "exec"), globals())

cell("@njit(entry=True)", "def scaled(pair):", " return pair.first * SCALE")
cell("@njit(entry=True)", "def swapped(pair):", " return Pair(pair.second, pair.first)")

def check(first, scale):
    global SCALE
    SCALE = scale
    assert scaled(Pair(first, 0.5)) == first * scale
"""


def test_kernels_of_a_cell_are_kept_and_take_a_scripts_own_types(empty: Runner) -> None:
    script = IN_A_CELL + "check(1.0, 3.0); check(5.0, 3.0)"
    assert [compiled_kernels(empty, script) for _ in range(2)] == [1, 0]


def test_what_a_kernel_returns_is_of_the_scripts_own_class(empty: Runner) -> None:
    script = IN_A_CELL + "assert type(swapped(Pair(1.0, 2.0))) is Pair"
    assert [compiled_kernels(empty, script) for _ in range(2)] == [1, 1]


def test_a_constant_that_changes_between_two_signatures_is_seen(empty: Runner) -> None:
    assert compiled_kernels(empty, IN_A_CELL + "check(1.0, 3.0); check(1, 4.0)") == 2
    assert compiled_kernels(empty, IN_A_CELL + "check(1, 3.0)") == 1
    assert compiled_kernels(empty, IN_A_CELL + "check(1, 4.0)") == 0


UNKNOWN = """
import threading
from numba.extending import intrinsic
from jitnet.kernels.jit import njit

lock = threading.Lock()

@intrinsic
def same(context, x):
    with lock:
        return x(x), lambda c, b, s, a: a[0]

@njit(entry=True)
def kernel(x):
    return same(x)

value = kernel(2.0)
print(watch.compiled_kernels, value)
"""


def test_what_another_process_could_not_know_again_is_compiled_by_each(empty: Runner) -> None:
    empty.script.write_text(WATCH + UNKNOWN)
    assert [empty.run() for _ in range(2)] == [(1, "2.0")] * 2
