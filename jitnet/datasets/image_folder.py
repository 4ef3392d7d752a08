"""Images in a folder, a folder of its own for each class: by Pillow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jitnet.checks import check_whole
from jitnet.extras import install
from jitnet.quoting import first_line, quoted

ENDINGS = (".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp")

FORMATS = ("BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")
"""What is read, whatever a file is called; Pillow would start programs for others."""
MOST_SIDE = 2**15
"""Height and width that images are brought to at most."""
MOST_PIXELS = 1 << 26
"""Pixels of an image: a few bytes may say that there are as many as the memory holds."""
DEEP = 257
"""Steps of 16 bits in one of 8."""


class ImageFolder(NamedTuple):
    """Images, their classes, and the classes' names."""

    X: NDArray[np.uint8]
    y: NDArray[np.int64]
    classes: tuple[str, ...]


DAMAGED = (ArithmeticError, EOFError, LookupError, OSError, SyntaxError, TypeError, ValueError)
"""What Pillow raises where a file is damaged."""


def load_image_folder(
    folder: str | PathLike[str],
    *,
    size: tuple[int, int] | None = None,
    channels: int | None = None,
) -> ImageFolder:
    """Load the images of a folder, whose folders are the classes.

    Parameters
    ----------
    folder : str or path-like
        The folder: ``folder/cat/1.png``, ``folder/dog/2.jpg``. A class's folder may have folders.
    size : (int, int), optional
        Height and width that all images are brought to; by default all must have those of the
        first.
    channels : {1, 3}, optional
        One of grey images or three of coloured ones, which all are made; by default one where all
        are grey, else three.

    Returns
    -------
    X : ndarray of uint8, shape (n, height, width, channels)
        The images.
    y : ndarray of int64, shape (n,)
        The place of each image's class.
    classes : tuple of str
        The names of the classes, in alphabetical order.

    Raises
    ------
    FileNotFoundError
        If there is no such folder.
    ValueError
        If it has no two classes of images, one is damaged, or their sizes differ.
    ImportError
        Without Pillow: ``pip install 'jitnet[images]'``, in a checkout ``pip install '.[images]'``.

    Examples
    --------
    >>> try:
    ...     X, y, classes = load_image_folder("animals")
    ... except FileNotFoundError as error:
    ...     print(error)
    there is no folder 'animals'
    """
    if size is not None:
        size = _checked_size(size)
    if channels is not None and check_whole("channels", channels, least=1, most=3) == 2:
        raise ValueError("channels must be 1 or 3, got 2")
    root = Path(folder)
    if not root.is_dir():
        raise FileNotFoundError(f"there is no folder {str(root)!r}")
    found = {part.name: image_files(part) for part in sorted(root.iterdir()) if part.is_dir()}
    classes = tuple(name for name, files in found.items() if files)
    if len(classes) < 2:
        raise ValueError(
            f"{str(root)!r} must have a folder of images for each class, at least two; images end "
            f"in {', '.join(ENDINGS)}"
        )
    files = [file for name in classes for file in found[name]]
    counts = [len(found[name]) for name in classes]
    return ImageFolder(
        read_images(files, size, channels), np.repeat(np.arange(len(classes)), counts), classes
    )


def _checked_size(size: Any) -> tuple[int, int]:
    if not isinstance(size, tuple | list) or len(size) != 2:
        raise ValueError(f"size must be a height and a width, got {quoted(size)}")
    height, width = (check_whole("size", n, least=1, most=MOST_SIDE) for n in size)
    return height, width


def image_files(folder: Path) -> list[Path]:
    """The images in a folder and its folders, in the order of their names."""
    return sorted(file for file in folder.rglob("*") if file.suffix.lower() in ENDINGS)


def read_images(
    files: Sequence[Path], size: tuple[int, int] | None = None, channels: int | None = None
) -> NDArray[np.uint8]:
    """Images as one array.

    Parameters
    ----------
    files : sequence of Path
        At least one.
    size : (int, int), optional
        Height and width that all are brought to; those of the first one by default.
    channels : {1, 3}, optional
        By default one where all images are grey, else three.

    Returns
    -------
    ndarray of uint8, shape (n, height, width, channels)

    Raises
    ------
    ValueError
        If a file is damaged, or of another size, where no size is given.
    """
    arrays = list(_read_all(files, size))
    if channels is None:
        channels = 1 if all(array.shape[2] == 1 for array in arrays) else 3
    shape = (*arrays[0].shape[:2], channels)
    images = np.empty((len(files), *shape), np.uint8)
    for place, (file, array) in enumerate(zip(files, arrays, strict=True)):
        if array.shape[:2] != shape[:2]:
            raise ValueError(
                f"{str(file)!r} has {_sides(array.shape)} pixels, and {str(files[0])!r} "
                f"{_sides(shape)}: say to which size all are to be brought"
            )
        if channels == 1 and array.shape[2] == 3:
            array = array.mean(axis=2, keepdims=True)
        images[place] = array
    return images


def _read_all(files: Sequence[Path], size: tuple[int, int] | None) -> Iterator[Any]:
    try:
        from PIL import Image, UnidentifiedImageError
    except ImportError as error:
        raise ImportError(f"images need the package Pillow: {install('images')}") from error

    bombs = Image.DecompressionBombError, Image.DecompressionBombWarning
    for file in files:
        try:
            with Image.open(file, formats=FORMATS) as opened:
                if opened.width * opened.height > MOST_PIXELS:
                    raise ValueError(f"it has more than {MOST_PIXELS:,} pixels")
                image: Any = opened
                if opened.mode.startswith("I"):
                    image = Image.fromarray((np.asarray(opened) // DEEP).astype(np.uint8))
                image = image.convert("L" if image.mode in ("1", "L") else "RGB")
                if size is not None and image.size != size[::-1]:
                    image = image.resize(size[::-1], Image.Resampling.BILINEAR)
        except (UnidentifiedImageError, *bombs, *DAMAGED) as error:
            said = first_line(error)
            raise ValueError(f"{str(file)!r} is no image, or damaged: {said}") from None
        array = np.asarray(image)
        yield array if array.ndim == 3 else array[:, :, np.newaxis]


def _sides(shape: Sequence[int]) -> str:
    return f"{shape[0]}×{shape[1]}"
