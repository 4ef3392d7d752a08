"""A deep network of the parallel loops of `dense` and `activations`.

The cost and the parameters' steps are too little work for a second thread: they are those of the
compiled rung.
"""

from __future__ import annotations

from jitnet.study.activations.parallel import activation_backward, activation_forward
from jitnet.study.deep_network.compiled import cost, descend
from jitnet.study.dense.parallel import dense_forward, input_gradient, weight_gradients

__all__ = [
    "activation_backward",
    "activation_forward",
    "cost",
    "dense_forward",
    "descend",
    "input_gradient",
    "weight_gradients",
]
