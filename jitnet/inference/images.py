"""A folder's images, some hundred at a time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jitnet.arrays import Array
from jitnet.datasets.image_folder import image_files, read_images
from jitnet.model import Sequential

IMAGES_AT_ONCE = 256


def images_of(folder: Path, model: Any) -> Iterator[tuple[Any, Array]]:
    """The names of a folder's images, as a column, and the images in the model's size.

    Raises
    ------
    ValueError
        If the model takes no images, or the folder has none.
    """
    import polars as pl

    shape = model._built().nodes.shape if isinstance(model, Sequential) else ()
    if len(shape) != 3 or shape[2] not in (1, 3):
        raise ValueError(f"the model takes no images, and {str(folder)!r} is a folder")
    files = image_files(folder)
    if not files:
        raise ValueError(f"{str(folder)!r} has no images")
    for first in range(0, len(files), IMAGES_AT_ONCE):
        part = files[first : first + IMAGES_AT_ONCE]
        names = [str(file.relative_to(folder)) for file in part]
        yield pl.Series("file", names), read_images(part, shape[:2], shape[2])
