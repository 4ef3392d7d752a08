"""Modules of PyTorch's as layers: what is collected of them, and how numbers lie there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from jitnet.arrays import Array
from jitnet.export.torch_modules import nn
from jitnet.layers import Activation, Conv1D, Conv2D, Dense, Layer
from jitnet.layers.layer import Shape

WIDTH = 16
"""Examples in a panel, on which no shape depends."""

Modules = Mapping[type[Any], Callable[["Reader", Any], None]]
Activations = Mapping[type[Any], tuple[str, Callable[[Any], bool]]]


class Reader:
    """Layers and weights, collected, and the shape of what the last one gives.

    Parameters
    ----------
    modules : mapping of type to callable
        What each module adds to a reader.
    activations : mapping of type to (str, callable)
        The activation that a module is, and whether it is just that.
    shape : tuple of int
        The shape of an example, channels last.
    moved : tuple of int, optional
        Which of jitnet's numbers of a flat value lie where, if they lie otherwise in PyTorch: they
        were flattened with their channels first.
    features_last : bool, optional
        Whether a sequence is (n, time, features) in PyTorch too; None before a module has told.
    """

    def __init__(
        self,
        modules: Modules,
        activations: Activations,
        shape: Shape,
        moved: tuple[int, ...] | None = None,
        features_last: bool | None = None,
    ) -> None:
        self.modules, self.activations = modules, activations
        self.shape, self.moved, self.features_last = shape, moved, features_last
        self.layers: list[Layer] = []
        self.weights: list[Array] = []

    def read(self, modules: Iterable[nn.Module]) -> None:
        """Add the layers that modules are."""
        for module in modules:
            if type(module) is nn.Sequential:
                self.read(module)
            elif type(module) in self.activations:
                self.activate(module)
            elif type(module) in self.modules:
                self.modules[type(module)](self, module)
            else:
                known = sorted({kind.__name__ for kind in (*self.modules, *self.activations)})
                raise ValueError(f"jitnet has no {module}, but these: {', '.join(known)}")

    def within(self) -> Reader:
        """A reader of modules within another one, which take what there is."""
        return Reader(self.modules, self.activations, self.shape, self.moved, self.features_last)

    def all_layers(self) -> list[Layer]:
        """The layers; where modules did nothing there is one that does nothing."""
        return self.layers or [Activation("identity")]

    def add(self, layer: Layer, *weights: Any) -> None:
        """Add a layer with its weights, as they are here."""
        self.shape = layer.node(self.shape, WIDTH).output
        self.layers.append(layer)
        self.weights += [array_of(tensor) for tensor in weights if tensor is not None]

    def activate(self, module: nn.Module) -> None:
        """Add an activation, to the layer before where that takes one."""
        name, accepts = self.activations[type(module)]
        require(module, accepts(module))
        last: Any = self.layers[-1] if self.layers else None
        if isinstance(last, Dense | Conv1D | Conv2D) and last.activation == "identity":
            self.layers[-1] = replace(last, activation=name)
        else:
            self.add(Activation(name))

    def in_order(self, tensor: Any) -> Any:
        """What belongs to each number of a flat input, in the order that the numbers have here."""
        if tensor is None or self.moved is None:
            return tensor
        array = array_of(tensor)
        turned = np.empty_like(array)
        turned[list(self.moved)] = array
        return turned

    def expect_features(self, module: nn.Module, *, last: bool) -> None:
        """Know where the features of a sequence, if it is one, stand for a module."""
        if len(self.shape) != 2:
            return
        if self.features_last not in (None, last):
            taken, given = "(n, features, time)", "(n, time, features)"
            taken, given = (given, taken) if last else (taken, given)
            put = "ChannelsLast" if last else "ChannelsFirst"
            raise ValueError(
                f"{module} takes sequences {taken}, but there are {given}; put a {put} before, of "
                "jitnet.export.torch_modules"
            )
        self.features_last = last

    def refuse_order(self, what: str, instead: str) -> None:
        """Refuse flat numbers in another order than here."""
        if self.moved is not None:
            raise ValueError(
                f"{what} has the numbers of images with their channels first, which come last "
                f"here; {instead}"
            )


def array_of(tensor: Any) -> Array:
    """A tensor as NumPy has it; of floating types some are none of NumPy's."""
    if isinstance(tensor, np.ndarray):
        return tensor
    found = tensor.detach().cpu()
    array: Array = (found.double() if found.is_floating_point() else found).numpy()
    return array


def require(module: nn.Module, condition: bool) -> None:
    """Refuse a module unless its settings are those of a layer here."""
    if not condition:
        raise ValueError(f"jitnet has no {module} with these settings")
