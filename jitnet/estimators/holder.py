"""An estimator's coefficients and the network behind them: kept together, copied and put back."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from jitnet.arrays import Array
from jitnet.estimators.network import Design, Network
from jitnet.frames import in_range

NOT_FINITE = (
    "Solver produced non-finite parameter weights. The input data may contain large values and "
    "need to be preprocessed."
)


class NetworkHolder(BaseEstimator, ABC):
    """An estimator whose coefficients are views of a network's parameters."""

    coefs_: list[Array]
    intercepts_: list[Array]
    _network: Network

    def _hold(self, network: Network) -> None:
        """Make a network's views the coefficients."""
        self._network = network
        self.coefs_, self.intercepts_ = list(network.coefs), list(network.intercepts)

    @abstractmethod
    def _design_by_hand(self, units: tuple[int, ...], dtype: np.dtype[Any]) -> Design:
        """Design a network of which only the coefficients are known; set what else a fit would."""

    def _bound(self) -> Network:
        """The network behind the coefficients; a new one where a user has replaced them.

        They may be set before any fit, and be those of other layers.
        """
        network: Network | None = vars(self).get("_network")
        if network is not None and network.holds(self.coefs_, self.intercepts_):
            return network
        units, dtype = _layout(self.coefs_, self.intercepts_)
        if network is not None and network.design.units == units:
            fresh = Network(network.design)
            fresh.engine.restore(network.engine.state())
            fresh.rate = network.rate
        else:
            fresh = Network(self._design_by_hand(units, dtype))
        fresh.load(self.coefs_, self.intercepts_)
        self._hold(fresh)
        return fresh

    @contextmanager
    def _all_or_nothing(self, *, incremental: bool = False) -> Iterator[None]:
        """Put everything back as it was if a fit fails.

        One that is not incremental trains a network of its own.
        """
        before = dict(vars(self))
        lengths = {name: len(kept) for name, kept in before.items() if isinstance(kept, list)}
        trained = before.get("_network") if incremental else None
        state = trained.engine.state() if trained is not None else None
        try:
            with in_range("X, y and weights"):
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
        if "_network" in state:
            self._network.load(self.coefs_, self.intercepts_)
            self._hold(self._network)


def _layout(
    coefs: Sequence[Array], intercepts: Sequence[Array]
) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """The units of the inputs and of each layer, and the type, as the coefficients have them."""
    shapes = [np.shape(coef) for coef in coefs]
    biases = [np.shape(intercept) for intercept in intercepts]
    units = tuple(int(size) for size in (*shapes[0][:1], *(shape[-1] for shape in shapes if shape)))
    expected = list(pairwise(units)), [(size,) for size in units[1:]]
    if (shapes, biases) != expected:
        raise ValueError(
            "coefs_ must be arrays (n_in, n_out), each of as many inputs as the one before has "
            f"outputs, and intercepts_ (n_out,); got the shapes {shapes} and {biases}"
        )
    single = all(np.asarray(array).dtype == np.float32 for array in (*coefs, *intercepts))
    return units, np.dtype(np.float32 if single else np.float64)
