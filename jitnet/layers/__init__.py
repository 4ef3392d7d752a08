"""The layers: a file each with what it is, its forward loop and its backward loops."""

from jitnet.layers.batch_norm import BatchNorm
from jitnet.layers.dense import Dense
from jitnet.layers.dropout import Dropout
from jitnet.layers.flatten import Flatten
from jitnet.layers.layer import Cut, Layer, Node, Operation, Parameter, Room
from jitnet.layers.layer_norm import LayerNorm
from jitnet.layers.rescaling import Rescaling
from jitnet.layers.reshape import Reshape
from jitnet.layers.residual import Residual

KINDS: tuple[type[Layer], ...] = (
    BatchNorm,
    Dense,
    Dropout,
    Flatten,
    LayerNorm,
    Rescaling,
    Reshape,
    Residual,
)
LAYERS: dict[str, type[Layer]] = {kind.__name__: kind for kind in KINDS}
"""The table of layers: a new one is a file and a row."""

__all__ = [
    "LAYERS",
    "BatchNorm",
    "Cut",
    "Dense",
    "Dropout",
    "Flatten",
    "Layer",
    "LayerNorm",
    "Node",
    "Operation",
    "Parameter",
    "Rescaling",
    "Reshape",
    "Residual",
    "Room",
]
