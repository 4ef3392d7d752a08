"""Constants with a type, as arguments: Numba compiles a function anew for each literal number."""

from __future__ import annotations

from typing import Any

import numpy as np

ZERO: Any = np.int64(0)
ONE: Any = np.int64(1)
YES: Any = np.bool_(True)
NO: Any = np.bool_(False)
