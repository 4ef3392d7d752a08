"""Stochastic gradient descent, plain, with momentum and in Nesterov's form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from jitnet.checks import check_flag, check_number, keep
from jitnet.hints import hinted_class
from jitnet.kernels.intrinsics import at
from jitnet.kernels.jit import njit
from jitnet.kernels.simd import fma, lanes, load, store
from jitnet.optimizers.optimizer import Optimizer, Update
from jitnet.schedules import Schedule


@njit
def update_plain(
    parameters: Any, gradients: Any, rate: float, clip: float, first: int, last: int
) -> None:
    """W ← W - η g for the parameters first … last; ``clip`` scales the gradient."""
    w, g = at(parameters, 0), at(gradients, 0)
    for i in range(first, last, lanes(w)):
        store(w, i, fma(load(g, i), -rate * clip, load(w, i)))


@njit
def update_momentum(
    parameters: Any,
    first_moment: Any,
    gradients: Any,
    momentum: float,
    nesterov: int,
    rate: float,
    clip: float,
    first: int,
    last: int,
) -> None:
    """v ← μ v - η g, W ← W + v; in Nesterov's form W ← W + μ v - η g."""
    w, v, g = at(parameters, 0), at(first_moment, 0), at(gradients, 0)
    for i in range(first, last, lanes(w)):
        push = load(g, i) * (-rate * clip)
        velocity = fma(load(v, i), momentum, push)
        store(v, i, velocity)
        step = fma(velocity, momentum, push) if nesterov else velocity
        store(w, i, load(w, i) + step)


@hinted_class
@dataclass(frozen=True)
class SGD(Optimizer):
    """Stochastic gradient descent.

    v ← μ v - η g and W ← W + v; in Nesterov's form W ← W + μ v - η g. The rate is inside the
    velocity, as in scikit-learn and Keras (Sutskever et al., 2013, *On the importance of
    initialization and momentum in deep learning*).

    Parameters
    ----------
    learning_rate : float or Schedule, default 0.01
        The rate η, or a schedule of it.
    momentum : float, default 0.0
        The share μ of the velocity that is kept, in [0, 1]; 0 is plain gradient descent, 1 has no
        friction.
    nesterov : bool, default False
        Whether to look ahead.
    clip_norm : float, optional
        All gradients are scaled by min(1, c / ‖g‖₂), with the norm over all parameters.

    Examples
    --------
    >>> SGD(0.1, momentum=0.9, nesterov=True).momentum
    0.9
    """

    learning_rate: float | Schedule = 0.01
    momentum: float = 0.0
    nesterov: bool = False
    clip_norm: float | None = None

    def __post_init__(self) -> None:
        """Check what was given.

        Raises
        ------
        TypeError, ValueError
            If a value has the wrong type or makes no sense.
        """
        super().__post_init__()
        keep(
            self,
            momentum=check_number("momentum", self.momentum, least=0.0, most=1.0),
            nesterov=check_flag("nesterov", self.nesterov),
        )
        if self.nesterov and not self.momentum:
            raise ValueError("nesterov=True needs a momentum above 0, such as 0.9")

    def update(self) -> Update:
        """What a step runs."""
        if not self.momentum:
            return Update(update_plain)
        settings = {"momentum": self.momentum, "nesterov": self.nesterov}
        return Update(update_momentum, ("first_moment",), settings=settings)
