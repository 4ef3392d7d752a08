"""Neural networks trained on the CPU by readable loops that Numba compiles.

Importing loads nothing but this file: a name is looked up in its module where it is first touched,
and kernels are loaded from their cache, or compiled, at their first use.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    __version__: str
    from jitnet import datasets as datasets
    from jitnet.callbacks import Callback as Callback
    from jitnet.callbacks import Checkpoint as Checkpoint
    from jitnet.callbacks import CSVLogger as CSVLogger
    from jitnet.callbacks import EarlyStopping as EarlyStopping
    from jitnet.callbacks import ReduceOnPlateau as ReduceOnPlateau
    from jitnet.callbacks import TensorBoard as TensorBoard
    from jitnet.callbacks import TimeBudget as TimeBudget
    from jitnet.ensemble import Ensemble as Ensemble
    from jitnet.errors import NotFittedError as NotFittedError
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
    from jitnet.folds import CrossValidation as CrossValidation
    from jitnet.folds import Fold as Fold
    from jitnet.folds import cross_validate as cross_validate
    from jitnet.generation import generate as generate
    from jitnet.history import History as History
    from jitnet.layers import GRU as GRU
    from jitnet.layers import LSTM as LSTM
    from jitnet.layers import Activation as Activation
    from jitnet.layers import AveragePool1D as AveragePool1D
    from jitnet.layers import AveragePool2D as AveragePool2D
    from jitnet.layers import BatchNorm as BatchNorm
    from jitnet.layers import Bidirectional as Bidirectional
    from jitnet.layers import Branches as Branches
    from jitnet.layers import Conv1D as Conv1D
    from jitnet.layers import Conv2D as Conv2D
    from jitnet.layers import Dense as Dense
    from jitnet.layers import Dropout as Dropout
    from jitnet.layers import Embedding as Embedding
    from jitnet.layers import Flatten as Flatten
    from jitnet.layers import GlobalAveragePool as GlobalAveragePool
    from jitnet.layers import GlobalMaxPool as GlobalMaxPool
    from jitnet.layers import LayerNorm as LayerNorm
    from jitnet.layers import MaxPool1D as MaxPool1D
    from jitnet.layers import MaxPool2D as MaxPool2D
    from jitnet.layers import RandomFlip as RandomFlip
    from jitnet.layers import RandomRotation as RandomRotation
    from jitnet.layers import RandomShift as RandomShift
    from jitnet.layers import Rescaling as Rescaling
    from jitnet.layers import Reshape as Reshape
    from jitnet.layers import Residual as Residual
    from jitnet.layers import SimpleRNN as SimpleRNN
    from jitnet.learning_rates import find_learning_rate as find_learning_rate
    from jitnet.loading import load as load
    from jitnet.many import Fitted as Fitted
    from jitnet.many import fit_many as fit_many
    from jitnet.model import Sequential as Sequential
    from jitnet.optimizers import SGD as SGD
    from jitnet.optimizers import Adam as Adam
    from jitnet.optimizers import AdamW as AdamW
    from jitnet.optimizers import RMSprop as RMSprop
    from jitnet.schedules import Constant as Constant
    from jitnet.schedules import Cosine as Cosine
    from jitnet.schedules import Exponential as Exponential
    from jitnet.schedules import OneCycle as OneCycle
    from jitnet.schedules import Schedule as Schedule
    from jitnet.schedules import Step as Step
    from jitnet.tabular.model import TableModel as TableModel
    from jitnet.tabular.table import Table as Table

HOMES = {
    "jitnet.callbacks": (
        "Callback",
        "Checkpoint",
        "CSVLogger",
        "EarlyStopping",
        "ReduceOnPlateau",
        "TensorBoard",
        "TimeBudget",
    ),
    "jitnet.ensemble": ("Ensemble",),
    "jitnet.errors": ("NotFittedError",),
    "jitnet.estimators": (
        "MLPClassifier",
        "MLPRegressor",
    ),
    "jitnet.export.c_source": ("to_c",),
    "jitnet.export.from_torch": ("from_torch",),
    "jitnet.export.keras_weights": ("from_keras",),
    "jitnet.export.onnx": ("to_onnx",),
    "jitnet.export.sklearn_networks": (
        "from_sklearn",
        "to_sklearn",
    ),
    "jitnet.export.state_dict": (
        "load_state_dict",
        "save_state_dict",
    ),
    "jitnet.export.torch_modules": ("to_torch",),
    "jitnet.folds": (
        "CrossValidation",
        "Fold",
        "cross_validate",
    ),
    "jitnet.generation": ("generate",),
    "jitnet.history": ("History",),
    "jitnet.layers": (
        "Activation",
        "AveragePool1D",
        "AveragePool2D",
        "BatchNorm",
        "Bidirectional",
        "Branches",
        "Conv1D",
        "Conv2D",
        "Dense",
        "Dropout",
        "Embedding",
        "Flatten",
        "GRU",
        "GlobalAveragePool",
        "GlobalMaxPool",
        "LSTM",
        "LayerNorm",
        "MaxPool1D",
        "MaxPool2D",
        "RandomFlip",
        "RandomRotation",
        "RandomShift",
        "Rescaling",
        "Reshape",
        "Residual",
        "SimpleRNN",
    ),
    "jitnet.learning_rates": ("find_learning_rate",),
    "jitnet.loading": ("load",),
    "jitnet.many": (
        "Fitted",
        "fit_many",
    ),
    "jitnet.model": ("Sequential",),
    "jitnet.optimizers": (
        "Adam",
        "AdamW",
        "RMSprop",
        "SGD",
    ),
    "jitnet.schedules": (
        "Constant",
        "Cosine",
        "Exponential",
        "OneCycle",
        "Schedule",
        "Step",
    ),
    "jitnet.tabular.model": ("TableModel",),
    "jitnet.tabular.table": ("Table",),
}
"""The public names, by the module that has them."""

_HOME_OF = {name: module for module, names in HOMES.items() for name in names}

__all__ = [*sorted(_HOME_OF), "datasets"]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from jitnet.version import package_version

        return package_version()
    if name == "datasets":
        return import_module("jitnet.datasets")
    if name not in _HOME_OF:
        raise AttributeError(f"module 'jitnet' has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_HOME_OF[name]), name)
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
