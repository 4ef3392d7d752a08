"""A file may say anything: it is refused in one line, or it is a model that can be used."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import jitnet as jn

pytest.importorskip("polars", reason="a table needs polars")
safe_open: Any = pytest.importorskip("safetensors").safe_open
safetensors = pytest.importorskip("safetensors.numpy", reason="a model file needs safetensors")

ROWS = 60
FRAME: dict[str, list[Any]] = {
    "size": [float(row) for row in range(ROWS)],
    "heated": [row % 3 == 0 for row in range(ROWS)],
    "colour": [None if row % 7 == 0 else "uvw"[row % 3] for row in range(ROWS)],
}


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small table's model."""
    path = tmp_path_factory.mktemp("files") / "model.safetensors"
    frame = FRAME | {"dear": ["no", "yes"] * (ROWS // 2)}
    model = jn.TableModel("dear", epochs=1, hidden=(3,), table=jn.Table(bins=4))
    model.fit(frame, progress=False).save(path)
    return path


@pytest.fixture
def parts(file: Path) -> tuple[dict[str, Any], Any]:
    """Its tensors and its description, without the digest."""
    content = file.read_bytes()
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    description = json.loads(header["__metadata__"]["jitnet"])
    del description["digest"]
    return safetensors.load(content), description


def load(folder: Path, tensors: Any, description: Any) -> Any:
    text = description if isinstance(description, str) else json.dumps(description)
    path = folder / "hostile.safetensors"
    path.write_bytes(safetensors.save(tensors, {"jitnet": text}))
    return jn.load(path)


def refuse(folder: Path, tensors: Any, description: Any) -> str:
    with pytest.raises(ValueError, match="is no model file of jitnet's, or damaged: ") as error:
        load(folder, tensors, description)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 1500
    return str(error.value)


def test_a_file_that_is_cut_off_anywhere_is_refused(file: Path, tmp_path: Path) -> None:
    content = file.read_bytes()
    path = tmp_path / "cut.safetensors"
    for size in range(0, len(content), 7):
        path.write_bytes(content[:size])
        with pytest.raises(ValueError, match="is no model file of jitnet's, or damaged: "):
            jn.load(path)


def test_a_flipped_bit_anywhere_is_seen_or_changes_nothing(file: Path, tmp_path: Path) -> None:
    content = file.read_bytes()
    path, again = tmp_path / "flipped.safetensors", tmp_path / "again.safetensors"
    for place in range(0, len(content), 7):
        flipped = bytearray(content)
        flipped[place] ^= 1 << place % 8
        path.write_bytes(flipped)
        try:
            model = jn.load(path)
        except ValueError:
            continue
        model.save(again)
        assert again.read_bytes() == content


def test_features_that_a_network_takes_as_indices_are_looked_at(file: Path, tmp_path: Path) -> None:
    model = jn.load(file)
    n_features = len(model.table.features)
    layers = [jn.Embedding(1, 2), jn.Flatten(), jn.Dense(2)]
    model.networks = [jn.Sequential(layers, model.networks[0].loss).build((n_features,))]
    model.save(tmp_path / "indices.safetensors")
    loaded = jn.load(tmp_path / "indices.safetensors")
    for rows in (FRAME, {name: values[1] for name, values in FRAME.items()}):
        with pytest.raises(ValueError, match=r"must hold whole indices|vocabulary"):
            loaded.predict(rows)


@pytest.mark.parametrize(
    "text",
    ["null", "5", "[]", '{"format": 4}', '{"format": [4]}', "[" * 100_000, '{"a":' * 100_000],
    ids=lambda text: text[:8],
)
def test_a_description_of_another_form_is_refused(text: str, tmp_path: Path, parts: Any) -> None:
    refuse(tmp_path, parts[0], text)


def test_numbers_of_a_type_that_numpy_has_not_are_refused(file: Path, tmp_path: Path) -> None:
    content = file.read_bytes()
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    place = 0
    for name in sorted(set(header) - {"__metadata__"}):
        size = 1
        for axis in header[name]["shape"]:
            size *= axis
        header[name] |= {"dtype": "F8_E5M2", "data_offsets": [place, place + size]}
        place += size
    text = json.dumps(header).encode()
    path = tmp_path / "small.safetensors"
    path.write_bytes(len(text).to_bytes(8, "little") + text + bytes(place))
    with pytest.raises(ValueError, match="is no model file of jitnet's, or damaged: "):
        jn.load(path)


def column(place: int, **changes: Any) -> Callable[[Any], None]:
    return lambda table: table["columns"][place].update(changes)


def scale(**changes: Any) -> Callable[[Any], None]:
    return lambda table: table["columns"][0]["scales"][0].update(changes)


def target(**changes: Any) -> Callable[[Any], None]:
    return lambda table: table["target"].update(changes)


@pytest.mark.parametrize(
    "change",
    [
        lambda table: table.update(columns=[]),
        lambda table: table["columns"].append(table["columns"][0]),
        lambda table: table["columns"].append({"class": "Dense", "units": 3}),
        lambda table: table.update(refused=5),
        lambda table: table.update(refused={"a": 5}),
        column(0, name="dear"),
        column(0, name=5),
        column(0, name="\ud800"),
        column(0, scales=[]),
        column(0, scales=[1]),
        scale(edges=[3.0, 2.0, 1.0]),
        scale(edges=[0.0, 1.0, float("nan")]),
        scale(edges=[-1e308, 0.0, 1e308]),
        scale(deviation=0.0),
        scale(mean=float("inf")),
        scale(missing="yes"),
        column(2, values=[]),
        column(2, values=["u", "u", "w"]),
        column(2, values=["u", None, "w"]),
        column(2, shares=[0.5]),
        column(2, shares="x" * 100_000),
        column(2, rare=["u"]),
        target(classes=[]),
        target(classes=["no"]),
        target(classes=["no", "no"]),
        target(classes=["no", 1]),
        target(classes=[0, 2**64]),
        target(typical=2.0),
        target(deviation=float("nan")),
    ],
)
def test_a_table_that_makes_no_sense_is_refused(change: Any, tmp_path: Path, parts: Any) -> None:
    tensors, description = parts
    change(description["table"])
    refuse(tmp_path, tensors, description)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("networks", []),
        ("histories", [{"loss": [1.0], "val_loss": []}]),
        ("histories", [{"loss": "x"}]),
        ("settings", {"hidden": ["x"]}),
        ("settings", {"epochs": 0}),
    ],
)
def test_what_stands_beside_the_table_is_looked_at(
    name: str, value: Any, tmp_path: Path, parts: Any
) -> None:
    tensors, description = parts
    refuse(tmp_path, tensors, description | {name: value})


@pytest.mark.parametrize("changes", [{"deviation": 1e-308}, {"mean": 2**64}, {"fill": 1e308}])
def test_numbers_at_the_ends_of_their_range_can_be_used(
    changes: dict[str, Any], tmp_path: Path, parts: Any
) -> None:
    tensors, description = parts
    scale(**changes)(description["table"])
    model = load(tmp_path, tensors, description)
    assert len(model.predict({**FRAME, "size": [None, 1e308] * (ROWS // 2)})) == ROWS


@pytest.fixture
def trained(tmp_path: Path) -> tuple[dict[str, Any], Any]:
    """A network's tensors and its description, with what Adam keeps."""
    model = jn.Sequential([jn.Dense(2, "relu"), jn.Dense(1)], "mse", jn.Adam())
    model.fit(np.ones((4, 3)), np.ones(4), epochs=1, progress=False)
    model.save(tmp_path / "trained.safetensors")
    with safe_open(tmp_path / "trained.safetensors", framework="numpy") as file:
        description = json.loads(file.metadata()["jitnet"])
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    del description["digest"]
    return tensors, description


def moments(tensors: dict[str, Any]) -> list[str]:
    return [name for name in tensors if "_moment." in name]


@pytest.mark.parametrize(
    "change",
    [
        lambda array: np.full(array.shape, 1e300),
        lambda array: array.astype(np.float64),
        lambda array: array.astype(np.int32),
        lambda array: array[..., np.newaxis],
        lambda array: array.ravel()[:0],
    ],
    ids=["too large", "wider", "whole", "an axis more", "nothing"],
)
def test_what_an_optimiser_keeps_has_the_models_type_and_shapes(
    change: Any, tmp_path: Path, trained: Any
) -> None:
    tensors, description = trained
    assert len(moments(tensors)) > 2
    for name in moments(tensors):
        said = refuse(tmp_path, tensors | {name: change(tensors[name])}, description)
        assert name in said


@pytest.mark.parametrize("powers", [[2.0, 0.5], [-1.0, 0.5], [None, 0.5], [1e999, 0.5], [0.5]])
def test_powers_of_decays_lie_between_0_and_1(powers: Any, tmp_path: Path, trained: Any) -> None:
    tensors, description = trained
    assert "powers" in refuse(tmp_path, tensors, description | {"powers": powers})
