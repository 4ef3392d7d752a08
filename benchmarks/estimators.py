"""The estimators beside scikit-learn's: ``python benchmarks/estimators.py``.

Two tables. The speed of the same fits, in float32 and in alternation, after a check that both end
in the same loss. And ten real tables over five splits: scikit-learn's defaults, the same behind a
StandardScaler, and ``preset="tabular"``, all from the same raw numbers.
"""

from __future__ import annotations

import argparse
import statistics
import time
import warnings
from collections.abc import Callable, Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import sklearn
from scipy.sparse import csr_matrix, issparse
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import jitnet as jn
from jitnet.arrays import Array
from jitnet.tables import markdown_table
from race.machine import description
from race.report import met
from tabular_sets import TABLES, Table

TWINS: dict[Any, Any] = {MLPClassifier: jn.MLPClassifier, MLPRegressor: jn.MLPRegressor}
MAX_ROWS, SEEDS, TURNS = 10_000, 5, 5
PREDICTED = ("digits, defaults", "tabular")
SPARSE_ROWS, NUMBERS, COLUMNS = 2000, 80, (1000, 130_000)
"""Rows of text as counts of words: few numbers a row, and from few to many columns."""
REST = 0.3
"""Seconds before each turn: threads of NumPy's BLAS go on spinning for a tenth after their last
call, on cores that the other's turn needs."""
COMPARED, SAME = 5, 1e-6
"""Epochs in float64 whose losses agree to a share; float32 drifts apart where a ReLU's kink is
reached by sums that are added in another order."""


class Fit(NamedTuple):
    """A fit that is timed, its epochs, and the ratio it should reach."""

    kind: Any
    examples: tuple[Any, Array]
    epochs: int
    bar: float | None
    parameters: dict[str, Any]


def fits() -> dict[str, Fit]:
    """The fits: sizes as in the other comparisons, and scikit-learn's defaults."""
    X, y = jn.datasets.load_digits()
    digits = (X / 16).astype(np.float32), y
    A, labels = make_classification(1000, 20, random_state=0)
    rng = np.random.default_rng(0)
    images = rng.random((12_800, 784), np.float32), rng.integers(0, 10, 12_800)
    T = rng.standard_normal((10_240, 28), np.float32)
    target = np.tanh(T[:, 0] + T[:, 1] * T[:, 2])
    mnist = {"hidden_layer_sizes": (128,), "batch_size": 128}
    tabular = {"hidden_layer_sizes": (256,) * 3, "batch_size": 512}
    return {
        "digits, batch 32": Fit(MLPClassifier, digits, 40, 8, {"batch_size": 32}),
        "digits, defaults": Fit(MLPClassifier, digits, 100, None, {}),
        "1,000 × 20, defaults": Fit(MLPClassifier, (A.astype(np.float32), labels), 200, 8, {}),
        "mnist128": Fit(MLPClassifier, images, 4, 4, mnist),
        "tabular": Fit(MLPRegressor, (T, target), 6, 3, tabular),
    } | {
        f"sparse, {SPARSE_ROWS:,} × {columns:,}": Fit(
            MLPClassifier, sparse_table(columns), 2 if columns > 1e5 else 40, 2, {}
        )
        for columns in COLUMNS
    }


def sparse_table(columns: int) -> tuple[Any, Array]:
    """Sparse rows and two classes."""
    rng = np.random.default_rng(0)
    rows = [np.sort(rng.choice(columns, NUMBERS, replace=False)) for _ in range(SPARSE_ROWS)]
    indptr = np.arange(0, SPARSE_ROWS * NUMBERS + 1, NUMBERS)
    numbers = rng.random(SPARSE_ROWS * NUMBERS, np.float32)
    shape = SPARSE_ROWS, columns
    return csr_matrix((numbers, np.concatenate(rows), indptr), shape), rng.integers(0, 2, shape[0])


def alternate(*calls: Callable[[], object]) -> list[list[float]]:
    """Seconds of each call, in turns, after a rest each."""
    seconds: list[list[float]] = [[] for _ in calls]
    for _ in range(TURNS):
        for call, kept in zip(calls, seconds, strict=True):
            time.sleep(REST)
            start = time.perf_counter()
            call()
            kept.append(time.perf_counter() - start)
    return seconds


def line(name: str, seconds: Sequence[Sequence[float]], bar: float | None) -> list[str]:
    """A row: best seconds of both, the ratio, that of the medians, and the bar."""
    ours, theirs = seconds
    ratio = min(theirs) / min(ours)
    medians = statistics.median(theirs) / statistics.median(ours)
    verdict = ["", ""] if bar is None else [f"{bar:.2f}", met(ratio, bar)]
    milliseconds = (f"{min(turns) * 1e3:.3g}" for turns in seconds)
    return [name, *milliseconds, f"{ratio:.2f}", f"{medians:.2f}", *verdict]


def compare(ours: Any, theirs: Any, X: Any, y: Array) -> None:
    """Both go the same way, in double precision."""
    first, second = (
        clone(model).set_params(max_iter=COMPARED).fit(X, y).loss_curve_ for model in (ours, theirs)
    )
    np.testing.assert_allclose(first, second, rtol=SAME)


def race_fits(jobs: dict[str, Fit]) -> list[list[str]]:
    """The same fits by both, and predictions by the first."""
    rows = []
    for name, (kind, (X, y), epochs, bar, parameters) in jobs.items():
        settings = {"max_iter": epochs, "n_iter_no_change": epochs, "random_state": 0} | parameters
        ours, theirs = TWINS[kind](**settings).fit(X, y), kind(**settings).fit(X, y)
        compare(ours, theirs, X.astype(float), y)
        pair = alternate(partial(ours.fit, X, y), partial(theirs.fit, X, y))
        rows.append(line(f"fit {name}", pair, bar))
        if issparse(X):
            calls = partial(repeat, ours.predict, X, 5), partial(repeat, theirs.predict, X, 5)
            rows.append(line(f"5 times predict, {name}", alternate(*calls), 1))
        if name in PREDICTED:
            rows += race_predictions(name, ours, theirs, X)
    return rows


def repeat(predict: Callable[[Any], object], X: Any, times: int = 100) -> None:
    """A prediction, some times."""
    for _ in range(times):
        predict(X)


def race_predictions(name: str, ours: Any, theirs: Any, X: Array) -> list[list[str]]:
    """One row, a hundred times, and 100,000 rows."""
    many = np.tile(X, (100_000 // len(X) + 1, 1))[:100_000]
    rows = []
    for method in ("predict", "predict_proba"):
        if hasattr(theirs, method):
            one = [partial(repeat, getattr(model, method), X[:1]) for model in (ours, theirs)]
            rows.append(line(f"100 times {method} of one row, {name}", alternate(*one), 1))
    all_rows = alternate(lambda: ours.predict(many), lambda: theirs.predict(many))
    return [*rows, line(f"predict 100,000 rows, {name}", all_rows, 2)]


def race_searches() -> list[list[str]]:
    """Twenty fits on digits each, as a search does them."""
    X, y = jn.datasets.load_digits()
    X = (X / 16).astype(np.float32)
    grid = {"alpha": [1e-4, 1e-2], "hidden_layer_sizes": [(50,), (100,)]}
    rows = []
    for name, parameters, bar in (("batch 32", {"batch_size": 32}, 6), ("defaults", {}, None)):
        settings: dict[str, Any] = {"random_state": 0, "max_iter": 40} | parameters
        searches = [
            GridSearchCV(kind(**settings), grid, cv=5, refit=False)
            for kind in (jn.MLPClassifier, MLPClassifier)
        ]
        calls = [partial(search.fit, X, y) for search in searches]
        rows.append(line(f"search of 20 fits on digits, {name}", alternate(*calls), bar))
    return rows


def contenders(classify: bool, seed: int) -> dict[str, Any]:
    """scikit-learn's defaults, those behind a scaler, and the preset."""
    kind = MLPClassifier if classify else MLPRegressor
    return {
        "defaults": kind(random_state=seed),
        "scaled": make_pipeline(StandardScaler(), kind(random_state=seed)),
        "preset": TWINS[kind](preset="tabular", random_state=seed),
    }


def score_table(name: str, given: Table) -> list[Any]:
    """Mean scores and seconds of the contenders over the splits."""
    scores: dict[str, list[float]] = {}
    seconds: dict[str, list[float]] = {}
    for seed in range(SEEDS):
        rng = np.random.default_rng(seed)
        rows = rng.permutation(len(given.X))[:MAX_ROWS]
        X, y = given.X[rows], given.y[rows]
        stratify = y if given.classify else None
        X, X_test, y, y_test = train_test_split(X, y, random_state=seed, stratify=stratify)
        for label, model in contenders(given.classify, seed).items():
            start = time.perf_counter()
            model.fit(X, y)
            seconds.setdefault(label, []).append(time.perf_counter() - start)
            scores.setdefault(label, []).append(model.score(X_test, y_test))
    mean = {label: statistics.mean(kept) for label, kept in scores.items()}
    total = {label: sum(kept) for label, kept in seconds.items()}
    won = mean["preset"] > mean["defaults"] and total["preset"] <= total["defaults"]
    print(name, mean, total, flush=True)
    return [
        name,
        "accuracy" if given.classify else "R²",
        *(f"{mean[label]:.3f}" for label in ("defaults", "scaled", "preset")),
        *(f"{total[label]:.2f}" for label in ("defaults", "scaled", "preset")),
        "yes" if won else "no",
    ]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print or write the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, help="a Markdown file to write")
    parser.add_argument("--quick", action="store_true", help="one fit and one small table")
    options = parser.parse_args(arguments)
    jobs, tables = fits(), TABLES
    if options.quick:
        jobs = {name: jobs[name] for name in ("digits, defaults",)}
        tables = {name: TABLES[name] for name in ("wine",)}
    warnings.simplefilter("ignore", ConvergenceWarning)
    speed = markdown_table(
        ["", "jitnet ms", "scikit-learn ms", "ratio", "of medians", "bar", "met"],
        race_fits(jobs) + ([] if options.quick else race_searches()),
    )
    sets = [score_table(name, load()) for name, load in tables.items()]
    header = ["table", "score", "defaults", "scaled", "preset",
              "defaults s", "scaled s", "preset s", "better in no more time"]  # fmt: skip
    report = (
        f"# The estimators beside scikit-learn's\n\nscikit-learn {sklearn.__version__}, jitnet "
        f"{jn.__version__}, {description()}, "
        f"{date.today()}; `python benchmarks/estimators.py`.\n\n"
        f"## Speed: the best of {TURNS} turns, float32\n\n{speed}\n\n"
        f"## Ten tables: mean test scores of {SEEDS} splits, and seconds of all {SEEDS} fits\n\n"
        f"At most {MAX_ROWS:,} rows of each. *defaults* are scikit-learn's on the numbers as they "
        f"are, *scaled* the same behind a StandardScaler.\n\n{markdown_table(header, sets)}\n"
    )
    print(report)
    if options.output:
        options.output.write_text(report, encoding="utf-8")


if __name__ == "__main__":
    main()
