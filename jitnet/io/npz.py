"""NPZ archives: NumPy's arrays in a zip file."""

from __future__ import annotations

import struct
import tokenize
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy

from jitnet.io.packed import check_zip

DAMAGED = (
    EOFError,
    MemoryError,
    OSError,
    RuntimeError,  # an archive that is encrypted, or packed in a way that is not known
    SyntaxError,
    TypeError,  # a header whose fields are of several types
    ValueError,
    struct.error,
    tokenize.TokenError,
    zipfile.BadZipFile,
    zlib.error,
)
"""What other libraries raise where an archive, or another packed file, is damaged."""
HEADERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
"""What reads the header of an array, by its version; a later one has fields with names."""


def read_npz(path: Path) -> dict[str, Any]:
    """The arrays of an archive by their names.

    Raises
    ------
    ValueError
        If it is none, or would fill the memory.
    Exception
        One of DAMAGED where it is damaged.
    """
    if not zipfile.is_zipfile(path):
        raise ValueError("it is no NPZ file")
    check_zip(path)
    with _of_python_2(), path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
        return dict(arrays.items())


@contextmanager
def _of_python_2() -> Iterator[None]:
    """Read what Python 2 has written without NumPy's advice to write it anew."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Reading `.npy` or `.npz` file required", UserWarning)
        yield


def axes_in(path: Path) -> list[int]:
    """How many axes each array of an archive has, by their headers alone.

    Raises
    ------
    Exception
        One of DAMAGED where it is damaged.
    """
    axes = []
    with _of_python_2(), zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if not name.endswith(".npy"):
                continue
            with archive.open(name) as file:
                version = npy.read_magic(file)
                shape = HEADERS[version](file)[0] if version in HEADERS else ()
            axes.append(len(shape))
    return axes
