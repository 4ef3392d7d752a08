"""What a file holds of a model: a description that JSON can hold, and tensors by their names."""

from __future__ import annotations

from typing import Any

import numpy as np

from jitnet.arrays import Array
from jitnet.checks import check_number, check_whole
from jitnet.description import describe
from jitnet.engine.nodes import Nodes
from jitnet.engine.steps.state import EPOCHS_TAKEN, STEPS_TAKEN

STATES = "states"
"""The tensor of a checkpoint in which the last batch has left its examples."""


def content_of(model: Any) -> tuple[dict[str, Any], dict[str, Array]]:
    """What a file holds of a Sequential: the description, and tensors by their names."""
    engine = model._built()
    state = engine.state()
    description = {
        "shape": [list(n) if isinstance(n, tuple) else n for n in engine.nodes.shape],
        "layers": [describe(layer) for layer in model.layers],
        "loss": model.loss,
        "optimizer": describe(model.optimizer),
        "label_smoothing": model.label_smoothing,
        "quantile": model.quantile,
        "seed": model.seed,
        "dtype": model.dtype.name,
        "step": int(state.clock[STEPS_TAKEN]),
        "epoch": int(state.clock[EPOCHS_TAKEN]),
        "powers": state.powers.tolist(),
        "rate_scale": engine.rate_scale,
        "classes": list(model.classes),
    }
    tensors = engine.training.tensors(state)
    if state.states.size:
        tensors[STATES] = _state_rows(state.states, engine.nodes)
    return description, tensors


def _state_rows(states: Array, nodes: Nodes) -> Array:
    """The states in which the last batch has left its examples, an example a row: a view."""
    panels = states.reshape(-1, nodes.state_size, nodes.width)
    return np.moveaxis(panels, 1, 2).reshape(-1, nodes.state_size)


def check_tensors(nodes: Nodes, tensors: dict[str, Array]) -> None:
    """Refuse tensors of other shapes than a network's, before there is memory for it."""
    for row in nodes.parameters:
        found, wanted = tensors[row.name].shape, row.parameter.shape
        if found != wanted:
            raise ValueError(f"{row.name} must be {wanted}, but is {found}")


def restore(model: Any, description: dict[str, Any], tensors: dict[str, Array]) -> None:
    """Give a model the weights and the optimiser's state of a file that describes it."""
    first = description["format"] == 1
    engine = model._built()
    names = [row.name for row in engine.nodes.parameters]
    model.set_weights([tensors[name] for name in names])
    state = engine.state()
    for moment, views in engine.training.moment_views(state).items():
        for name, view in zip(names, views, strict=True):
            kept = tensors[f"{moment}.{name}"]
            _check_alike(f"{moment}.{name}", kept, view)
            view[:] = kept
    state.clock[STEPS_TAKEN] = check_whole("step", description["step"], least=0)
    state.clock[EPOCHS_TAKEN] = check_whole("epoch", description["epoch"], least=0)
    powers = [check_number("each of powers", n, least=0.0, most=1.0) for n in description["powers"]]
    if len(powers) < len(state.powers) or (len(powers) > len(state.powers) and not first):
        raise ValueError(f"powers must be {len(state.powers)} numbers, but are {powers}")
    state.powers[:] = powers[: len(state.powers)]
    if state.states.size and STATES in tensors:
        _restore_states(state.states, tensors[STATES], engine.nodes)
    engine.restore(state)
    if description["format"] > 3:
        model.classes = tuple(map(str, description["classes"]))
        engine.rate_scale = check_number("rate_scale", description["rate_scale"], above=0.0)


def _check_alike(name: str, found: Array, wanted: Array) -> None:
    if (found.shape, found.dtype) != (wanted.shape, wanted.dtype):
        raise ValueError(
            f"{name} must be {wanted.shape} of {wanted.dtype}, but is {found.shape} of "
            f"{found.dtype}"
        )


def _restore_states(states: Array, rows: Array, nodes: Nodes) -> None:
    """Lay the states of examples into panels, which may have another width than those they had."""
    panels = states.reshape(-1, nodes.state_size, nodes.width)
    count = len(panels) * nodes.width
    if (rows.ndim, rows.shape[1:], rows.dtype) != (2, (nodes.state_size,), states.dtype):
        raise ValueError(
            f"{STATES} must be rows of {nodes.state_size} numbers of {states.dtype}, but are "
            f"{rows.shape} of {rows.dtype}"
        )
    if not np.isfinite(rows).all():
        raise ValueError(f"{STATES} must be finite")
    padded = np.zeros((count, nodes.state_size), states.dtype)
    padded[: len(rows)] = rows[:count]
    panels[...] = np.moveaxis(padded.reshape(len(panels), nodes.width, -1), 2, 1)


def shape_of(description: dict[str, Any], tensors: dict[str, Array]) -> Any:
    """The shape of an example, of which earlier formats knew but the features."""
    if description["format"] == 1:
        return len(tensors["layers.0.weight"])
    return description["n_features" if description["format"] == 2 else "shape"]
