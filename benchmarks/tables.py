"""Tables as `jitnet train FILE` learns them, beside gradient boosting and published perceptrons.

    python benchmarks/tables.py                              minutes
    python benchmarks/tables.py --rows adult,california
    python benchmarks/tables.py --output benchmarks/TABLES.md
    python benchmarks/tables.py --quick                      a smoke test of all of it

Three seeds, of which each cuts the rows 80 to 20, but for adult's own test; nothing is chosen by
the test's rows. Of a table with few rows there are sixteen: the accuracy on 200 rows has a standard
error of 0.03, and the mean of three one of 0.017, more than what is to be told apart. The seconds
are those of `TableModel.fit`, kernels in the cache, and of scikit-learn's HistGradientBoosting with
its defaults, in alternation. Where a mean misses its bar, a fit takes more than three times as long
as boosting, or data are missing, the exit status is 1.
"""

from __future__ import annotations

import argparse
import gzip
import io
import sys
import time
from collections.abc import Callable, Sequence
from datetime import date
from importlib.metadata import version
from pathlib import Path
from statistics import fmean
from typing import Any, NamedTuple

import numpy as np
import polars as pl

import jitnet as jn
from data_folder import data_folder
from jitnet.tables import markdown_table
from jitnet.tabular.boosting import boosted_scores
from jitnet.tabular.scores import Classification, Scores
from race.machine import description
from race.report import met

SEEDS = range(3)
FEW_ROWS, SEEDS_OF_FEW = 5000, range(16)
QUICK_ROWS = 600
ENSEMBLE = 5
SLOWEST = 3.0
"""How many times boosting's seconds a single network may take."""

ADULT = [
    "age", "workclass", "fnlwgt", "education", "education_num", "marital_status", "occupation",
    "relationship", "race", "sex", "capital_gain", "capital_loss", "hours_per_week",
    "native_country", "income",
]  # fmt: skip


class Row(NamedTuple):
    """A table, and what it should reach."""

    load: Callable[[], tuple[pl.DataFrame, pl.DataFrame | None]]
    """The rows, and those to test with, if they are not to be cut off."""
    target: str
    bar: float | None
    """The least accuracy; for numbers the most that the RMSE may be, in deviations. None where
    nothing is published for so many rows."""
    note: str = ""


def _csv(name: str, **settings: Any) -> pl.DataFrame:
    with gzip.open(data_folder() / name) as file:
        return pl.read_csv(io.BytesIO(file.read()), **settings)


def _adult() -> tuple[pl.DataFrame, pl.DataFrame]:
    parts = []
    for name in ("adult.data.gz", "adult.test.gz"):
        with gzip.open(data_folder() / "adult" / name, "rt") as file:
            lines = [line.strip().rstrip(".") for line in file if line.count(",") == 14]
        text = "\n".join(lines).replace(", ", ",")
        parts.append(
            pl.read_csv(io.StringIO(text), has_header=False, new_columns=ADULT, null_values="?")
        )
    return parts[0], parts[1]


def _house_sales() -> tuple[pl.DataFrame, None]:
    frame = _csv("house_sales/house_sales.csv.gz")
    return frame.with_columns(pl.col("price").log()), None


def _covertype() -> tuple[pl.DataFrame, None]:
    frame = _csv("covertype/covtype_full.csv.gz")
    return frame.sample(50_000, seed=0), None


ROWS = {
    "adult": Row(_adult, "income", 0.857, "its own test"),
    "german_credit": Row(
        lambda: (_csv("german_credit/german.csv.gz", has_header=False), None), "column_20", 0.76
    ),
    "california": Row(
        lambda: (_csv("california/housing.csv.gz"), None), "median_house_value", 0.45
    ),
    "house_sales": Row(_house_sales, "price", 0.322, "the price's logarithm"),
    "covertype": Row(_covertype, "Cover_Type", None, "50,000 rows"),
    "letter": Row(
        lambda: (_csv("letter/letter-recognition.data.gz", has_header=False), None),
        "column_0",
        None,
    ),
}

HEADER = ["table", "seeds", "rows", "score", "by default", "five networks", "boosting", "bar",
          "met", "s", "s, boosting", "note"]  # fmt: skip


class Outcome(NamedTuple):
    """Scores and seconds of one seed."""

    single: float
    ensemble: float
    boosting: float
    seconds: float
    boosting_seconds: float


def score_of(scores: Scores, test: pl.DataFrame, target: str) -> float:
    """The accuracy, or the RMSE in deviations of the test's targets."""
    if isinstance(scores, Classification):
        return scores.accuracy
    return scores.rmse / float(np.std(test[target].to_numpy()))


def run(row: Row, seed: int, quick: bool) -> Outcome:
    """Train on a table with a seed."""
    frame, test = row.load()
    if quick:
        frame = frame[:QUICK_ROWS]
    if test is None:
        order = np.random.default_rng(seed).permutation(len(frame))
        cut = int(0.8 * len(frame))
        frame, test = frame[order[:cut]], frame[order[cut:]]
    settings: dict[str, Any] = {"epochs": 2} if quick else {}
    seconds, models = [], []
    for networks in (None, ENSEMBLE):
        began = time.perf_counter()
        model = jn.TableModel(row.target, ensemble=networks, seed=seed, **settings)
        models.append(model.fit(frame, progress=False))
        seconds.append(time.perf_counter() - began)
        if networks is None:
            began = time.perf_counter()
            boosted = boosted_scores(model.table, frame, test)
            boosting_seconds = time.perf_counter() - began
    single, several = (score_of(model.evaluate(test), test, row.target) for model in models)
    boosting = score_of(boosted, test, row.target)
    return Outcome(single, several, boosting, seconds[0], boosting_seconds)


def line(name: str, outcomes: Sequence[Outcome]) -> list[str]:
    """A row of the table."""
    row = ROWS[name]
    frame, test = row.load()
    means = [fmean(values) for values in zip(*outcomes, strict=True)]
    is_number = frame[row.target].dtype.is_float()
    reached = -means[0] if is_number else means[0]
    bar = "" if row.bar is None else f"{row.bar:.3f}"
    needed = None if row.bar is None else (-row.bar if is_number else row.bar)
    return [
        name,
        str(len(outcomes)),
        f"{len(frame):,}" + (f" + {len(test):,}" if test is not None else ""),
        "RMSE / deviation" if is_number else "accuracy",
        *(f"{mean:.4f}" for mean in means[:3]),
        bar,
        "" if needed is None else met(reached, needed),
        *(f"{mean:.2f}" for mean in means[3:]),
        row.note,
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Train on the tables, and print what they reach."""
    parser = argparse.ArgumentParser(description="Tables beside boosting and published figures.")
    parser.add_argument("--rows", default=",".join(ROWS), help="which, separated by commas")
    parser.add_argument("--quick", action="store_true", help="few rows, two epochs: a smoke test")
    parser.add_argument("--output", type=Path, help="write the table to this file as well")
    options = parser.parse_args(arguments)
    names = options.rows.split(",")
    if unknown := [name for name in names if name not in ROWS]:
        parser.error(f"--rows: {', '.join(unknown)}: choose from {', '.join(ROWS)}")
    lines, missing = [], []
    jn.TableModel("y", epochs=1).fit({"x": list(range(9)), "y": [0.5, 1, 2] * 3}, progress=False)
    for name in names:
        try:
            seeds = SEEDS_OF_FEW if len(ROWS[name].load()[0]) < FEW_ROWS else SEEDS
            outcomes = [run(ROWS[name], seed, options.quick) for seed in seeds]
        except FileNotFoundError as error:
            missing.append(f"{name}: {error}")
            continue
        lines.append(line(name, outcomes))
        print("  ".join(lines[-1]), file=sys.stderr, flush=True)
    versions = ", ".join(f"{name} {version(name)}" for name in ("numba", "numpy", "scikit-learn"))
    kind = "a smoke test, whose figures mean nothing" if options.quick else "means over the seeds"
    report = (
        "# Tables, beside gradient boosting\n\n"
        f"Test scores, {kind}; `jitnet train FILE --target COLUMN` without options. "
        f"{description()}; jitnet {jn.__version__}, {versions}; {date.today()}.\n\n"
        + markdown_table(HEADER, lines)
        + "".join(f"\n- {text}" for text in missing)
    )
    print(report)
    if options.output:
        options.output.write_text(report, encoding="utf-8")
    fails = [cells for cells in lines if cells[8] not in ("", "yes")]
    slow = [c for c in lines if float(c[9]) > SLOWEST * float(c[10])]
    return int(bool(missing or ((fails or slow) and not options.quick)))


if __name__ == "__main__":
    sys.exit(main())
