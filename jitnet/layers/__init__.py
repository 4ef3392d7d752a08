"""The layers: a file each with what it is, its forward loop and its backward loops."""

from jitnet.layers.activation import Activation
from jitnet.layers.average_pool import AveragePool1D, AveragePool2D
from jitnet.layers.batch_norm import BatchNorm
from jitnet.layers.bidirectional import Bidirectional
from jitnet.layers.branches import Branches
from jitnet.layers.conv1d import Conv1D
from jitnet.layers.conv2d import Conv2D
from jitnet.layers.dense import Dense
from jitnet.layers.dropout import Dropout
from jitnet.layers.embedding import Embedding
from jitnet.layers.flatten import Flatten
from jitnet.layers.global_pool import GlobalAveragePool, GlobalMaxPool
from jitnet.layers.gru import GRU
from jitnet.layers.layer import Cut, Layer, Node, Operation, Parameter, Room
from jitnet.layers.layer_norm import LayerNorm
from jitnet.layers.lstm import LSTM
from jitnet.layers.max_pool import MaxPool1D, MaxPool2D
from jitnet.layers.random_flip import RandomFlip
from jitnet.layers.random_rotation import RandomRotation
from jitnet.layers.random_shift import RandomShift
from jitnet.layers.rescaling import Rescaling
from jitnet.layers.reshape import Reshape
from jitnet.layers.residual import Residual
from jitnet.layers.simple_rnn import SimpleRNN

KINDS: tuple[type[Layer], ...] = (
    Activation,
    AveragePool1D,
    AveragePool2D,
    BatchNorm,
    Bidirectional,
    Branches,
    Conv1D,
    Conv2D,
    Dense,
    Dropout,
    Embedding,
    Flatten,
    GRU,
    GlobalAveragePool,
    GlobalMaxPool,
    LSTM,
    LayerNorm,
    MaxPool1D,
    MaxPool2D,
    RandomFlip,
    RandomRotation,
    RandomShift,
    Rescaling,
    Reshape,
    Residual,
    SimpleRNN,
)
LAYERS: dict[str, type[Layer]] = {kind.__name__: kind for kind in KINDS}
"""The table of layers: a new one is a file and a row."""

__all__ = [
    "GRU",
    "LAYERS",
    "LSTM",
    "Activation",
    "AveragePool1D",
    "AveragePool2D",
    "BatchNorm",
    "Bidirectional",
    "Branches",
    "Conv1D",
    "Conv2D",
    "Cut",
    "Dense",
    "Dropout",
    "Embedding",
    "Flatten",
    "GlobalAveragePool",
    "GlobalMaxPool",
    "Layer",
    "LayerNorm",
    "MaxPool1D",
    "MaxPool2D",
    "Node",
    "Operation",
    "Parameter",
    "RandomFlip",
    "RandomRotation",
    "RandomShift",
    "Rescaling",
    "Reshape",
    "Residual",
    "Room",
    "SimpleRNN",
]
