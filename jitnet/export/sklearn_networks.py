"""scikit-learn's own perceptrons as models, and models as these."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from jitnet.arrays import Array
from jitnet.export.network import Stage, read
from jitnet.extras import install
from jitnet.layers import Activation, Dense, Dropout, Flatten
from jitnet.losses import LOSSES
from jitnet.model import Sequential

try:
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from sklearn.preprocessing import LabelBinarizer
    from sklearn.utils.validation import check_is_fitted
except ImportError as error:
    raise ImportError(
        f"from_sklearn and to_sklearn need scikit-learn: {install('sklearn')}"
    ) from error

ACTIVATIONS = {"identity": "identity", "sigmoid": "logistic", "tanh": "tanh", "relu": "relu"}
"""The activations that scikit-learn's perceptrons have, and what they are called there."""

LOSS_OF = {
    "identity": "mse",
    "logistic": "binary_crossentropy",
    "softmax": "softmax_crossentropy",
    "exp": "poisson",
}
"""The loss of each activation of their outputs."""


def from_sklearn(mlp: Any, **settings: Any) -> Sequential:
    """Make a model of scikit-learn's `MLPClassifier` or `MLPRegressor`, with its weights.

    Its predictions are the regressor's values, or the probabilities of the classifier's classes, of
    two classes the second's; the classes are numbers, in the order of ``classes_``.

    Parameters
    ----------
    mlp : MLPClassifier or MLPRegressor
        A fitted one. That of this library has a method for it, ``to_sequential``.
    **settings
        What else `Sequential` takes; the dtype is that of the coefficients.

    Returns
    -------
    Sequential
        The model.

    Raises
    ------
    TypeError
        If it is something else.
    sklearn.exceptions.NotFittedError
        If it has not been fitted.
    ImportError
        Without scikit-learn: ``pip install 'jitnet[sklearn]'``, in a checkout
        ``pip install '.[sklearn]'``.

    Examples
    --------
    >>> import jitnet as jn
    >>> from sklearn.neural_network import MLPClassifier
    >>> X, y = jn.datasets.load_digits()
    >>> mlp = MLPClassifier(tol=1, n_iter_no_change=3).fit(X / 16, y)
    >>> bool(abs(jn.from_sklearn(mlp).predict(X / 16) - mlp.predict_proba(X / 16)).max() < 1e-6)
    True
    """
    if not isinstance(mlp, MLPClassifier | MLPRegressor):
        raise TypeError(
            f"mlp must be scikit-learn's MLPClassifier or MLPRegressor, got {type(mlp).__name__}"
        )
    check_is_fitted(mlp)
    hidden = {name: ours for ours, name in ACTIVATIONS.items()}[mlp.activation]
    names = [*[hidden] * (len(mlp.coefs_) - 1), "identity"]
    layers = [Dense(len(b), name) for b, name in zip(mlp.intercepts_, names, strict=True)]
    settings = {"dtype": mlp.coefs_[0].dtype} | settings
    model = Sequential(layers, LOSS_OF[mlp.out_activation_], **settings)
    pairs = zip(mlp.coefs_, mlp.intercepts_, strict=True)
    model.set_weights([array for pair in pairs for array in pair])
    return model


def to_sklearn(model: Sequential) -> Any:
    """Make scikit-learn's fitted `MLPClassifier` or `MLPRegressor` of a model, with its weights.

    Parameters
    ----------
    model : Sequential
        `Dense` layers with biases, of which the hidden ones have all the same activation, one of
        ``"identity"``, ``"sigmoid"``, ``"tanh"`` and ``"relu"``. `Dropout` is left out.

    Returns
    -------
    sklearn.neural_network.MLPClassifier or MLPRegressor
        The estimator. For a cross-entropy it is a classifier whose classes are 0, 1, …; several
        outputs of ``"binary_crossentropy"`` are labels. Otherwise it predicts the same values.

    Raises
    ------
    NotFittedError
        If the model has no weights yet.
    ValueError
        If scikit-learn has no such network.
    ImportError
        Without scikit-learn: ``pip install 'jitnet[sklearn]'``, in a checkout
        ``pip install '.[sklearn]'``.

    Examples
    --------
    >>> import jitnet as jn
    >>> layers = [jn.Dense(3, activation="tanh"), jn.Dense(2)]
    >>> model = jn.Sequential(layers, loss="softmax_crossentropy").build(4)
    >>> jn.to_sklearn(model)
    MLPClassifier(activation='tanh', hidden_layer_sizes=(3,))
    """
    layers = _dense_layers(read(model).stages)
    *hidden, last = [layer for layer, _ in layers]
    names = {layer.activation for layer in hidden}
    if last.activation != "identity" or len(names) > 1 or not names <= set(ACTIVATIONS):
        raise ValueError(
            "scikit-learn's perceptrons have one activation for all hidden layers, of "
            f"{', '.join(ACTIVATIONS)}, and none for the last one; the model has "
            f"{[layer.activation for layer, _ in layers]}"
        )
    link = LOSSES[model.loss].link
    classifies = link in ("softmax", "logistic")
    mlp = (MLPClassifier if classifies else MLPRegressor)(
        hidden_layer_sizes=tuple(layer.units for layer in hidden),
        activation=ACTIVATIONS[names.pop()] if names else "relu",
        **({"loss": "poisson"} if link == "exponential" else {}),
    )
    mlp.coefs_ = [weights[0] for _, weights in layers]
    mlp.intercepts_ = [weights[1] for _, weights in layers]
    mlp.n_features_in_, mlp.n_outputs_ = len(mlp.coefs_[0]), last.units
    mlp.n_layers_ = len(layers) + 1
    mlp.out_activation_ = {LOSSES[loss].link: name for name, loss in LOSS_OF.items()}[link]
    mlp.n_iter_, mlp.t_, mlp.loss_curve_, mlp.best_loss_ = 0, 0, [], np.inf
    mlp.loss_, mlp._no_improvement_count, mlp._random_state = np.inf, 0, np.random.RandomState()
    if classifies:
        _learn_classes(mlp, last.units)
    return mlp


def _learn_classes(mlp: Any, outputs: int) -> None:
    """Give a classifier the classes 0, 1, …, or as many labels as it has outputs."""
    labels = mlp.out_activation_ == "logistic" and outputs > 1
    seen = np.eye(outputs, dtype=int) if labels else np.arange(max(2, outputs))
    mlp._label_binarizer = LabelBinarizer().fit(seen)
    mlp.classes_ = mlp._label_binarizer.classes_


def _dense_layers(stages: Sequence[Stage]) -> list[tuple[Dense, tuple[Array, Array]]]:
    """The dense layers with the activations behind them, and their weights and biases."""
    found: list[tuple[Dense, tuple[Array, Array]]] = []
    for stage in stages:
        layer, weights = stage.layer, stage.weights
        last = found[-1][0] if found else None
        if type(layer) is Dense:
            if len(stage.input) > 1:
                raise ValueError(
                    f"scikit-learn's perceptrons have no {layer!r} at each step of {stage.input}"
                )
            weight = weights["weight"]
            found.append((layer, (weight, weights.get("bias", np.zeros_like(weight[0])))))
        elif type(layer) is Activation and last is not None and last.activation == "identity":
            found[-1] = (replace(last, activation=layer.activation), found[-1][1])
        elif type(layer) is not Dropout and not (type(layer) is Flatten and len(stage.input) == 1):
            raise ValueError(f"scikit-learn's perceptrons have no {layer!r}, but Dense layers")
    if not found:
        raise ValueError("scikit-learn's perceptrons have one Dense layer at least")
    return found
