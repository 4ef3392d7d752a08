"""The processor is named with the width of its vectors."""

import os
import platform
import subprocess
import sys

import pytest

from jitnet.kernels.cpu import VECTOR_BYTES
from jitnet.machine import processor
from race.machine import description


def test_the_width_stands_beside_the_name() -> None:
    name, _, vectors = processor().rpartition(" (")
    assert name
    assert vectors.endswith(f", {8 * VECTOR_BYTES}-bit vectors)")


def test_the_benchmarks_name_it_too() -> None:
    assert description().startswith(f"{processor()}, ")


@pytest.mark.skipif(
    platform.machine().lower() not in ("x86_64", "amd64"), reason="these are x86-64 processors"
)
@pytest.mark.parametrize(
    ("cpu", "features", "vectors"),
    [
        ("skylake-avx512", "+avx512f,+avx2,+avx,+fma", "AVX-512, 512-bit"),
        ("haswell", "+avx2,+avx,+fma", "AVX2, 256-bit"),
        ("nehalem", "+sse4.2", "SSE, 128-bit"),
    ],
)
def test_the_width_is_that_of_the_kernels(cpu: str, features: str, vectors: str) -> None:
    program = "from jitnet.machine import processor; print(processor())"
    environment = os.environ | {"NUMBA_CPU_NAME": cpu, "NUMBA_CPU_FEATURES": features}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.endswith(f"({vectors} vectors)\n")
