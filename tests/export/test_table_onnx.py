"""A table's model written as ONNX takes its columns and predicts what it predicts here."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import jitnet as jn
from exported_tables import CASES, assert_as_predicted, of_classes, values_of
from jitnet.arrays import Array
from jitnet.export.onnx import onnx_model
from jitnet.tabular.columns import Column, Date, Number
from real_data import data_file

onnx: Any = pytest.importorskip("onnx", reason="onnx is an extra: jitnet[onnx]")
runtime: Any = pytest.importorskip("onnxruntime", reason="onnxruntime runs what is written")


MISSING: dict[type, tuple[Any, Any]] = {
    Number: (np.nan, np.float32),
    Date: (np.iinfo(np.int64).min, np.int64),
}
"""What a missing value is, and the type; text is "" otherwise."""


def session_of(model: jn.TableModel) -> Any:
    content = onnx_model(model).SerializeToString()
    return runtime.InferenceSession(content, providers=["CPUExecutionProvider"])


def fed(column: Column, values: list[Any]) -> Array:
    """A column as the graph takes it."""
    missing, kind = MISSING.get(type(column), ("", object))
    return np.array([[missing if x is None else x] for x in values], kind)


def ran(model: jn.TableModel, rows: pl.DataFrame) -> dict[str, Array]:
    """What onnxruntime makes of rows."""
    session, values = session_of(model), values_of(model, rows)
    inputs = {c.name: fed(c, values[c.name]) for c in model.table.columns}
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(None, inputs), strict=True))


@pytest.mark.parametrize("name", CASES)
def test_every_kind_of_column_and_target_predicts_the_same(name: str) -> None:
    case = CASES[name]()
    model = case.model()
    found = ran(model, case.rows)
    if not model.table.target.classes:
        assert list(found) == ["prediction"]
        assert_as_predicted(model, found["prediction"], case.rows)
        return
    probabilities, label = found.values()
    assert_as_predicted(model, probabilities, case.rows)
    classes = np.array(model.table.target.classes)
    np.testing.assert_array_equal(label, classes[probabilities.argmax(axis=1)])
    assert label.dtype == (classes.dtype if classes.dtype.kind == "i" else object)


def test_a_column_that_is_called_as_an_output_is_keeps_its_name() -> None:
    outputs = [
        output.name for output in session_of(CASES["of awkward text"]().model()).get_outputs()
    ]
    assert outputs == ["probabilities", "label_0"]


def test_the_file_says_what_each_column_is(tmp_path: Path) -> None:
    jn.to_onnx(of_classes().model(), tmp_path / "model.onnx")
    path = str(tmp_path / "model.onnx")
    session = runtime.InferenceSession(path, providers=["CPUExecutionProvider"])
    inputs = {given.name: (given.type, given.shape) for given in session.get_inputs()}
    text, shape = "tensor(string)", ["n", 1]
    assert inputs == {
        "size": ("tensor(float)", shape),
        "colour": (text, shape),
        "grade": (text, shape),
        "heated": (text, shape),
        "sold": ("tensor(int64)", shape),
    }


def test_a_column_without_a_name_is_refused(tmp_path: Path) -> None:
    frame = {"": [1.0, 2.0, 3.0, 4.5] * 5, "y": ["a", "b"] * 10}
    model = jn.TableModel("y", epochs=1).fit(frame)
    with pytest.raises(ValueError, match="ONNX has no input without a name"):
        jn.to_onnx(model, tmp_path / "model.onnx")


def test_a_model_that_is_not_fitted_is_refused(tmp_path: Path) -> None:
    with pytest.raises(jn.NotFittedError):
        jn.to_onnx(jn.TableModel("y"), tmp_path / "model.onnx")


def test_adults_rows_are_predicted_the_same() -> None:
    from jitnet.tabular.reading import read_table

    frame = read_table(data_file("adult/adult.data.gz"), header=False)
    model = jn.TableModel(frame.columns[-1], epochs=1).fit(frame)
    rows = frame[:5000]
    assert_as_predicted(model, ran(model, rows)["probabilities"], rows)
