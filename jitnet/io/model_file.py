"""A model in a safetensors file: its tensors by name, and a description of it as JSON."""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import asdict, fields, is_dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from jitnet import schedules
from jitnet.engine import Engine
from jitnet.layers import Dense
from jitnet.memory import Array
from jitnet.optimizers.table import OPTIMIZERS

if TYPE_CHECKING:
    from jitnet.model import Sequential

FORMAT = 1
INSTALL = "a model file needs the package safetensors: pip install 'jitnet[cli]'"


def write_model(model: Sequential, engine: Engine, path: str | PathLike[str]) -> None:
    """Write a built model to a file, whole or not at all."""
    try:
        from safetensors.numpy import save
    except ImportError as error:
        raise ImportError(INSTALL) from error

    names = _names(model.layers)
    tensors = dict(zip(names, engine.parameter_views(), strict=True))
    for moment, views in engine.moment_views().items():
        tensors |= {f"{moment}.{name}": view for name, view in zip(names, views, strict=True)}
    description = {
        "format": FORMAT,
        "layers": [asdict(layer) for layer in model.layers],
        "loss": model.loss,
        "optimizer": _describe(model.optimizer),
        "label_smoothing": model.label_smoothing,
        "seed": model.seed,
        "dtype": model.dtype.name,
        "n_features": engine.n_features,
        "step": engine.step,
        "epoch": engine.epoch,
        "powers": engine.powers.tolist(),
    }
    contiguous = {name: np.ascontiguousarray(array) for name, array in tensors.items()}
    _replace(Path(path), save(contiguous, {"jitnet": json.dumps(description)}))


def load(path: str | PathLike[str]) -> Sequential:
    """Read a model that `Sequential.save` wrote.

    Parameters
    ----------
    path : str or path-like
        The file.

    Returns
    -------
    Sequential
        The model with its weights and its optimiser's state, so that training goes on with the
        bits it would have had.

    Raises
    ------
    OSError
        If the file cannot be read.
    ValueError
        If it is no model of this library.
    ImportError
        Without the package safetensors: ``pip install 'jitnet[cli]'``.

    Examples
    --------
    See `Sequential.save`.
    """
    try:
        from safetensors import SafetensorError, safe_open
    except ImportError as error:
        raise ImportError(INSTALL) from error

    with Path(path).open("rb"):  # the system's own error where there is no such file
        pass
    try:
        with safe_open(path, framework="numpy") as file:
            description = json.loads((file.metadata() or {})["jitnet"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        if description["format"] != FORMAT:
            raise ValueError(f"its format is {description['format']}")
        return _rebuild(description, tensors)
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{os.fspath(path)!r} is no model file of jitnet's: {error}") from error


def _rebuild(description: dict[str, Any], tensors: dict[str, Array]) -> Sequential:
    from jitnet.model import Sequential

    model = Sequential(
        [Dense(**layer) for layer in description["layers"]],
        description["loss"],
        _recreate(description["optimizer"]),
        label_smoothing=description["label_smoothing"],
        seed=description["seed"],
        dtype=description["dtype"],
    ).build(description["n_features"])
    names = _names(model.layers)
    model.set_weights([tensors[name] for name in names])
    engine = model._built()
    for moment, views in engine.moment_views().items():
        for name, view in zip(names, views, strict=True):
            view[:] = tensors[f"{moment}.{name}"]
    engine.step, engine.epoch = description["step"], description["epoch"]
    engine.powers[:] = description["powers"]
    return model


def _names(layers: tuple[Dense, ...]) -> list[str]:
    names = []
    for number, layer in enumerate(layers):
        names += [f"layers.{number}.weight"] + [f"layers.{number}.bias"] * layer.bias
    return names


def _describe(value: Any) -> Any:
    """A dataclass as its class's name and its fields, other values as they are."""
    if not is_dataclass(value):
        return value
    parts = {part.name: _describe(getattr(value, part.name)) for part in fields(value)}
    return {"class": type(value).__name__, **parts}


def _recreate(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    kinds = {kind.__name__: kind for kind in OPTIMIZERS.values()}
    name, parts = value["class"], {k: _recreate(v) for k, v in value.items() if k != "class"}
    kind = kinds.get(name) or getattr(schedules, name)
    return kind(**parts)


def _replace(path: Path, content: bytes) -> None:
    """Write a file beside its place and move it there."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
