"""Modules of sequences, (n, time, features) in PyTorch, as layers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from jitnet.export.recurrent import KINDS, Direction, direction_from, joined
from jitnet.export.torch_reader import Reader, array_of, require
from jitnet.layers import Bidirectional, Dropout, Embedding, Layer


def channels(*, last: bool) -> Callable[[Reader, Any], None]:
    """The other order of a sequence's axes."""

    def moved(reader: Reader, module: Any) -> None:
        require(module, len(reader.shape) == 2)
        reader.expect_features(module, last=not last)
        reader.features_last = last

    return moved


def embedding(reader: Reader, module: Any) -> None:
    """A row of the weights for each index."""
    require(module, module.max_norm is None)
    reader.add(Embedding(module.num_embeddings, module.embedding_dim), module.weight)
    reader.features_last = True


def recurrent(kind: Any) -> Callable[[Reader, Any], None]:
    """Layers that go from step to step, one after the other, with the outputs of all steps."""

    def read(reader: Reader, module: Any) -> None:
        require(module, module.batch_first and not module.proj_size)
        require(module, getattr(module, "nonlinearity", "tanh") == "tanh")
        reader.expect_features(module, last=True)
        layer = kind(module.hidden_size, return_sequences=True)
        for number in range(module.num_layers):
            if number > 0 and module.dropout:
                reader.add(Dropout(module.dropout))
            suffixes = ("", "_reverse")[: 1 + module.bidirectional]
            directions = [_direction(module, f"l{number}{suffix}", kind) for suffix in suffixes]
            whole = Bidirectional(layer) if module.bidirectional else layer
            reader.add(whole, *joined(directions))

    return read


def _direction(module: Any, suffix: str, kind: Any) -> Direction:
    weight, recurrent_weight = (
        array_of(getattr(module, f"weight_{of}_{suffix}")).T for of in ("ih", "hh")
    )
    nothing = np.zeros(weight.shape[1])
    bias, of_state = (
        array_of(getattr(module, f"bias_{of}_{suffix}")) if module.bias else nothing
        for of in ("ih", "hh")
    )
    return direction_from(weight, recurrent_weight, bias, of_state, kind)


def all_steps(reader: Reader, module: Any) -> None:
    """What a recurrent module gives of all time steps."""
    _recurrent_before(reader, module)


def last_step(reader: Reader, module: Any) -> None:
    """What a recurrent module gives of the last time step."""
    layer = _recurrent_before(reader, module)
    if isinstance(layer, Bidirectional):
        last: Layer = Bidirectional(replace(layer.layer, return_sequences=False))
    else:
        last = replace(layer, return_sequences=False)
    reader.layers[-1], reader.shape = last, reader.shape[-1:]


def _recurrent_before(reader: Reader, module: Any) -> Any:
    layer = reader.layers[-1] if reader.layers else None
    if not isinstance(layer, KINDS):
        raise ValueError(f"{module} stands behind a recurrent module alone, not behind {layer}")
    return layer
