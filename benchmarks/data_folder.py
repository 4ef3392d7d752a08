"""Where real data lie: in JITNET_DATA, or else beside the checkout."""

from __future__ import annotations

import os
from pathlib import Path

BESIDE = Path(__file__).resolve().parents[2] / "shared" / "data"


def data_folder() -> Path:
    """The folder of all of them, whether it is there or not."""
    return Path(os.environ.get("JITNET_DATA") or BESIDE)
