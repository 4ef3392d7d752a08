"""``jitnet train``: the command line's networks on the table's data."""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NoReturn

from jitnet.arguments import as_count, as_rate, as_seed, as_sizes
from jitnet.extras import install
from jitnet.io.files import can_be_written
from jitnet.progress import make_progress
from jitnet.streams import say
from jitnet.tables import format_table
from jitnet.train.jobs import JOBS, LABEL_SMOOTHING, Job, Network, Part, train
from jitnet.train.networks import CLASSES, outline

__all__ = ["add_train"]

DESCRIPTION = """\
Train a network, say how well it does on data that it has not seen, and write it to a file."""


def add_train(commands: Any) -> None:
    """Add the command to the parser's."""
    parser = commands.add_parser(
        "train",
        help="train a network and write it to a file",
        description=DESCRIPTION,
        epilog=_epilog(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("name", metavar="DATA", type=_data_set, help=f"one of {_names()}; see below")
    add("--data", type=Path, metavar="FOLDER", help="where the files of mnist or fashion are")
    add("--network", metavar="NAME", help="mlp or cnn: see below")
    add("--epochs", type=as_count, metavar="N", help="passes over the data")
    add("--hidden", type=as_sizes, metavar="N,N", help="units of the hidden dense layers")
    add("--batch-size", type=as_count, metavar="N", help="examples a step")
    add("--learning-rate", type=as_rate, metavar="RATE", help="the highest learning rate")
    add("--threads", type=as_count, metavar="N", help="threads to train with")
    add(
        "--seed",
        type=as_seed,
        default=0,
        metavar="N",
        help="of first weights and order: %(default)s",
    )
    add("--output", type=Path, metavar="FILE", help="where the model goes: DATA.safetensors")
    add("--quiet", action="store_true", help="show no progress")
    parser.set_defaults(run=_run, parser=parser)


def _run(options: argparse.Namespace) -> int:
    """Do what the arguments say; a mistake in them ends in one line and exit code 2."""
    try:
        return _train(options)
    except ValueError as error:
        fail: Callable[[str], NoReturn] = options.parser.error
        fail(str(error))


def _train(options: argparse.Namespace) -> int:
    job = JOBS[options.name]
    network = _network(job, options)
    output = _check_output(options)
    (X, y), (X_test, y_test) = _load(job, options)
    say(f"{options.name:<16}{len(X):,} images to train on, {len(X_test):,} held out")
    say(f"network         {_described(network, X.shape[1:])}")

    progress = make_progress(not options.quiet)
    start = time.perf_counter()
    model = train(network, X, y, seed=options.seed, threads=options.threads, progress=progress)
    seconds = time.perf_counter() - start - progress.compile_seconds

    accuracy = model.evaluate(X_test, y_test)["accuracy"]
    loss, least = model.history["loss"][-1], _least_loss(LABEL_SMOOTHING)
    say(f"training loss   {loss:.4f}, of which smoothing the labels makes {least:.4f}")
    say(f"test accuracy   {accuracy:.4f}")
    say(f"training time   {seconds:.2f} s{_compile_note(progress.compile_seconds)}")
    say(f"images/second   {network.epochs * len(X) / seconds:,.0f}")
    if output is not None:
        model.save(output)
        say(f"model           {output}")
    return 0


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


def _least_loss(smoothing: float) -> float:
    """The least cross-entropy there can be with smoothed labels: their own entropy."""
    other = smoothing / CLASSES
    own = 1 - smoothing + other
    return -own * math.log(own) - (CLASSES - 1) * other * math.log(other)


def _compile_note(seconds: float) -> str:
    return f", after {seconds:.1f} s for compiling the kernels, once" if seconds else ""


def _check_output(options: argparse.Namespace) -> Path | None:
    """Where to write the model, or None where it cannot be written; checked before any work."""
    chosen: Path | None = options.output
    if find_spec("safetensors") is None:
        need = f"needs the package safetensors: {install('cli')}"
        if chosen is not None:
            raise ValueError(f"argument --output: writing a model {need}")
        say(f"The model will not be written: that {need}")
        return None
    output = chosen or Path(f"{options.name}.safetensors")
    if not can_be_written(output):
        raise ValueError(
            f"argument --output: {str(output)!r} must be a file in a folder that can be written, "
            "or one that can be written itself"
        )
    return output


def _epilog() -> str:
    """The table of jobs."""
    data = [line for name, job in JOBS.items() for line in _shown(name, job)]
    header = ("data", "network", "hidden", "epochs", "batch size", "learning rate")
    networks = [
        (
            name if network == job.default else "",
            network,
            ",".join(map(str, settings.hidden)) or "none",
            *map(str, settings[2:]),
        )
        for name, job in JOBS.items()
        for network, settings in job.networks.items()
    ]
    table = format_table([header, *networks], left=2, indent="  ")
    return "\n".join(["data:", *data, "", "what is trained, the default first:", table])


def _shown(name: str, job: Job) -> list[str]:
    """What a data set is, and where it comes from."""
    if job.source is None:
        return [f"  {name:<9}{job.about}, which come with jitnet"]
    source = job.source
    return [
        f"  {name:<9}{job.about}, in --data or $JITNET_DATA/{source.folder}; from",
        f"  {'':<9}{source.address} ({source.licence})",
    ]


def _names() -> str:
    return ", ".join(JOBS)


def _data_set(text: str) -> str:
    if text not in JOBS:
        raise argparse.ArgumentTypeError(f"there is no data set {text!r}; there are: {_names()}")
    return text
