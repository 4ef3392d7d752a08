"""What `jitnet warmup` compiles."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

import jitnet as jn
from jitnet.kernels.panels import panel_width
from jitnet.layers import LAYERS, Activation
from jitnet.layers.chain import chain
from jitnet.losses import LOSSES
from jitnet.warmup import models_of_rows, models_of_shapes


def parts(layers: Sequence[Any]) -> Iterator[Any]:
    """Layers, and those within them."""
    for layer in layers:
        yield layer
        inner = [getattr(layer, "layers", ()), *getattr(layer, "branches", ())]
        for some in [*inner, [layer.layer] if hasattr(layer, "layer") else []]:
            yield from parts(some)


def test_every_layer_and_loss_is_among_its_networks() -> None:
    models = [*models_of_rows("float32"), *(made[0] for made in models_of_shapes("float32"))]
    found = {type(layer) for model in models for layer in parts(model.layers)}
    assert found == set(LAYERS.values()) - {Activation}, "activations are those of Dense layers"
    assert {model.loss for model in models} == set(LOSSES)
    assert isinstance(models[0], jn.Sequential)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_convolutions_are_computed_in_all_ways(dtype: str) -> None:
    images = [made for made in models_of_shapes(dtype) if made[1][0].ndim == 3]
    chains = [chain(model.layers, X.shape[1:], panel_width(dtype)) for model, X, _ in images]
    nodes = [node for nodes in chains for node in nodes]
    operations = [(*node.forward, *node.backward, *node.gradients) for node in nodes]
    kernels: list[Any] = [operation.kernel for some in operations for operation in some]
    names = {getattr(kernel, "py_func", kernel).__name__ for kernel in kernels}
    assert names >= {
        "convolution_forward",
        "convolution_backward",
        "convolution_weight_backward",
        "convolution_turned_weight_backward",
        "convolution_patches_forward",
        "convolution_patches_backward",
        "convolution_patches_weight_sums",
        "convolution_patches_weight_backward",
    }
