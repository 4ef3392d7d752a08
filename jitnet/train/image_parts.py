"""Which images are trained on, validated on and tested with."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import NamedTuple

import numpy as np

from jitnet.arrays import Array
from jitnet.datasets import every_nth_of_each_class, load_image_folder
from jitnet.datasets.image_file import holds_images, load_image_file, places_of
from jitnet.datasets.labelled_images import image_shape, load_labelled_images
from jitnet.datasets.splits import drawn_share
from jitnet.train.jobs import JOBS, Job, Part, job_of
from jitnet.train.output import test_share, validation_share

VALIDATION_SHARE = 1 / 7
"""Of a search that is told of no other images to validate on."""


class Parts(NamedTuple):
    """Images and their classes, by what they are for."""

    training: Part
    validation: Part | None
    test: Part

    @property
    def most_frequent(self) -> int:
        """The class that one would say without looking."""
        return int(np.bincount(self.training[1]).argmax())


def job_for(options: argparse.Namespace) -> Job:
    """The job of a name, of a folder of images, or of a file of such."""
    if options.name in JOBS:
        return JOBS[options.name]
    path = Path(options.name)
    if path.is_dir():
        return job_of(*load_image_folder(path, size=options.image_size))
    images, test = load_image_file(path, options.target)
    named, y = np.unique(images.labels, return_inverse=True)
    classes = tuple(map(str, named))
    if len(classes) < 2:
        raise ValueError(f"{options.name!r} must have images of at least two classes")
    return job_of(images.X, y, classes, test and (test.X, places_of(test.labels, classes)))


def load_parts(job: Job, options: argparse.Namespace) -> Parts:
    """Load a job's images, and hold some out as the options say.

    Without a word on it those to test with are apart, or every fifth of a class.

    Raises
    ------
    ValueError
        If the files are not there or damaged, or what the options say cannot be.
    """
    training, test = _load(job, options)
    share = test_share(options)
    if test is not None and (share or options.test):
        option = "split" if options.split else "test"
        raise ValueError(f"argument --{option}: {options.name!r} has images to test with")
    if isinstance(options.test, Path):
        test = _of_file("test", options.test, training, job, options)
    elif test is None:
        y = training[1]
        held_out = drawn_share(y, share, options.seed) if share else every_nth_of_each_class(y)
        training, test = _cut(training, held_out)
    if not len(test[0]):
        raise ValueError(
            f"{options.name!r}: no class has so many images that one can be held out to test with"
        )
    _check_alike(training, test, "to test with", options)
    training, validation = _validated(training, job, options)
    return Parts(training, validation, test)


def _load(job: Job, options: argparse.Namespace) -> tuple[Part, Part | None]:
    """A job's images; a folder that does not have them is a mistake."""
    if job.source is None and options.data is not None:
        raise ValueError(f"argument --data: the {options.name} come with jitnet")
    try:
        return job.load(options.data)
    except (OSError, ValueError) as error:
        raise ValueError(f"argument --data: {error}") from None


def _validated(training: Part, job: Job, options: argparse.Namespace) -> tuple[Part, Part | None]:
    """What is left to train on, and what to validate on, if anything."""
    share, given = validation_share(options), options.validation
    if isinstance(given, Path):
        validation = _of_file("validation", given, training, job, options)
        _check_alike(training, validation, "to validate on", options)
        return training, validation
    if not share and options.search:
        share = VALIDATION_SHARE
    if not share:
        return training, None
    training, validation = _cut(training, drawn_share(training[1], share, options.seed))
    if not len(validation[0]):
        option = next(name for name in ("validation", "split", "search") if getattr(options, name))
        raise ValueError(
            f"argument --{option}: of {len(training[0]):,} images {share:.0%} of each class are "
            "none to validate on"
        )
    return training, validation


def _cut(part: Part, held_out: Array) -> tuple[Part, Part]:
    X, y = part
    return (X[~held_out], y[~held_out]), (X[held_out], y[held_out])


def _of_file(
    option: str, path: Path, training: Part, job: Job, options: argparse.Namespace
) -> Part:
    """The images of a folder or a file that an option names."""
    shape = image_shape(training[0].shape[1:])
    if shape is None:
        raise ValueError(
            f"argument --{option}: the {options.name} are rows of numbers; give a share of them"
        )
    if not (path.is_dir() or (path.is_file() and holds_images(path))):
        raise ValueError(f"argument --{option}: {str(path)!r} is no folder or file of images")
    classes = job.classes or tuple(map(str, np.unique(training[1])))
    try:
        return load_labelled_images(path, shape, classes, options.target)
    except ValueError as error:
        raise ValueError(f"argument --{option}: {error}") from None


def _check_alike(training: Part, other: Part, what: str, options: argparse.Namespace) -> None:
    shapes = [image_shape(X.shape[1:]) or X.shape[1:] for X, _ in (training, other)]
    if shapes[0] != shapes[1]:
        raise ValueError(
            f"{options.name!r}: the images to train on have the shape {shapes[0]}, those {what} "
            f"{shapes[1]}"
        )
