"""A model as an ``nn.Sequential`` of PyTorch's, and modules that PyTorch does not have itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from jitnet.export.network import read
from jitnet.export.state_dict import to_state_dict
from jitnet.export.torch_chain import Module
from jitnet.export.torch_layers import modules_of
from jitnet.extras import install
from jitnet.layers.layer import Shape
from jitnet.model import Sequential

try:
    import torch
    from torch import nn as nn
except ImportError as error:
    raise ImportError(
        f"to_torch and from_torch need the package torch: {install('reference')}"
    ) from error


class Residual(nn.Module):
    """Adds to what modules make of their input the input itself."""

    def __init__(self, layers: nn.Sequential) -> None:
        super().__init__()
        self.layers = layers

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return x + f(x)."""
        return x + self.layers(x)


class Rescaling(nn.Module):
    """Multiplies by a scale and adds an offset."""

    def __init__(self, scale: float, offset: float) -> None:
        super().__init__()
        self.scale, self.offset = scale, offset

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return scale x + offset."""
        return self.scale * x + self.offset


class Reshape(nn.Module):
    """Gives examples another shape; their numbers are taken and laid with the channels last."""

    def __init__(self, before: Shape, after: Shape) -> None:
        super().__init__()
        self.before, self.after = before, after

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return x in the other shape, channels first."""
        return x.movedim(1, -1).reshape(-1, *self.after).movedim(-1, 1)


class Reorder(nn.Module):
    """Puts the numbers of rows in another order."""

    def __init__(self, order: Sequence[int]) -> None:
        super().__init__()
        self.register_buffer("order", torch.tensor(order), persistent=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the columns of x in the order."""
        return x[:, self.order]


class ChannelNorm(nn.LayerNorm):
    """Normalises the channels of each place of an image or a sequence, which come first."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return x, normalised along axis 1."""
        return super().forward(x.movedim(1, -1)).movedim(-1, 1)


OWN = {kind.__name__: kind for kind in (Residual, Rescaling, Reshape, Reorder, ChannelNorm)}


def to_torch(model: Sequential) -> nn.Sequential:
    """Make the equal module of PyTorch, an ``nn.Sequential``, with the model's weights.

    It takes and gives images and sequences with their channels first, (n, channels, height, width).
    What it gives are logits, which PyTorch's losses such as `nn.CrossEntropyLoss` take: there is no
    softmax, sigmoid or exponential at its end. It is in training mode, as modules are at first, and
    ready to be trained further; ``eval()`` makes it predict. Random moves of images are left out.

    Parameters
    ----------
    model : Sequential
        The model.

    Returns
    -------
    torch.nn.Sequential
        The module, in the model's dtype.

    Raises
    ------
    NotFittedError
        If the model has no weights yet.
    ValueError
        If a layer or an activation of one's own is among the model's.
    ImportError
        Without PyTorch.

    Examples
    --------
    >>> import jitnet as jn
    >>> model = jn.Sequential([jn.Dense(3, activation="relu"), jn.Dense(1)], loss="mse").build(2)
    >>> jn.to_torch(model)
    Sequential(
      (0): Linear(in_features=2, out_features=3, bias=True)
      (1): ReLU()
      (2): Linear(in_features=3, out_features=1, bias=True)
    )
    """
    exported = read(model)
    module = _sequential(modules_of(exported)).to(getattr(torch, exported.dtype.name))
    tensors = {name: torch.from_numpy(array) for name, array in to_state_dict(model).items()}
    module.load_state_dict(tensors)
    return module


def _sequential(modules: Sequence[Module]) -> nn.Sequential:
    return nn.Sequential(*map(_module, modules))


def _module(module: Module) -> Any:
    if module.kind == "Residual":
        return Residual(_sequential(module.inner))
    kind = OWN.get(module.kind) or getattr(nn, module.kind)
    return kind(**module.settings)
