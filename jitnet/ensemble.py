"""``Ensemble``: several networks that predict together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from jitnet.arrays import Array
from jitnet.checks import check_number
from jitnet.errors import NotFittedError
from jitnet.many import Fitted, check_models, fit_many
from jitnet.model import Lengths, Sequential
from jitnet.quoting import quoted


class Ensemble:
    """Several networks, trained side by side, whose mean is the prediction.

    Networks that differ in their first weights alone make different errors: their mean errs less
    than one of them does, and they lie apart where they do not know (Lakshminarayanan, Pritzel and
    Blundell, "Simple and Scalable Predictive Uncertainty Estimation using Deep Ensembles", 2017).

    Parameters
    ----------
    models : sequence of Sequential
        The members, with seeds of their own and outputs of one shape.

    Raises
    ------
    TypeError, ValueError
        If they are none.

    Examples
    --------
    >>> import jitnet as jn
    >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [1.0, 3.0, 5.0, 7.0]
    >>> models = [jn.Sequential([jn.Dense(1)], "mse", jn.SGD(0.1), seed=s) for s in range(4)]
    >>> ensemble = jn.Ensemble(models)
    >>> fits = ensemble.fit(X, y, epochs=500, batch_size=None)
    >>> ensemble.predict([[4.0]]).round(2).item(), ensemble.deviation([[4.0]]).round(2).item()
    (9.0, 0.0)
    """

    def __init__(self, models: Sequence[Sequential]) -> None:
        self.models = check_models(models)
        self.fits: list[Fitted] = []

    def fit(self, X: ArrayLike, y: ArrayLike, **options: Any) -> list[Fitted]:
        """Train all members side by side.

        Parameters
        ----------
        X, y, **options
            As in `fit_many`.

        Returns
        -------
        list of Fitted
            As from `fit_many`. A member that has failed predicts with the others no more.

        Raises
        ------
        TypeError, ValueError
            If anything given does not fit.
        FloatingPointError
            If all members have failed.
        """
        self.fits = fit_many(self.models, X, y, **options)
        if all(fit.error for fit in self.fits):
            raise FloatingPointError("all members have failed") from self.fits[0].error
        return self.fits

    @property
    def members(self) -> list[Sequential]:
        """The networks that predict: those that have not failed.

        Raises
        ------
        NotFittedError
            If there are none.
        """
        sound = [fit.model for fit in self.fits if fit.error is None]
        if not sound:
            raise NotFittedError("this ensemble has no trained members yet; call fit first")
        return sound

    def predict_each(self, X: ArrayLike, *, lengths: Lengths = None) -> Array:
        """What each member predicts.

        Parameters
        ----------
        X, lengths
            As in `Sequential.predict`.

        Returns
        -------
        ndarray of shape (n_members, n_samples, n_outputs)

        Raises
        ------
        NotFittedError, TypeError, ValueError
            As in `Sequential.predict`.
        """
        return np.stack([model.predict(X, lengths=lengths) for model in self.members])

    def predict(self, X: ArrayLike, *, lengths: Lengths = None) -> Array:
        """The mean of what the members predict.

        Parameters
        ----------
        X, lengths
            As in `Sequential.predict`.

        Returns
        -------
        ndarray of shape (n_samples, n_outputs)

        Raises
        ------
        NotFittedError, TypeError, ValueError
            As in `Sequential.predict`.
        """
        mean: Array = self.predict_each(X, lengths=lengths).mean(axis=0)
        return mean

    def deviation(self, X: ArrayLike, *, lengths: Lengths = None) -> Array:
        """How far the members lie apart: the standard deviation of what they predict.

        Parameters
        ----------
        X, lengths
            As in `Sequential.predict`.

        Returns
        -------
        ndarray of shape (n_samples, n_outputs)

        Raises
        ------
        NotFittedError, TypeError, ValueError
            As in `Sequential.predict`.
        """
        deviation: Array = self.predict_each(X, lengths=lengths).std(axis=0)
        return deviation

    def quantiles(
        self, X: ArrayLike, levels: Sequence[float] = (0.05, 0.5, 0.95), *, lengths: Lengths = None
    ) -> Array:
        """Quantiles of what the members predict.

        Parameters
        ----------
        X, lengths
            As in `Sequential.predict`.
        levels : sequence of float, default (0.05, 0.5, 0.95)
            Between 0 and 1.

        Returns
        -------
        ndarray of shape (n_levels, n_samples, n_outputs)

        Raises
        ------
        NotFittedError, TypeError, ValueError
            As in `Sequential.predict`, and if a level is none.
        """
        shares = [check_number("a level", q, least=0.0, most=1.0) for q in _as_list(levels)]
        each = self.predict_each(X, lengths=lengths)
        found: Array = np.quantile(each.astype(np.float64), np.array(shares), axis=0)
        return found.astype(each.dtype)


def _as_list(levels: Any) -> list[Any]:
    if isinstance(levels, str) or not isinstance(levels, Sequence | np.ndarray):
        raise TypeError(f"levels must be a list of numbers, got {quoted(levels)}")
    return list(levels)
