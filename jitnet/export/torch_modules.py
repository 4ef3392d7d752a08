"""A model as an ``nn.Sequential`` of PyTorch's, and modules that PyTorch does not have itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from jitnet.export.network import read, refuse_mask
from jitnet.export.state_dict import to_state_dict
from jitnet.export.torch_chain import SEQUENTIAL, Module
from jitnet.export.torch_layers import DESTINATION, modules_of
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


class Branches(nn.Module):
    """Takes a tuple of inputs, each through a module of its own, and puts what they give together.

    The axis ``dim`` is that of the channels: 1, or of sequences whose features come last -1.
    """

    def __init__(self, layers: Iterable[nn.Module], dim: int = 1) -> None:
        super().__init__()
        self.layers, self.dim = nn.ModuleList(layers), dim

    def forward(self, inputs: Sequence[torch.Tensor]) -> torch.Tensor:
        """Return what the modules make of their inputs, side by side."""
        given = [layer(x) for layer, x in zip(self.layers, inputs, strict=True)]
        return torch.cat(given, dim=self.dim)


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


class ChannelsFirst(nn.Module):
    """Puts the features of sequences before their time steps."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return x (n, time, features) as (n, features, time)."""
        return x.movedim(-1, 1)


class ChannelsLast(nn.Module):
    """Puts the features of sequences behind their time steps."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return x (n, features, time) as (n, time, features)."""
        return x.movedim(1, -1)


class AllSteps(nn.Module):
    """Takes of what a recurrent module gives its outputs at all time steps."""

    def forward(self, given: tuple[torch.Tensor, Any]) -> torch.Tensor:
        """Return (n, time, units), both directions' units side by side."""
        return given[0]


class LastStep(nn.Module):
    """Takes of what a recurrent module gives its output at the last time step.

    Each direction has one of its own: that of the backward direction is the first in time.
    """

    def forward(self, given: tuple[torch.Tensor, Any]) -> torch.Tensor:
        """Return (n, units), both directions' units side by side."""
        output, state = given
        h = state[0] if isinstance(state, tuple) else state
        directions = output.shape[-1] // h.shape[-1]
        return torch.cat([*h[-directions:]], dim=-1)


OWN: dict[str, type[nn.Module]] = {
    kind.__name__: kind
    for kind in (
        AllSteps,
        Branches,
        ChannelNorm,
        ChannelsFirst,
        ChannelsLast,
        LastStep,
        Reorder,
        Rescaling,
        Reshape,
        Residual,
    )
}
"""The modules that PyTorch does not have itself, by their names."""


def to_torch(model: Sequential) -> nn.Sequential:
    """Make the equal module of PyTorch, an ``nn.Sequential``, with the model's weights.

    It takes and gives images and sequences with their channels first, (n, channels, height, width),
    but sequences (n, time, features) where the first layer that asks for an order, or the last, is
    a recurrent one, an `Embedding` or a `Dense`; indices are (n, time). `stateful` layers begin
    with a state of zero each time. What it gives are logits, which PyTorch's losses such as
    `nn.CrossEntropyLoss` take, those of each time step by ``y.movedim(-1, 1)``: there is no
    softmax, sigmoid or exponential at its end. It is in training mode, as modules are at first, and
    ready to be trained further; ``eval()`` makes it predict. Random moves of images are left out.
    Of a model with several inputs it takes a tuple of them.

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
        If a layer or an activation of one's own is among the model's, or an `Embedding` with
        ``mask_zero``.
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
    refuse_mask(exported, DESTINATION)
    module = _sequential(modules_of(exported)).to(getattr(torch, exported.dtype.name))
    tensors = {name: torch.from_numpy(array) for name, array in to_state_dict(model).items()}
    module.load_state_dict(tensors)
    return module


def _sequential(modules: Sequence[Module]) -> nn.Sequential:
    return nn.Sequential(*map(_module, modules))


def _module(module: Module) -> Any:
    if module.kind == SEQUENTIAL:
        return _sequential(module.inner)
    kind = OWN.get(module.kind) or getattr(nn, module.kind)
    inner = [_sequential(module.inner)] if kind in (Branches, Residual) else []
    return kind(*inner, **module.settings)
