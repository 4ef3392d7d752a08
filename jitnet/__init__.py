"""Neural networks trained on the CPU by readable loops that Numba compiles.

Importing compiles nothing: kernels are loaded from their cache, or compiled, at their first use.
"""

from typing import TYPE_CHECKING, Any

from jitnet import datasets
from jitnet.callbacks import Callback, Checkpoint, EarlyStopping
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
    "Rescaling",
    "Reshape",
    "Residual",
    "Schedule",
    "Sequential",
    "Step",
    "Table",
    "TableModel",
    "datasets",
    "load",
]

if TYPE_CHECKING:
    __version__: str
    from jitnet.estimators import MLPClassifier as MLPClassifier
    from jitnet.estimators import MLPRegressor as MLPRegressor

ESTIMATORS = ("MLPClassifier", "MLPRegressor")
"""What needs scikit-learn, and is imported where it is touched."""


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from jitnet.version import package_version

        return package_version()
    if name in ESTIMATORS:
        from jitnet import estimators

        return getattr(estimators, name)
    raise AttributeError(f"module 'jitnet' has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*__all__, *ESTIMATORS, "__version__"]
