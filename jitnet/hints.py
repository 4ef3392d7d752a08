"""Hints: a name that other libraries use for something is answered with ours."""

from __future__ import annotations

import difflib
import functools
import inspect
from collections.abc import Callable, Iterable
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")
Class = TypeVar("Class", bound=type)

CHOICES: dict[str, dict[str, str]] = {
    "loss": {
        "categoricalcrossentropy": "'softmax_crossentropy'",
        "sparsecategoricalcrossentropy": "'softmax_crossentropy', which takes labels as they are",
        "crossentropy": "'softmax_crossentropy'",
        "crossentropyloss": "'softmax_crossentropy'",
        "nllloss": "'softmax_crossentropy'",
        "logloss": "'softmax_crossentropy', or 'binary_crossentropy' for one output",
        "bce": "'binary_crossentropy'",
        "bceloss": "'binary_crossentropy'",
        "bcewithlogitsloss": "'binary_crossentropy'",
        "meansquarederror": "'mse'",
        "mseloss": "'mse'",
        "squarederror": "'mse', without a factor 1/2",
        "meanabsoluteerror": "'mae'",
        "absoluteerror": "'mae'",
        "l1loss": "'mae'",
        "huberloss": "'huber'",
        "smoothl1loss": "'huber'",
        "pinball": "'quantile'",
        "pinballloss": "'quantile'",
        "poissonnllloss": "'poisson'",
    },
    "activation": {
        "softmax": "none in the last layer: the loss 'softmax_crossentropy' has softmax in it",
        "logsoftmax": "none in the last layer: the loss 'softmax_crossentropy' has softmax in it",
        "linear": "'identity'",
        "none": "'identity'",
        "nonetype": "'identity'",
        "logistic": "'sigmoid'",
        "swish": "'silu'",
    },
    "optimizer": {
        "adamax": "'adam', the nearest there is",
        "nadam": "'adam', the nearest there is",
        "adagrad": "'rmsprop', the nearest there is",
        "adadelta": "'rmsprop', the nearest there is",
        "momentum": "SGD(momentum=0.9)",
        "nesterov": "SGD(momentum=0.9, nesterov=True)",
        "lbfgs": "MLPClassifier or MLPRegressor with solver='lbfgs'",
    },
    "mode": {
        "both": "'horizontal_and_vertical'",
        "leftright": "'horizontal'",
        "updown": "'vertical'",
    },
    "initializer": {
        "kaimingnormal": "'he_normal'",
        "kaiminguniform": "'he_uniform'",
        "xaviernormal": "'glorot_normal'",
        "xavieruniform": "'glorot_uniform'",
        "randomnormal": "'normal'",
    },
}
"""For each kind of choice: other libraries' names in lower-case letters and digits, and ours."""

KEYWORDS = {
    "alpha": "rho, of RMSprop; a penalty on the weights is Dense(…, l2=…)",
    "affine": "nothing: a normalisation scales and shifts",
    "axis": "nothing: channels are the last axis",
    "batch": "batch_size",
    "beta1": "beta_1",
    "beta2": "beta_2",
    "betas": "beta_1 and beta_2",
    "class_weight": "sample_weight, one an example",
    "clipnorm": "clip_norm",
    "clipvalue": "clip_norm, the norm of all gradients",
    "data_format": "nothing: channels are the last axis",
    "decay": "learning_rate=Exponential(…), or another schedule",
    "device": "n_threads: the processor is the only device",
    "early_stopping": "callbacks: one whose on_epoch_end returns True",
    "eps": "epsilon",
    "factor": "degrees, the greatest angle",
    "global_clipnorm": "clip_norm",
    "height_factor": "pixels, how far images move at most",
    "in_features": "nothing: the first fit sees it, or build(n_features)",
    "input_dim": "nothing: the first fit sees it, or build(n_features)",
    "input_shape": "nothing: the first fit sees it, or build(shape)",
    "kernel_initializer": "initializer",
    "kernel_regularizer": "l2",
    "kernel_size": "pool_size",
    "learning_rate": "optimizer=Adam(learning_rate=…)",
    "learning_rate_init": "learning_rate",
    "lr": "learning_rate, of an optimiser",
    "max_iter": "epochs",
    "metrics": "nothing: fit records the loss, and the accuracy of classifiers",
    "n_epochs": "epochs",
    "n_jobs": "n_threads",
    "nb_epoch": "epochs",
    "num_epochs": "epochs",
    "num_features": "nothing: the first fit sees it, or build(n_features)",
    "out_features": "units",
    "random_state": "seed",
    "use_bias": "bias",
    "validation_split": "validation_data=(X, y), examples that you hold out",
    "verbose": "progress",
    "weight_decay": "AdamW(weight_decay=…), or Dense(…, l2=…)",
}
"""Other libraries' keyword arguments, and ours."""

METHODS = {
    "add": "layers are given to Sequential in one list",
    "compile": "loss and optimizer are given to Sequential",
    "count_params": "summary prints the number of parameters",
    "eval": "nothing changes between fit and predict",
    "forward": "predict applies the network",
    "load_state_dict": "set_weights takes [W1, b1, …]",
    "load_weights": "set_weights takes [W1, b1, …], jitnet.load reads a whole model",
    "parameters": "get_weights gives [W1, b1, …]",
    "predict_classes": "predict(X).argmax(axis=1) gives the classes",
    "predict_proba": "predict gives the probabilities",
    "save_weights": "save writes the whole model",
    "score": "evaluate gives the loss and the accuracy",
    "state_dict": "get_weights gives [W1, b1, …]",
    "train_on_batch": "partial_fit trains for one pass",
}
"""Other libraries' methods of a model, and ours."""

TYPES = {
    "O": "objects are no numbers: make a number of each, and of names codes or columns of 0 and 1",
    "U": "make codes of names, as np.unique(…, return_inverse=True) does, or columns of 0 and 1",
    "S": "make codes of names, as np.unique(…, return_inverse=True) does, or columns of 0 and 1",
    "T": "make codes of names, as np.unique(…, return_inverse=True) does, or columns of 0 and 1",
    "c": "give the real and the imaginary parts as features of their own",
    "M": "make numbers of times, for instance (t - t.min()) / np.timedelta64(1, 'D')",
    "m": "make numbers of durations, for instance t / np.timedelta64(1, 's')",
    "V": "make one array of the fields: np.lib.recfunctions.structured_to_unstructured",
}
"""How to make numbers of a type, by NumPy's letter for its kind."""


def hint_for(what: str, value: object, choices: Iterable[str]) -> str:
    """What to choose instead of an unknown name, as the end of a sentence; may be empty.

    Examples
    --------
    >>> hint_for("loss", "bce", ["mse", "binary_crossentropy"])
    "; what you mean is 'binary_crossentropy'"
    """
    name = value if isinstance(value, str) else getattr(value, "__name__", type(value).__name__)
    key = _key(name)
    ours = {_key(choice): f"{choice!r}" for choice in choices}
    meant = CHOICES.get(what, {}).get(key) or ours.get(key)
    if meant is None and isinstance(value, str):
        close = difflib.get_close_matches(key, ours, n=1)
        return f"; did you mean {ours[close[0]]}?" if close else ""
    return f"; what you mean is {meant}" if meant else ""


def _key(name: str) -> str:
    return "".join(filter(str.isalnum, name)).lower()


def hinted(function: Callable[P, R]) -> Callable[P, R]:
    """A function whose complaint about an unknown keyword names ours."""
    known = frozenset(inspect.signature(function).parameters)

    @functools.wraps(function)
    def called(*positional: P.args, **named: P.kwargs) -> R:
        for name in named.keys() - known:
            meant = KEYWORDS.get(name)
            close = difflib.get_close_matches(name, known, n=1)
            if meant is None and close:
                meant = close[0]
            hint = f"; what you mean is {meant}" if meant else ""
            place = function.__qualname__.removesuffix(".__init__")
            raise TypeError(f"{place} takes no argument {name!r}{hint}")
        return function(*positional, **named)

    return called


def hinted_class(kind: Class) -> Class:
    """A class whose complaint about an unknown keyword names ours."""
    setattr(kind, "__init__", hinted(vars(kind)["__init__"]))  # noqa: B010
    return kind


def missing_method(kind: str, name: str) -> AttributeError:
    """What is raised for an attribute that a class of ours does not have."""
    hint = f"; {METHODS[name]}" if name in METHODS else ""
    return AttributeError(f"{kind!r} object has no attribute {name!r}{hint}", name=name)


def as_numbers(dtype: Any) -> str:
    """How numbers are made of an array of a type that is none."""
    return TYPES.get(getattr(dtype, "kind", ""), "convert it to numbers first")
