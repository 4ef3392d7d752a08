"""The values that an estimator's parameters may have, and the engine's names for them."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from numbers import Integral, Real
from types import SimpleNamespace
from typing import Any

import numpy as np
from sklearn.utils._param_validation import Interval, Options, StrOptions

from jitnet.activations import ACTIVATIONS
from jitnet.losses.objective import Objective
from jitnet.optimizers import SGD, Adam, AdamW, Optimizer, RMSprop
from jitnet.schedules import Schedule

HIDDEN = {"logistic": "sigmoid", **{name: name for name in ACTIVATIONS}}
"""The engine's name of each activation of a hidden layer."""

CLASSIFIER_LOSSES = ("log_loss", "binary_crossentropy", "softmax_crossentropy")

REGRESSOR_LOSSES = {
    "squared_error": "mse",
    "absolute_error": "mae",
    "huber": "huber",
    "quantile": "quantile",
    "poisson": "poisson",
}
"""The engine's name of each loss of a regressor."""

SOLVERS = ("lbfgs", "sgd", "adam", "adamw", "rmsprop")
SCHEDULES = ("constant", "invscaling", "adaptive", "cosine", "one_cycle")

POSITIVE_COUNT = Interval(Integral, 1, None, closed="left")
NOT_NEGATIVE = Interval(Real, 0, None, closed="left")
POSITIVE = Interval(Real, 0, None, closed="neither")
SHARE = Interval(Real, 0, 1, closed="left")

CONSTRAINTS: dict[str, list[Any]] = {
    "hidden_layer_sizes": ["array-like", POSITIVE_COUNT],
    "activation": [StrOptions(set(HIDDEN)), "array-like"],
    "solver": [StrOptions(set(SOLVERS)), SGD, RMSprop, Adam, AdamW],
    "alpha": [NOT_NEGATIVE],
    "batch_size": [StrOptions({"auto"}), POSITIVE_COUNT],
    "learning_rate": [StrOptions(set(SCHEDULES)), Schedule],
    "learning_rate_init": [POSITIVE],
    "power_t": [NOT_NEGATIVE],
    "max_iter": [POSITIVE_COUNT],
    "shuffle": ["boolean"],
    "random_state": ["random_state"],
    "tol": [NOT_NEGATIVE],
    "verbose": ["verbose"],
    "warm_start": ["boolean"],
    "momentum": [Interval(Real, 0, 1, closed="both")],
    "nesterovs_momentum": ["boolean"],
    "early_stopping": ["boolean"],
    "validation_fraction": [SHARE],
    "beta_1": [SHARE],
    "beta_2": [SHARE],
    "epsilon": [POSITIVE],
    "n_iter_no_change": [POSITIVE_COUNT, Options(Real, {np.inf})],
    "max_fun": [POSITIVE_COUNT],
    "preset": [StrOptions({"tabular"}), None],
    "dtype": [StrOptions({"float32", "float64"}), None],
    "n_threads": [POSITIVE_COUNT, None],
    "callbacks": ["array-like", None],
    "progress": ["boolean", None],
}


def defaults_of(kind: type) -> dict[str, Any]:
    """The parameters of one of the two classes and their defaults, whatever a subclass takes."""
    parameters = inspect.signature(kind).parameters.values()
    return {parameter.name: parameter.default for parameter in parameters}


def classifier_objective(loss: str, n_outputs: int) -> Objective:
    """A cross-entropy, summed over several binary outputs as scikit-learn does."""
    if loss == "softmax_crossentropy":
        return Objective(loss, per_example=True)
    return Objective(loss, gain=n_outputs, scale=n_outputs, per_example=True)


def regressor_objective(loss: str, n_outputs: int, quantile: float) -> Objective:
    """A loss as scikit-learn reckons: gradients are of its sum over the outputs.

    It reports half of the mean of the squares over the outputs, and the sum of the deviances.
    """
    name = REGRESSOR_LOSSES[loss]
    if loss == "squared_error":
        return Objective(name, gain=n_outputs / 2, scale=0.5, per_example=True)
    scale = n_outputs if loss == "poisson" else 1.0
    return Objective(name, quantile=quantile, gain=n_outputs, scale=scale, per_example=True)


def hidden_sizes(given: Any) -> list[int]:
    """The units of each hidden layer."""
    sizes = list(given) if isinstance(given, Iterable) else [given]
    if np.any(np.array(sizes) <= 0):
        raise ValueError(f"hidden_layer_sizes must be > 0, got {sizes}.")
    if not all(isinstance(size, Integral) for size in sizes):
        raise ValueError(f"hidden_layer_sizes must be whole numbers, got {sizes}.")
    return [int(size) for size in sizes]


def hidden_activations(given: Any, n_hidden: int) -> list[str]:
    """The activation of each hidden layer, by the name it was given."""
    names = [given] * n_hidden if isinstance(given, str) else list(given)
    if len(names) != n_hidden:
        raise ValueError(
            f"activation must name one for each of the {n_hidden} hidden layers, got {names}"
        )
    for name in names:
        if name not in HIDDEN:
            raise ValueError(f"unknown activation {name!r}; there are: {', '.join(HIDDEN)}")
    return names


def make_optimizer(settings: SimpleNamespace) -> Optimizer:
    """The engine's optimiser for an estimator's solver; ε stands where scikit-learn has it."""
    solver, rate = settings.solver, float(settings.learning_rate_init)
    if not isinstance(solver, str):
        optimizer: Optimizer = solver
        return optimizer
    if solver == "sgd":
        momentum = float(settings.momentum)
        return SGD(rate, momentum, bool(settings.nesterovs_momentum and momentum))
    if solver == "lbfgs":
        return SGD(rate)  # it takes no steps, and so keeps nothing
    epsilon = float(settings.epsilon)
    if solver == "rmsprop":
        return RMSprop(rate, epsilon=epsilon)
    kind = {"adam": Adam, "adamw": AdamW}[solver]
    betas = float(settings.beta_1), float(settings.beta_2)
    return kind(rate, *betas, epsilon, epsilon_hat=True)


def clipped_batch_size(given: Any, n_samples: int) -> tuple[int, bool]:
    """Examples a step, and whether more were asked for than there are."""
    if given == "auto":
        return min(200, n_samples), False
    return min(int(given), n_samples), given > n_samples
