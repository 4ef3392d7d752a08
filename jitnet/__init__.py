"""Neural networks trained on the CPU by readable loops that Numba compiles.

Importing compiles nothing: kernels are loaded from their cache, or compiled, at their first use.
"""

from typing import TYPE_CHECKING, Any

from jitnet import datasets
from jitnet.callbacks import (
    Callback,
    Checkpoint,
    CSVLogger,
    EarlyStopping,
    ReduceOnPlateau,
    TensorBoard,
    TimeBudget,
)
from jitnet.errors import NotFittedError
from jitnet.layers import (
    Activation,
    AveragePool1D,
    AveragePool2D,
    BatchNorm,
    Conv1D,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    GlobalAveragePool,
    GlobalMaxPool,
    LayerNorm,
    MaxPool1D,
    MaxPool2D,
    RandomFlip,
    RandomRotation,
    RandomShift,
    Rescaling,
    Reshape,
    Residual,
)
from jitnet.learning_rates import find_learning_rate
from jitnet.loading import load
from jitnet.model import Sequential
from jitnet.optimizers import SGD, Adam, AdamW, RMSprop
from jitnet.schedules import Constant, Cosine, Exponential, OneCycle, Schedule, Step
from jitnet.tabular.model import TableModel
from jitnet.tabular.table import Table

__all__ = [
    "SGD",
    "Activation",
    "Adam",
    "AdamW",
    "AveragePool1D",
    "AveragePool2D",
    "BatchNorm",
    "CSVLogger",
    "Callback",
    "Checkpoint",
    "Constant",
    "Conv1D",
    "Conv2D",
    "Cosine",
    "Dense",
    "Dropout",
    "EarlyStopping",
    "Exponential",
    "Flatten",
    "GlobalAveragePool",
    "GlobalMaxPool",
    "LayerNorm",
    "MaxPool1D",
    "MaxPool2D",
    "NotFittedError",
    "OneCycle",
    "RMSprop",
    "RandomFlip",
    "RandomRotation",
    "RandomShift",
    "ReduceOnPlateau",
    "Rescaling",
    "Reshape",
    "Residual",
    "Schedule",
    "Sequential",
    "Step",
    "Table",
    "TableModel",
    "TensorBoard",
    "TimeBudget",
    "datasets",
    "find_learning_rate",
    "load",
]

if TYPE_CHECKING:
    __version__: str
    from jitnet.estimators import MLPClassifier as MLPClassifier
    from jitnet.estimators import MLPRegressor as MLPRegressor
    from jitnet.export.c_source import to_c as to_c
    from jitnet.export.from_torch import from_torch as from_torch
    from jitnet.export.keras_weights import from_keras as from_keras
    from jitnet.export.onnx import to_onnx as to_onnx
    from jitnet.export.sklearn_networks import from_sklearn as from_sklearn
    from jitnet.export.sklearn_networks import to_sklearn as to_sklearn
    from jitnet.export.state_dict import load_state_dict as load_state_dict
    from jitnet.export.state_dict import save_state_dict as save_state_dict
    from jitnet.export.torch_modules import to_torch as to_torch

ON_TOUCH = {
    "MLPClassifier": "jitnet.estimators",
    "MLPRegressor": "jitnet.estimators",
    "from_keras": "jitnet.export.keras_weights",
    "from_sklearn": "jitnet.export.sklearn_networks",
    "from_torch": "jitnet.export.from_torch",
    "load_state_dict": "jitnet.export.state_dict",
    "save_state_dict": "jitnet.export.state_dict",
    "to_c": "jitnet.export.c_source",
    "to_onnx": "jitnet.export.onnx",
    "to_sklearn": "jitnet.export.sklearn_networks",
    "to_torch": "jitnet.export.torch_modules",
}
"""What few need, by the module that has it: it is imported where it is touched."""


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from jitnet.version import package_version

        return package_version()
    if name in ON_TOUCH:
        from importlib import import_module

        return getattr(import_module(ON_TOUCH[name]), name)
    raise AttributeError(f"module 'jitnet' has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*__all__, *ON_TOUCH, "__version__"]
