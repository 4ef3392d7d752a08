"""``jitnet train digits``, ``mnist``, ``fashion``, and a folder or a file of images."""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from jitnet.callbacks import Callback, Checkpoint, EarlyStopping
from jitnet.callbacks.checkpoint import CHECKPOINT_MINUTES
from jitnet.io.model_file import CHECKPOINTS
from jitnet.model import Sequential
from jitnet.progress import make_progress
from jitnet.streams import say
from jitnet.tabular.scores import Classification, classification_scores
from jitnet.tabular.told import say_image_classes
from jitnet.train.image_parts import Parts, job_for, load_parts
from jitnet.train.jobs import JOBS, Job, Network, Part
from jitnet.train.networks import outline
from jitnet.train.output import (
    budget_of,
    check_all_apart,
    check_options,
    check_output,
    compile_note,
    found_by_search,
    say_boosting,
    say_folds,
    say_repeat,
)
from jitnet.train.pictures import draw, of_images
from jitnet.train.training import LABEL_SMOOTHING, new_model, train

SETTINGS = ("hidden", "epochs", "batch_size", "learning_rate", "dropout", "filters")
"""The options that change a network, or how it is trained."""


class Trained(NamedTuple):
    """What the images have made."""

    model: Sequential
    seconds: float
    """Of its training."""
    note: str
    """What is to be said of those."""


def train_images(options: argparse.Namespace) -> int:
    """Train a network on images; a ValueError is a mistake in the options or the files."""
    name = options.name if options.name in JOBS else _name_of(Path(options.name).resolve())
    output = check_output(options.output, f"{name}.safetensors")
    inputs = [part for part in (options.test, options.validation) if isinstance(part, Path)]
    if options.name not in JOBS:
        inputs.append(Path(options.name))
    check_all_apart(output, inputs, options)
    check_options(options)
    job = job_for(options)
    network = _network(job, options)
    parts = load_parts(job, options)
    _say_parts(name, parts, job)
    if options.search:
        network = network._replace(**_search(network, parts, options))
    say(f"network         {_described(network, parts.training[0].shape[1:])}")
    if options.cross_validate:
        _cross_validate(network, parts.training, options)
    trained = _train(network, parts, job, options)
    if output is not None:
        trained.model.save(output)  # before anything of what is held out can fail
    scores = _say_scores(trained, parts)
    if not options.resume:
        images = network.epochs * len(parts.training[0])
        say(f"images/second   {images / trained.seconds:,.0f}")
    boosting = _boosting(parts, len(scores.recall)) if options.baseline else None
    draw(options.plot, trained.model.history, lambda: of_images(trained.model, *parts.test))
    if options.report is not None:
        _report(name, trained.model, parts, boosting, options.report)
    if output is not None:
        say(f"model           {output}")
        say_repeat(output, options)
    return 0


def _name_of(path: Path) -> str:
    """What a model of a folder's or a file's images is called."""
    return path.name.split(".")[0] if path.is_file() else path.name


def _network(job: Job, options: argparse.Namespace) -> Network:
    """The job's network of that name, with what the options change."""
    name = options.network or job.default
    if name not in job.networks:
        there = ", ".join(job.networks)
        raise ValueError(f"argument --network: there is no network {name!r}; there are: {there}")
    network = job.networks[name]
    if options.filters and not network.filters:
        raise ValueError(f"argument --filters: the network {name!r} has no convolutions")
    return network._replace(**_given(options))


def _given(options: argparse.Namespace) -> dict[str, Any]:
    """The settings that the user has chosen."""
    values = {name: getattr(options, name) for name in SETTINGS}
    return {name: value for name, value in values.items() if value is not None}


def _say_parts(name: str, parts: Parts, job: Job) -> None:
    counts = [f"{len(parts.training[0]):,} images to train on"]
    if parts.validation is not None:
        counts.append(f"{len(parts.validation[0]):,} to validate on")
    say(f"{name:<15} {', '.join(counts)}, {len(parts.test[0]):,} held out")
    if job.classes:
        say(f"classes         {', '.join(job.classes)}")


def _search(network: Network, parts: Parts, options: argparse.Namespace) -> dict[str, Any]:
    """The settings with the least loss on the images to validate on."""
    from jitnet.search.images import search_images

    assert parts.validation is not None, "a search always has some"
    tries = search_images(
        network,
        _given(options),
        parts.training,
        parts.validation,
        budget_of(options),
        seed=options.seed,
        threads=options.threads,
    )
    return found_by_search(tries, options)


def _cross_validate(network: Network, training: Part, options: argparse.Namespace) -> None:
    """Say the scores of networks that are trained without a fold each, side by side."""
    from jitnet.folds import cross_validate

    count = options.cross_validate
    learned = len(training[0]) - len(training[0]) // count
    found = cross_validate(
        lambda: new_model(network, learned, seed=options.seed),
        *training,
        folds=count,
        seed=options.seed,
        epochs=network.epochs,
        batch_size=network.batch_size,
        progress=make_progress(not options.quiet),
        n_threads=options.threads,
    )
    failed = [fold.fit.error for fold in found.folds if fold.fit.error is not None]
    if failed:
        raise failed[0]
    say_folds("accuracy", found.scores["accuracy"].tolist())


def _train(network: Network, parts: Parts, job: Job, options: argparse.Namespace) -> Trained:
    """Train; where there are images to validate on, the weights are those of the best epoch."""
    progress = make_progress(not options.quiet)
    folder, callbacks = options.checkpoints, list[Callback]()
    if parts.validation is not None:
        callbacks.append(EarlyStopping(patience=network.epochs))
    if folder:
        callbacks.append(Checkpoint(folder, every_minutes=CHECKPOINT_MINUTES))
    start = time.perf_counter()
    model = train(
        network,
        *parts.training,
        validation=parts.validation,
        seed=options.seed,
        threads=options.threads,
        classes=job.classes,
        progress=progress,
        callbacks=callbacks,
        resume=folder if options.resume and any(folder.glob(CHECKPOINTS)) else None,
        communicator=options.communicator,
    )
    seconds = time.perf_counter() - start - progress.compile_seconds
    return Trained(model, seconds, compile_note(progress.compile_seconds))


def _say_scores(trained: Trained, parts: Parts) -> Classification:
    """Say how well the images that are held out are read."""
    model, (X, y) = trained.model, parts.test
    scores = classification_scores(y, model.predict(X), parts.most_frequent)
    loss = model.history["loss"][-1]
    least = _least_loss(LABEL_SMOOTHING, len(scores.recall))
    say(f"training loss   {loss:.4f}, of which smoothing the labels makes {least:.4f}")
    if parts.validation is not None:
        losses = model.history["val_loss"]
        best = int(np.argmin(losses))
        say(f"validation      loss {losses[best]:.4f} after epoch {best + 1}, which is kept")
    say(f"test accuracy   {scores.accuracy:.4f}")
    say_image_classes(scores, model.classes)
    say(f"training time   {trained.seconds:.2f} s{trained.note}")
    return scores


def _boosting(parts: Parts, classes: int) -> Classification:
    """Train gradient boosting on the same images' pixels, and say how it does."""
    from jitnet.tabular.boosting import boosted_outputs

    (X, y), (X_test, y_test) = parts.training, parts.test
    start = time.perf_counter()
    outputs = boosted_outputs(X.reshape(len(X), -1), y, X_test.reshape(len(X_test), -1), classes)
    scores = classification_scores(y_test, outputs)
    say_boosting(scores, time.perf_counter() - start)
    return scores


def _report(
    name: str, model: Sequential, parts: Parts, boosting: Classification | None, path: Path
) -> None:
    """Write the page on a model."""
    from jitnet.report.image_page import write_image_report

    most = parts.most_frequent
    write_image_report(path, model, *parts.test, name=name, most_frequent=most, boosting=boosting)
    say(f"report          {path}")


def _described(network: Network, shape: Sequence[int]) -> str:
    """``64-256-10, 40 epochs, batches of 32``."""
    layers = f"{'×'.join(map(str, shape))}-{outline(network.layers(network))}"
    epochs = f"{network.epochs} epoch{'s' * (network.epochs > 1)}"
    return f"{layers}, {epochs}, batches of {network.batch_size}"


def _least_loss(smoothing: float, classes: int) -> float:
    """The least cross-entropy there can be with smoothed labels: their own entropy."""
    other = smoothing / classes
    own = 1 - smoothing + other
    return -own * math.log(own) - (classes - 1) * other * math.log(other)
