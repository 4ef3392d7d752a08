"""What a model is made of, checked before it is made."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from jitnet.callbacks import Callback
from jitnet.checks import check_choice, check_number
from jitnet.hints import hint_for
from jitnet.layers import Layer
from jitnet.layers.layer import Shape
from jitnet.losses import LOSSES
from jitnet.optimizers import Adam, Optimizer
from jitnet.optimizers.table import by_name
from jitnet.quoting import quoted


def check_output(layer: Layer, loss: str) -> None:
    """Refuse an output activation beside a loss that has its own."""
    activation = getattr(layer, "activation", "identity")
    if LOSSES[loss].link != "identity" and activation != "identity":
        raise ValueError(
            f"{loss} works on the output layer's z and applies its own activation; leave "
            f"activation={quoted(activation)} out of the last layer"
        )
    if LOSSES[loss].takes_labels and getattr(layer, "units", 2) < 2:
        raise ValueError(
            "softmax_crossentropy needs a last layer of at least 2 units, one a class; for two "
            "classes and one unit there is binary_crossentropy"
        )


def check_output_shape(shape: Shape, loss: str) -> None:
    """Refuse an image where a loss takes a row of classes."""
    if LOSSES[loss].takes_labels and len(shape) > 2:
        raise ValueError(
            f"{loss} takes one axis of classes, for each example or time step, but the last layer "
            f"gives the shape {shape}; end with jn.Flatten() and a Dense of as many units as there "
            "are classes"
        )


def check_optimizer(optimizer: Any) -> Optimizer:
    """An optimiser, by its name or as it is; Adam by default."""
    if optimizer is None:
        return Adam()
    if isinstance(optimizer, str):
        known = by_name()
        return known[check_choice("optimizer", optimizer, known)]()
    if not isinstance(optimizer, Optimizer):
        hint = hint_for("optimizer", optimizer, by_name())
        raise TypeError(
            f"optimizer must be an optimiser such as Adam(), got {quoted(optimizer)}{hint}"
        )
    return optimizer


def check_smoothing(smoothing: float, loss: str) -> float:
    """Label smoothing, which softmax_crossentropy alone has."""
    check_number("label_smoothing", smoothing, least=0.0, below=1.0)
    if smoothing and loss != "softmax_crossentropy":
        raise ValueError(f"label_smoothing belongs to softmax_crossentropy, not to {loss}")
    return float(smoothing)


def check_quantile(quantile: float, loss: str) -> float:
    """The level of the quantile loss, which no other has."""
    check_number("quantile", quantile, above=0.0, below=1.0)
    if quantile != 0.5 and loss != "quantile":
        raise ValueError(f"quantile belongs to the loss 'quantile', not to {loss}")
    return float(quantile)


def check_dtype(dtype: DTypeLike) -> np.dtype[Any]:
    """float32 or float64."""
    try:
        kind = np.dtype("V") if dtype is None else np.dtype(dtype)  # NumPy's None is float64
    except Exception:  # of whatever it is that NumPy makes no type of
        kind = np.dtype("V")
    if kind not in (np.dtype(np.float32), np.dtype(np.float64)):
        raise ValueError(f"dtype must be 'float32' or 'float64', got {quoted(dtype)}")
    return kind


def check_callbacks(callbacks: Iterable[Callback]) -> tuple[Callback, ...]:
    """What is told of each epoch."""
    if not isinstance(callbacks, Iterable):
        raise TypeError(f"callbacks must be a list of Callback objects, got {quoted(callbacks)}")
    listeners = tuple(callbacks)
    for callback in listeners:
        if not isinstance(callback, Callback):
            raise TypeError(f"callbacks must be Callback objects, got {quoted(callback)}")
    return listeners
