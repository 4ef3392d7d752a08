"""``jitnet train digits``, ``mnist``, ``fashion``, and a folder or a file of images."""

from __future__ import annotations

import argparse
import math
import time
from pathlib import Path

import numpy as np

from jitnet.callbacks import Checkpoint
from jitnet.callbacks.checkpoint import CHECKPOINT_MINUTES
from jitnet.datasets import load_image_folder
from jitnet.datasets.image_file import load_image_file, places_of
from jitnet.io.model_file import CHECKPOINTS
from jitnet.progress import make_progress
from jitnet.streams import say
from jitnet.tabular.scores import classification_scores
from jitnet.tabular.told import say_image_classes
from jitnet.train.jobs import JOBS, LABEL_SMOOTHING, Job, Network, Part, job_of, train
from jitnet.train.networks import outline
from jitnet.train.output import (
    check_options,
    check_output,
    compile_note,
    say_repeat,
)
from jitnet.train.pictures import draw, of_images


def train_images(options: argparse.Namespace) -> int:
    """Train a network on images; a ValueError is a mistake in the options or the files."""
    name = options.name if options.name in JOBS else _name_of(Path(options.name).resolve())
    output = check_output(options.output, f"{name}.safetensors")
    check_options(options)
    job = JOBS[name] if options.name in JOBS else _job_of_files(options)
    network = _network(job, options)
    (X, y), (X_test, y_test) = _load(job, options)
    if not len(X_test):
        raise ValueError(f"{options.name!r}: no class has five images, of which one is held out")
    if X.shape[1:] != X_test.shape[1:]:
        raise ValueError(
            f"{options.name!r}: the images to train on have the shape {X.shape[1:]}, those to test "
            f"with {X_test.shape[1:]}"
        )
    say(f"{name:<15} {len(X):,} images to train on, {len(X_test):,} held out")
    if job.classes:
        say(f"classes         {', '.join(job.classes)}")
    say(f"network         {_described(network, X.shape[1:])}")

    progress = make_progress(not options.quiet)
    start = time.perf_counter()
    folder = options.checkpoints
    model = train(
        network,
        X,
        y,
        seed=options.seed,
        threads=options.threads,
        classes=job.classes,
        progress=progress,
        callbacks=[Checkpoint(folder, every_minutes=CHECKPOINT_MINUTES)] if folder else [],
        resume=folder if options.resume and any(folder.glob(CHECKPOINTS)) else None,
        communicator=options.communicator,
    )
    seconds = time.perf_counter() - start - progress.compile_seconds
    if output is not None:
        model.save(output)  # before anything of what is held out can fail
    most_frequent = int(np.bincount(y).argmax())
    scores = classification_scores(y_test, model.predict(X_test), most_frequent)
    loss = model.history["loss"][-1]
    least = _least_loss(LABEL_SMOOTHING, model.get_weights()[-1].size)
    say(f"training loss   {loss:.4f}, of which smoothing the labels makes {least:.4f}")
    say(f"test accuracy   {scores.accuracy:.4f}")
    say_image_classes(scores, job.classes)
    say(f"training time   {seconds:.2f} s{compile_note(progress.compile_seconds)}")
    draw(options.plot, model.history, lambda: of_images(model, X_test, y_test))
    if not options.resume:
        say(f"images/second   {network.epochs * len(X) / seconds:,.0f}")
    if output is not None:
        say(f"model           {output}")
        say_repeat(output, options)
    return 0


def _name_of(path: Path) -> str:
    """What a model of a folder's or a file's images is called."""
    return path.name.split(".")[0] if path.is_file() else path.name


def _job_of_files(options: argparse.Namespace) -> Job:
    """The job of a folder of images, or of a file of such."""
    path = Path(options.name)
    if path.is_dir():
        return job_of(*load_image_folder(path, size=options.image_size))
    images, test = load_image_file(path, options.target)
    named, y = np.unique(images.labels, return_inverse=True)
    classes = tuple(map(str, named))
    if len(classes) < 2:
        raise ValueError(f"{options.name!r} must have images of at least two classes")
    return job_of(images.X, y, classes, test and (test.X, places_of(test.labels, classes)))


def _network(job: Job, options: argparse.Namespace) -> Network:
    """The job's network of that name, with what the options change."""
    name = options.network or job.default
    if name not in job.networks:
        there = ", ".join(job.networks)
        raise ValueError(f"argument --network: there is no network {name!r}; there are: {there}")
    settings = ("hidden", "epochs", "batch_size", "learning_rate")
    given = {setting: getattr(options, setting) for setting in settings}
    return job.networks[name]._replace(
        **{setting: value for setting, value in given.items() if value is not None}
    )


def _load(job: Job, options: argparse.Namespace) -> tuple[Part, Part]:
    """What to train on and to test with; a folder that does not have it is a mistake."""
    if job.source is None and options.data is not None:
        raise ValueError(f"argument --data: the {options.name} come with jitnet")
    try:
        return job.load(options.data)
    except (OSError, ValueError) as error:
        raise ValueError(f"argument --data: {error}") from None


def _described(network: Network, shape: tuple[int, ...]) -> str:
    """``64-256-10, 40 epochs, batches of 32``."""
    layers = f"{'×'.join(map(str, shape))}-{outline(network.layers(network.hidden))}"
    epochs = f"{network.epochs} epoch{'s' * (network.epochs > 1)}"
    return f"{layers}, {epochs}, batches of {network.batch_size}"


def _least_loss(smoothing: float, classes: int) -> float:
    """The least cross-entropy there can be with smoothed labels: their own entropy."""
    other = smoothing / classes
    own = 1 - smoothing + other
    return -own * math.log(own) - (classes - 1) * other * math.log(other)
