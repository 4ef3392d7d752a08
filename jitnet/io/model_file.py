"""A model in a safetensors file: its tensors by name, and a description of it as JSON."""

from __future__ import annotations

import json
import os
from dataclasses import fields, is_dataclass
from numbers import Integral, Real
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from jitnet.checks import check_whole
from jitnet.engine import Engine
from jitnet.extras import install
from jitnet.io.files import write_file
from jitnet.layers import Dense
from jitnet.memory import Array
from jitnet.optimizers.table import OPTIMIZERS
from jitnet.schedules import Constant, Cosine, Exponential, OneCycle, Step
from jitnet.steps.state import EPOCHS_TAKEN, STEPS_TAKEN

if TYPE_CHECKING:
    from jitnet.model import Sequential

FORMAT = 1
INSTALL = f"a model file needs the package safetensors: {install('cli')}"
KINDS: dict[str, Any] = {
    kind.__name__: kind
    for kind in (Dense, *OPTIMIZERS.values(), Constant, Cosine, Exponential, OneCycle, Step)
}
"""What stands in a file as a name and its parameters."""


def write_model(model: Sequential, engine: Engine, path: str | PathLike[str]) -> None:
    """Write a built model to a file."""
    try:
        from safetensors.numpy import save
    except ImportError as error:
        raise ImportError(INSTALL) from error

    names = _names(model.layers)
    state = engine.state()
    tensors = dict(zip(names, engine.parameter_views(state.parameters), strict=True))
    for moment, views in engine.moment_views(state).items():
        tensors |= {f"{moment}.{name}": view for name, view in zip(names, views, strict=True)}
    description = {
        "format": FORMAT,
        "layers": [_describe(layer) for layer in model.layers],
        "loss": model.loss,
        "optimizer": _describe(model.optimizer),
        "label_smoothing": model.label_smoothing,
        "quantile": model.quantile,
        "seed": model.seed,
        "dtype": model.dtype.name,
        "step": int(state.clock[STEPS_TAKEN]),
        "epoch": int(state.clock[EPOCHS_TAKEN]),
        "powers": state.powers.tolist(),
    }
    contiguous = {name: np.ascontiguousarray(array) for name, array in tensors.items()}
    write_file(path, save(contiguous, {"jitnet": json.dumps(description)}))


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
        Without the package safetensors: ``pip install 'jitnet[cli]'``, in a checkout
        ``pip install '.[cli]'``.

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
            raise ValueError(f"its format is {description['format']}, not {FORMAT}")
        return _rebuild(description, tensors)
    except (SafetensorError, KeyError, TypeError, ValueError, OverflowError) as error:
        raise ValueError(
            f"{os.fspath(path)!r} is no model file of jitnet's, or damaged: {error!r}"
        ) from error


def _rebuild(description: dict[str, Any], tensors: dict[str, Array]) -> Sequential:
    from jitnet.model import Sequential

    model = Sequential(
        [_recreate(layer) for layer in description["layers"]],
        description["loss"],
        _recreate(description["optimizer"]),
        label_smoothing=description["label_smoothing"],
        quantile=description["quantile"],
        seed=description["seed"],
        dtype=description["dtype"],
    )
    names = _names(model.layers)
    model.set_weights([tensors[name] for name in names])
    engine = model._built()
    state = engine.state()
    for moment, views in engine.moment_views(state).items():
        for name, view in zip(names, views, strict=True):
            kept = tensors[f"{moment}.{name}"]
            if kept.shape != view.shape:
                raise ValueError(f"{moment}.{name} must be {view.shape}, but is {kept.shape}")
            view[:] = kept
    state.clock[STEPS_TAKEN] = check_whole("step", description["step"], least=0)
    state.clock[EPOCHS_TAKEN] = check_whole("epoch", description["epoch"], least=0)
    first, second = description["powers"]
    state.powers[:] = float(first), float(second)
    engine.restore(state)
    return model


def _names(layers: tuple[Dense, ...]) -> list[str]:
    names = []
    for number, layer in enumerate(layers):
        names += [f"layers.{number}.weight"] + [f"layers.{number}.bias"] * layer.bias
    return names


def _describe(value: Any) -> Any:
    """A dataclass as its class's name and its fields, numbers as JSON knows them."""
    if is_dataclass(value):
        kind = type(value).__name__
        if KINDS.get(kind) is not type(value):
            raise ValueError(f"a file cannot hold a {kind}, but only jitnet's own: {sorted(KINDS)}")
        parts = {part.name: _describe(getattr(value, part.name)) for part in fields(value)}
        return {"class": kind, **parts}
    if isinstance(value, bool) or not isinstance(value, Real):
        return value
    return int(value) if isinstance(value, Integral) else float(value)


def _recreate(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return KINDS[value["class"]](**{k: _recreate(v) for k, v in value.items() if k != "class"})
