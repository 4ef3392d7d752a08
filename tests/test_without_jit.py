"""The sources mean the same as plain Python: with Numba's compiler off, results are the oracle's.

There a pointer is a view and a vector a small array, so that what reads or writes out of bounds
ends in an error.
"""

import pytest

from check_small import in_a_new_process


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_small_networks_agree_with_the_oracle_without_jit(dtype: str) -> None:
    assert "agree" in in_a_new_process("oracle", dtype, NUMBA_DISABLE_JIT="1")
