"""The processor that figures were measured on, and the vectors that its kernels use."""

from __future__ import annotations

import platform
from pathlib import Path

from jitnet.kernels.cpu import FEATURES, VECTOR_BYTES

__all__ = ["processor"]

CPU_INFO = Path("/proc/cpuinfo")
EXTENSIONS = {"avx512f": "AVX-512", "avx2": "AVX2", "avx": "AVX"}
"""The names of vector instruction sets, the widest vectors first."""


def processor() -> str:
    """The processor's name, and its vectors: one name may be machines whose widths differ by two.

    Returns
    -------
    str
        For instance ``"AMD EPYC (AVX2, 256-bit vectors)"``.

    Examples
    --------
    >>> "-bit vectors" in processor()
    True
    """
    narrow = "NEON" if platform.machine().lower() in ("arm64", "aarch64") else "SSE"
    extension = next((EXTENSIONS[feature] for feature in EXTENSIONS if feature in FEATURES), narrow)
    return f"{_model()} ({extension}, {8 * VECTOR_BYTES}-bit vectors)"


def _model() -> str:
    """The processor's name, as far as the system tells it."""
    if CPU_INFO.exists():
        for line in CPU_INFO.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
