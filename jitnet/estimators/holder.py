"""An estimator's coefficients and the network behind them: kept together, copied and put back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from jitnet.estimators.network import Network
from jitnet.memory import Array

NOT_FINITE = (
    "Solver produced non-finite parameter weights. The input data may contain large values and "
    "need to be preprocessed."
)


class NetworkHolder(BaseEstimator):
    """An estimator whose coefficients are views of a network's parameters."""

    coefs_: list[Array]
    intercepts_: list[Array]
    _network: Network

    def _hold(self, network: Network) -> None:
        """Make a network's views the coefficients."""
        self._network = network
        self.coefs_, self.intercepts_ = list(network.coefs), list(network.intercepts)

    def _bound(self) -> Network:
        """The network that holds the coefficients, also where others were put in their place."""
        network = self._network
        if not network.holds(self.coefs_, self.intercepts_):
            fresh = Network(network.design)
            fresh.engine.restore(network.engine.state())
            fresh.rate = network.rate
            fresh.load(self.coefs_, self.intercepts_)
            self._hold(fresh)
            return fresh
        return network

    @contextmanager
    def _all_or_nothing(self) -> Iterator[None]:
        """Put everything back as it was if a fit fails."""
        before = dict(vars(self))
        lengths = {name: len(kept) for name, kept in before.items() if isinstance(kept, list)}
        state = before["_network"].engine.state() if "_network" in before else None
        try:
            yield
        except BaseException as error:
            self.__dict__.clear()
            self.__dict__.update(before)
            for name, length in lengths.items():
                del before[name][length:]
            if state is not None:
                self._network.engine.restore(state)
            if isinstance(error, FloatingPointError):
                raise ValueError(f"{NOT_FINITE} {error}") from error
            raise

    def __getstate__(self) -> dict[str, Any]:
        """What copies and pickles hold; coefficients as plain arrays."""
        state: dict[str, Any] = super().__getstate__()
        plain = {
            name: [np.array(array) for array in state[name]]
            for name in ("coefs_", "intercepts_")
            if name in state
        }
        return state | plain

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take over what `__getstate__` gave, and put the coefficients into their network."""
        super().__setstate__(state)
        if "coefs_" in state:
            self._network.load(self.coefs_, self.intercepts_)
            self._hold(self._network)
