"""The images of a folder or a file, some hundred at a time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from jitnet.arrays import Array
from jitnet.datasets.image_file import holds_images, load_pixels
from jitnet.datasets.image_folder import image_files, read_images
from jitnet.datasets.labelled_images import image_shape, load_labelled_images, of_shape
from jitnet.model import Sequential

IMAGES_AT_ONCE = 256


def has_images(path: Path) -> bool:
    """Whether a path is a folder, or a file of images."""
    return path.is_dir() or (path.is_file() and holds_images(path))


def images_of(path: Path, model: Any) -> Iterator[tuple[Any, Array]]:
    """Which images these are, as a column, and the images in the model's size.

    Raises
    ------
    ValueError
        If the model takes no images, or there are none.
    """
    import polars as pl

    shape = _shape_of(model, path)
    if not path.is_dir():
        images = of_shape(load_pixels(path), shape, path)
        for first in range(0, len(images), IMAGES_AT_ONCE):
            some = images[first : first + IMAGES_AT_ONCE]
            yield pl.Series("image", np.arange(first, first + len(some))), some
        return
    files = image_files(path)
    if not files:
        raise ValueError(f"{str(path)!r} has no images")
    for first in range(0, len(files), IMAGES_AT_ONCE):
        part = files[first : first + IMAGES_AT_ONCE]
        names = [str(file.relative_to(path)) for file in part]
        yield pl.Series("file", names), read_images(part, shape[:2], shape[2])


def labelled_images(path: Path, model: Any, labels: str | None = None) -> tuple[Array, Array]:
    """Images in the model's size, and the places of their classes among the model's.

    Raises
    ------
    ValueError
        If the model takes no images, there are none, or one is of a class that it does not know.
    """
    return load_labelled_images(path, _shape_of(model, path), names_of_classes(model), labels)


def names_of_classes(model: Any) -> tuple[str, ...]:
    """The names of a network's classes, which are numbers where it has learned none."""
    return tuple(map(str, model.classes or range(model._built().n_outputs)))


def _shape_of(model: Any, path: Path) -> tuple[int, int, int]:
    """Height, width and channels of the images that a model takes."""
    shape = image_shape(model._built().nodes.shape) if isinstance(model, Sequential) else None
    if shape is None:
        raise ValueError(f"the model takes no images, and {str(path)!r} has such")
    return shape
