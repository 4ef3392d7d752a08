"""The layers: a file each with what it is, its forward loop and its backward loops."""

from jitnet.layers.batch_norm import BatchNorm
from jitnet.layers.dense import Dense
from jitnet.layers.dropout import Dropout
from jitnet.layers.layer import Cut, Layer, Node, Operation, Parameter, Room
from jitnet.layers.layer_norm import LayerNorm
from jitnet.layers.residual import Residual

LAYERS: dict[str, type[Layer]] = {
    kind.__name__: kind for kind in (Dense, Dropout, LayerNorm, BatchNorm, Residual)
}
"""The table of layers: a new one is a file and a row."""

__all__ = [
    "LAYERS",
    "BatchNorm",
    "Cut",
    "Dense",
    "Dropout",
    "Layer",
    "LayerNorm",
    "Node",
    "Operation",
    "Parameter",
    "Residual",
    "Room",
]
