"""A saved model is the model: it predicts and trains on with the same bits. Damage is seen."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import jitnet as jn
from training_state import state_of

safetensors = pytest.importorskip("safetensors.numpy", reason="a model file needs safetensors")

X = np.random.default_rng(5).normal(size=(60, 5))
Y = X @ np.arange(5.0)


def new_model(optimizer: Any = None, **given: Any) -> jn.Sequential:
    layers = [jn.Dense(6, activation="relu", l2=0.01), jn.Dense(4, bias=False), jn.Dense(1)]
    return jn.Sequential(layers, "mse", optimizer or jn.Adam(), **given)


def fit(model: jn.Sequential, epochs: int = 1) -> jn.Sequential:
    model.fit(X, Y, epochs=epochs, batch_size=16)
    return model


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where a model may be saved."""
    return tmp_path / "model.safetensors"


@pytest.fixture
def parts(file: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """The tensors and the description in the file of a trained model, without its digest."""
    fit(new_model()).save(file)
    content = file.read_bytes()
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    description = json.loads(header["__metadata__"]["jitnet"])
    del description["digest"]
    return safetensors.load(content), description


def write(file: Path, tensors: dict[str, Any], description: Any) -> None:
    file.write_bytes(safetensors.save(tensors, {"jitnet": json.dumps(description)}))


@pytest.mark.parametrize(
    "optimizer",
    [
        jn.SGD(0.01),
        jn.SGD(0.01, momentum=0.9, nesterov=True),
        jn.RMSprop(jn.Step(0.01, every=3)),
        jn.Adam(jn.Cosine(0.01, steps=8, warmup=2)),
        jn.AdamW(jn.OneCycle(0.01, steps=8), clip_norm=1.0),
    ],
)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_training_goes_on_from_a_file_with_the_same_bits(
    optimizer: Any, dtype: str, file: Path
) -> None:
    model = fit(new_model(optimizer, dtype=dtype, seed=3))
    model.save(file)
    loaded = jn.load(file)
    assert state_of(loaded) == state_of(model)
    assert (loaded.layers, loaded.optimizer) == (model.layers, model.optimizer)
    assert state_of(fit(loaded)) == state_of(fit(new_model(optimizer, dtype=dtype, seed=3), 2))
    assert (loaded.predict(X) == fit(model).predict(X)).all()


def test_a_classifier_keeps_its_loss_and_smoothing(file: Path) -> None:
    layers = [jn.Dense(3)]
    model = jn.Sequential(layers, "softmax_crossentropy", label_smoothing=0.25).build(5)
    model.save(str(file))
    loaded = jn.load(str(file))
    assert loaded.evaluate(X, Y > 0) == model.evaluate(X, Y > 0)


def test_numbers_of_any_kind_are_saved(file: Path) -> None:
    n: Any = np
    layers = [jn.Dense(n.int64(6), l2=n.float32(0.25)), jn.Dense(1)]
    rate: Any = Fraction(1, 8)
    model = jn.Sequential(layers, "mse", jn.SGD(rate, momentum=n.float32(0.5)), seed=n.uint8(2))
    fit(model).save(file)
    assert state_of(fit(jn.load(file))) == state_of(fit(model))


def test_a_file_is_replaced_and_has_the_rights_of_any_new_file(file: Path) -> None:
    file.write_text("what stood here before")
    model = fit(new_model())
    model.save(file)
    assert state_of(jn.load(file)) == state_of(model)
    other = file.with_name("other")
    other.touch()
    assert file.stat().st_mode == other.stat().st_mode
    assert sorted(path.name for path in file.parent.iterdir()) == [file.name, "other"]


def test_a_save_that_fails_keeps_what_stood_there(file: Path) -> None:
    class Own(jn.Schedule):
        def curve(self, u: Any) -> Any:
            return 0.1 / (1.0 + u)

    fit(new_model()).save(file)
    before = file.read_bytes()
    with pytest.raises(ValueError, match=r"a file cannot hold a Own, .*register\(Own\) adds it"):
        fit(new_model(jn.SGD(Own(0.1)))).save(file)
    assert file.read_bytes() == before
    assert list(file.parent.iterdir()) == [file]


def test_places_that_cannot_be_written_or_read(tmp_path: Path) -> None:
    model = fit(new_model())
    with pytest.raises(FileNotFoundError):
        model.save(tmp_path / "no" / "folder")
    with pytest.raises(FileNotFoundError):
        jn.load(tmp_path / "nothing")
    with pytest.raises((IsADirectoryError, PermissionError), match=tmp_path.name):
        jn.load(tmp_path)


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[:-1],
        lambda content: content[: len(content) // 2],
        lambda content: content[:8],
        lambda content: content + b"?",
        lambda content: bytes(len(content)),
        lambda content: os.urandom(len(content)),
        lambda content: b"PK" + content,
    ],
)
def test_a_damaged_file_is_refused(damage: Callable[[bytes], bytes], file: Path) -> None:
    fit(new_model()).save(file)
    file.write_bytes(damage(file.read_bytes()))
    with pytest.raises(ValueError, match="is no model file of jitnet's, or damaged: "):
        jn.load(file)


def test_a_file_of_another_programs_is_refused(file: Path, parts: Any) -> None:
    tensors, _ = parts
    file.write_bytes(safetensors.save(tensors))
    with pytest.raises(ValueError, match="is no model file of jitnet's"):
        jn.load(file)


def test_a_file_that_lacks_a_part_is_refused(file: Path, parts: Any) -> None:
    tensors, description = parts
    for name in tensors:
        write(file, {key: tensors[key] for key in tensors if key != name}, description)
        with pytest.raises(ValueError, match=name):
            jn.load(file)
    for name in description:
        write(file, tensors, {key: description[key] for key in description if key != name})
        with pytest.raises(ValueError, match=name):
            jn.load(file)


def test_a_file_whose_tensors_have_other_shapes_is_refused(file: Path, parts: Any) -> None:
    tensors, description = parts
    for name, tensor in tensors.items():
        for other in (tensor[np.newaxis], np.resize(tensor, tensor.size + 1)):
            write(file, {**tensors, name: other}, description)
            with pytest.raises(ValueError, match=r"must have the shapes|must be|must begin with"):
                jn.load(file)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("format", 5),
        ("layers", []),
        ("layers", [{"class": "Dense", "units": 10**12}]),
        ("loss", "mze"),
        ("optimizer", {"class": "os"}),
        ("optimizer", {"class": "Cosine", "learning_rate": 0.1, "steps": 3}),
        ("optimizer", {"class": "Adam", "rate": 0.1}),
        ("dtype", "float16"),
        ("seed", -1),
        ("step", "many"),
        ("epoch", -1),
        ("powers", [1.0]),
    ],
)
def test_a_description_that_makes_no_sense_is_refused(
    name: str, value: Any, file: Path, parts: Any
) -> None:
    tensors, description = parts
    write(file, tensors, {**description, name: value})
    with pytest.raises(ValueError, match="is no model file of jitnet's, or damaged: "):
        jn.load(file)


def test_without_the_package_an_error_says_what_to_install(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = fit(new_model())
    monkeypatch.setitem(sys.modules, "safetensors", None)
    monkeypatch.setitem(sys.modules, "safetensors.numpy", None)
    for call in (model.save, jn.load):
        with pytest.raises(ImportError, match=r"pip install 'jitnet\[cli\]'"):
            call(file)
    assert not file.exists()
