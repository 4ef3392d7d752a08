"""Processors with narrower vectors and fewer registers compute the same networks right."""

import platform
from pathlib import Path

import pytest
from llvmlite.binding import get_host_cpu_features

from check_small import in_a_new_process

PROCESSORS = {
    "haswell": (["avx", "avx2", "fma", "sse4.2"], "float32", 32),
    "nehalem": (["sse4.2"], "float64", 16),
}
"""Names with the features that are used, a dtype to check, and bytes of a vector."""


@pytest.mark.skipif(
    platform.machine().lower() not in ("x86_64", "amd64"), reason="these are x86-64 processors"
)
@pytest.mark.parametrize("name", PROCESSORS)
def test_small_networks_agree_with_the_oracle_on(name: str, tmp_path: Path) -> None:
    features, dtype, size = PROCESSORS[name]
    lacking = [feature for feature in features if not get_host_cpu_features().get(feature)]
    if lacking:
        pytest.skip(f"this processor lacks {', '.join(lacking)}")
    printed = in_a_new_process(
        "oracle",
        dtype,
        NUMBA_CPU_NAME=name,
        NUMBA_CPU_FEATURES=",".join(f"+{feature}" for feature in features),
        NUMBA_CACHE_DIR=str(tmp_path),
    )
    assert printed == f"vectors of {size} bytes agree"
