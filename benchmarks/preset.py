"""What the preset for tables reaches, and in what time: ``python benchmarks/preset.py``.

Accuracy of a classifier, and a regressor's root of the mean square in units of the target's
deviation, on examples it has not seen. Its seconds are beside those of scikit-learn's perceptron
with the same layers and batches and thirty epochs, in turns.
"""

from __future__ import annotations

import argparse
import statistics
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import jitnet as jn
from jitnet.arrays import Array
from jitnet.estimators.tabular import settings_of
from jitnet.tables import markdown_table
from race.report import met
from tabular_sets import TABLES, Table, adult_halves

Split = tuple[Array, Array, Array, Array]
TEST_SHARE = 0.2
EPOCHS = 30
"""Of scikit-learn's fits: always as many, so that the ratio to their time can be followed."""


class Task(NamedTuple):
    """Splits of a table, one a seed, and what is to be reached."""

    classify: bool
    splits: Callable[[], Iterator[Split]]
    bar: float


def shares(name: str, seeds: int, *, logarithm: bool = False) -> Iterator[Split]:
    """A fifth for the test, drawn by each seed."""
    given: Table = TABLES[name]()
    y = np.log(given.y) if logarithm else given.y
    if not given.classify:
        y = (y - y.mean()) / y.std()
    for seed in range(seeds):
        X, X_test, y_train, y_test = train_test_split(
            given.X,
            y,
            test_size=TEST_SHARE,
            random_state=seed,
            stratify=y if given.classify else None,
        )
        yield X, X_test, y_train, y_test


def own_test(seeds: int) -> Iterator[Split]:
    """Adult's own test, for fits from other first weights."""
    train, test = adult_halves()
    for _ in range(seeds):
        yield train.X, test.X, train.y, test.y


TASKS = {
    "adult": Task(True, partial(own_test, 3), 0.854),
    "german credit": Task(True, partial(shares, "german credit", 5), 0.755),
    "california": Task(False, partial(shares, "california", 3), 0.455),
    "house sales, ln": Task(False, partial(shares, "house sales", 3, logarithm=True), 0.33),
}


def contenders(classify: bool, seed: int, examples: int) -> dict[str, Any]:
    """The preset, and scikit-learn's perceptron with its layers and batches."""
    ours, theirs = (
        (jn.MLPClassifier, MLPClassifier) if classify else (jn.MLPRegressor, MLPRegressor)
    )
    preset = ours(preset="tabular", random_state=seed)
    settings = settings_of(preset, examples)
    names = "hidden_layer_sizes", "batch_size", "early_stopping", "n_iter_no_change"
    same = {name: getattr(settings, name) for name in names} | {"max_iter": EPOCHS}
    return {
        "preset": preset,
        "scikit-learn": make_pipeline(StandardScaler(), theirs(random_state=seed, **same)),
    }


def score(predicted: Array, y: Array, *, classify: bool) -> float:
    """The share that is right, or the root of the mean square."""
    if classify:
        return float((predicted == y).mean())
    return float(np.sqrt(np.square(predicted - y).mean()))


def row(name: str, task: Task) -> list[str]:
    """Mean scores over the seeds, and the least seconds."""
    scores: dict[str, list[float]] = {}
    seconds: dict[str, list[float]] = {}
    for seed, (X, X_test, y, y_test) in enumerate(task.splits()):
        for label, model in contenders(task.classify, seed, len(X)).items():
            start = time.perf_counter()
            model.fit(X, y)
            seconds.setdefault(label, []).append(time.perf_counter() - start)
            reached = score(model.predict(X_test), y_test, classify=task.classify)
            scores.setdefault(label, []).append(reached)
    mean = statistics.mean(scores["preset"])
    is_met = met(mean, task.bar) if task.classify else met(task.bar, mean)
    fastest = {label: min(kept) for label, kept in seconds.items()}
    return [
        name,
        "accuracy" if task.classify else "RMSE",
        f"{mean:.4f}",
        " ".join(f"{each:.3f}" for each in scores["preset"]),
        f"{task.bar}",
        is_met,
        f"{statistics.mean(scores['scikit-learn']):.4f}",
        *(f"{fastest[label]:.2f}" for label in ("preset", "scikit-learn")),
        f"{fastest['preset'] / fastest['scikit-learn']:.3f}",
    ]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tables", nargs="*", choices=[[], *TASKS], help="all, if none is named")
    chosen = parser.parse_args(arguments).tables or list(TASKS)
    warnings.simplefilter("ignore", ConvergenceWarning)
    X = np.random.default_rng(0).normal(size=(100, 2)).astype(np.float32)
    jn.MLPRegressor(preset="tabular").fit(X, X[:, 0])  # what is compiled once is not timed
    header = ["table", "score", "mean", "each seed", "bar", "met", "scikit-learn",
              "seconds", "scikit-learn's", "ratio"]  # fmt: skip
    print(markdown_table(header, [row(name, TASKS[name]) for name in chosen]))


if __name__ == "__main__":
    main()
