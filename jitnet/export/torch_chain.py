"""Modules of PyTorch's in the making: their names, settings and tensors, and how numbers lie."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from jitnet.arrays import Array
from jitnet.export.network import flat_order
from jitnet.layers.layer import Shape

SEQUENTIAL = "Sequential"
"""The class of a module that is others, one after the other."""


class Module(NamedTuple):
    """A module.

    Parameters
    ----------
    kind : str
        Its class.
    settings : mapping of str to object
        What that is called with.
    tensors : mapping of str to ndarray
        Its tensors.
    inner : sequence of Module
        The modules within it.
    added : mapping of str to ndarray
        For those of its tensors that are zero here, wholly or in part, as another one does the
        same: what they are added to when they are read.
    """

    kind: str
    settings: Mapping[str, Any] = {}
    tensors: Mapping[str, Array] = {}
    inner: Sequence[Module] = ()
    added: Mapping[str, Array] = {}


class Chain:
    """Modules one after the other, and what the last one gives.

    Parameters
    ----------
    shape : tuple of int
        The shape of an example, channels last; PyTorch has its channels first.
    moved : tuple of int, optional
        Which of jitnet's numbers of a flat value lie where, if they lie otherwise in PyTorch: they
        were flattened with their channels first.
    features_last : bool, default False
        Whether a sequence is (n, time, features) in PyTorch too.
    """

    def __init__(
        self,
        shape: Shape,
        moved: tuple[int, ...] | None = None,
        *,
        features_last: bool = False,
    ) -> None:
        self.shape, self.moved, self.features_last = shape, moved, features_last
        self.modules: list[Module] = []

    def add(
        self,
        kind: str,
        tensors: Mapping[str, Array] | None = None,
        added: Mapping[str, Array] | None = None,
        **settings: Any,
    ) -> None:
        """Add a module."""
        self.modules.append(Module(kind, settings, tensors or {}, added=added or {}))

    def put_features(self, *, last: bool) -> None:
        """Have a sequence's features, if it is one, come last or before its time steps."""
        if len(self.shape) == 2 and last != self.features_last:
            self.add("ChannelsLast" if last else "ChannelsFirst")
        self.features_last = last

    @property
    def order(self) -> Array | slice:
        """Which of jitnet's numbers of a flat value lie where."""
        return slice(None) if self.moved is None else np.array(self.moved)

    def put_in_order(self) -> None:
        """Have a flat value's numbers lie as jitnet has them."""
        if self.moved is not None:
            self.add("Reorder", order=np.argsort(self.moved).tolist())
            self.moved = None

    def reshape(self, shape: Shape) -> None:
        """Give the numbers another shape."""
        self.put_in_order()
        self.put_features(last=False)
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
        if not self.features_last:
            self.moved = flat_order(self.shape) or self.moved
        self.shape, self.features_last = (math.prod(self.shape),), False


def named(
    modules: Sequence[Module], prefix: str = "", *, added: bool = False
) -> Iterator[tuple[str, Array]]:
    """The tensors of modules, or what they are ``added`` to, as ``nn.Sequential`` names them."""
    for number, module in enumerate(modules):
        tensors = {**module.tensors, **(module.added if added else {})}
        for name, tensor in tensors.items():
            yield f"{prefix}{number}.{name}", tensor
        within = f"{prefix}{number}." + "layers." * (module.kind != SEQUENTIAL)
        yield from named(module.inner, within, added=added)
