"""Activations and links as nodes of ONNX's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jitnet.activations.leaky_relu import LEAK
from jitnet.export.onnx_graph import Graph

Function = Callable[[Graph, str], str]
"""Adds the nodes of a function of a tensor; the name of the result."""


def _operator(name: str, **attributes: Any) -> Function:
    """The function that is an operator of ONNX's."""
    return lambda graph, x: graph.node(name, x, **attributes)


def _identity(graph: Graph, x: str) -> str:
    return x


def _silu(graph: Graph, x: str) -> str:
    return graph.node("Mul", x, graph.node("Sigmoid", x))


ACTIVATIONS: dict[str, Function] = {
    "identity": _identity,
    "sigmoid": _operator("Sigmoid"),
    "tanh": _operator("Tanh"),
    "relu": _operator("Relu"),
    "leaky_relu": _operator("LeakyRelu", alpha=LEAK),
    "elu": _operator("Elu"),
    "gelu": _operator("Gelu"),
    "silu": _silu,
    "softplus": _operator("Softplus"),
}

LINKS: dict[str, Function] = {
    "identity": _identity,
    "logistic": _operator("Sigmoid"),
    "exponential": _operator("Exp"),
    "softmax": _operator("Softmax", axis=-1),
}
