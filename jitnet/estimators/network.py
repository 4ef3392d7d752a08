"""The engine behind an estimator's coefficients."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from jitnet.arrays import Array
from jitnet.engine import Engine
from jitnet.engine.turns import State
from jitnet.estimators.parameters import HIDDEN
from jitnet.layers import Dense
from jitnet.losses.objective import Objective
from jitnet.optimizers import Optimizer


class Design(NamedTuple):
    """The architecture and the settings of a network."""

    units: tuple[int, ...]  # of the inputs, each hidden layer and the outputs
    activations: tuple[str, ...]  # of the hidden layers
    objective: Objective
    optimizer: Optimizer
    dtype: Any
    alpha: float
    n_threads: int | None
    mostly_zeros: bool = False  # whether it is made for sparse inputs


class Network:
    """An engine, its coefficients and intercepts as views, and its rate of learning.

    Parameters
    ----------
    design : Design
        Its architecture and settings.
    """

    def __init__(self, design: Design) -> None:
        self.design = design
        names = [*(HIDDEN[name] for name in design.activations), "identity"]
        layers = [
            Dense(units, name, l2=design.alpha)
            for units, name in zip(design.units[1:], names, strict=True)
        ]
        self.engine = Engine(
            layers,
            design.units[:1],
            objective=design.objective,
            optimizer=design.optimizer,
            dtype=design.dtype,
            seed=0,
            n_threads=design.n_threads,
            mostly_zeros=design.mostly_zeros,
        )
        views = self.engine.parameter_views()
        self.coefs, self.intercepts = views[0::2], views[1::2]
        self.rate: float = self.engine.schedule(0)

    def holds(self, coefs: Sequence[Array], intercepts: Sequence[Array]) -> bool:
        """Whether these are the views of this network's own parameters."""
        given, own = [*coefs, *intercepts], [*self.coefs, *self.intercepts]
        return len(given) == len(own) and all(a is b for a, b in zip(given, own, strict=True))

    def load(self, coefs: Sequence[Array], intercepts: Sequence[Array]) -> None:
        """Take over the values of coefficients and intercepts."""
        own = [*self.coefs, *self.intercepts]
        for view, array in zip(own, [*coefs, *intercepts], strict=True):
            view[:] = array

    def set_alpha(self, alpha: float) -> None:
        """Penalise by another strength from now on."""
        self.engine.l2[0::2] = alpha  # of weights, not of biases

    def training(self) -> tuple[Any, ...]:
        """A copy of what training changes beside the parameters."""
        return self.engine.state()[1:]

    def resume(self, training: tuple[Any, ...]) -> None:
        """Go on from a copy, with the parameters there are."""
        self.engine.restore(State(self.engine.network.parameters, *training))

    def draw(self, random_state: np.random.RandomState) -> None:
        """First weights and biases, as scikit-learn draws them.

        Uniform within ±√(6 / (n_in + n_out)), or ±√(2 / (n_in + n_out)) for the logistic function
        (Glorot and Bengio, 2010). The output layer goes by the last hidden one's activation.
        """
        names = [*self.design.activations, *self.design.activations[-1:]] or ["identity"]
        for name, coef, intercept in zip(names, self.coefs, self.intercepts, strict=True):
            factor = 2.0 if HIDDEN[name] == "sigmoid" else 6.0
            bound = np.sqrt(factor / sum(coef.shape))
            coef[:] = random_state.uniform(-bound, bound, coef.shape)
            intercept[:] = random_state.uniform(-bound, bound, len(intercept))

    def __getstate__(self) -> dict[str, Any]:
        """What copies and pickles hold: all but the parameters, which the estimator holds."""
        return {"design": self.design, "rate": self.rate, "training": self.training()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take over what `__getstate__` gave."""
        self.__init__(state["design"])  # type: ignore[misc]
        self.rate = state["rate"]
        self.resume(state["training"])
