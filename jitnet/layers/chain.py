"""Layers one after the other: the nodes that they and their activations are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from jitnet.layers.activation import activation_node
from jitnet.layers.layer import Layer, Node, Shape
from jitnet.quoting import quoted


def check_layers(layers: Sequence[Layer]) -> tuple[Layer, ...]:
    """The layers, of which there must be one at least."""
    if not isinstance(layers, Sequence) or not layers:
        raise ValueError(f"layers must be a sequence of at least one layer, got {quoted(layers)}")
    for layer in layers:
        if not isinstance(layer, Layer):
            raise TypeError(f"layers must be layers such as Dense(10), got {quoted(layer)}")
    return tuple(layers)


def nodes_of(layer: Any, node: Node) -> list[Node]:
    """A layer's node, or those that it is made of, and one for its activation, if it has one."""
    nodes = _flat(node)
    activation = getattr(layer, "activation", "identity")
    if activation != "identity" and not node.is_activated:
        nodes.append(activation_node(activation, node.output))
    return nodes


def _flat(node: Node) -> list[Node]:
    """A node, or those that it is made of, and they of others."""
    return [part for inner in node.inner for part in _flat(inner)] if node.inner else [node]


def chain(layers: Sequence[Layer], shape: Shape, width: int) -> list[Node]:
    """The nodes of layers within another one, for inputs of a shape; their paths say whose."""
    nodes: list[Node] = []
    for number, layer in enumerate(layers):
        made = layer.node(shape, width)
        if not isinstance(made, Node):
            raise TypeError(f"node() of {quoted(layer)} must return a Node, got {quoted(made)}")
        for node in nodes_of(layer, made):
            nodes.append(node._replace(path=(number, *node.path)))
            shape = node.output
    return nodes
