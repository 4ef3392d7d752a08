"""PyTorch's pools, of images and sequences whose channels come last."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

torch: Any = pytest.importorskip("torch", reason="PyTorch is an extra: jitnet[reference]")
F = torch.nn.functional


def _with_channels_first(pool: Callable[..., Any]) -> Callable[..., Any]:
    def applied(layer: Any, x: Any) -> Any:
        padding = 0 if layer.padding == "valid" else layer.padding
        return pool(x.movedim(-1, 1), layer.pool_size, layer.strides, padding).movedim(1, -1)

    return applied


TORCH_POOLS: dict[str, Callable[..., Any]] = {
    "AveragePool1D": _with_channels_first(partial(F.avg_pool1d, count_include_pad=False)),
    "AveragePool2D": _with_channels_first(partial(F.avg_pool2d, count_include_pad=False)),
    "GlobalAveragePool": lambda layer, x: x.flatten(1, -2).mean(dim=1),
    "GlobalMaxPool": lambda layer, x: x.flatten(1, -2).max(dim=1).values,
    "MaxPool1D": _with_channels_first(F.max_pool1d),
    "MaxPool2D": _with_channels_first(F.max_pool2d),
}
"""``pool(layer, x)`` by the names of our layers."""
