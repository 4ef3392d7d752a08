"""A loop's machine code is the loop as it is written, whatever the processor."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest
from llvmlite.binding import get_host_cpu_features

AVX2 = ("avx", "avx2", "fma")
PROCESSORS = {
    "znver3": AVX2,
    "znver4": (*AVX2, "avx512f"),
    "skylake-avx512": (*AVX2, "avx512f"),
}
"""Names with the features that are used."""

PROGRAM = """
import re

from numba import types

from jitnet.kernels.cpu import TILES, VECTORS
from jitnet.kernels.intrinsics import at
from jitnet.kernels.jit import njit
from jitnet.kernels.matmul import LOW, multiply_rows


@njit(entry=True)
def product(C, A, B, rows, stride, step, terms):
    width, again = C.size // rows, rows < 0
    multiply_rows(
        at(C, 0), at(A, 0), at(B, 0), width, stride, stride, step, 0, 0, terms, terms, width, again,
        0, rows, LOW,
    )


array, number = types.Array(types.float32, 1, "C"), types.int64
product.compile((array, array, array, number, number, number, number))
(code,) = product.inspect_asm().values()
print(len(re.findall(r"vfmadd\\w+ps", code)), 2 * VECTORS * sum(TILES))
"""


@pytest.mark.skipif(
    platform.machine().lower() not in ("x86_64", "amd64"), reason="these are x86-64 processors"
)
@pytest.mark.parametrize("name", PROCESSORS)
def test_a_turn_of_the_register_tile_is_in_its_loop_once_for(name: str, tmp_path: Path) -> None:
    lacking = [one for one in PROCESSORS[name] if not get_host_cpu_features().get(one)]
    if lacking:
        pytest.skip(f"this processor lacks {', '.join(lacking)}")
    environment = os.environ | {
        "NUMBA_CPU_NAME": name,
        "NUMBA_CPU_FEATURES": ",".join(f"+{one}" for one in PROCESSORS[name]),
        "NUMBA_CACHE_DIR": str(tmp_path),
        "NUMBA_DISABLE_JIT": "0",
    }
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    done = subprocess.run(
        [sys.executable, program], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found, of_two_loops_a_tile = map(int, done.stdout.split())
    assert found == of_two_loops_a_tile
