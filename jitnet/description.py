"""Layers, optimisers and schedules as names and numbers, and back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass
from numbers import Integral, Real
from typing import Any

from jitnet.activations import ACTIVATIONS
from jitnet.layers import LAYERS
from jitnet.losses import LOSSES
from jitnet.optimizers.table import OPTIMIZERS
from jitnet.schedules import SCHEDULES
from jitnet.tabular.columns import COLUMNS
from jitnet.tabular.target import Target


def _kinds() -> dict[str, Any]:
    """What stands in a file as a name and its parameters."""
    return {**LAYERS, **OPTIMIZERS, **SCHEDULES, **COLUMNS, "Target": Target}


def describe(value: Any) -> Any:
    """A dataclass as its class's name and its fields, numbers as JSON knows them."""
    if is_dataclass(value):
        kind = type(value).__name__
        if _kinds().get(kind) is not type(value):
            raise ValueError(
                f"a file cannot hold a {kind}, but only what is registered: {sorted(_kinds())}; "
                f"jitnet.extend.register({kind}) adds it, here and where the file is loaded"
            )
        parts = {part.name: describe(getattr(value, part.name)) for part in fields(value)}
        return {"class": kind, **parts}
    if isinstance(value, tuple | list):
        return [describe(part) for part in value]
    if isinstance(value, bool) or not isinstance(value, Real):
        return value
    return int(value) if isinstance(value, Integral) else float(value)


def recreate(value: Any) -> Any:
    """What a file says by a class's name and its fields."""
    if isinstance(value, list):
        return tuple(recreate(part) for part in value)
    if not isinstance(value, dict):
        return value
    kind = value["class"]
    if kind not in _kinds():
        raise ValueError(
            f"it names a {kind}, which is not known here; import what defines it and call "
            f"jitnet.extend.register({kind}) first"
        )
    return _kinds()[kind](**{k: recreate(v) for k, v in value.items() if k != "class"})


def check_names(description: dict[str, Any]) -> None:
    """Say what to register where a model names a loss or an activation that is not known."""
    activations = _activations(description["layers"])
    names = {("Loss", description["loss"], description["loss"] in LOSSES)}
    for kind, name, known in names | {("Activation", a, a in ACTIVATIONS) for a in activations}:
        if not known:
            raise ValueError(
                f"it names the {kind.lower()} {name!r}, which is not known here; call "
                f"jitnet.extend.register({name}={kind}(…)) first"
            )


def _activations(layers: Iterable[Any]) -> Iterator[str]:
    """The activations that described layers, and those within them, name."""
    for layer in layers:
        yield layer.get("activation", "identity")
        for inner in (layer.get("layers", ()), *layer.get("branches", ())):
            yield from _activations(inner)
