"""Images and their classes in one file: an NPZ archive, or IDX files as MNIST's authors store them.

An archive has an array of images, (n, height, width) or (n, height, width, channels), and one of
their classes; or two of each, with "train" and "test" in their names. An IDX file of images has its
classes in another one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jitnet.datasets.idx import axes_in_idx, read_idx
from jitnet.io.npz import DAMAGED, axes_in, read_npz
from jitnet.quoting import first_line

IMAGE_AXES = (3, 4)
PARTS = ("train", "test")
BRIGHTEST = 255
IDX_NAMES = (("images", "labels"), ("idx3", "idx1"), ("idx4", "idx1"))
"""What is otherwise in the name of the file of an IDX file's classes."""


class Images(NamedTuple):
    """Images, (n, height, width, channels) of uint8, and their labels: numbers or text."""

    X: NDArray[np.uint8]
    labels: NDArray[Any]


def holds_images(path: Path) -> bool:
    """Whether a file is an archive in which there are images, or an IDX file of such."""
    try:
        if path.suffix.lower() == ".npz":
            return any(axes in IMAGE_AXES for axes in axes_in(path))
        return axes_in_idx(path) in IMAGE_AXES
    except DAMAGED:
        return False


def load_image_file(path: Path, labels: str | None = None) -> tuple[Images, Images | None]:
    """The images of a file, and those to test with where it has such a part.

    Parameters
    ----------
    path : Path
        An .npz archive, or an IDX file.
    labels : str, optional
        The name of the array of classes, or the IDX file of them; by default the only one that
        there can be.

    Raises
    ------
    ValueError
        If the file is damaged, its images are none, or it is not clear which are their classes.
    """
    with _refused(path):
        if path.suffix.lower() == ".npz":
            return _of_archive(_arrays_of(path), labels)
        return _of_idx(path, labels), None


def load_pixels(path: Path) -> NDArray[np.uint8]:
    """The images of a file without their classes: those to test with where it has such a part.

    Raises
    ------
    ValueError
        If the file is damaged, or its images are none.
    """
    with _refused(path):
        if path.suffix.lower() != ".npz":
            return _pixels(read_idx(path))
        arrays = _arrays_of(path)
        part = (_parts_of(arrays) or [arrays])[-1]
        return _pixels(part[_name_of_images(part)])


def places_of(labels: NDArray[Any], classes: tuple[str, ...]) -> NDArray[np.int64]:
    """The place of each label's class.

    Raises
    ------
    ValueError
        If one is no class.
    """
    named, inverse = np.unique(labels, return_inverse=True)
    known = {name: place for place, name in enumerate(classes)}
    for name in map(str, named):
        if name not in known:
            raise ValueError(f"there are images of a class {name!r}, and none to train on")
    places: NDArray[np.int64] = np.array([known[str(name)] for name in named])[inverse]
    return places


@contextmanager
def _refused(path: Path) -> Iterator[None]:
    """Say of what goes wrong within, in one line, that it is the file that is at fault."""
    try:
        yield
    except DAMAGED as error:
        raise ValueError(f"{str(path)!r}: {first_line(error)}") from None


def _of_idx(path: Path, labels: str | None) -> Images:
    if labels is None:
        name = path.name
        for images, classes in IDX_NAMES:
            name = name.replace(images, classes)
        labels = str(path.with_name(name))
        if name == path.name or not Path(labels).is_file():
            raise ValueError("--target must be the IDX file of its images' classes")
    return _checked(read_idx(path), read_idx(labels), f"the file {labels!r}")


def _arrays_of(path: Path) -> dict[str, Any]:
    return {name: a for name, a in read_npz(path).items() if isinstance(a, np.ndarray)}


def _of_archive(arrays: dict[str, Any], labels: str | None) -> tuple[Images, Images | None]:
    if labels is not None and labels not in arrays:
        there = ", ".join(map(repr, arrays))
        raise ValueError(f"there is no array {labels!r}; there are {there}")
    parts = _parts_of(arrays)
    if not parts:
        return _of_part(arrays, labels), None
    train = _of_part(parts[0], labels)
    wanted = labels and labels.lower().replace(*PARTS)
    return train, _of_part(parts[1], next((n for n in parts[1] if n.lower() == wanted), wanted))


def _parts_of(arrays: dict[str, Any]) -> list[dict[str, Any]]:
    """The arrays to train on and those to test with; nothing where images are in no two parts."""
    parts = [{n: a for n, a in arrays.items() if part in n.lower()} for part in PARTS]
    has_images = [any(a.ndim in IMAGE_AXES for a in part.values()) for part in parts]
    return parts if all(has_images) else []


def _name_of_images(arrays: dict[str, Any]) -> str:
    names = [name for name, array in arrays.items() if array.ndim in IMAGE_AXES]
    if len(names) != 1:
        raise ValueError(f"one array must have the images, and {len(names)} may: {names}")
    return names[0]


def _of_part(arrays: dict[str, Any], labels: str | None) -> Images:
    """The images among some arrays, and their classes: the only ones of as many rows."""
    name = _name_of_images(arrays)
    images = arrays[name]
    if labels is None:
        shapes = (len(images),), (len(images), 1)
        found = [name for name, array in arrays.items() if array.shape in shapes]
        if len(found) != 1:
            there = ", ".join(map(repr, found)) or "none"
            raise ValueError(
                f"--target must be the array that has the classes of {name!r}; it may be: {there}"
            )
        labels = found[0]
    if labels not in arrays:
        raise ValueError(f"there is no array {labels!r}, of the classes of {name!r}")
    return _checked(images, arrays[labels], f"the array {labels!r}")


def _checked(images: Any, labels: Any, where: str) -> Images:
    """Images whose pixels are such, and a class for each."""
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim != 1 or labels.dtype.kind not in "biuUS":
        raise ValueError(
            f"{where} must have a class for each image, numbers or text; it has the type "
            f"{labels.dtype} and the shape {labels.shape}"
        )
    if len(labels) != len(images):
        raise ValueError(f"there are {len(images):,} images, and {where} has {len(labels):,}")
    return Images(_pixels(images), labels)


def _pixels(images: Any) -> NDArray[np.uint8]:
    """Images in 256 steps from dark to bright, with an axis of channels, which is the last."""
    shape = images.shape
    if 0 in shape:
        raise ValueError(f"images of the shape {shape} have no pixels")
    if len(shape) == 4 and shape[3] not in (1, 3):
        moved = "; channels come last: np.moveaxis(images, 1, -1)" if shape[1] in (1, 3) else ""
        raise ValueError(f"images must have 1 or 3 channels, they have the shape {shape}{moved}")
    pixels = images[..., np.newaxis] if len(shape) == 3 else images
    if pixels.dtype == np.uint8:
        return np.asarray(pixels)
    if pixels.dtype.kind not in "biuf":
        raise ValueError(f"images must be numbers, they have the type {pixels.dtype}")
    low, high = pixels.min(), pixels.max()
    if not 0 <= low <= high <= BRIGHTEST:  # NaN is neither
        raise ValueError(
            f"pixels must lie from 0 to 1, or to {BRIGHTEST}; they lie from {low} to {high}"
        )
    scale = BRIGHTEST if pixels.dtype.kind in "bf" and high <= 1 else 1
    steps: NDArray[np.uint8] = np.rint(pixels * np.float64(scale)).astype(np.uint8)
    return steps
