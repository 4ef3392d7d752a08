"""What the vector unit offers: lanes of a register and rows of the register tile.

The features are those Numba compiles for, so NUMBA_CPU_NAME and NUMBA_CPU_FEATURES choose here too.
"""

from __future__ import annotations

import platform

from numba.core.registry import cpu_target

VECTORS = 2
"""Vectors side by side in a register tile, and so in a panel."""


def _features() -> frozenset[str]:
    _, _, features = cpu_target.target_context.codegen().magic_tuple()
    return frozenset(name[1:] for name in features.split(",") if name.startswith("+"))


def _vector_bytes(features: frozenset[str]) -> int:
    if "avx512f" in features:
        return 64
    return 32 if "avx" in features else 16


def _registers(features: frozenset[str]) -> int:
    if "avx512f" in features or platform.machine().lower() in ("arm64", "aarch64"):
        return 32
    return 16


FEATURES = _features()
VECTOR_BYTES = _vector_bytes(FEATURES)

TILES = (12, 4) if _registers(FEATURES) == 32 else (6, 4)
"""Rows of the register tiles: of the one that fills the registers, and of the one for what is left.

Four rows are as many sums as keep the multipliers busy; a lower tile takes as long.
"""
