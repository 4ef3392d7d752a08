"""One example at a time: the C file of a network beside onnxruntime, and both beside `predict`.

    python benchmarks/exports.py

The C file is compiled by ``cc -O3 -march=native`` and called through ctypes, onnxruntime by
``session.run`` on one thread; each call takes one row. All are timed in turns.
"""

from __future__ import annotations

import ctypes
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import jitnet as jn
from jitnet.export.onnx import onnx_model
from jitnet.tables import format_table

ROUNDS, CALLS = 200, 50

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
}


def in_c(model: jn.Sequential, x: Any, folder: Path) -> tuple[Callable[[], Any], Any]:
    """The call of the C file, and where its prediction stands."""
    jn.to_c(model, folder / "model.c")
    flags = ["-std=c99", "-O3", "-march=native", "-shared", "-fPIC"]
    made = folder / "model.so"
    subprocess.run(["cc", *flags, "-o", made, folder / "model.c", "-lm"], check=True)
    function, y = ctypes.CDLL(str(made)).jitnet_predict, np.empty_like(model.predict(x))
    places = ctypes.c_void_p(x.ctypes.data), ctypes.c_void_p(y.ctypes.data)
    return lambda: function(*places), y


def in_onnxruntime(model: jn.Sequential, x: Any) -> Callable[[], Any]:
    """The call of onnxruntime."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        onnx_model(model).SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    return lambda: session.run(None, {"x": x})[0]


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


def measured(name: str) -> list[str]:
    """A network's row of the table."""
    layers, shape = NETWORKS[name]
    model = jn.Sequential(layers, "softmax_crossentropy", n_threads=1).build(shape)
    x = np.random.default_rng(0).normal(size=(1, *model._built().nodes.shape)).astype(np.float32)
    with tempfile.TemporaryDirectory() as folder:
        call, y = in_c(model, x, Path(folder))
        calls = {"C": call, "onnxruntime": in_onnxruntime(model, x)}
        calls["predict"] = lambda: model.predict(x)
        expected = calls["predict"]()
        call()
        for found in (y, calls["onnxruntime"]()):
            np.testing.assert_allclose(found, expected, atol=1e-5)
        found = microseconds(calls)
    ratio = found["onnxruntime"] / found["C"]
    return [name, *(f"{found[call]:.1f}" for call in calls), f"{ratio:.1f}"]


def main() -> int:
    """Print the table; 1 where C was slower than onnxruntime."""
    rows = [measured(name) for name in NETWORKS]
    header = ["µs a row", "C", "onnxruntime", "predict", "onnxruntime / C"]
    print(format_table([header, *rows], left=1))
    return int(any(float(row[-1]) < 1 for row in rows))


if __name__ == "__main__":
    sys.exit(main())
