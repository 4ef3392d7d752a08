"""Kernels that share a helper do not get in each other's way."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SHARED = """
import sys
import numpy as np
from jitnet.kernels.jit import njit
from jitnet.layers import dense

serial_block = dense.dense_few_forward.serial

@njit(entry=True)
def serial(Z, X, weight, bias, input_step, unit_step):
    serial_block(Z, X, weight, bias, input_step, unit_step)

kernels = {"serial": serial, "parallel": dense.dense_few_forward}
X = np.ones((2, 3), np.float32)
weight = np.arange(200, dtype=np.float32)
for name in sys.argv[1:]:
    Z = np.zeros((2, 5), np.float32)
    kernels[name](Z, X, weight, np.ones(5, np.float32), 5, 1)
    np.testing.assert_array_equal(Z, X @ weight[:15].reshape(3, 5) + 1)
"""


@pytest.mark.parametrize("order", [["serial", "parallel"], ["parallel", "serial"]])
def test_two_that_are_compiled_in_one_process(order: list[str], tmp_path: Path) -> None:
    """By a helper's name the second must not find the first one's, which has other arguments."""
    script = tmp_path / "shared.py"
    script.write_text(SHARED)
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)}
    subprocess.run([sys.executable, script, *order], env=environment, check=True)
