"""A graph of ONNX's in the making: nodes, weights, and the order in which numbers lie."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from jitnet.arrays import Array
from jitnet.export.network import channels_first, in_type, planes_of
from jitnet.layers.layer import Shape

OPSET, IR_VERSION = 22, 10
"""The operators and the file format: what every runtime since the end of 2024 reads."""

ML, OPSET_ML = "ai.onnx.ml", 3
"""The domain of the operators for text, and which of them."""

BATCH = "n"
"""What the axis of the examples is called."""


class Value(NamedTuple):
    """A tensor of the graph.

    Parameters
    ----------
    name : str
        Its name.
    shape : tuple of int
        The shape of an example, channels last, as jitnet's layers see it.
    planes : tuple of int, optional
        The shape, channels last, of the image or sequence whose channels come first in memory. It
        is ``shape``, or that was flattened since.
    time_first : bool, default False
        Whether it is a sequence whose time steps come before the examples, (time, n, features).
    """

    name: str
    shape: Shape
    planes: Shape | None = None
    time_first: bool = False


class Graph:
    """Nodes and weights, collected.

    Parameters
    ----------
    dtype : numpy.dtype
        The type of all numbers.
    """

    def __init__(self, dtype: np.dtype[Any]) -> None:
        self.dtype = dtype
        self.inputs: list[Any] = []
        self.outputs: list[Any] = []
        self.nodes: list[Any] = []
        self.weights: list[Any] = []
        self._names: dict[str, int] = {}
        self._taken: set[str] = set()

    def input(self, name: str, shape: Shape, dtype: Any = None) -> str:
        """Declare an input, by default in the type of the graph, before there are nodes."""
        self._taken.add(name)
        self.inputs.append(_info(name, dtype or self.dtype, shape))
        return name

    def output(self, name: str, tensor: str, shape: Shape, dtype: Any = None) -> str:
        """Call a tensor an output, by a name that no input has; this name."""
        if not any(tensor in node.output for node in self.nodes):
            tensor = self.node("Identity", tensor)
        name = self._name(name) if name in self._taken else name
        for node in self.nodes:
            for names in (node.input, node.output):
                names[:] = [name if own == tensor else own for own in names]
        self.outputs.append(_info(name, dtype or self.dtype, shape))
        return name

    def node(self, operator: str, *inputs: str, output: int = 0, **attributes: Any) -> str:
        """Add a node of which one output is used, by its place; the name of this."""
        from onnx import helper

        name = self._name(operator.lower())
        outputs = [*[""] * output, name]
        self.nodes.append(helper.make_node(operator, inputs, outputs, name=name, **attributes))
        return name

    def weight(self, name: str, array: Any) -> str:
        """Keep an array in the graph's type, or whole numbers as they are; its name."""
        array = np.asarray(array)
        kind = np.int64 if array.dtype.kind == "i" else self.dtype
        return self.constant(name, in_type(array, kind))

    def constant(self, name: str, array: Array) -> str:
        """Keep an array in its own type; its name."""
        from onnx import numpy_helper

        name = self._name(name)
        self.weights.append(numpy_helper.from_array(array, name))
        return name

    def _name(self, stem: str) -> str:
        while True:
            number = self._names[stem] = self._names.get(stem, -1) + 1
            if (name := f"{stem}_{number}") not in self._taken:
                return name

    def reshaped(self, value: Value, shape: Shape) -> Value:
        """A value whose numbers lie as jitnet has them, with the axes of another shape."""
        value = self.channels_last(value)
        if value.shape == shape:
            return value
        return Value(self._reshape(value.name, shape), shape)

    def with_channels(self, value: Value, axes: int) -> Value:
        """An image or a sequence of so many axes, with one more of channels if it has none."""
        return value if len(value.shape) > axes else self.reshaped(value, (*value.shape, 1))

    def flattened(self, value: Value) -> Value:
        """A value with one axis, whose numbers stay where they lie."""
        if len(value.shape) == 1:
            return value
        value = self.examples_first(value)
        units = int(np.prod(value.shape))
        planes = value.planes and planes_of(value.planes)
        return Value(self._reshape(value.name, (units,)), (units,), planes)

    def examples_first(self, value: Value) -> Value:
        """A value whose first axis is that of the examples."""
        if not value.time_first:
            return value
        return Value(self.node("Transpose", value.name, perm=[1, 0, 2]), value.shape)

    def time_first(self, value: Value) -> Value:
        """A sequence whose time steps come before the examples, as recurrent operators take it."""
        if value.time_first:
            return value
        perm = [1, 0, 2] if value.planes is None else [2, 0, 1]
        name = self.node("Transpose", value.name, perm=perm)
        return Value(name, value.shape, time_first=True)

    def channels_last(self, value: Value) -> Value:
        """A value whose numbers lie as jitnet has them."""
        value = self.examples_first(value)
        if value.planes is None:
            return value
        name, planes = value.name, value.planes
        if planes_of(planes) is None:  # the numbers lie the same way
            return Value(self._reshape(name, value.shape), value.shape)
        if value.shape != planes:
            name = self._reshape(name, (planes[-1], *planes[:-1]))
        rank = len(planes) + 1
        name = self.node("Transpose", name, perm=[0, *range(2, rank), 1])
        if value.shape != planes:
            name = self._reshape(name, value.shape)
        return Value(name, value.shape)

    def channels_first(self, value: Value) -> Value:
        """An image or a sequence whose channels come first, as ONNX's operators take it."""
        shape = value.shape
        if value.planes == shape:
            return value
        if value.time_first:
            return Value(self.node("Transpose", value.name, perm=[1, 2, 0]), shape, shape)
        value, rank = self.channels_last(value), len(shape) + 1
        if planes_of(shape) is None:
            name = self._reshape(value.name, (shape[-1], *shape[:-1]))
        else:
            name = self.node("Transpose", value.name, perm=[0, rank - 1, *range(1, rank - 1)])
        return Value(name, shape, shape)

    def _reshape(self, name: str, shape: Shape) -> str:
        return self.node("Reshape", name, self.weight("shape", np.array([-1, *shape])))


def _info(name: str, dtype: Any, shape: Shape) -> Any:
    """What onnx says of a tensor with an axis of examples."""
    from onnx import helper

    kind = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    return helper.make_tensor_value_info(name, kind, [BATCH, *shape])


def order_of(value: Value) -> Array | slice:
    """Which of jitnet's numbers of a flat value lie where."""
    return slice(None) if value.planes is None else channels_first(value.planes)
