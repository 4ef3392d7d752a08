"""Adam, and AdamW, whose weights decay apart from the gradient."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from jitnet.checks import check_flag, check_number, keep
from jitnet.hints import hinted_class
from jitnet.kernels.intrinsics import at
from jitnet.kernels.jit import njit
from jitnet.kernels.simd import fma, lanes, load, square_root, store
from jitnet.optimizers.optimizer import Optimizer, Update, check_share
from jitnet.schedules import Schedule


@njit
def update_adam(
    parameters: Any,
    first_moment: Any,
    second_moment: Any,
    gradients: Any,
    beta_1: float,
    beta_2: float,
    epsilon: float,
    epsilon_hat: int,
    weight_decay: float,
    rate: float,
    clip: float,
    beta_1_power: float,
    beta_2_power: float,
    first: int,
    last: int,
) -> None:
    """m ← β₁ m + (1 - β₁) g, v ← β₂ v + (1 - β₂) g², W ← (1 - η λ) W - η m̂ / (√v̂ + ε).

    m̂ = m / (1 - β₁ᵗ) and v̂ = v / (1 - β₂ᵗ). Where ε is the paper's ε̂, m̂ / ((√v + ε̂) / √(1 - β₂ᵗ)).
    """
    kept = 1.0 - rate * weight_decay
    step = -rate / (1.0 - beta_1_power)
    root = 1.0 / (1.0 - beta_2_power) ** 0.5
    scaled = epsilon * (root if epsilon_hat else 1.0)
    w, g = at(parameters, 0), at(gradients, 0)
    m, v = at(first_moment, 0), at(second_moment, 0)
    for i in range(first, last, lanes(w)):
        gradient = load(g, i) * clip
        mean = fma(load(m, i), beta_1, gradient * (1.0 - beta_1))
        square = fma(load(v, i), beta_2, gradient * gradient * (1.0 - beta_2))
        store(m, i, mean)
        store(v, i, square)
        change = mean * step / (square_root(square) * root + scaled)
        store(w, i, fma(load(w, i), kept, change))


@hinted_class
@dataclass(frozen=True)
class Adam(Optimizer):
    """Adam.

    m ← β₁ m + (1 - β₁) g, v ← β₂ v + (1 - β₂) g² and W ← W - η m̂ / (√v̂ + ε) with the means
    freed of their start at zero (Kingma and Ba, 2015, *Adam: a method for stochastic
    optimization*, algorithm 1).

    Parameters
    ----------
    learning_rate : float or Schedule, default 0.001
        The rate η, or a schedule of it.
    beta_1, beta_2 : float, default 0.9 and 0.999
        The shares of the means of g and g² that are kept, in [0, 1).
    epsilon : float, default 1e-8
        Keeps the quotient finite: positive.
    clip_norm : float, optional
        All gradients are scaled by min(1, c / ‖g‖₂), with the norm over all parameters.
    epsilon_hat : bool, default False
        Whether ``epsilon`` is the paper's ε̂, which stands beside √v before the correction instead
        of beside √v̂ behind it, as in scikit-learn, Keras and TensorFlow.

    Examples
    --------
    >>> Adam(learning_rate=3e-4).beta_2
    0.999
    """

    learning_rate: float | Schedule = 0.001
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8
    clip_norm: float | None = None
    epsilon_hat: bool = field(default=False, kw_only=True)

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
            beta_1=check_share("beta_1", self.beta_1),
            beta_2=check_share("beta_2", self.beta_2),
            epsilon=check_number("epsilon", self.epsilon, above=0.0),
            epsilon_hat=check_flag("epsilon_hat", self.epsilon_hat),
        )

    def update(self) -> Update:
        """What a step runs."""
        settings = {
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
            "epsilon": self.epsilon,
            "epsilon_hat": self.epsilon_hat,
            "weight_decay": getattr(self, "weight_decay", 0.0),
        }
        moments, decays = ("first_moment", "second_moment"), ("beta_1", "beta_2")
        return Update(update_adam, moments, decays, settings)


@hinted_class
@dataclass(frozen=True)
class AdamW(Adam):
    """Adam with a decay of all parameters apart from the gradient.

    W ← W - η (m̂ / (√v̂ + ε) + λ W) (Loshchilov and Hutter, 2019, *Decoupled weight decay
    regularization*, algorithm 2).

    Parameters
    ----------
    learning_rate, beta_1, beta_2, epsilon, clip_norm, epsilon_hat
        As in `Adam`.
    weight_decay : float, default 0.01
        The decay λ, at least 0; a step takes the share η λ of every parameter.

    Examples
    --------
    >>> AdamW(weight_decay=0.05).weight_decay
    0.05
    """

    weight_decay: float = 0.01

    def __post_init__(self) -> None:
        """Check what was given.

        Raises
        ------
        TypeError, ValueError
            If a value has the wrong type or makes no sense.
        """
        super().__post_init__()
        keep(self, weight_decay=check_number("weight_decay", self.weight_decay, least=0.0))
