"""The table of optimisers: what the kernels are told of each, and the choice between them."""

from __future__ import annotations

from typing import Any

import numpy as np

from jitnet.kernels.jit import njit
from jitnet.optimizers.adam import Adam, AdamW, update_adam
from jitnet.optimizers.hyperparameters import (
    CLIP_NORM,
    EPSILON,
    EPSILON_HAT,
    FIRST_DECAY,
    SECOND_DECAY,
    WEIGHT_DECAY,
)
from jitnet.optimizers.rmsprop import RMSprop, update_rmsprop
from jitnet.optimizers.sgd import SGD, update_momentum, update_plain

Optimizer = SGD | RMSprop | Adam | AdamW
OPTIMIZERS: dict[str, type[Optimizer]] = {
    "sgd": SGD,
    "rmsprop": RMSprop,
    "adam": Adam,
    "adamw": AdamW,
}
PLAIN, MOMENTUM, NESTEROV, RMSPROP, ADAM = range(5)

_PLACES = {
    "clip_norm": CLIP_NORM,
    "momentum": FIRST_DECAY,
    "beta_1": FIRST_DECAY,
    "rho": SECOND_DECAY,
    "beta_2": SECOND_DECAY,
    "epsilon": EPSILON,
    "weight_decay": WEIGHT_DECAY,
    "epsilon_hat": EPSILON_HAT,
}


def kind_of(optimizer: Optimizer) -> int:
    """The number the kernels know an optimiser by."""
    if isinstance(optimizer, SGD):
        return NESTEROV if optimizer.nesterov else MOMENTUM if optimizer.momentum else PLAIN
    return RMSPROP if isinstance(optimizer, RMSprop) else ADAM


def moments_of(optimizer: Optimizer) -> tuple[bool, bool]:
    """Whether an optimiser keeps a mean of the gradient, and one of its square."""
    kind = kind_of(optimizer)
    return kind in (MOMENTUM, NESTEROV, ADAM), kind in (RMSPROP, ADAM)


def hyperparameters_of(optimizer: Optimizer) -> np.ndarray[Any, np.dtype[np.float64]]:
    """An optimiser's hyperparameters in their places."""
    hyper = np.zeros(max(_PLACES.values()) + 1)
    for name, place in _PLACES.items():
        hyper[place] = getattr(optimizer, name, None) or hyper[place]
    return hyper


@njit
def update(
    parameters: Any,
    first_moment: Any,
    second_moment: Any,
    gradients: Any,
    hyper: Any,
    kind: int,
    rate: float,
    clip: float,
    first_power: float,
    second_power: float,
    first: int,
    last: int,
) -> None:
    """One step of an optimiser for the parameters first … last, multiples of the lanes."""
    if kind == PLAIN:
        update_plain(parameters, gradients, rate, clip, first, last)
    elif kind == RMSPROP:
        update_rmsprop(parameters, second_moment, gradients, hyper, rate, clip, first, last)
    elif kind == ADAM:
        update_adam(
            parameters,
            first_moment,
            second_moment,
            gradients,
            hyper,
            rate,
            clip,
            first_power,
            second_power,
            first,
            last,
        )
    else:
        nesterov = kind == NESTEROV
        update_momentum(
            parameters, first_moment, gradients, hyper, nesterov, rate, clip, first, last
        )
