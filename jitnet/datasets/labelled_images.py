"""A folder's or a file's images as those of a model's classes, in the model's size."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jitnet.datasets.image_file import load_image_file, places_of
from jitnet.datasets.image_folder import load_image_folder

CHANNELS = (1, 3)


def image_shape(shape: Sequence[int]) -> tuple[int, int, int] | None:
    """Height, width and channels of examples that are images; one is added for flat ones."""
    if len(shape) == 2:
        shape = (*shape, 1)
    if len(shape) != 3 or shape[2] not in CHANNELS:
        return None
    height, width, channels = shape
    return height, width, channels


def load_labelled_images(
    path: Path, shape: tuple[int, int, int], classes: Sequence[str], labels: str | None = None
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Images of that shape, and the places of their classes among those that are known.

    Of a file that has some to train on and some to test with it is the latter.

    Parameters
    ----------
    path : Path
        A folder, whose images are brought to the shape, or a file.
    shape : (int, int, int)
        Height, width and channels.
    classes : sequence of str
        The names of the classes.
    labels : str, optional
        The array, or the IDX file, of a file's classes.

    Raises
    ------
    ValueError
        If there are none, a file's have another shape, or one is of a class that is not known.
    """
    if path.is_dir():
        X, y, names = load_image_folder(path, size=shape[:2], channels=shape[2])
        named: NDArray[Any] = np.array(names)[y]
    else:
        images, test = load_image_file(path, labels)
        X, named = test or images
    return of_shape(X, shape, path), places_of(named, tuple(classes))


def of_shape(images: NDArray[np.uint8], shape: tuple[int, ...], path: Path) -> NDArray[np.uint8]:
    """The images, if they have that shape."""
    if images.shape[1:] != shape:
        raise ValueError(
            f"{str(path)!r} has images of the shape {images.shape[1:]}, the model takes {shape}"
        )
    return images
