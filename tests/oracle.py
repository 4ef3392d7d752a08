"""The study's plain loops as the oracle of a whole network, in the engine's orientation.

The loops have the course's orientation, an example a column; a network's weights, penalties and
weighted examples are put around them here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from jitnet.arrays import FloatArray
from jitnet.study.deep_network import layers, loops
from jitnet.study.losses.loops import LOSSES, smooth_labels


def network_outputs(
    X: ArrayLike, weights: Sequence[ArrayLike], activations: Sequence[str]
) -> tuple[list[FloatArray], FloatArray]:
    """The pre-activations Z of each layer and the last layer's outputs, an example a row."""
    A, Z = layers.network_forward(loops, _columns(X), *_parameters(weights), activations)
    return [np.array(z).T for z in Z], np.array(A[-1]).T


def network_loss_and_gradients(
    X: ArrayLike,
    T: ArrayLike,
    weights: Sequence[ArrayLike],
    activations: Sequence[str],
    loss: str,
    sample_weight: ArrayLike | None = None,
    l2: Sequence[float] | None = None,
    label_smoothing: float = 0.0,
) -> tuple[float, list[FloatArray]]:
    """Loss and gradients of a whole network, forward and backward.

    Parameters
    ----------
    X : (n_samples, n_features)
        Examples.
    T : (n_samples, n_outputs)
        Targets; for softmax_crossentropy one-hot rows or probabilities.
    weights : [W1, b1, W2, b2, …]
        Parameters of the layers, W as (n_in, n_out).
    activations : one name a layer
        The output layer's is "identity" where the loss brings the sigmoid, softmax or exponential.
    loss : str
        A name in `LOSSES`.
    sample_weight : (n_samples,), optional
        How much each example counts, by default all the same.
    l2 : one number a layer, optional
        Strength of the penalty on each layer's weights.
    label_smoothing : float
        ε of `smooth_labels`, for softmax_crossentropy.

    Returns
    -------
    J : float
        The loss: weighted mean over the examples, plus the penalties.
    gradients : [dW1, db1, dW2, db2, …]
        dJ with respect to each of the weights.
    """
    W, b = _parameters(weights)
    targets = np.asarray(T, float).tolist()
    if label_smoothing:
        targets = [smooth_labels(y, label_smoothing) for y in targets]
    importance = np.ones(len(targets)) if sample_weight is None else np.asarray(sample_weight)
    A, Z = layers.network_forward(loops, _columns(X), W, b, activations)
    J, dA = _weighted_loss(A[-1], targets, loss, (importance / importance.mean()).tolist())
    dW, db = layers.network_backward(loops, dA, A, Z, W, activations)
    gradients: list[FloatArray] = []
    for w, dw, dbias, strength in zip(W, dW, db, l2 or [0.0] * len(W), strict=True):
        J += 0.5 * strength * float(np.square(w).sum())
        gradients += [np.array(dw).T + strength * np.array(w).T, np.array(dbias)[:, 0]]
    return J, gradients


def _weighted_loss(
    outputs: list[list[float]], targets: list[list[float]], loss: str, importance: list[float]
) -> tuple[float, list[list[float]]]:
    """J = Σ w l / m, and w dl/dz a column for each example, for weights w whose mean is 1."""
    J, columns = 0.0, []
    for output, y, w in zip(np.array(outputs).T.tolist(), targets, importance, strict=True):
        J += w * LOSSES[loss].value(output, y) / len(targets)
        columns.append([w * d for d in LOSSES[loss].gradient(output, y)])
    return J, np.array(columns).T.tolist()


def _columns(X: ArrayLike) -> Any:
    return np.asarray(X, float).T.tolist()


def _parameters(weights: Sequence[ArrayLike]) -> tuple[list[Any], list[Any]]:
    """The course's W (n_out, n_in) and b (n_out, 1) of each layer."""
    biases = [np.asarray(b, float)[:, None].tolist() for b in weights[1::2]]
    return [_columns(W) for W in weights[0::2]], biases
