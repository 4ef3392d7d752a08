"""Modules of PyTorch's in the making: their names, settings and tensors, and how numbers lie."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from jitnet.arrays import Array
from jitnet.export.network import channels_first, planes_of
from jitnet.layers.layer import Shape


class Module(NamedTuple):
    """A module: its class, what that is called with, its tensors, and the modules within it."""

    kind: str
    settings: Mapping[str, Any] = {}
    tensors: Mapping[str, Array] = {}
    inner: Sequence[Module] = ()


class Chain:
    """Modules one after the other, and what the last one gives.

    Parameters
    ----------
    shape : tuple of int
        The shape of an example, channels last; PyTorch has its channels first.
    planes : tuple of int, optional
        The shape, channels last, of what was flattened with its channels first.
    """

    def __init__(self, shape: Shape, planes: Shape | None = None) -> None:
        self.shape, self.planes = shape, planes
        self.modules: list[Module] = []

    def add(self, kind: str, tensors: Mapping[str, Array] | None = None, **settings: Any) -> None:
        """Add a module."""
        self.modules.append(Module(kind, settings, tensors or {}))

    @property
    def order(self) -> Array | slice:
        """Which of jitnet's numbers of a flat value lie where."""
        return slice(None) if self.planes is None else channels_first(self.planes)

    def put_in_order(self) -> None:
        """Have a flat value's numbers lie as jitnet has them."""
        if self.planes is not None:
            self.add("Reorder", order=np.argsort(channels_first(self.planes)).tolist())
            self.planes = None

    def reshape(self, shape: Shape) -> None:
        """Give the numbers another shape."""
        self.put_in_order()
        if len(self.shape) == 1 and len(shape) > 1 and shape[-1] == 1:
            self.add("Unflatten", dim=1, unflattened_size=(1, *shape[:-1]))
        elif shape != self.shape:
            self.add("Reshape", before=self.shape, after=shape)
        self.shape = shape

    def with_channels(self, axes: int) -> None:
        """Add an axis of one channel to an image or a sequence of so many axes, if it has none."""
        if len(self.shape) == axes:
            self.reshape((*self.shape, 1))

    def flatten(self) -> None:
        """Make one axis of all, where the numbers lie."""
        self.add("Flatten")
        self.planes = planes_of(self.shape) or self.planes
        self.shape = (math.prod(self.shape),)


def named(modules: Sequence[Module], prefix: str = "") -> Iterator[tuple[str, Array]]:
    """The tensors of modules, as ``nn.Sequential`` names them."""
    for number, module in enumerate(modules):
        for name, tensor in module.tensors.items():
            yield f"{prefix}{number}.{name}", tensor
        yield from named(module.inner, f"{prefix}{number}.layers.")
