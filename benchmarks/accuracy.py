"""Train networks as published on images and sequences, and compare what they reach.

    python benchmarks/accuracy.py                       all of it, hours on two cores
    python benchmarks/accuracy.py --rows lenet5,fashion
    python benchmarks/accuracy.py --output benchmarks/ACCURACY.md
    python benchmarks/accuracy.py --quick               a smoke test of all of it

A figure is that of the test examples after the last epoch: the share that the network reads
rightly, or its loss in nats a character or a time step; no epoch and no seed is picked. Where a
mean does not reach its bar, or data are missing, the exit status is 1.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import date
from importlib.metadata import version
from pathlib import Path
from statistics import fmean

import jitnet as jn
from accuracy_images import IMAGE_ROWS
from accuracy_row import Outcome, Row, reaches
from accuracy_sequences import SEQUENCE_ROWS
from jitnet.tables import markdown_table
from race.machine import description

SEEDS = range(3)
ROWS: dict[str, Row] = {**IMAGE_ROWS, **SEQUENCE_ROWS}
SEED_NAMES = [f"seed {seed}" for seed in SEEDS]
HEADER = ["row", "data", "network", "epochs, batch, rate", "figure", *SEED_NAMES, "mean", "bar",
          "met", "published", "seconds a fit"]  # fmt: skip


def train(name: str, seed: int, quick: bool) -> Outcome:
    """Train a row's network once, and print a line on it."""
    outcome = ROWS[name].train(seed, quick)
    print(
        f"{name}, seed {seed}: {outcome.figure:.4f} in {outcome.seconds:.1f} s",
        file=sys.stderr,
        flush=True,
    )
    return outcome


def line(name: str, outcomes: Sequence[Outcome]) -> list[str]:
    """A row of the table."""
    row, mean = ROWS[name], mean_figure(outcomes)
    return [
        name,
        row.about,
        row.outline,
        row.settings,
        row.figure,
        *(f"{outcome.figure:.4f}" for outcome in outcomes),
        f"{mean:.4f}",
        f"{row.bar:.3f}",
        "yes" if reaches(row, mean) else "no",
        row.published,
        f"{fmean(outcome.seconds for outcome in outcomes):.1f}",
    ]


def mean_figure(outcomes: Sequence[Outcome]) -> float:
    """The mean over the seeds."""
    return fmean(outcome.figure for outcome in outcomes)


def run(names: Sequence[str], quick: bool) -> tuple[dict[str, list[Outcome]], list[str]]:
    """What the rows' trainings ended in, and a line for each whose data or packages are missing."""
    found: dict[str, list[Outcome]] = {}
    missing = []
    for name in names:
        try:
            found[name] = [train(name, seed, quick) for seed in SEEDS]
        except (FileNotFoundError, ImportError) as error:
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
        f"Test figures, {kind}. {description()}; jitnet {jn.__version__}, {versions}; "
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
    below = any(not reaches(ROWS[name], mean_figure(found[name])) for name in found)
    return int(not options.quick and (below or bool(missing)))


if __name__ == "__main__":
    sys.exit(main())
