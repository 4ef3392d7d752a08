"""RMSprop: the gradient over the root of its running mean square."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from jitnet.checks import check_number, keep
from jitnet.hints import hinted_class
from jitnet.kernels.intrinsics import at
from jitnet.kernels.jit import njit
from jitnet.kernels.simd import fma, lanes, load, square_root, store
from jitnet.optimizers.optimizer import Optimizer, Update, check_share
from jitnet.schedules import Schedule


@njit
def update_rmsprop(
    parameters: Any,
    second_moment: Any,
    gradients: Any,
    rho: float,
    epsilon: float,
    rate: float,
    clip: float,
    first: int,
    last: int,
) -> None:
    """v ← ρ v + (1 - ρ) g², W ← W - η g / (√v + ε) for the parameters first … last."""
    w, v, g = at(parameters, 0), at(second_moment, 0), at(gradients, 0)
    for i in range(first, last, lanes(w)):
        gradient = load(g, i) * clip
        square = fma(gradient * gradient, 1.0 - rho, load(v, i) * rho)
        store(v, i, square)
        store(w, i, load(w, i) - gradient * rate / (square_root(square) + epsilon))


@hinted_class
@dataclass(frozen=True)
class RMSprop(Optimizer):
    """RMSprop.

    v ← ρ v + (1 - ρ) g² and W ← W - η g / (√v + ε) (Tieleman and Hinton, 2012, *Lecture 6.5*).

    Parameters
    ----------
    learning_rate : float or Schedule, default 0.001
        The rate η, or a schedule of it.
    rho : float, default 0.9
        The share ρ of the mean square that is kept, in [0, 1).
    epsilon : float, default 1e-8
        Keeps the quotient finite: positive.
    clip_norm : float, optional
        All gradients are scaled by min(1, c / ‖g‖₂), with the norm over all parameters.

    Examples
    --------
    >>> RMSprop().rho
    0.9
    """

    learning_rate: float | Schedule = 0.001
    rho: float = 0.9
    epsilon: float = 1e-8
    clip_norm: float | None = None

    def __post_init__(self) -> None:
        """Check what was given.

        Raises
        ------
        TypeError, ValueError
            If a value has the wrong type or makes no sense.
        """
        super().__post_init__()
        epsilon = check_number("epsilon", self.epsilon, above=0.0)
        keep(self, rho=check_share("rho", self.rho), epsilon=epsilon)

    def update(self) -> Update:
        """What a step runs."""
        settings = {"rho": self.rho, "epsilon": self.epsilon}
        return Update(update_rmsprop, ("second_moment",), settings=settings)
