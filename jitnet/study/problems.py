"""The ladder's rungs, and the table of its problems, whose modules are imported when asked for."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jitnet.study.problem import Problem

RUNGS = ("loops", "vectorized", "compiled", "parallel", "tiled")
"""From plain Python, one scalar at a time, to what the engine runs."""

PROBLEMS = {
    "logistic_regression": "logistic_regression",
    "shallow_network": "shallow_network",
    "deep_network": "deep_network",
    "dense": "dense",
    "layer_norm": "layer_norm",
    "batch_norm": "batch_norm",
    "conv2d": "conv2d",
    "maxpool2d": "maxpool2d",
    "lstm": "lstm",
    "gru": "gru",
    "embedding": "embedding",
    "softmax_crossentropy": "softmax_crossentropy",
    "binary_crossentropy": "losses",
    "mse": "losses",
    "mae": "losses",
    "huber": "losses",
    "quantile": "losses",
    "poisson": "losses",
    "matmul": "matmul",
    "identity": "activations",
    "sigmoid": "activations",
    "tanh": "activations",
    "relu": "activations",
    "leaky_relu": "activations",
    "elu": "activations",
    "gelu": "activations",
    "silu": "activations",
    "softplus": "activations",
}
"""The folder that each problem's rungs stand in."""


def get_problem(name: str) -> Problem:
    """The problem of a name.

    Raises
    ------
    ValueError
        If there is none; the message lists those there are.
    """
    if name not in PROBLEMS:
        raise ValueError(f"there is no problem {name!r}; there are: {', '.join(PROBLEMS)}")
    problem: Problem = import_module(f"jitnet.study.{PROBLEMS[name]}.problem").PROBLEMS[name]
    return problem
