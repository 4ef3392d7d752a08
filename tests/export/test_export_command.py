"""``jitnet export`` writes a model in another format, or says what is wrong in one line."""

import subprocess
import sys
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

import jitnet as jn
from exported import assert_same_predictions, filled
from jitnet.cli import main
from jitnet.layers import LAYERS
from own_rows import PReLU
from tabular.frames import mixed

pytest.importorskip("safetensors", reason="a model's file is one of safetensors")


@pytest.fixture
def model(tmp_path: Path, rng: np.random.Generator) -> jn.Sequential:
    """A model that lies in ``model.safetensors``."""
    made, _ = filled([jn.Dense(3, "relu"), jn.Dense(2)], 4, rng, loss="softmax_crossentropy")
    made.save(tmp_path / "model.safetensors")
    return made


def export(folder: Path, output: str, *options: str, given: str = "model.safetensors") -> int:
    return main(["export", str(folder / given), str(folder / output), *options])


def refused(folder: Path, output: str, *options: str, given: str = "model.safetensors") -> None:
    with pytest.raises(SystemExit) as end:
        export(folder, output, *options, given=given)
    assert end.value.code == 2
    assert not (folder / output).is_file()


def said(capsys: pytest.CaptureFixture[str]) -> str:
    """The one line that is said."""
    error = capsys.readouterr().err
    assert error.startswith("jitnet export: error: ")
    assert error.count("\n") == 1
    return error


def test_the_suffix_says_the_format(
    model: jn.Sequential, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runtime = pytest.importorskip("onnxruntime", reason="onnxruntime runs what is written")
    pytest.importorskip("onnx", reason="onnx is an extra: jitnet[onnx]")
    assert export(tmp_path, "model.onnx") == 0
    assert capsys.readouterr().out == f"onnx            {tmp_path / 'model.onnx'}\n"
    providers = ["CPUExecutionProvider"]
    session = runtime.InferenceSession(tmp_path / "model.onnx", providers=providers)
    X = np.ones((2, 4), np.float32)
    assert_same_predictions(session.run(None, {"x": X})[0], model.predict(X))


def test_c_and_a_state_dict_are_what_the_functions_write(
    model: jn.Sequential, tmp_path: Path
) -> None:
    assert export(tmp_path, "model.c") == 0
    assert export(tmp_path, "model.txt", "--format", "c") == 0
    assert export(tmp_path, "torch.safetensors", "--format", "torch") == 0
    jn.to_c(model, tmp_path / "expected.c")
    jn.save_state_dict(model, tmp_path / "expected.safetensors")
    expected = (tmp_path / "expected.c").read_bytes()
    assert (tmp_path / "model.c").read_bytes() == expected
    assert (tmp_path / "model.txt").read_bytes() == expected
    weights = (tmp_path / "expected.safetensors").read_bytes()
    assert (tmp_path / "torch.safetensors").read_bytes() == weights


def test_a_tables_model_travels_with_its_table_or_not_at_all(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("onnx", reason="onnx is an extra: jitnet[onnx]")
    model = jn.TableModel("dear", epochs=1).fit(mixed(100).drop("price"))
    model.save(tmp_path / "model.safetensors")
    assert export(tmp_path, "model.c") == 0
    assert export(tmp_path, "model.onnx") == 0
    jn.to_c(model, tmp_path / "expected.c")
    jn.to_onnx(model, tmp_path / "expected.onnx")
    for kind in ("c", "onnx"):
        expected = (tmp_path / f"expected.{kind}").read_bytes()
        assert (tmp_path / f"model.{kind}").read_bytes() == expected
    refused(tmp_path, "torch.safetensors", "--format", "torch")
    assert "a state dict has no place for what was learned of the columns; onnx and c" in said(
        capsys
    )
    with pytest.raises(TypeError, match="got TableModel; its networks are such"):
        jn.save_state_dict(cast(Any, model), tmp_path / "torch.safetensors")


@pytest.mark.parametrize("output", ["model.pt", "other.safetensors", "model"])
def test_an_unknown_suffix_ends_in_one_line(
    output: str, model: jn.Sequential, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    refused(tmp_path, output)
    assert "onnx (.onnx), c (.c), torch (.safetensors)" in said(capsys)


def test_a_model_that_cannot_be_read_ends_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    refused(tmp_path, "model.c", given="nothing")
    assert "argument MODEL: " in said(capsys)
    (tmp_path / "noise").write_bytes(b"no model")
    refused(tmp_path, "model.c", given="noise")
    assert "is no model file of jitnet's" in said(capsys)


def test_a_place_that_cannot_be_written_ends_in_one_line(
    model: jn.Sequential, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    refused(tmp_path, "nowhere/model.c")
    assert "argument OUTPUT: " in said(capsys)


def test_a_layer_that_cannot_travel_ends_in_one_line_and_keeps_what_stood_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(LAYERS, "PReLU", PReLU)
    jn.Sequential([PReLU()], "mse").build(2).save(tmp_path / "model.safetensors")
    (tmp_path / "model.c").write_text("old")
    with pytest.raises(SystemExit) as end:
        export(tmp_path, "model.c")
    assert end.value.code == 2
    assert "C has no PReLU of jitnet's" in said(capsys)
    assert (tmp_path / "model.c").read_text() == "old"


def test_a_model_of_sequences_travels_in_every_format(tmp_path: Path) -> None:
    pytest.importorskip("onnx", reason="onnx is an extra: jitnet[onnx]")
    layers = [jn.Embedding(7, 3), jn.Bidirectional(jn.LSTM(2, return_sequences=True)), jn.GRU(2)]
    model = jn.Sequential(layers, "mse").build(4)
    model.save(tmp_path / "model.safetensors")
    assert export(tmp_path, "model.onnx") == 0
    assert export(tmp_path, "model.c") == 0
    assert export(tmp_path, "torch.safetensors", "--format", "torch") == 0
    jn.to_onnx(model, tmp_path / "expected.onnx")
    assert (tmp_path / "model.onnx").read_bytes() == (tmp_path / "expected.onnx").read_bytes()


def test_zeros_that_are_no_time_steps_end_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("onnx", reason="onnx is an extra: jitnet[onnx]")
    layers = [jn.Embedding(7, 3, mask_zero=True), jn.LSTM(2)]
    jn.Sequential(layers, "mse").build(4).save(tmp_path / "model.safetensors")
    for output in ("model.onnx", "model.c"):
        refused(tmp_path, output)
        assert "does not know which time steps there are: an Embedding must be without" in said(
            capsys
        )


def test_a_missing_package_is_named_with_its_command(
    model: jn.Sequential,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    refused(tmp_path, "model.onnx")
    assert "pip install 'jitnet[onnx]'" in said(capsys)


def test_nothing_of_it_is_imported_before_it_is_touched() -> None:
    look = (
        "import sys, jitnet, jitnet.cli\n"
        "jitnet.cli.build_parser()\n"
        "print({'onnx', 'torch', 'sklearn', 'h5py', 'jitnet.export.network'} & {*sys.modules})\n"
        "print({'to_onnx', 'to_c', 'to_torch', 'from_keras', 'to_sklearn'} <= {*dir(jitnet)})\n"
    )
    done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\nTrue\n"


@pytest.mark.parametrize("output", ["model.c", "model.onnx"])
def test_numbers_that_are_none_in_the_models_type_elsewhere_are_refused(
    output: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A normalisation's weight over a deviation of nearly 0 is a number that overflows."""
    model = jn.Sequential([jn.BatchNorm(epsilon=1e-30), jn.Dense(1)], "mse").build(1)
    model.set_weights([[1e38], [0.0], [0.0], [1e-30], [[1.0]], [0.0]])
    for one in (model, jn.Sequential([jn.Rescaling(1e300), jn.Dense(1)], "mse").build(1)):
        one.save(tmp_path / "model.safetensors")
        refused(tmp_path, output)
        assert "does not fit into float32" in said(capsys)
