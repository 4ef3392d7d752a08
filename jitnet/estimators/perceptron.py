"""What the two estimators share: from parameters and examples to a trained network."""

from __future__ import annotations

import warnings
from abc import abstractmethod
from types import SimpleNamespace
from typing import Any

import numpy as np
import scipy.sparse
from sklearn.base import is_regressor
from sklearn.preprocessing import StandardScaler
from sklearn.utils import check_random_state
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from jitnet.estimators import rates
from jitnet.estimators.examples import Examples, dense_rows, rows_at_once
from jitnet.estimators.holder import NOT_FINITE, NetworkHolder
from jitnet.estimators.lbfgs import fit_lbfgs
from jitnet.estimators.network import Design, Network
from jitnet.estimators.parameters import (
    CONSTRAINTS,
    HIDDEN,
    hidden_activations,
    hidden_sizes,
    make_optimizer,
)
from jitnet.estimators.stochastic import USERS_CALL, Descent, try_stages
from jitnet.estimators.tabular import dtype_of, fit_scaler, fold, settings_of
from jitnet.estimators.validation import Validation, hold_out
from jitnet.layers import Dense
from jitnet.losses.objective import Objective
from jitnet.memory import Array
from jitnet.model import Sequential
from jitnet.validation import check_epsilon, check_fits, check_kinds

LEAST_ROWS = 1 << 12
"""Rows of a sparse matrix that are predicted together, at least."""


class Perceptron(NetworkHolder):
    """A multi-layer perceptron behind scikit-learn's interface."""

    _judged_by_values: bool
    """Whether a score is of the network's predictions, not of its output layer's z."""

    _parameter_constraints: dict[str, list[Any]] = CONSTRAINTS

    n_outputs_: int
    out_activation_: str
    stopped_: bool
    loss_curve_: list[float]
    validation_scores_: Any  # list of float, or None
    validation_loss_curve_: Any  # list of float, or None
    best_validation_score_: float | None
    best_loss_: float | None

    _scaler: StandardScaler | None = None
    _is_by_parts = _parts_ended = _was_told = False

    @property
    @abstractmethod
    def _defaults(self) -> dict[str, Any]:
        """The parameters there are and their defaults; a subclass may have others."""

    @abstractmethod
    def _validate(self, X: Any, y: Any, *, reset: bool) -> tuple[Any, Any]:
        """X and y as scikit-learn's validation passes them."""

    @abstractmethod
    def _learn_targets(self, y: Any, *, anew: bool) -> None:
        """Take in what the targets are like, or check that they are as before."""

    @abstractmethod
    def _check_targets(self, y: Any) -> None:
        """Refuse targets that are none of those there are; they need not be all of them."""

    @abstractmethod
    def _encode(self, y: Any, settings: SimpleNamespace, *, anew: bool) -> tuple[Array, bool]:
        """Targets as the engine takes them, and whether they are numbers of classes."""

    @abstractmethod
    def _objective(self, settings: SimpleNamespace) -> Objective:
        """What is made small, for the outputs there are."""

    @abstractmethod
    def _score_of(self, y: Array, weights: Array | None, outputs: Array) -> float:
        """The score of outputs for encoded targets: accuracy, or R²."""

    def _says_something(self, y: Array) -> bool:
        """Whether predictions of these targets can be told apart by their score."""
        return True

    @abstractmethod
    def _stratification(self, targets: Array) -> Array | None:
        """What a split keeps the shares of."""

    def _offsets(self, targets: Array) -> Array | None:
        """What the reported loss adds for each example."""
        return None

    def _class_weights(self, y: Any) -> Array | None:
        """What each example's weight is multiplied by."""
        return None

    def _fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any,
        held_out: tuple[Any, Any, Any],
        *,
        incremental: bool = False,
    ) -> None:
        """Check everything, and then train; if that fails, all is as it was."""
        anew = not hasattr(self, "coefs_") or not (self.warm_start or incremental)
        X, y = self._validate(X, y, reset=anew)
        settings = settings_of(self, X.shape[0], anew, held_out[0] is not None, incremental)
        if incremental and settings.early_stopping and self._parts_ended:
            self._say_that_parts_ended()
            return
        hidden = hidden_sizes(settings.hidden_layer_sizes)
        activations = hidden_activations(settings.activation, len(hidden))
        self._learn_targets(y, anew=anew)
        examples = self._examples(X, y, sample_weight, settings, anew=anew)
        examples.weights = _product(examples.weights, self._class_weights(y))
        X = examples.X
        self._random_state = check_random_state(self.random_state)
        units = (X.shape[1], *hidden, self.n_outputs_)
        network = self._network_for(
            X, units, activations, settings, anew=anew, incremental=incremental
        )
        if is_regressor(self):
            check_fits(y, network.engine.dtype, "y")
        recorded = "loss_curve_" if settings.solver != "lbfgs" else "_is_by_parts"
        begins = anew or recorded not in vars(self)
        if begins:
            self._begin_records(settings)
        self._begin_stopping(settings, incremental=incremental)
        examples, validation = hold_out(self, examples, held_out, settings, incremental=incremental)
        examples.check_weights(network.engine, "sample_weight of the examples to train on")
        if settings.solver == "lbfgs":
            fit_lbfgs(self, settings, network, examples, validation)
        else:
            self._descend(settings, examples, validation, begins=begins, incremental=incremental)
        if not all(np.isfinite(array).all() for array in (*self.coefs_, *self.intercepts_)):
            raise ValueError(NOT_FINITE)

    def _descend(
        self,
        settings: SimpleNamespace,
        examples: Examples,
        validation: Validation | None,
        *,
        begins: bool,
        incremental: bool,
    ) -> None:
        """Train by steps on batches, along the preset's path of penalties where there is one."""
        stages = settings.stages
        if stages is not None and validation is None:
            trial = try_stages(self, settings, examples, stages)
            if trial is not None and trial.interrupted:
                self.__dict__.update(vars(trial.estimator))
                self._network.engine.network.parameters[:] = self._best_parameters
                return
            kept = stages[0].alpha if trial is None else trial.estimator.alpha_
            stages = [stage for stage in stages if stage.alpha >= kept]
        descent = Descent(
            self,
            settings,
            self._network,
            examples,
            validation,
            incremental=incremental,
            stages=stages,
        )
        if stages is None and (not incremental or begins):
            rates.begin(settings, self._network, settings.max_iter * descent.steps_an_epoch)
        descent.run()
        if settings.early_stopping and (self.stopped_ or not incremental):
            self._network.engine.network.parameters[:] = self._best_parameters
        self._parts_ended = incremental and settings.early_stopping and self.stopped_

    def _examples(
        self, X: Any, y: Any, sample_weight: Any, settings: SimpleNamespace, *, anew: bool
    ) -> Examples:
        """Validated X and y, and weights, as the engine takes them."""
        weights = None
        if sample_weight is not None:
            check_kinds(sample_weight, "sample_weight")
            weights = _check_sample_weight(sample_weight, X)
        targets, labels = self._encode(y, settings, anew=anew)
        X, rows = self._take_in(X, anew=anew), np.arange(X.shape[0])
        return Examples(X, targets, labels, weights, rows, self._offsets(targets))

    def _network_for(
        self,
        X: Any,
        units: tuple[int, ...],
        activations: list[str],
        settings: SimpleNamespace,
        *,
        anew: bool,
        incremental: bool,
    ) -> Network:
        """The network to train: a new one, the old coefficients in a new one, or the old one."""
        dtype = np.dtype(dtype_of(self) or X.dtype)
        if not anew:
            old = self._bound()
            dtype = old.design.dtype
            if old.design.units != units:
                raise ValueError(
                    f"the network has layers of {old.design.units} units, not of {units}; "
                    "without warm_start, fit begins anew"
                )
            if incremental:
                old.set_alpha(settings.alpha)
                return old
        network = Network(self._design(units, tuple(activations), settings, dtype))
        if anew:
            network.draw(self._random_state)
            self.n_layers_ = len(units)
        else:
            network.load(self.coefs_, self.intercepts_)
        self._hold(network)
        return network

    def _design(
        self,
        units: tuple[int, ...],
        activations: tuple[str, ...],
        settings: SimpleNamespace,
        dtype: np.dtype[Any],
    ) -> Design:
        """A network of these layers by the parameters there are."""
        optimizer = make_optimizer(settings)
        check_epsilon(optimizer, dtype)
        objective, alpha = self._objective(settings), float(settings.alpha)
        return Design(units, activations, objective, optimizer, dtype, alpha, self.n_threads)

    def _design_by_hand(self, units: tuple[int, ...], dtype: np.dtype[Any]) -> Design:
        for name, value in (("n_outputs_", units[-1]), ("n_layers_", len(units))):
            if not hasattr(self, name):
                setattr(self, name, value)
        settings = settings_of(self, 1)
        activations = hidden_activations(settings.activation, len(units) - 2)
        return self._design(units, tuple(activations), settings, dtype)

    def _begin_records(self, settings: SimpleNamespace) -> None:
        """Empty what a fit writes down."""
        self.n_iter_ = self.t_ = 0
        self.validation_scores_ = self.validation_loss_curve_ = self.best_validation_score_ = None
        if settings.solver != "lbfgs":
            self.loss_curve_ = []
            self._no_improvement_count = 0
            self.best_loss_ = None if settings.early_stopping else np.inf

    def _begin_stopping(self, settings: SimpleNamespace, *, incremental: bool) -> None:
        """Begin to look for the best epoch; a fit's count and best are none of partial_fit's."""
        self.stopped_ = self._parts_ended = self._was_told = False
        if incremental and not self._is_by_parts and settings.early_stopping:
            self._no_improvement_count = 0
            self.best_validation_score_ = None
        if not settings.early_stopping and getattr(self, "best_loss_", 0) is None:  # it was, before
            self._no_improvement_count, self.best_loss_ = 0, np.inf
        self._is_by_parts = incremental

    def _say_that_parts_ended(self) -> None:
        """Warn the first time that a call of partial_fit does nothing."""
        if not self._was_told:
            warnings.warn(
                "partial_fit has stopped, as the validation score did not improve any more: this "
                "call and later ones leave the estimator as it is. With early_stopping=False they "
                "train on; fit begins anew.",
                stacklevel=USERS_CALL,
            )
        self._was_told = True

    def _take_in(self, X: Any, *, anew: bool) -> Any:
        """Inputs of the type to compute with, sparse ones by rows; the preset's are scaled."""
        if scipy.sparse.issparse(X):
            X = X.tocsr()
        if self.preset is not None and anew:
            self._scaler = fit_scaler(X, "X")
        elif anew:
            self._scaler = None
        if self._scaler is not None:
            if self._scaler.with_mean and scipy.sparse.issparse(X):  # zeros are moved
                X = X.toarray()
            X = self._scaler.transform(X)
        chosen = dtype_of(self)
        dtype = np.dtype(chosen or X.dtype) if anew else self._bound().design.dtype
        if self._scaler is not None or X.dtype.itemsize > dtype.itemsize:
            check_fits(X.data if scipy.sparse.issparse(X) else X, dtype, "X")
        return X if chosen is None else X.astype(chosen, copy=False)

    def _outputs(self, X: Any, *, linked: bool = True) -> Array:
        """The network's outputs, checked, in the type that NumPy would give them."""
        check_is_fitted(self)
        X, network = self._checked(X), self._bound()
        if X.shape[1] != network.design.units[0]:
            raise ValueError(
                f"X has {X.shape[1]} features, but coefs_[0] is of {network.design.units[0]}"
            )
        kind = np.result_type(X.dtype, network.design.dtype)
        X = self._take_in(X, anew=False)
        if not scipy.sparse.issparse(X):
            return network.engine.predict(X, linked=linked).astype(kind, copy=False)
        step = rows_at_once(X, LEAST_ROWS)
        parts = (dense_rows(X, slice(i, i + step)) for i in range(0, X.shape[0], step))
        outputs = [network.engine.predict(part, linked=linked) for part in parts]
        return np.concatenate(outputs).astype(kind, copy=False)

    def _checked(self, X: Any) -> Any:
        """X as scikit-learn's validation passes it; at once where there is nothing to find."""
        plain = (
            type(X) is np.ndarray
            and X.ndim == 2
            and X.dtype in (np.float32, np.float64)
            and X.shape[0] > 0
            and X.shape[1] == getattr(self, "n_features_in_", None)
            and not hasattr(self, "feature_names_in_")
        )
        if plain and X.size <= FEW and np.isfinite(X).all():
            return X
        check_kinds(X, "X")
        return validate_data(
            self, X, accept_sparse=["csr", "csc"], dtype=(np.float64, np.float32), reset=False
        )

    def to_sequential(self) -> Sequential:
        """The same network as a `Sequential`, for scaled inputs with their scaling inside.

        Returns
        -------
        Sequential
            A model whose predictions are this one's values, or its classes' probabilities, of two
            classes the second's. Where each of several classes has a sigmoid of its own, a layer
            more makes them shares.

        Raises
        ------
        NotFittedError
            If the estimator has not been fitted.

        Examples
        --------
        >>> import jitnet as jn
        >>> X, y = jn.datasets.load_digits()
        >>> model = jn.MLPClassifier(tol=1, n_iter_no_change=3).fit(X, y)
        >>> bool(abs(model.to_sequential().predict(X) - model.predict_proba(X)).max() < 1e-6)
        True
        """
        check_is_fitted(self)
        design = self._bound().design
        layers, weights, objective = self._as_sequential()
        sequential = Sequential(
            layers,
            objective.loss,
            design.optimizer,
            label_smoothing=objective.smoothing,
            quantile=objective.quantile,
            dtype=np.float64 if self._scaler else design.dtype,  # the scales need it
            n_threads=design.n_threads,
        )
        sequential.set_weights(weights)
        return sequential

    def _as_sequential(self) -> tuple[list[Dense], list[Array], Objective]:
        """The layers, the weights and the loss of a `Sequential` that predicts the same."""
        design = self._network.design
        names = [*(HIDDEN[name] for name in design.activations), "identity"]
        layers = [Dense(units, name) for units, name in zip(design.units[1:], names, strict=True)]
        coefs, intercepts = self._unscaled(
            [np.asarray(array, np.float64) for array in self.coefs_],
            [np.asarray(array, np.float64) for array in self.intercepts_],
        )
        pairs = zip(coefs, intercepts, strict=True)
        return layers, [array for pair in pairs for array in pair], design.objective

    def _unscaled(
        self, coefs: list[Array], intercepts: list[Array]
    ) -> tuple[list[Array], list[Array]]:
        """Coefficients for inputs, and to outputs, that are not scaled."""
        return fold(self._scaler, coefs, intercepts) if self._scaler else (coefs, intercepts)

    def _is_stochastic(self) -> bool:
        """Whether steps are on batches; partial_fit is there for no other solver."""
        if self.solver == "lbfgs":
            raise AttributeError(
                "partial_fit is only available for stochastic optimizers. lbfgs is not stochastic."
            )
        return True

    def __sklearn_tags__(self) -> Any:
        """What scikit-learn's tools want to know."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


FEW = 1 << 12
"""Elements of an input that are looked at by ourselves: scikit-learn's validation takes 60 µs."""


def _product(weights: Array | None, others: Array | None) -> Array | None:
    if weights is None or others is None:
        return others if weights is None else weights
    product: Array = weights * others
    return product
