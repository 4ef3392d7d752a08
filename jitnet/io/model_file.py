"""A model in a safetensors file: a description as JSON, and tensors by name."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from jitnet.arrays import Array
from jitnet.extras import install
from jitnet.io.files import write_file
from jitnet.quoting import quoted

FORMAT, READ = 4, (1, 2, 3, 4)
"""The format that is written, and those that are read. Format 1 always had two powers, and
no number of features; format 2 had that instead of a shape; format 3 had no scale of the rate."""
CHECKPOINTS = "step-*.safetensors"
"""The names of the checkpoints in a folder; they sort by their steps."""
DAMAGED: tuple[type[Exception], ...] = (
    ArithmeticError,
    AttributeError,  # a type that NumPy has not
    LookupError,
    MemoryError,
    RecursionError,
    TypeError,
    ValueError,
)
"""What comes of a file that says anything else than what is written."""
INSTALL = f"a model file needs the package safetensors: {install('cli')}"


def write_model(
    path: str | PathLike[str], description: Mapping[str, Any], tensors: Mapping[str, Array]
) -> None:
    """Write a description, which JSON must be able to hold, and tensors to a file."""
    try:
        from safetensors.numpy import save
    except ImportError as error:
        raise ImportError(INSTALL) from error

    contiguous = {name: np.ascontiguousarray(array) for name, array in tensors.items()}
    described = {"format": FORMAT, **description}
    described["digest"] = _digest(described, contiguous)
    write_file(path, save(contiguous, {"jitnet": json.dumps(described)}))


def read_model(path: str | PathLike[str]) -> tuple[dict[str, Any], dict[str, Array]]:
    """A file's description and tensors.

    Raises
    ------
    OSError
        If the file cannot be read.
    ValueError
        If it is no model of this library.
    """
    try:
        from safetensors import SafetensorError, safe_open
    except ImportError as error:
        raise ImportError(INSTALL) from error

    with Path(path).open("rb"):  # the system's own error where there is no such file
        pass
    with refused(path, SafetensorError), safe_open(path, framework="numpy") as file:
        description = json.loads((file.metadata() or {})["jitnet"])
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        if description["format"] not in READ:
            raise ValueError(f"its format is {description['format']}, not one of {READ}")
        kept = description.pop("digest", None)  # earlier files have none
        if kept is not None and kept != _digest(description, tensors):
            raise ValueError("its content is not what its digest says")
    return description, tensors


def _digest(description: Mapping[str, Any], tensors: Mapping[str, Array]) -> str:
    """A digest of a file's content, by which a flipped bit is seen."""
    digest = hashlib.blake2b(json.dumps(description).encode(), digest_size=16)
    for name in sorted(tensors):
        digest.update(f"{name}{tensors[name].dtype.str}{tensors[name].shape}".encode())
        digest.update(tensors[name].reshape(-1).view(np.uint8).data)
    return digest.hexdigest()


@contextmanager
def refused(path: str | PathLike[str], *errors: type[Exception]) -> Iterator[None]:
    """Say of what goes wrong within that the file is damaged."""
    try:
        yield
    except (*DAMAGED, *errors) as error:
        said = quoted(error)
        raise ValueError(
            f"{os.fspath(path)!r} is no model file of jitnet's, or damaged: {said}"
        ) from error
