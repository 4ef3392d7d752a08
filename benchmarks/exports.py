"""One example at a time: the C file of a model beside onnxruntime, and both beside `predict`.

    python benchmarks/exports.py --output benchmarks/EXPORTS.md

The C file is compiled by ``cc -O3 -march=native`` and called through ctypes, onnxruntime by
``session.run`` on one thread; each call takes one row: an array, or of adult's table a struct, an
array a column and a dict. All are timed in turns. Without real data there is no row for adult. The
exit status is 1 where C is slower than onnxruntime, or `predict` of a table's row takes longer than
50 µs.
"""

from __future__ import annotations

import argparse
import ctypes
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import jitnet as jn
from data_folder import data_folder
from jitnet.export.c_source import c_source
from jitnet.export.c_table_main import row_constant
from jitnet.export.onnx import onnx_model
from jitnet.tables import format_table
from jitnet.tabular.columns import Category, Number
from jitnet.tabular.reading import read_table
from race.machine import description

ROUNDS, CALLS = 200, 50
TABLE, MOST_MICROSECONDS = "adult's table", 50
"""The model whose rows are of a table, and what `predict` of one may take."""


PAGE = """\
# One example at a time

A model's C file beside onnxruntime, and beside `predict`; medians of turns, in microseconds.
`python benchmarks/exports.py --output benchmarks/EXPORTS.md`, {1}; {2}.

```
{0}
```
"""


class Timed(NamedTuple):
    """What is timed, by what it is called in the table; where C's prediction stands, and which."""

    calls: dict[str, Callable[[], Any]]
    y: Any
    expected: Any


NETWORKS: dict[str, tuple[list[Any], Any]] = {
    "dense 64-128-10": ([jn.Dense(128, "relu"), jn.Dense(10)], 64),
    "LeNet5": (
        [
            jn.Conv2D(6, 5, padding="same", activation="relu"),
            jn.MaxPool2D(2),
            jn.Conv2D(16, 5, activation="relu"),
            jn.MaxPool2D(2),
            jn.Flatten(),
            jn.Dense(120, "relu"),
            jn.Dense(84, "relu"),
            jn.Dense(10),
        ],
        (28, 28, 1),
    ),
    "LSTM 50 x 8-64-10": ([jn.LSTM(64), jn.Dense(10)], (50, 8)),
}


def compiled(source: str, folder: Path) -> ctypes.CDLL:
    """A C file's functions."""
    (folder / "model.c").write_text(source)
    flags = ["-std=c99", "-O3", "-march=native", "-shared", "-fPIC"]
    made = folder / "model.so"
    subprocess.run(["cc", *flags, "-o", made, folder / "model.c", "-lm"], check=True)
    return ctypes.CDLL(str(made))


def in_onnxruntime(model: Any, inputs: dict[str, Any], output: str) -> Callable[[], Any]:
    """The call of onnxruntime."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        onnx_model(model).SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    return lambda: session.run([output], inputs)[0]


def microseconds(calls: dict[str, Callable[[], Any]]) -> dict[str, float]:
    """The median time of each call, in turns."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(ROUNDS):
        for name, call in calls.items():
            start = time.perf_counter()
            for _ in range(CALLS):
                call()
            times[name].append((time.perf_counter() - start) / CALLS)
    return {name: 1e6 * statistics.median(found) for name, found in times.items()}


def network_calls(layers: list[Any], shape: Any, folder: Path) -> Timed:
    """The calls for a network's example."""
    model = jn.Sequential(layers, "softmax_crossentropy", n_threads=1).build(shape)
    x = np.random.default_rng(0).normal(size=(1, *model._built().nodes.shape)).astype(np.float32)
    expected = model.predict(x)
    function, y = compiled(c_source(model), folder).jitnet_predict, np.empty_like(expected)
    places = ctypes.c_void_p(x.ctypes.data), ctypes.c_void_p(y.ctypes.data)
    calls = {
        "C": lambda: function(*places),
        "onnxruntime": in_onnxruntime(model, {"x": x}, "y"),
        "predict": lambda: model.predict(x),
    }
    return Timed(calls, y, expected)


def adult_calls(folder: Path) -> Timed:
    """The calls for a row of adult's."""
    frame = read_table(data_folder() / "adult/adult.data.gz", header=False)
    model = jn.TableModel(frame.columns[-1], epochs=1, n_threads=1).fit(frame)
    columns, row = model.table.columns, frame.drop(frame.columns[-1]).row(0, named=True)
    one = f"jitnet_row one = {row_constant(columns, row)};\n"
    one += "void predict_one(float *y)\n{\n    jitnet_predict(&one, y);\n}\n"
    function = compiled(c_source(model) + one, folder).predict_one
    expected = model.predict_proba(row)
    y = np.empty_like(expected)
    place = ctypes.c_void_p(y.ctypes.data)
    kinds = {Number: np.float32, Category: object}
    inputs = {c.name: np.array([[row[c.name]]], kinds[type(c)]) for c in columns}
    calls = {
        "C": lambda: function(place),
        "onnxruntime": in_onnxruntime(model, inputs, "probabilities"),
        "predict": lambda: model.predict(row),
    }
    return Timed(calls, y, expected)


def measured(name: str, made: Callable[[Path], Timed]) -> list[str]:
    """A model's row of the table."""
    with tempfile.TemporaryDirectory() as folder:
        calls, y, expected = made(Path(folder))
        calls["C"]()
        for found in (y, calls["onnxruntime"]()):
            np.testing.assert_allclose(found, expected, atol=1e-5)
        found = microseconds(calls)
    ratio = found["onnxruntime"] / found["C"]
    return [name, *(f"{found[call]:.1f}" for call in calls), f"{ratio:.1f}"]


def main() -> int:
    """Print the table; 1 where a bar is missed."""
    parser = argparse.ArgumentParser(description="One example: C beside onnxruntime.")
    parser.add_argument("--output", type=Path, help="a file for the page")
    options = parser.parse_args()
    models: dict[str, Callable[[Path], Timed]] = {
        name: partial(network_calls, *network) for name, network in NETWORKS.items()
    }
    if (data_folder() / "adult").is_dir():
        models[TABLE] = adult_calls
    rows = [measured(name, made) for name, made in models.items()]
    header = ["µs a row", "C", "onnxruntime", "predict", "onnxruntime / C"]
    table = format_table([header, *rows], left=1)
    print(table)
    if options.output:
        options.output.write_text(PAGE.format(table, description(), date.today()), encoding="utf-8")
    slow = [row for row in rows if row[0] == TABLE and float(row[3]) > MOST_MICROSECONDS]
    return int(bool(slow) or any(float(row[-1]) < 1 for row in rows))


if __name__ == "__main__":
    sys.exit(main())
