"""``MLPClassifier``: scikit-learn's perceptron classifier on this library's loops."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import log_expit, logsumexp, softmax
from sklearn.base import ClassifierMixin, _fit_context
from sklearn.preprocessing import LabelBinarizer
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import _check_partial_fit_first_call
from sklearn.utils.validation import check_is_fitted

from jitnet.arrays import Array
from jitnet.callbacks import Callback
from jitnet.estimators.class_weights import weights_by_class
from jitnet.estimators.fit import fit_perceptron
from jitnet.estimators.labels import Labels, is_multilabel, labels_for
from jitnet.estimators.network import Design
from jitnet.estimators.parameters import (
    CLASSIFIER_LOSSES,
    CONSTRAINTS,
    SHARE,
    classifier_objective,
    defaults_of,
)
from jitnet.estimators.perceptron import Perceptron
from jitnet.layers import Dense
from jitnet.losses.objective import Objective
from jitnet.optimizers import Optimizer
from jitnet.schedules import Schedule
from jitnet.sparse import check_sparse


class MLPClassifier(ClassifierMixin, Perceptron):
    """scikit-learn's multi-layer perceptron classifier, and what was asked for there.

    All of scikit-learn's parameters have its names, defaults and meaning, and the same
    ``random_state`` gives the same results. Those from ``loss`` on are this library's.

    Parameters
    ----------
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
    loss : str, default "log_loss"
        ``"log_loss"``: the cross-entropy of a softmax, or of a sigmoid for two classes or several
        labels; ``"softmax_crossentropy"`` or ``"binary_crossentropy"`` chooses one for any classes.
    class_weight : dict, "balanced" or None, default None
        Weights of the classes, as in scikit-learn's other classifiers.
    label_smoothing : float, default 0.0
        The share of each target that is spread evenly over the classes.
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
    classes_ : ndarray of shape (n_classes,)
        The classes.
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
        ``"softmax"`` or ``"logistic"``.
    n_features_in_ : int
        Features of an example.
    feature_names_in_ : ndarray of str
        Their names, where X had some.
    stopped_ : bool
        Whether the last fit stopped because it got no better.

    Examples
    --------
    >>> import jitnet as jn
    >>> X, y = jn.datasets.load_digits()
    >>> model = jn.MLPClassifier(tol=1e-3, random_state=0).fit(X / 16, y)
    >>> model.score(X / 16, y) > 0.95
    True

    Inside a pipeline a validation set of one's own goes through the steps before, too:

    >>> import sklearn
    >>> from sklearn.pipeline import Pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> model = jn.MLPClassifier(early_stopping=True, max_iter=100, random_state=0)
    >>> with sklearn.config_context(enable_metadata_routing=True):
    ...     steps = [("scale", StandardScaler()), ("model", model.set_fit_request(X_val=True))]
    ...     pipeline = Pipeline(steps, transform_input=["X_val"])
    ...     _ = model.set_fit_request(y_val=True)
    ...     _ = pipeline.fit(X[:1500], y[:1500], X_val=X[1500:], y_val=y[1500:])
    >>> max(pipeline["model"].validation_scores_) > 0.85
    True
    """

    _judged_by_values = False
    _parameter_constraints: dict[str, list[Any]] = CONSTRAINTS | {
        "loss": [StrOptions(set(CLASSIFIER_LOSSES))],
        "class_weight": [StrOptions({"balanced"}), dict, list, None],
        "label_smoothing": [SHARE],
    }

    def __init__(
        self,
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
        loss: str = "log_loss",
        class_weight: Any = None,
        label_smoothing: float = 0.0,
        preset: str | None = None,
        dtype: str | None = None,
        n_threads: int | None = None,
        callbacks: list[Callback] | None = None,
        progress: bool | None = None,
    ) -> None:
        self._keep(locals())

    @available_if(Perceptron._is_stochastic)
    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(
        self,
        X: Any,
        y: Any,
        sample_weight: ArrayLike | None = None,
        classes: ArrayLike | None = None,
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
        classes : array-like of shape (n_classes,), optional
            All classes there will be; the first call needs them, but for several labels.

        Returns
        -------
        self
            The estimator.

        Raises
        ------
        ValueError
            As from `fit`.
        """
        if self.class_weight == "balanced":
            raise ValueError(
                "class_weight='balanced' is not supported for partial_fit, which does not see all "
                "examples; compute the weights and pass them as a dict"
            )
        held_out = (X_val, y_val, sample_weight_val)
        with self._all_or_nothing(incremental=True):
            for name, values in (("y", y), ("classes", classes)):
                check_sparse(values, name)
            several = is_multilabel(y)
            if several and classes is None and not hasattr(self, "classes_"):
                classes = np.arange(np.shape(y)[1])
            if _check_partial_fit_first_call(self, classes):
                self._label_binarizer = LabelBinarizer().fit(y if several else classes)
            fit_perceptron(self, X, y, sample_weight, held_out, incremental=True)
        return self

    def predict(self, X: Any) -> Array:
        """Predict classes.

        Parameters
        ----------
        X : array-like, frame or sparse matrix of shape (n_samples, n_features)
            Examples.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_labels)
            The most probable classes, or labels of a probability above one half.
        """
        logits = self._outputs(X, linked=False)  # what coefficients set by hand mean is known now
        return self._labels.decode(logits)

    def predict_proba(self, X: Any) -> Array:
        """Predict probabilities.

        Parameters
        ----------
        X : array-like, frame or sparse matrix of shape (n_samples, n_features)
            Examples.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Probabilities, in the order of ``classes_``.
        """
        if not hasattr(self, "out_activation_"):
            check_is_fitted(self)
            self._bound()  # of coefficients set by hand
        if self._labels.is_one_against_others:  # of all σ(z) that are zero, a share would be none
            shares: Array = softmax(log_expit(self._outputs(X, linked=False)), axis=1)
            return shares
        outputs = self._outputs(X)
        return np.hstack([1 - outputs, outputs]) if self.n_outputs_ == 1 else outputs

    def predict_log_proba(self, X: Any) -> Array:
        """Predict the logarithms of probabilities.

        Parameters
        ----------
        X : array-like, frame or sparse matrix of shape (n_samples, n_features)
            Examples.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Their logarithms, in the order of ``classes_``.
        """
        probabilities = self.predict_proba(X)
        with np.errstate(divide="ignore"):
            return np.log(probabilities, out=probabilities)

    def decision_function(self, X: Any) -> Array:
        """Scores of the classes: the logit of a sigmoid, ln p of a softmax.

        Parameters
        ----------
        X : array-like, frame or sparse matrix of shape (n_samples, n_features)
            Examples.

        Returns
        -------
        ndarray of shape (n_samples,) for two classes, or (n_samples, n_classes)
            The scores; those of two classes are of the second.
        """
        logits = self._outputs(X, linked=False)
        if self.n_outputs_ == 1:
            return logits.ravel()
        if self._label_binarizer.y_type_ == "binary":
            return np.subtract(logits[:, 1], logits[:, 0])
        if self.out_activation_ == "softmax":  # the same number added to all logits changes nothing
            logits -= logsumexp(logits, axis=1, keepdims=True)
        return logits

    @property
    def _labels(self) -> Labels:
        """The classes, and the output layer that tells them apart."""
        binarizer = getattr(self, "_label_binarizer", None)  # None: coefficients set by hand
        return Labels(binarizer, self.out_activation_, self.n_outputs_)

    @property
    def _defaults(self) -> dict[str, Any]:
        return defaults_of(MLPClassifier)

    def _design_by_hand(self, units: tuple[int, ...], dtype: np.dtype[Any]) -> Design:
        single = units[-1] == 1 or self.loss == "binary_crossentropy"
        if not hasattr(self, "out_activation_"):
            self.out_activation_ = "logistic" if single else "softmax"
        if not hasattr(self, "_label_binarizer") and hasattr(self, "classes_"):
            several = self.out_activation_ == "logistic" and not single
            known = np.eye(units[-1], dtype=int) if several else self.classes_
            self._label_binarizer = LabelBinarizer().fit(known)
        return super()._design_by_hand(units, dtype)

    def _learn_targets(self, y: Any, *, anew: bool) -> None:
        if anew and not hasattr(self, "coefs_") and hasattr(self, "_label_binarizer"):
            anew = False  # the first call of partial_fit has said the classes
        if anew:
            self._label_binarizer = LabelBinarizer().fit(y)
            self.classes_ = self._label_binarizer.classes_
        labels = labels_for(self._label_binarizer, self.loss)
        if not anew:
            if self.warm_start:
                labels.check_all(y)
            labels.check(y)
        _, self.out_activation_, self.n_outputs_ = labels

    def _check_targets(self, y: Any) -> None:
        self._labels.check(y)

    def _encode(self, y: Any, settings: SimpleNamespace, *, anew: bool) -> tuple[Array, bool]:
        return self._labels.encode(y, settings.label_smoothing)

    def _as_sequential(self) -> tuple[list[Dense], list[Array], Objective]:
        layers, weights, objective = super()._as_sequential()
        if not self._labels.is_one_against_others:
            return layers, weights, objective
        # σ / Σσ is the softmax of ln σ(z) = -softplus(-z): one layer more
        layers[-1] = Dense(self.n_outputs_, "softplus")
        weights[-2:] = [-weights[-2], -weights[-1]]
        shares = [-np.eye(self.n_outputs_), np.zeros(self.n_outputs_)]
        return (
            [*layers, Dense(self.n_outputs_)],
            weights + shares,
            Objective("softmax_crossentropy"),
        )

    def _objective(self, settings: SimpleNamespace) -> Objective:
        loss = {"softmax": "softmax_crossentropy", "logistic": "binary_crossentropy"}
        objective = classifier_objective(loss[self.out_activation_], self.n_outputs_)
        softmax = self.out_activation_ == "softmax"
        return objective._replace(smoothing=settings.label_smoothing if softmax else 0.0)

    def _score_of(self, y: Array, weights: Array | None, outputs: Array) -> float:
        return float(np.average(self._labels.are_correct(y, outputs), weights=weights))

    def _stratification(self, targets: Array) -> Array | None:
        return self._labels.strata(targets)

    def _class_weights(self, y: Any) -> Array | None:
        if self.class_weight is None:
            return None
        return weights_by_class(self.class_weight, y, self._label_binarizer)

    def __sklearn_tags__(self) -> Any:
        """What scikit-learn's tools want to know."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
