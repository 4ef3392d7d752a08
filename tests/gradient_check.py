"""Gradients by central differences, and networks, targets and examples to check them on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

import jitnet as jn
from jitnet.arrays import Array
from jitnet.losses import LOSSES
from jitnet.study.activations.loops import ACTIVATIONS
from oracle import (
    Stage,
    activation_of,
    network_loss_and_gradients,
    network_stages,
    of,
    oracle_of,
    parameters_of,
    shape_of,
)
from tolerances import assert_norms_close

STEP = 1e-5
"""h of (J(w + h) - J(w - h)) / 2h: the errors h² J''' / 6 and ε J / h meet about here."""

MARGIN = 1e-3
"""How far from a kink an example must stay: a step of h in one weight moves no z half as far."""

KINKS = (-1.0, 0.0, 1.0)
"""Where a loss of z - y may bend; an activation bends at zero, if it does."""


class Case(NamedTuple):
    """A network with weights, and examples to compute its gradients from."""

    model: jn.Sequential
    X: Any
    y: Array
    sample_weight: Array | None = None

    @property
    def weights(self) -> list[Array]:
        """The model's parameters."""
        return self.model.get_weights()

    @property
    def targets(self) -> Array:
        """Targets in the shape of the outputs, class labels as one-hot rows."""
        shape = output_of(self.model.layers, shape_of(self.X))
        if LOSSES[self.model.loss].link == "softmax" and self.y.ndim == len(shape):
            return np.eye(shape[-1])[self.y]
        return self.y.reshape(len(self.y), *shape)

    def stages(self) -> list[Stage]:
        """What each layer is given and makes of it, by the oracle's loops."""
        return network_stages(self.model.layers, self.X, self.weights)

    def loss_and_gradients(self) -> tuple[float, list[Array]]:
        """Loss and gradients by the oracle's loops."""
        return network_loss_and_gradients(
            self.model.layers,
            self.X,
            self.targets,
            self.weights,
            self.model.loss,
            self.sample_weight,
            self.model.label_smoothing,
        )


def output_of(layers: Sequence[Any], shape: Any) -> Any:
    """The shape of an example that has passed through all layers."""
    for layer in layers:
        shape = layer.node(shape, 16).output
    return shape


def make_inputs(
    rng: np.random.Generator,
    layers: Sequence[Any],
    shape: int | tuple[int, ...],
    count: int,
    dtype: Any,
) -> Array:
    """Examples of what the first layer takes: indices, or else numbers."""
    axes = (shape,) if isinstance(shape, int) else shape
    if vocabulary := layers[0].node(axes, 16).vocabulary:
        return rng.integers(0, vocabulary, (count, *axes))
    return rng.normal(size=(count, *axes)).astype(dtype)


def make_case(
    rng: np.random.Generator,
    layers: Sequence[Any],
    loss: str,
    *,
    n_features: int | tuple[int, ...],
    n_examples: int = 23,
    dtype: str = "float64",
    label_smoothing: float = 0.0,
    weighted: bool = False,
    margin: float = MARGIN,
) -> Case:
    """A network with random weights and biases, and examples that stay away from all kinks.

    ``n_features`` is the shape of an example where it has several axes.
    """
    shape = (n_features,) if isinstance(n_features, int) else n_features
    model = jn.Sequential(
        layers, loss, label_smoothing=label_smoothing, dtype=dtype, n_threads=1
    ).build(shape)
    draw_weights(model, rng, shape)
    spare = 4 * n_examples
    X = make_inputs(rng, layers, shape, spare, dtype)
    y = make_targets(rng, loss, spare, output_of(layers, shape))
    kept = _away_from_kinks(Case(model, X, y), margin)[:n_examples]
    if len(kept) < n_examples:
        raise AssertionError(f"only {len(kept)} of {spare} examples stay away from the kinks")
    weight = rng.uniform(0.5, 2.0, n_examples).astype(dtype) if weighted else None
    return Case(model, X[kept], y[kept], weight)


def draw_weights(model: jn.Sequential, rng: np.random.Generator, shape: Any) -> None:
    """Weights and biases neither small nor so large that units saturate and gradients vanish."""
    first = model.get_weights()
    sizes = [1.0 / np.sqrt(math.prod(w.shape[:-1])) if w.ndim > 1 else 0.3 for w in first]
    starts = [w if w.ndim == 1 else 0.0 for w in first]
    weights = [
        w + c * rng.normal(size=of.shape) for w, c, of in zip(starts, sizes, first, strict=True)
    ]
    rows = parameters_of(model.layers, shape)
    model.set_weights(  # a running variance, which begins at 1, is positive
        [w if row.trained else np.abs(w) for w, row in zip(weights, rows, strict=True)]
    )


def make_targets(rng: np.random.Generator, loss: str, count: int, output: tuple[int, ...]) -> Array:
    """Targets of the kind that a loss's link asks for, of outputs of a shape."""
    link = LOSSES[loss].link
    if link == "softmax":
        return rng.integers(0, output[-1], (count, *output[:-1]))
    if link == "logistic":
        return rng.integers(0, 2, (count, *output)).astype(float)
    if link == "exponential":
        return rng.poisson(2.0, (count, *output)).astype(float)
    return 2.0 * rng.normal(size=(count, *output))


def case_of_steps(rng: np.random.Generator, loss: str, *, units: int = 3, **options: Any) -> Case:
    """A network with a loss of each of three time steps, some of which count more."""
    layers = [jn.Reshape((3, 3)), jn.Dense(7, "tanh", l2=0.1), jn.LayerNorm(0.3), jn.Dense(units)]
    case = make_case(rng, layers, loss, n_features=9, **options)
    weight = rng.uniform(0.5, 2.0, (len(case.X), 3)).astype(case.model.dtype)
    weight[0, 1] = weight[-1, 2] = 0.0
    return case._replace(sample_weight=weight)


def _away_from_kinks(case: Case, margin: float) -> Array:
    """The places of examples whose z, and whose errors, keep their distance from every kink."""
    stages = case.stages()
    near = [_least(stage.Z) for stage in stages if bends(activation_of(stage.layer))]
    for stage in stages:
        if kinks := oracle_of(stage.layer).kinks:
            near.append(_least(kinks(stage.layer, stage.X)))
    if LOSSES[case.model.loss].link == "identity":
        errors = stages[-1].Y - case.targets
        near += [_least(errors - kink) for kink in KINKS]
    return np.flatnonzero(np.min([np.full(len(case.X), np.inf), *near], axis=0) > margin)


def _least(array: Array) -> Array:
    """How near to zero the numbers of each example come."""
    least: Array = np.abs(array).reshape(len(array), -1).min(axis=1)
    return least


def bends(activation: str) -> bool:
    """Whether an activation's slope jumps at zero."""
    slope = of(ACTIVATIONS, activation, "activation").slope
    return bool(abs(slope(1e-9) - slope(-1e-9)) > 1e-6)


def central_differences(case: Case, step: float = STEP) -> list[Array]:
    """(J(w + h) - J(w - h)) / 2h for each weight and bias w that is trained, one at a time."""
    model, X, y, sample_weight = case
    weights = model.get_weights()

    def loss() -> float:
        model.set_weights(weights)
        return model.evaluate(X, y, sample_weight=sample_weight)["loss"]

    differences = []
    for array, row in zip(weights, parameters_of(model.layers, X.shape[1:]), strict=True):
        slopes = np.zeros(array.size)
        flat = array.reshape(-1)
        for i in range(array.size if row.trained else 0):
            value = flat[i]
            flat[i] = value + step
            above = loss()
            flat[i] = value - step
            below = loss()
            flat[i] = value
            slopes[i] = (above - below) / (2.0 * step)
        differences.append(slopes.reshape(array.shape))
    model.set_weights(weights)
    return differences


def check_gradients(case: Case) -> None:
    """The model's gradients are those that central differences of its loss give, array by array."""
    gradients = case.model.gradients(case.X, case.y, sample_weight=case.sample_weight)
    assert_norms_close("central_difference", "float64", gradients, central_differences(case))
