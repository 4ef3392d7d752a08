"""The real data that some tests learn: found in JITNET_DATA, or else beside the checkout."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from jitnet.arrays import Array

BESIDE = Path(__file__).resolve().parents[2] / "shared" / "data"
FOLDER = Path(os.environ.get("JITNET_DATA") or BESIDE)


def data_file(name: str) -> Path:
    """A file of the data folder; the test that asks for it is skipped where it is not there."""
    path = FOLDER / name
    if not path.exists():
        pytest.skip(f"no {path}; JITNET_DATA names the folder of real data")
    return path


def planar_flower() -> tuple[Array, Array]:
    """The course's flower with petals of two colours: X (400, 2), y (400,)."""
    with np.load(data_file("planar/planar_flower.npz")) as arrays:
        return arrays["X"].T, arrays["Y"][0]


def cats(part: str) -> tuple[Array, Array]:
    """The course's images with and without a cat: X (m, 12288) from 0 to 1, y (m,)."""
    h5py: Any = pytest.importorskip("h5py", reason="the images of cats are read with h5py")
    with h5py.File(data_file(f"catvnoncat/{part}_catvnoncat.h5")) as file:
        images, y = file[f"{part}_set_x"][:], file[f"{part}_set_y"][:]
    return images.reshape(len(images), -1) / 255, y
