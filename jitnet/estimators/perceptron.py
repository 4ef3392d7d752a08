"""What the two estimators share: scikit-learn's interface, checked input, predictions."""

from __future__ import annotations

from abc import abstractmethod
from types import SimpleNamespace
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import _fit_context, is_regressor
from sklearn.preprocessing import StandardScaler
from sklearn.utils import column_or_1d
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from jitnet.arrays import Array
from jitnet.estimators.examples import Examples
from jitnet.estimators.fit import fit_perceptron
from jitnet.estimators.holder import NetworkHolder
from jitnet.estimators.inputs import TYPES, checked, take_in
from jitnet.estimators.network import Design
from jitnet.estimators.parameters import CONSTRAINTS, HIDDEN, hidden_activations, make_optimizer
from jitnet.estimators.tabular import fold, settings_of
from jitnet.layers import Dense
from jitnet.losses.objective import Objective
from jitnet.model import Sequential
from jitnet.validation import check_epsilon, check_kinds


class Perceptron(NetworkHolder):
    """A multi-layer perceptron behind scikit-learn's interface."""

    _judged_by_values: bool
    """Whether a score is of the network's predictions, not of its logits."""

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
    def _learn_targets(self, y: Any, *, anew: bool) -> None:
        """Take in what the targets are like, or check that they are as before."""

    @abstractmethod
    def _check_targets(self, y: Any) -> None:
        """Refuse targets that the network has no outputs for."""

    @abstractmethod
    def _encode(self, y: Any, settings: SimpleNamespace, *, anew: bool) -> tuple[Array, bool]:
        """Targets as the engine takes them, and whether they are class labels."""

    @abstractmethod
    def _objective(self, settings: SimpleNamespace) -> Objective:
        """The objective for the outputs there are."""

    @abstractmethod
    def _score_of(self, y: Array, weights: Array | None, outputs: Array) -> float:
        """The score of outputs for encoded targets: accuracy, or R²."""

    def _says_something(self, y: Array) -> bool:
        """Whether predictions of these targets can be told apart by their score."""
        return True

    def _stratification(self, targets: Array) -> Array | None:
        """The strata whose shares a split keeps."""
        return None

    def _offsets(self, targets: Array) -> Array | None:
        """What the reported loss adds to that of each example."""
        return None

    def _class_weights(self, y: Any) -> Array | None:
        """A factor of each example's weight."""
        return None

    def _keep(self, parameters: dict[str, Any]) -> None:
        """Keep what ``__init__`` was given, each under its name, for scikit-learn's `clone`."""
        for name, value in parameters.items():
            if name != "self":
                setattr(self, name, value)

    def _is_stochastic(self) -> bool:
        """Whether steps are on batches; partial_fit is there for no other solver."""
        if self.solver == "lbfgs":
            raise AttributeError(
                "partial_fit is only available for stochastic optimizers. lbfgs is not stochastic."
            )
        return True

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: ArrayLike | None = None,
        *,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: ArrayLike | None = None,
    ) -> Self:
        """Train.

        Parameters
        ----------
        X : array-like, frame or sparse matrix of shape (n_samples, n_features)
            Examples.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            A class or a value an example, or several labels of 0 and 1, or several values.
        sample_weight : array-like of shape (n_samples,), optional
            Weights of the examples.
        X_val, y_val, sample_weight_val : optional
            Examples to validate on after each epoch, instead of a share of X.

        Returns
        -------
        self
            The estimator.

        Raises
        ------
        ValueError
            If anything given does not fit, or the training diverges. An earlier fit stays as it is.
        """
        with self._all_or_nothing():
            fit_perceptron(self, X, y, sample_weight, (X_val, y_val, sample_weight_val))
        return self

    @available_if(_is_stochastic)
    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(
        self,
        X: Any,
        y: Any,
        sample_weight: ArrayLike | None = None,
        *,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: ArrayLike | None = None,
    ) -> Self:
        """Train for one pass over the examples, from where the last call ended.

        Parameters
        ----------
        X, y, sample_weight, X_val, y_val, sample_weight_val
            As in `fit`.

        Returns
        -------
        self
            The estimator.

        Raises
        ------
        ValueError
            As from `fit`.
        """
        held_out = (X_val, y_val, sample_weight_val)
        with self._all_or_nothing(incremental=True):
            fit_perceptron(self, X, y, sample_weight, held_out, incremental=True)
        return self

    def _validate(self, X: Any, y: Any, *, reset: bool) -> tuple[Any, Any]:
        """X and y as scikit-learn's validation passes them."""
        check_kinds(X, "X")
        numeric = is_regressor(self)
        X, y = validate_data(self, X, y, multi_output=True, y_numeric=numeric, reset=reset, **TYPES)
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        return X, y

    def _examples(
        self, X: Any, y: Any, sample_weight: Any, settings: SimpleNamespace, *, anew: bool
    ) -> Examples:
        """Validated X and y, and weights, as the engine takes them."""
        weights = None
        if sample_weight is not None:
            check_kinds(sample_weight, "sample_weight")
            weights = _check_sample_weight(sample_weight, X)
        targets, labels = self._encode(y, settings, anew=anew)
        X, rows = take_in(self, X, anew=anew), np.arange(X.shape[0])
        return Examples(X, targets, labels, weights, rows, self._offsets(targets))

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

    def _outputs(self, X: Any, *, linked: bool = True) -> Array:
        """The network's outputs, checked, in the type that NumPy would give them."""
        check_is_fitted(self)
        X, network = checked(self, X), self._bound()
        if X.shape[1] != network.design.units[0]:
            raise ValueError(
                f"X has {X.shape[1]} features, but coefs_[0] is of {network.design.units[0]}"
            )
        kind = np.result_type(X.dtype, network.design.dtype)
        X = take_in(self, X, anew=False)
        return network.engine.predict(X, linked=linked).astype(kind, copy=False)

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

    def __sklearn_tags__(self) -> Any:
        """What scikit-learn's tools want to know."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags
