"""An ``nn.Sequential`` of PyTorch's as a model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from jitnet.engine.nodes import is_several
from jitnet.export.torch_modules import Branches, nn
from jitnet.export.torch_reader import Reader
from jitnet.export.torch_reader_layers import ACTIVATIONS, MODULES
from jitnet.inputs import shape_given
from jitnet.layers.layer import Shape
from jitnet.model import MOST_FEATURES, Sequential


def from_torch(
    module: nn.Sequential,
    loss: str,
    shape: int | Sequence[int] | Sequence[Sequence[int]] | None = None,
    **settings: Any,
) -> Sequential:
    """Make a model of an ``nn.Sequential`` of PyTorch's modules, with their weights.

    Parameters
    ----------
    module : torch.nn.Sequential
        Modules of the table in `jitnet.export.torch_layers`, which give logits: a softmax or a
        sigmoid at the end is the loss's here. An nn.LSTM, nn.GRU or nn.RNN gives a tuple; behind
        it stands an ``AllSteps`` or a ``LastStep`` of `jitnet.export.torch_modules`, and where
        there is none all steps are meant. Several of its layers become as many layers.
    loss : str
        The loss, as in `Sequential`.
    shape : int, tuple of int, or list of tuple of int, optional
        Features of an example or its shape, (height, width, channels) or (time, channels), with the
        channels last as here, or the time steps of indices; needed where the first module with
        weights is no Linear. Of a module that begins with ``Branches`` of
        `jitnet.export.torch_modules` the shape of each input.
    **settings
        What else `Sequential` takes; the dtype is the module's.

    Returns
    -------
    Sequential
        The model. Its images and sequences have their channels last.

    Raises
    ------
    TypeError, ValueError
        If there are other modules, or settings of theirs that there are none of here.
    ImportError
        Without PyTorch.

    Examples
    --------
    >>> import jitnet as jn
    >>> from torch import nn
    >>> jn.from_torch(nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3)), "mse")
    Sequential([Dense(8, activation='relu'), Dense(3)], loss='mse', optimizer=Adam())
    """
    if not isinstance(module, nn.Sequential):
        raise TypeError(f"module must be an nn.Sequential, got {type(module).__name__}")
    first = _first_shape(module) if shape is None else shape_given(shape, MOST_FEATURES)
    begins = next((part for part in module.modules() if type(part) is not nn.Sequential), None)
    if is_several(first) and not isinstance(begins, Branches):
        raise ValueError(f"shape must be of one input where no Branches come first, got {first}")
    reader = Reader(MODULES, ACTIVATIONS, first)
    reader.read(module)
    reader.refuse_order("the output", "end with a Linear")
    types = {str(parameter.dtype).removeprefix("torch.") for parameter in module.parameters()}
    settings = {"dtype": "float64" if types == {"float64"} else "float32"} | settings
    model = Sequential(reader.all_layers(), loss, **settings).build(first)
    model.set_weights(reader.weights)
    return model


def _first_shape(module: nn.Sequential) -> Shape:
    for part in module.modules():
        if isinstance(part, nn.Linear):
            return (part.in_features,)
        if next(part.parameters(recurse=False), None) is not None:
            break
    raise ValueError(
        "shape must be given where the first module with weights is no Linear: (height, width, "
        "channels) of images, (time, channels) of sequences, the time steps of indices"
    )
