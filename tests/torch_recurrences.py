"""PyTorch's recurrent layers, of given parameters, whose sequences may end early."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

torch: Any = pytest.importorskip("torch", reason="PyTorch is an extra: jitnet[reference]")

MODULES = {"GRU": torch.nn.GRU, "LSTM": torch.nn.LSTM, "SimpleRNN": torch.nn.RNN}


def torch_recurrence(
    layer: Any, x: Any, *parameters: Any, lengths: Any = None, initial: Any = None
) -> Any:
    """What PyTorch's module of a layer's kind, with the layer's parameters, makes of x.

    The initial states (examples, directions · states · units) are those of each direction in turn.
    """
    inner = getattr(layer, "layer", layer)
    directions = 1 if inner is layer else 2
    module = MODULES[type(inner).__name__](
        x.shape[-1], inner.units, batch_first=True, bidirectional=directions == 2
    ).to(x.dtype)
    own = _own_parameters(parameters, directions, inner.units)
    given = x
    if lengths is not None:
        given = torch.nn.utils.rnn.pack_padded_sequence(
            x, torch.tensor(lengths), batch_first=True, enforce_sorted=False
        )
    states = () if initial is None else (_states(initial, inner, directions),)
    outputs, final = torch.func.functional_call(module, own, (given, *states))
    if not inner.return_sequences:  # they stand behind each example's own last step
        h = final[0] if isinstance(final, tuple) else final
        return torch.cat(list(h), dim=1)
    if lengths is None:
        return outputs
    padded, _ = torch.nn.utils.rnn.pad_packed_sequence(
        outputs, batch_first=True, total_length=x.shape[1]
    )
    return padded


def _own_parameters(parameters: Sequence[Any], directions: int, units: int) -> dict[str, Any]:
    """Parameters by PyTorch's names: both biases, of which we have one but for a GRU's n."""
    W, b, U, *own_bias = parameters
    named: dict[str, Any] = {}
    for d, suffix in enumerate(("", "_reverse")[:directions]):
        n_out = U.shape[1]
        columns, rows = slice(d * n_out, (d + 1) * n_out), slice(d * units, (d + 1) * units)
        zeros = torch.zeros(n_out, dtype=b.dtype)
        named |= {
            f"weight_ih_l0{suffix}": W[:, columns].T,
            f"weight_hh_l0{suffix}": U[rows].T,
            f"bias_ih_l0{suffix}": b[columns],
            f"bias_hh_l0{suffix}": torch.cat([zeros[units:], own_bias[0][rows]])
            if own_bias
            else zeros,
        }
    return named


def _states(initial: Any, inner: Any, directions: int) -> Any:
    parts = initial.split(inner.units, dim=1)
    states = len(parts) // directions
    arrays = [torch.stack(parts[place::states]) for place in range(states)]
    return arrays[0] if states == 1 else tuple(arrays)
