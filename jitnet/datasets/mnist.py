"""MNIST and Fashion-MNIST: 70,000 images of 28×28 pixels each, in four files that a user brings."""

from __future__ import annotations

import os
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jitnet.datasets.idx import read_idx

__all__ = ["load_fashion_mnist", "load_mnist"]

Images = tuple[NDArray[np.uint8], NDArray[np.int64]]
Folder = str | PathLike[str] | None


class Source(NamedTuple):
    """Where a data set is to be had."""

    title: str
    folder: str
    """Its folder in the one that JITNET_DATA names."""
    address: str
    licence: str


MNIST = Source(
    "MNIST",
    "mnist",
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "usually quoted as CC BY-SA 3.0",
)
FASHION_MNIST = Source(
    "Fashion-MNIST",
    "fashion-mnist",
    "https://github.com/zalandoresearch/fashion-mnist",
    "MIT",
)

AXES = {"images": 3, "labels": 1}
FORMS = ("{}-{}-idx{}-ubyte", "{}-{}.idx{}-ubyte")
"""How a file may be called when it is unpacked; a packed one has .gz behind that."""
SIDE = 28


def load_mnist(folder: Folder = None) -> tuple[Images, Images]:
    """Load MNIST, handwritten digits (LeCun, Cortes & Burges, 1998).

    Parameters
    ----------
    folder : str or path-like, optional
        Where the four files lie that https://ossci-datasets.s3.amazonaws.com/mnist/ has:
        ``train-images-idx3-ubyte.gz``, ``train-labels-idx1-ubyte.gz`` and the same of ``t10k``,
        packed or not. By default the folder ``mnist`` in the one that JITNET_DATA names.

    Returns
    -------
    (X, y), (X_test, y_test)
        60,000 images to train on and 10,000 to test with: X of uint8, shape (n, 28, 28), ink from 0
        (none) to 255, read-only, a memory map where the file is unpacked; y of int64, shape (n,),
        the digits.

    Raises
    ------
    FileNotFoundError
        If a file is not there; the message says where it is to be had.
    ValueError
        If one is damaged or is not what its name says.

    Examples
    --------
    >>> try:
    ...     (X, y), (X_test, y_test) = load_mnist("folder")
    ... except FileNotFoundError:
    ...     print("its files are not in this folder")
    its files are not in this folder
    """
    return _load(MNIST, folder)


def load_fashion_mnist(folder: Folder = None) -> tuple[Images, Images]:
    """Load Fashion-MNIST, Zalando's articles (Xiao, Rasul & Vollgraf, 2017).

    Parameters
    ----------
    folder : str or path-like, optional
        Where the four files lie that https://github.com/zalandoresearch/fashion-mnist has, named as
        those of `load_mnist`. By default the folder ``fashion-mnist`` in the one that JITNET_DATA
        names.

    Returns
    -------
    (X, y), (X_test, y_test)
        As from `load_mnist`. The classes are T-shirt/top, trouser, pullover, dress, coat, sandal,
        shirt, sneaker, bag and ankle boot.

    Raises
    ------
    FileNotFoundError
        If a file is not there; the message says where it is to be had.
    ValueError
        If one is damaged or is not what its name says.

    Examples
    --------
    >>> try:
    ...     (X, y), (X_test, y_test) = load_fashion_mnist("folder")
    ... except FileNotFoundError:
    ...     print("its files are not in this folder")
    its files are not in this folder
    """
    return _load(FASHION_MNIST, folder)


def _load(source: Source, folder: Folder) -> tuple[Images, Images]:
    found = _folder(source, folder)
    return _load_part(source, found, "train"), _load_part(source, found, "t10k")


def _folder(source: Source, folder: Folder) -> Path:
    """The folder of the files, which is there."""
    around = os.environ.get("JITNET_DATA")
    if folder is None and not around:
        raise FileNotFoundError(
            f"{source.title} does not come with jitnet: name the folder of its files, or set "
            f"JITNET_DATA to the folder that has them in {source.folder}; {_where(source)}"
        )
    found = Path(around or "", source.folder) if folder is None else Path(folder)
    if not found.is_dir():
        raise FileNotFoundError(f"there is no folder {str(found)!r}; {_where(source)}")
    return found


def _load_part(source: Source, folder: Path, part: str) -> Images:
    """The images to train on or to test with, and their classes."""
    X, y = (_read(source, folder, part, kind) for kind in AXES)
    if len(X) != len(y):
        raise ValueError(
            f"{str(folder)!r} has {len(X):,} images and {len(y):,} labels of {part!r}: "
            "they are not of one set"
        )
    return X, y.astype(np.int64)


def _read(source: Source, folder: Path, part: str, kind: str) -> NDArray[Any]:
    """One of the four files."""
    path = _find(source, folder, part, kind)
    array = read_idx(path)
    shape = (SIDE,) * (AXES[kind] - 1)
    if array.dtype != np.uint8 or array.shape[1:] != shape:
        expected = ", ".join(map(str, ("n", *shape)))
        raise ValueError(
            f"{path} has numbers of {array.dtype} in the shape {array.shape}, expected are {kind} "
            f"of uint8, ({expected}): have files been swapped?"
        )
    return array


def _find(source: Source, folder: Path, part: str, kind: str) -> Path:
    """Where one of the files lies, under any of its names."""
    names = [form.format(part, kind, AXES[kind]) for form in FORMS]
    for name in (*names, *(f"{name}.gz" for name in names)):
        if (folder / name).is_file():
            return folder / name
    raise FileNotFoundError(
        f"there is no {names[0]}, packed (.gz) or not, in {str(folder)!r}; {_where(source)}"
    )


def _where(source: Source) -> str:
    return f"{source.title}'s files are at {source.address} (licence: {source.licence})"
