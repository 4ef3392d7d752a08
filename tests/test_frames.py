"""Frames and series of the usual libraries are examples, whatever their columns are kept as."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import jitnet as jn

NUMBERS: dict[str, list[Any]] = {
    "flag": [True, False, True, True],
    "whole": [3, 1, -2, 0],
    "real": [0.5, -1.5, 2.0, 0.25],
    "small": [1, 0, 1, 0],
}
PLAIN = np.array(list(NUMBERS.values()), float).T
TARGETS = [1.0, 2.0, 0.0, 1.0]
PANDAS = {
    "plain": ("bool", "int64", "float64", "uint8"),
    "nullable": ("boolean", "Int64", "Float64", "UInt8"),
    "arrow": ("bool[pyarrow]", "int64[pyarrow]", "double[pyarrow]", "uint8[pyarrow]"),
    "objects": ("object", "object", "object", "object"),
    "sparse": ("Sparse[bool]", "Sparse[int]", "Sparse[float]", "Sparse[int]"),
    "mixed": ("bool", "Int64", "float32", "uint8[pyarrow]"),
}


def pandas_frame(kind: str, missing: bool = False) -> Any:
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    if "pyarrow" in str(PANDAS[kind]):
        pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    columns = {
        name: pandas.Series([*values[:3], None] if missing else values, dtype=dtype)
        for (name, values), dtype in zip(NUMBERS.items(), PANDAS[kind], strict=True)
    }
    return pandas.DataFrame(columns)


def polars_frame(kind: str, missing: bool = False) -> Any:
    polars = pytest.importorskip("polars", reason="Polars is not installed")
    values = {n: [*v[:3], None] if missing else v for n, v in NUMBERS.items()}
    return polars.DataFrame(values)


def arrow_table(kind: str, missing: bool = False) -> Any:
    arrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    return arrow.table({n: [*v[:3], None] if missing else v for n, v in NUMBERS.items()})


FRAMES = [(pandas_frame, kind) for kind in PANDAS] + [(polars_frame, ""), (arrow_table, "")]
MISSING = [(pandas_frame, kind) for kind in ("nullable", "arrow", "objects")] + FRAMES[-2:]


def ids(value: Any) -> str:
    return str(getattr(value, "__name__", value))


def model() -> jn.Sequential:
    return jn.Sequential([jn.Dense(3, activation="tanh"), jn.Dense(1)], loss="mse").build(4)


@pytest.mark.parametrize(("make", "kind"), FRAMES, ids=ids)
def test_a_frame_is_its_numbers(make: Any, kind: str) -> None:
    frame = make(kind)
    np.testing.assert_array_equal(model().predict(frame), model().predict(PLAIN))
    histories = [
        model().fit(X, y, validation_data=(X, y, y), sample_weight=weights)
        for X, y, weights in ((frame, frame["small"], frame["small"]), (PLAIN, *[PLAIN[:, 3]] * 2))
    ]
    assert histories[0] == histories[1]


@pytest.mark.parametrize("column", NUMBERS)
@pytest.mark.parametrize(("make", "kind"), FRAMES, ids=ids)
def test_a_series_is_its_numbers(make: Any, kind: str, column: str) -> None:
    y = np.array(NUMBERS[column], float)
    assert model().evaluate(PLAIN, make(kind)[column]) == model().evaluate(PLAIN, y)


@pytest.mark.parametrize(("make", "kind"), MISSING, ids=ids)
def test_what_is_missing_is_said_to_be(make: Any, kind: str) -> None:
    frame = make(kind, missing=True)
    with pytest.raises(ValueError, match="X must be finite, but contains nan"):
        model().predict(frame)
    for column in NUMBERS:
        with pytest.raises(ValueError, match="y must be finite, but contains nan"):
            model().fit(PLAIN, frame[column])


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_columns_that_are_no_numbers_are_refused(library: str) -> None:
    frames: Any = pytest.importorskip(library, reason=f"{library} is not installed")
    others: tuple[Any, ...] = (["a", "b", None, "d"], np.arange(4).astype("M8[ns]"))
    for other in others:
        frame = frames.DataFrame({**NUMBERS, "other": other})
        with pytest.raises(TypeError, match="X must hold real numbers"):
            model().fit(frame, TARGETS)
        with pytest.raises(TypeError, match="y must hold real numbers"):
            model().fit(PLAIN, frame["other"])


def test_reading_frames_imports_none_of_their_libraries() -> None:
    program = (
        "import sys, jitnet as jn\n"
        "jn.Sequential([jn.Dense(1)], loss='mse').fit([[1.0], [2.0]], [1.0, 2.0])\n"
        "sys.exit(bool({'pandas', 'polars', 'pyarrow'} & set(sys.modules)))\n"
    )
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0
