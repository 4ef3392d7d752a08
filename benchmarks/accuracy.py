"""Train networks on MNIST and Fashion-MNIST as published, and compare what they reach.

    python benchmarks/accuracy.py                       all of it, hours on two cores
    python benchmarks/accuracy.py --rows lenet5,fashion
    python benchmarks/accuracy.py --output benchmarks/ACCURACY.md
    python benchmarks/accuracy.py --quick               a smoke test of all of it

A figure is the share of the test images that the network reads rightly after its last epoch; no
epoch and no seed is picked. Where a mean is below its bar, or data are missing, the exit status
is 1.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from datetime import date
from functools import partial
from importlib.metadata import version
from pathlib import Path
from statistics import fmean
from typing import Any, NamedTuple

import jitnet as jn
from data_folder import data_folder
from jitnet.layers import Layer
from jitnet.optimizers import Optimizer
from jitnet.progress import make_progress
from jitnet.tables import markdown_table
from jitnet.train.networks import convnet, outline
from race.machine import description
from race.report import met

SEEDS = range(3)
QUICK_IMAGES = 500


class Row(NamedTuple):
    """A network on a data set, how it is trained, and what it should reach."""

    data: str
    network: Callable[[], list[Layer]]
    epochs: int
    batch_size: int
    learning_rate: float
    bar: float
    published: str
    share: float = 1.0
    """How many of the training images are trained on, the first ones."""
    weight_decay: float | None = None
    """AdamW's, whose rate then falls by a cosine; None is Adam at a constant rate."""
    label_smoothing: float = 0.0


class Outcome(NamedTuple):
    """What a training ended in."""

    accuracy: float
    seconds: float


DATA: dict[str, Callable[[], Any]] = {
    "MNIST": lambda: jn.datasets.load_mnist(data_folder() / "mnist"),
    "Fashion-MNIST": lambda: jn.datasets.load_fashion_mnist(data_folder() / "fashion-mnist"),
}

FASHION = partial(convnet, (32, 64), 5, padding=2)


def augmented() -> list[Layer]:
    """The network for Fashion-MNIST behind images that are mirrored and shifted."""
    return [jn.RandomFlip("horizontal"), jn.RandomShift(1), *FASHION()]


ROWS = {
    "mnist_convnet": Row(
        data="MNIST",
        network=partial(convnet, (32, 64), 3, dropout=0.5),
        epochs=15,
        batch_size=128,
        learning_rate=1e-3,
        bar=0.992,
        published="0.9922, Keras's example",
        share=0.9,
    ),
    "lenet5": Row(
        data="MNIST",
        network=partial(convnet, (6, 16), 5, hidden=(120, 84)),
        epochs=20,
        batch_size=128,
        learning_rate=3e-4,
        bar=0.985,
        published="0.982 to 0.984, SimpleChains.jl",
    ),
    "fashion": Row(
        data="Fashion-MNIST",
        network=FASHION,
        epochs=30,
        batch_size=250,  # at a batch of 1,000 and a constant rate of 1e-3 the mean is 0.9153
        learning_rate=2e-3,
        weight_decay=0.05,
        label_smoothing=0.1,
        bar=0.920,
        published="0.9247, perhaps of the best epoch",
    ),
    "fashion_augmented": Row(
        data="Fashion-MNIST",
        network=augmented,
        epochs=30,
        batch_size=250,
        learning_rate=4e-3,
        weight_decay=0.01,
        bar=0.925,
        published="none",
    ),
}

SETTINGS = "epochs, batch, rate"
WARMUP_SHARE = 0.05
SEED_NAMES = [f"seed {seed}" for seed in SEEDS]
HEADER = ["row", "data", "network", SETTINGS, *SEED_NAMES, "mean", "bar", "met", "published",
          "seconds a fit"]  # fmt: skip


def train(name: str, seed: int, quick: bool) -> Outcome:
    """Train a row's network once, and print a line on it."""
    row = ROWS[name]
    (X, y), (X_test, y_test) = DATA[row.data]()
    count, epochs = int(row.share * len(X)), row.epochs
    if quick:
        count, epochs = min(count, QUICK_IMAGES), 1
        X_test, y_test = X_test[:QUICK_IMAGES], y_test[:QUICK_IMAGES]
    layers = [jn.Rescaling(1 / 255), *row.network()]
    model = jn.Sequential(
        layers,
        "softmax_crossentropy",
        optimizer(row, epochs * -(-count // row.batch_size)),
        label_smoothing=row.label_smoothing,
        seed=seed,
    )
    progress = make_progress(not quick)
    began = time.perf_counter()
    model.fit(X[:count], y[:count], epochs=epochs, batch_size=row.batch_size, progress=progress)
    seconds = time.perf_counter() - began - progress.compile_seconds
    accuracy = model.evaluate(X_test, y_test)["accuracy"]
    print(f"{name}, seed {seed}: {accuracy:.4f} in {seconds:.1f} s", file=sys.stderr, flush=True)
    return Outcome(accuracy, seconds)


def optimizer(row: Row, steps: int) -> Optimizer:
    """The row's optimiser for so many steps."""
    if row.weight_decay is None:
        return jn.Adam(row.learning_rate)
    rate = jn.Cosine(row.learning_rate, steps=steps, warmup=int(WARMUP_SHARE * steps))
    return jn.AdamW(rate, weight_decay=row.weight_decay)


def settings(row: Row) -> str:
    """How a row is trained, in a few words."""
    text = f"{row.epochs}, {row.batch_size}, Adam {row.learning_rate:g}"
    if row.weight_decay is not None:
        text = f"{text.replace('Adam', 'AdamW')} by a cosine, decay {row.weight_decay:g}"
    return text + f", labels smoothed by {row.label_smoothing:g}" * (row.label_smoothing > 0)


def line(name: str, outcomes: Sequence[Outcome]) -> list[str]:
    """A row of the table."""
    row, mean = ROWS[name], mean_accuracy(outcomes)
    return [
        name,
        row.data + f", the first {row.share:.0%}" * (row.share < 1),
        outline(row.network()),
        settings(row),
        *(f"{outcome.accuracy:.4f}" for outcome in outcomes),
        f"{mean:.4f}",
        f"{row.bar:.3f}",
        met(mean, row.bar),
        row.published,
        f"{fmean(outcome.seconds for outcome in outcomes):.1f}",
    ]


def mean_accuracy(outcomes: Sequence[Outcome]) -> float:
    """The mean over the seeds."""
    return fmean(outcome.accuracy for outcome in outcomes)


def run(names: Sequence[str], quick: bool) -> tuple[dict[str, list[Outcome]], list[str]]:
    """What the rows' trainings ended in, and a line for each whose data are missing."""
    found: dict[str, list[Outcome]] = {}
    missing = []
    for name in names:
        try:
            found[name] = [train(name, seed, quick) for seed in SEEDS]
        except FileNotFoundError as error:
            missing.append(f"{name}: {error}")
    return found, missing


def render(found: dict[str, list[Outcome]], missing: Sequence[str], quick: bool) -> str:
    """The whole report."""
    versions = ", ".join(f"{package} {version(package)}" for package in ("numba", "numpy"))
    kind = "a smoke test, whose figures mean nothing" if quick else "after the last epoch"
    table = markdown_table(HEADER, [line(name, outcomes) for name, outcomes in found.items()])
    remarks = "".join(f"- {text}\n" for text in missing)
    return (
        "# Accuracies beside published ones\n\n"
        f"Test accuracy, {kind}. {description()}; jitnet {jn.__version__}, {versions}; "
        f"{date.today()}.\n\n{table}" + (f"\n{remarks}" if missing else "")
    )


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Compare accuracies with published ones.")
    parser.add_argument("--rows", default=",".join(ROWS), help="which, separated by commas")
    parser.add_argument("--quick", action="store_true", help="few images, one epoch: a smoke test")
    parser.add_argument("--output", type=Path, help="write the table to this file as well")
    options = parser.parse_args(arguments)
    options.rows = options.rows.split(",")
    unknown = [name for name in options.rows if name not in ROWS]
    if unknown:
        parser.error(f"--rows: {', '.join(unknown)}: choose from {', '.join(ROWS)}")
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    """Train what the command line asks for; 1 where a bar is missed or data are."""
    options = parse(arguments)
    found, missing = run(options.rows, options.quick)
    report = render(found, missing, options.quick)
    print(report)
    if options.output:
        options.output.write_text(report, encoding="utf-8")
    below = any(mean_accuracy(outcomes) < ROWS[name].bar for name, outcomes in found.items())
    return int(not options.quick and (below or bool(missing)))


if __name__ == "__main__":
    sys.exit(main())
