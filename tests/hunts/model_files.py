"""Models, checkpoints and weights of strangers are refused in one line, or can be used.

What can be loaded is used as well: it predicts, is shown, saved, exported.
"""

from __future__ import annotations

import contextlib
import io
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np

import jitnet as jn
from envelopes import SAFETENSORS
from fuzzing import NEEDS, Read, Reader, guided
from hunting import Hunt
from jitnet.configuration import with_configuration
from jitnet.generation import generate
from jitnet.inference.info import show_model
from jitnet.inference.serve import schema
from rows import ROWS, networks
from tabular.frames import mixed

SMALL = 1 << 12
"""Numbers of an example up to which a model that was loaded predicts."""
EXAMPLES = Path(__file__).parent.parent / "data"


def _begin_models(folder: Path) -> tuple[Sequence[bytes], Read]:
    path = folder / "model.safetensors"
    seeds = [file.read_bytes() for file in sorted(EXAMPLES.glob("*.safetensors"))]
    models: list[Any] = [*_networks(), *_tables()]
    for model in models:
        model.save(path)
        seeds.append(path.read_bytes())

    def read(content: bytes) -> None:
        path.write_bytes(content)
        model = jn.load(path)
        with contextlib.redirect_stdout(io.StringIO()):
            show_model(path)
        if isinstance(model, jn.TableModel):
            _use_table(model)
        else:
            _use(model)
        model.save(folder / "again.safetensors")
        with contextlib.suppress(ValueError):  # what has no place there
            jn.to_c(model, folder / "model.c")
        with contextlib.suppress(ValueError):
            jn.to_onnx(model, folder / "model.onnx")

    return seeds, read


def _networks() -> list[jn.Sequential]:
    """A network of each row of each table, a text's, and one with two inputs."""
    built = []
    for row in ROWS:
        for network in networks(row, units=3)[:2]:
            built.append(network.model("float32").build(network.n_features))
    text = [jn.Embedding(3, 4), jn.GRU(5, return_sequences=True, stateful=True), jn.Dense(3)]
    writer = jn.Sequential(text, loss="softmax_crossentropy").build(10)
    writer.classes = ("a", "b", "\n")
    both = jn.Branches([[jn.Dense(2)], [jn.Embedding(5, 2), jn.Flatten()]])
    return [*built, writer, jn.Sequential([both, jn.Dense(1)], loss="mse").build(((3,), (4,)))]


def _tables() -> list[jn.TableModel]:
    settings: dict[str, Any] = {"epochs": 1, "hidden": (3,), "ensemble": 2}
    frame = mixed(80)
    many = {"code": [f"c{k % 300}" for k in range(900)], "y": [float(k % 7) for k in range(900)]}
    return [
        jn.TableModel("dear", table=jn.Table(bins=4), **settings).fit(frame.drop("price")),
        jn.TableModel("price", **settings).fit(frame.drop("dear")),
        jn.TableModel("y", epochs=1, hidden=(3,)).fit(many),
    ]


def _use(model: jn.Sequential) -> None:
    nodes = model._built().nodes
    if math.prod(nodes.shape if not isinstance(nodes.shape[0], tuple) else ()) <= SMALL:
        model.predict(_zeros(nodes.shape))
    if model.classes:
        with contextlib.suppress(ValueError, TypeError):  # no model of characters
            list(generate(model, str(model.classes[0]), 3, seed=0))


def _zeros(shape: Any) -> Any:
    if isinstance(shape[0], tuple):
        return tuple(np.zeros((2, *one)) for one in shape)
    return np.zeros((2, *shape))


def _use_table(model: jn.TableModel) -> None:
    schema(model)
    names = [column.name for column in model.table.columns]
    model.predict({})
    model.predict({name: [None, None] for name in names})


def _begin_checkpoints(folder: Path) -> tuple[Sequence[bytes], Read]:
    X, y = np.arange(24.0).reshape(12, 2), np.arange(12.0)
    made = folder / "made"

    def fit(resume: Path | None = None) -> None:
        layers = [jn.Dense(3, "relu"), jn.BatchNorm(), jn.Dense(1)]
        model = jn.Sequential(layers, "mse", jn.Adam(), n_threads=1)
        callbacks = [jn.EarlyStopping("loss"), jn.Checkpoint(made, every_steps=4)]
        options: dict[str, Any] = {"callbacks": callbacks, "resume": resume, "progress": False}
        model.fit(X, y, epochs=3, batch_size=5, **options)

    fit()
    seeds = [file.read_bytes() for file in sorted(made.glob("step-*"))]

    def read(content: bytes) -> None:
        path = made / "step-000000000.safetensors"
        path.write_bytes(content)
        fit(path)

    return seeds, read


def _small() -> jn.Sequential:
    layers = [jn.Conv1D(3, 2), jn.BatchNorm(), jn.LSTM(2), jn.Dense(2)]
    return jn.Sequential(layers, "mse").build((4, 2))


def _begin_state_dicts(folder: Path) -> tuple[Sequence[bytes], Read]:
    path, model = folder / "weights.safetensors", _small()
    jn.save_state_dict(model, path)

    def read(content: bytes) -> None:
        path.write_bytes(content)
        jn.load_state_dict(model, path)
        model.predict(np.zeros((1, 4, 2)))

    return [path.read_bytes()], read


def _begin_keras(folder: Path) -> tuple[Sequence[bytes], Read]:
    path, model = folder / "model.weights.h5", jn.Sequential([jn.Dense(2)], "mse").build(3)

    def read(content: bytes) -> None:
        path.write_bytes(content)
        jn.from_keras(path, model)

    seeds = []
    for options in ({}, {"compression": "gzip", "chunks": True}):
        with h5py.File(path, "w") as file:
            file.create_dataset("layers/dense/vars/0", data=np.ones((3, 2), "f4"), **options)
            file.create_dataset("layers/dense/vars/1", data=np.ones(2, "f4"), **options)
            file.create_dataset("optimizer/vars/0", data=7)
        seeds.append(path.read_bytes())
    return seeds, read


def _begin_configurations(folder: Path) -> tuple[Sequence[bytes], Read]:
    path = folder / "run.toml"

    def read(content: bytes) -> None:
        path.write_bytes(content)
        with_configuration(["train", "--config", str(path)])

    lines = 'input = "a.csv"\nepochs = 3\nquiet = true\nhidden = [8, 4]\nordinal = [["a", "b"]]\n'
    return [lines.encode()], read


READERS = (
    Reader(_begin_models, SAFETENSORS),
    Reader(_begin_checkpoints, SAFETENSORS, (ValueError, FloatingPointError)),
    Reader(_begin_state_dicts, SAFETENSORS),
    Reader(_begin_keras),
    Reader(_begin_configurations),
)
INSTRUMENTED = (
    "jitnet.checks", "jitnet.configuration", "jitnet.content", "jitnet.description",
    "jitnet.export.keras_weights", "jitnet.export.state_dict", "jitnet.fit_state",
    "jitnet.generation", "jitnet.history", "jitnet.inference.info", "jitnet.inputs",
    "jitnet.io.model_file", "jitnet.loading", "jitnet.shapes", "jitnet.tabular.columns",
    "jitnet.tabular.soundness", "jitnet.tabular.table", "jitnet.tabular.target", "json.decoder",
    "tomllib._parser",
)  # fmt: skip

HUNT = Hunt(
    guided(__name__),
    short=30.0,
    long=3600.0,
    needs=NEEDS,
    mended=(
        "A damaged file of Keras's ended in errors of h5py's, of many kinds.",
        "Errors were as long as what a file says, or had its ends of lines.",
        "A model whose numbers overflow elsewhere became C that does not compile.",
        "A normalisation took a variance below 0.",
        "Moments of another type than the model's were cast, and overflowed with a warning.",
        "An ε that is infinite in the model's type was taken, with a warning.",
        "Infinite tensors of a state dict, and ensembles that overflow, ended in NumPy's warnings.",
        "A name of two lines in a configuration was in its error; an empty list was an IndexError.",
        "Logarithms and dates beyond all numbers ended `to_c` in a warning and an OverflowError.",
    ),
)
