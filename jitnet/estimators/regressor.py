"""``MLPRegressor``: scikit-learn's perceptron regressor on this library's loops."""

from __future__ import annotations

from numbers import Real
from types import SimpleNamespace
from typing import Any

import numpy as np
from scipy.special import xlogy
from sklearn.base import RegressorMixin
from sklearn.metrics import r2_score
from sklearn.utils._param_validation import Interval, StrOptions

from jitnet.arrays import Array
from jitnet.callbacks import Callback
from jitnet.estimators.network import Design
from jitnet.estimators.parameters import (
    CONSTRAINTS,
    REGRESSOR_LOSSES,
    defaults_of,
    regressor_objective,
)
from jitnet.estimators.perceptron import Perceptron
from jitnet.estimators.tabular import fit_scaler
from jitnet.losses.objective import Objective
from jitnet.optimizers import Optimizer
from jitnet.schedules import Schedule
from jitnet.validation import to_floats


class MLPRegressor(RegressorMixin, Perceptron):
    """scikit-learn's multi-layer perceptron regressor, and what was asked for there.

    All of scikit-learn's parameters have its names, defaults and meaning, and the same
    ``random_state`` gives the same results. Those from ``quantile`` on are this library's.

    Parameters
    ----------
    loss : str, default "squared_error"
        ``"squared_error"`` and ``"poisson"``, which are half of the squares and of the deviance as
        in scikit-learn; ``"absolute_error"``, ``"huber"`` with δ = 1, or ``"quantile"``.
    hidden_layer_sizes : array-like of int, default (100,)
        The units of each hidden layer.
    activation : str or list of str, default "relu"
        Of the hidden layers, for all or one a layer: ``"identity"``, ``"logistic"``, ``"tanh"``,
        ``"relu"``, ``"leaky_relu"``, ``"elu"``, ``"gelu"``, ``"silu"`` or ``"softplus"``.
    solver : str or optimiser, default "adam"
        ``"lbfgs"``, ``"sgd"``, ``"adam"``, ``"adamw"``, ``"rmsprop"``, or an optimiser such as
        ``jn.AdamW(1e-3)``, which brings its own settings.
    alpha : float, default 0.0001
        Strength α of the L2 term α / (2 Σw) Σ W²; the preset chooses one where this is the default.
    batch_size : int or "auto", default "auto"
        Examples a step; ``"auto"`` is 200, or as many as there are.
    learning_rate : str or Schedule, default "constant"
        ``"constant"``; for ``solver="sgd"`` also ``"invscaling"`` and ``"adaptive"``, as in
        scikit-learn; ``"cosine"`` and ``"one_cycle"`` over all steps of ``max_iter`` epochs; or a
        schedule such as ``jn.Cosine``.
    learning_rate_init : float, default 0.001
        The first learning rate, or the highest one of a schedule over the fit.
    power_t : float, default 0.5
        The exponent of ``"invscaling"``.
    max_iter : int, default 200
        Epochs at most, or iterations of ``"lbfgs"``.
    shuffle : bool, default True
        Whether each epoch has an order of its own.
    random_state : int, RandomState or None, default None
        The source of first weights, shuffles and splits.
    tol : float, default 1e-4
        What counts as getting better.
    verbose : bool, default False
        Whether to print each epoch's loss.
    warm_start : bool, default False
        Whether `fit` goes on from the coefficients there are.
    momentum : float, default 0.9
        Of ``"sgd"``.
    nesterovs_momentum : bool, default True
        Of ``"sgd"``.
    early_stopping : bool, default False
        Whether to stop by the score of held-out examples, and keep the best epoch's coefficients.
        In `partial_fit`, later calls leave a stopped estimator as it is, and the first of them
        warns.
    validation_fraction : float, default 0.1
        The share that is held out where no ``X_val`` is given.
    beta_1, beta_2 : float, default 0.9 and 0.999
        Of ``"adam"`` and ``"adamw"``.
    epsilon : float, default 1e-8
        Of ``"adam"``, ``"adamw"`` and ``"rmsprop"``.
    n_iter_no_change : int, default 10
        Epochs without getting better that are allowed.
    max_fun : int, default 15000
        Evaluations of the loss by ``"lbfgs"`` at most.
    quantile : float, default 0.5
        The level of ``loss="quantile"``.
    preset : "tabular" or None, default None
        Settings for tables of numbers, wherever a parameter has its default: see
        `jitnet.estimators.tabular`.
    dtype : {"float32", "float64"} or None, default None
        The precision to compute with; None follows X, but is float32 with a preset.
    n_threads : int or None, default None
        Threads to compute with at most; None is as many as pay.
    callbacks : list of Callback or None, default None
        Told of each epoch's end, with this estimator as the model. Those of the package are for
        `Sequential`.
    progress : bool or None, default None
        Whether to show a progress bar.

    Attributes
    ----------
    alpha_ : float
        The penalty that the preset chose.
    coefs_, intercepts_ : list of ndarray
        Weights (n_in, n_out) and biases (n_out,) of each layer.
    loss_, best_loss_ : float
        The last loss, and the least.
    loss_curve_, validation_loss_curve_, validation_scores_ : list of float
        A number an epoch; those of held-out examples are None where there are none. A validation
        loss is without the L2 term.
    n_iter_, t_ : int
        Epochs of the last fit, and examples seen.
    n_layers_, n_outputs_ : int
        Layers, inputs and outputs included, and outputs.
    out_activation_ : str
        ``"identity"``, or ``"exp"`` for poisson.
    n_features_in_ : int
        Features of an example.
    feature_names_in_ : ndarray of str
        Their names, where X had some.
    stopped_ : bool
        Whether the last fit stopped because it got no better.

    Examples
    --------
    >>> import jitnet as jn, numpy as np
    >>> X = np.random.default_rng(0).normal(size=(200, 3))
    >>> model = jn.MLPRegressor(solver="lbfgs", random_state=0, max_iter=500).fit(X, X[:, 0] ** 2)
    >>> model.score(X, X[:, 0] ** 2) > 0.9
    True
    """

    _judged_by_values = True
    _parameter_constraints: dict[str, list[Any]] = CONSTRAINTS | {
        "loss": [StrOptions(set(REGRESSOR_LOSSES))],
        "quantile": [Interval(Real, 0, 1, closed="neither")],
    }

    _spread: tuple[Array, Array] | None = None

    def __init__(
        self,
        loss: str = "squared_error",
        hidden_layer_sizes: Any = (100,),
        activation: str | list[str] = "relu",
        *,
        solver: str | Optimizer = "adam",
        alpha: float = 0.0001,
        batch_size: int | str = "auto",
        learning_rate: str | Schedule = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: Any = None,
        tol: float = 1e-4,
        verbose: bool = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: int = 10,
        max_fun: int = 15000,
        quantile: float = 0.5,
        preset: str | None = None,
        dtype: str | None = None,
        n_threads: int | None = None,
        callbacks: list[Callback] | None = None,
        progress: bool | None = None,
    ) -> None:
        self._keep(locals())

    def predict(self, X: Any) -> Array:
        """Predict.

        Parameters
        ----------
        X : array-like, frame or sparse matrix of shape (n_samples, n_features)
            Examples.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_outputs)
            Values.
        """
        outputs = self._outputs(X)
        if self._spread is not None:
            outputs = (outputs * self._spread[1] + self._spread[0]).astype(outputs.dtype)
        return outputs.ravel() if self.n_outputs_ == 1 else outputs

    @property
    def _defaults(self) -> dict[str, Any]:
        return defaults_of(MLPRegressor)

    def _validate(self, X: Any, y: Any, *, reset: bool) -> tuple[Any, Any]:
        X, y = super()._validate(X, y, reset=reset)
        y = to_floats(y, "y")
        if self.loss == "poisson" and (y < 0).any():
            raise ValueError("loss='poisson' needs targets of at least 0")
        return X, y

    def _design_by_hand(self, units: tuple[int, ...], dtype: np.dtype[Any]) -> Design:
        if not hasattr(self, "out_activation_"):
            self.out_activation_ = "exp" if self.loss == "poisson" else "identity"
        return super()._design_by_hand(units, dtype)

    def _learn_targets(self, y: Any, *, anew: bool) -> None:
        if not anew:
            self._check_targets(y)
        self.n_outputs_ = 1 if y.ndim == 1 else y.shape[1]
        self.out_activation_ = "exp" if self.loss == "poisson" else "identity"

    def _check_targets(self, y: Any) -> None:
        n_outputs = 1 if y.ndim == 1 else y.shape[1]
        if n_outputs != self._bound().design.units[-1]:
            raise ValueError(f"y must have {self.n_outputs_} outputs, got {n_outputs}")

    def _encode(self, y: Any, settings: SimpleNamespace, *, anew: bool) -> tuple[Array, bool]:
        targets = y.reshape(len(y), -1)
        if anew:
            self._spread = None
            if self.preset is not None and self.loss != "poisson":
                scaler = fit_scaler(targets.astype(np.float64, copy=False), "y")
                self._spread = scaler.mean_, scaler.scale_
        if self._spread is not None:
            targets = (targets - self._spread[0]) / self._spread[1]
        return targets, False

    def _unscaled(
        self, coefs: list[Array], intercepts: list[Array]
    ) -> tuple[list[Array], list[Array]]:
        coefs, intercepts = super()._unscaled(coefs, intercepts)
        if self._spread is not None:
            mean, deviation = self._spread
            coefs[-1], intercepts[-1] = coefs[-1] * deviation, intercepts[-1] * deviation + mean
        return coefs, intercepts

    def _objective(self, settings: SimpleNamespace) -> Objective:
        return regressor_objective(self.loss, self.n_outputs_, float(self.quantile))

    def _score_of(self, y: Array, weights: Array | None, outputs: Array) -> float:
        with np.errstate(over="ignore", invalid="ignore"):
            return float(r2_score(y, outputs, sample_weight=weights))

    def _says_something(self, y: Array) -> bool:
        return bool(np.ptp(y, axis=0).any())

    def _offsets(self, targets: Array) -> Array | None:
        if self.loss != "poisson":
            return None
        offsets: Array = (xlogy(targets, targets) - targets).sum(axis=1)
        return offsets
