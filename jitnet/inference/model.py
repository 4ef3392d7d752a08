"""A model out of a file, and its predictions for a frame's rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from jitnet.arrays import Array
from jitnet.loading import load
from jitnet.model import Sequential


def load_model(path: Path) -> Any:
    """A model; a file that cannot be read is a ValueError too."""
    try:
        return load(path)
    except OSError as error:
        raise ValueError(f"{str(path)!r} cannot be read: {error.strerror}") from None


def outputs_for(model: Any, rows: Any) -> Array:
    """What a model's networks give for rows: probabilities, or scaled numbers."""
    if not isinstance(model, Sequential):
        return np.asarray(model.outputs(rows))
    return model.predict(as_features(model, rows))


def as_features(model: Sequential, rows: Any) -> Array:
    """The columns of a frame as features, for a model that has learned no table."""
    import polars as pl

    engine = model._built()
    if rows.width != engine.n_features:
        raise ValueError(
            f"the model takes {engine.n_features} numbers a row, and there are {rows.width} columns"
        )
    for name in rows.columns:
        numbers = rows[name].cast(pl.Float64, strict=False)
        if numbers.null_count():
            row = int(numbers.is_null().arg_max())
            raise ValueError(f"row {row + 1}, column {name!r}: {rows[name][row]!r} is no number")
    features: Array = rows.cast(pl.Float64).to_numpy().reshape(-1, *engine.nodes.shape)
    return features


def predicted(model: Any, outputs: Array, *, probabilities: bool) -> Any:
    """A frame of what outputs say: the target, and the probability of each class if asked for."""
    import polars as pl

    columns: dict[str, Any] = {}
    if isinstance(model, Sequential):
        classes: tuple[Any, ...] = model.classes or tuple(range(outputs.shape[1]))
        name, has_classes = "prediction", model.loss == "softmax_crossentropy"
        if has_classes:
            columns[name] = np.array(classes)[outputs.argmax(axis=1)]
        else:
            many = outputs.shape[1] > 1
            columns = {f"{name}_{k + 1}" if many else name: o for k, o in enumerate(outputs.T)}
    else:
        target = model.table.target
        classes, name, has_classes = target.classes, target.name, bool(target.classes)
        columns[name] = target.decode(outputs)
    if probabilities:
        if not has_classes:
            raise ValueError(f"argument --probabilities: {name!r} is a number and has no classes")
        columns |= {f"probability of {c}": outputs[:, k] for k, c in enumerate(classes)}
    return pl.DataFrame(columns)
