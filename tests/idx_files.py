"""IDX files as tests write them, after the format's definition."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np

from jitnet.arrays import Array

CODES = {"u1": 8, "i1": 9, "i2": 11, "i4": 12, "f4": 13, "f8": 14}
COUNTS = {"train": 60, "t10k": 30}
PUBLISHED = "{part}-{kind}-idx{axes}-ubyte.gz"
DOTTED = "{part}-{kind}.idx{axes}-ubyte.gz"
FORMS = (PUBLISHED, PUBLISHED.removesuffix(".gz"), DOTTED, DOTTED.removesuffix(".gz"))


def idx(array: Array) -> bytes:
    """An array as an IDX file holds it."""
    header = bytes([0, 0, CODES[array.dtype.str[1:]], array.ndim])
    lengths = struct.pack(f">{array.ndim}I", *array.shape)
    return header + lengths + array.astype(array.dtype.newbyteorder(">")).tobytes()


def bars(count: int) -> tuple[Array, Array]:
    """Images of 28×28 pixels with a bar at the height that is their class, and the classes."""
    y = np.arange(count, dtype=np.uint8) % 10
    X = np.zeros((count, 28, 28), np.uint8)
    for image, label in zip(X, y, strict=True):
        image[3 + 2 * label : 5 + 2 * label] = 255
    return X, y


def write_set(folder: Path, form: str = PUBLISHED) -> Path:
    """The four files of such images."""
    folder.mkdir(parents=True, exist_ok=True)
    for part, count in COUNTS.items():
        for kind, array in zip(("images", "labels"), bars(count), strict=True):
            name = form.format(part=part, kind=kind, axes=array.ndim)
            content = idx(array)
            packed = gzip.compress(content) if name.endswith(".gz") else content
            (folder / name).write_bytes(packed)
    return folder
