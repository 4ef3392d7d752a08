"""Layers of sequences as PyTorch's modules, which take (n, time, features)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from jitnet.export.network import Stage
from jitnet.export.recurrent import KINDS, directions_of, recurrent_of
from jitnet.export.torch_chain import Chain
from jitnet.layers import (
    GRU,
    LSTM,
    Activation,
    Dense,
    Dropout,
    LayerNorm,
    Rescaling,
    Residual,
    SimpleRNN,
)


def features_last(stages: Sequence[Stage]) -> bool | None:
    """Whether a sequence comes in as (n, time, features); None if there it does not matter."""
    for stage in stages:
        if type(stage.layer) is Residual:
            found = features_last(stage.inner)
        elif type(stage.layer) in (Activation, Dropout, LayerNorm, Rescaling):
            found = None
        else:
            found = len(stage.input) == 2 and type(stage.layer) in (Dense, *KINDS)
        if found is not None:
            return found
    return None


def embedding(chain: Chain, stage: Stage) -> None:
    """A row of the weights for each index."""
    weight = stage.weights["weight"]
    settings = dict(zip(("num_embeddings", "embedding_dim"), weight.shape, strict=True))
    chain.add("Embedding", {"weight": weight}, **settings)
    chain.shape, chain.features_last = stage.output, True


def recurrent(chain: Chain, stage: Stage) -> None:
    """A recurrent layer, of one direction or two."""
    layer, directions = recurrent_of(stage.layer), directions_of(stage)
    tensors, added = {}, {}
    for suffix, direction in zip(("l0", "l0_reverse"), directions, strict=False):
        tensors[f"weight_ih_{suffix}"] = direction.weight.T
        tensors[f"weight_hh_{suffix}"] = direction.recurrent_weight.T
        tensors[f"bias_ih_{suffix}"], tensors[f"bias_hh_{suffix}"] = direction.biases
        added[f"bias_hh_{suffix}"] = direction.added
    chain.put_features(last=True)
    chain.add(
        RECURRENT[type(layer)],
        tensors,
        added,
        input_size=stage.input[-1],
        hidden_size=layer.units,
        batch_first=True,
        **({"bidirectional": True} if len(directions) > 1 else {}),
    )
    chain.add("AllSteps" if layer.return_sequences else "LastStep")
    chain.shape, chain.features_last = stage.output, layer.return_sequences


RECURRENT: dict[type[Any], str] = {GRU: "GRU", LSTM: "LSTM", SimpleRNN: "RNN"}
"""The module of a recurrent layer."""
