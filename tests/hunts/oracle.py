"""Random networks of all layers: losses, gradients, predictions and steps are plain loops'."""

from __future__ import annotations

import math
import time
from typing import Any

import hypothesis
import numpy as np
from hypothesis import strategies

import jitnet as jn
import rows
from drawing import Drawn, Given, Pick, draw_given, draw_network, draw_optimizer
from gradient_check import draw_weights
from hunting import Hunt, Lost, Tally
from jitnet.arrays import Array
from oracle import network_loss_and_gradients, network_stages, predictions, shape_of
from ragged import ragged_loss_and_gradients, ragged_predictions
from tolerances import EPSILON

ROUNDINGS = 64
"""A sum of n products is off by n roundings at worst, and layers have some tens of inputs; where
one has more outputs, as many as those."""

NUDGES = 2, 100
"""How often the inputs are nudged: at first, and before a result is called wrong, as one near a
kink may be what half of all nudges make of it."""

BATCH = 50
"""Examples of a hypothesis run; between two it is looked whether the time is over."""


def answers(model: jn.Sequential, X: Any, y: Any, given: Given) -> list[Array]:
    """A model's loss, predictions and gradients, in float64."""
    lengths = given.get("lengths")
    predicted = model.predict(X, lengths=lengths)
    if lengths is not None and predicted.ndim == 3:  # what is behind an end means nothing
        predicted = predicted[np.arange(predicted.shape[1]) < lengths[:, np.newaxis]]
    loss = np.array(model.evaluate(X, y, **given)["loss"])
    return [array.astype(float) for array in (loss, predicted, *model.gradients(X, y, **given))]


def expected(model: jn.Sequential, X: Any, T: Any, given: Given) -> list[Array]:
    """The same by plain loops."""
    weights, lengths, weight = model.get_weights(), given.get("lengths"), given["sample_weight"]
    if lengths is None:
        J, gradients = network_loss_and_gradients(
            model.layers, X, T, weights, model.loss, weight, model.label_smoothing
        )
        predicted = predictions(model.loss, network_stages(model.layers, X, weights)[-1].Y)
        return [np.array(J), predicted, *gradients]
    J, gradients = ragged_loss_and_gradients(model, X, T, lengths, weight)
    found = ragged_predictions(model, X, lengths)
    return [np.array(J), np.concatenate(found) if T.ndim == 3 else np.array(found), *gradients]


def nudged(array: Any, rng: np.random.Generator, epsilon: float) -> Any:
    """Numbers that are off by up to ε, each by its own; indices as they are."""
    if isinstance(array, tuple):
        return tuple(nudged(one, rng, epsilon) for one in array)
    if array.dtype.kind != "f":
        return array
    return array * (1 + epsilon * rng.uniform(-1, 1, array.shape))


class Reference:
    """What is right by a model, and how far roundings of what it is made of move that."""

    def __init__(self, model: jn.Sequential, X: Any, y: Any, given: Given) -> None:
        self.model, self.X, self.y, self.given = model, X, y, given
        self.right = answers(model, X, y, given)

    def moved(self, epsilon: float, times: int) -> list[float]:
        """The greatest distance of each array from what is right, of so many nudges."""
        rng, kept = np.random.default_rng(times), self.model.get_weights()
        most = [0.0] * len(self.right)
        for _ in range(times):
            self.model.set_weights([nudged(w, rng, epsilon) for w in kept])
            X = nudged(self.X, rng, epsilon)
            most = list(map(max, most, self.distances(answers(self.model, X, self.y, self.given))))
        self.model.set_weights(kept)
        return most

    def distances(self, found: list[Array]) -> list[float]:
        """How far each array is from what is right."""
        pairs = zip(found, self.right, strict=True)
        return [float(np.linalg.norm((a - b).ravel())) for a, b in pairs]

    def check(self, found: list[Array], dtype: str) -> None:
        """Arrays are as near to what is right as a precision lets them be."""
        roundings = max(ROUNDINGS, widest(self.model.layers, shape_of(self.X)))
        sizes = [float(np.linalg.norm(array.ravel())) for array in self.right]
        whole = float(np.linalg.norm(sizes[2:]))  # one that cancels has the roundings of the others
        sizes[2:] = [whole] * len(sizes[2:])
        distances, epsilon = self.distances(found), EPSILON[dtype]
        for times in NUDGES:
            moved = zip(self.moved(epsilon, times), sizes, strict=True)
            allowed = [roundings * (by + epsilon * size) for by, size in moved]
            wrong = [i for i, far in enumerate(distances) if not far <= allowed[i]]
            if not wrong:
                return
        said = [f"array {i} by {distances[i]:.2e} > {allowed[i]:.2e}" for i in wrong]
        raise AssertionError(f"{dtype} is off: {', '.join(said)}")


def widest(layers: Any, shape: Any) -> int:
    """The most numbers of an example that a layer makes."""
    most = 1
    for layer in layers:
        shape = layer.node(shape, 16).output
        most = max(most, math.prod(shape))
    return most


def has_other_steps(drawn: Drawn) -> bool:
    """Whether the last time steps are others than those of the input, of which one is left."""
    shape, was_row = drawn.shape, False
    for layer in drawn.layers:
        shape = layer.node(shape, 16).output
        was_row |= len(shape) == 1
    return was_row and len(shape) == 2


def one_hot(drawn: Drawn, y: Array) -> Array:
    """Targets in the shape of the outputs."""
    if np.issubdtype(y.dtype, np.integer) and "softmax" in drawn.loss:
        return np.eye(drawn.output[-1])[y]
    return y.reshape(len(y), *drawn.output)


def try_answers(drawn: Drawn, pick: Pick, seed: int) -> None:
    """Loss, predictions and gradients in both precisions, and predictions of a few."""
    rng = np.random.default_rng(seed)
    smoothing = pick((0.0, 0.1)) if "softmax" in drawn.loss else 0.0
    single, double = (
        drawn.model(dtype=dtype, label_smoothing=smoothing) for dtype in ("float32", "float64")
    )
    draw_weights(single, rng, drawn.shape)
    double.set_weights(single.get_weights())
    count = pick((1, 2, 3, 7, 15, 16, 17, 23, 33))
    X, y = drawn._replace(dtype="float32").inputs(rng, count), drawn.targets(rng, count)
    given = draw_given(drawn, pick, rng, count)
    if has_other_steps(drawn):
        given.pop("lengths", None)
    reference = Reference(double, X, y, given)
    reference.check(expected(double, X, one_hot(drawn, y), given), "float64")
    reference.check(answers(single, X, y, given), "float32")
    few = slice(0, pick((1, 2, 5)))
    some = tuple(x[few] for x in X) if isinstance(X, tuple) else X[few]
    if not np.array_equal(single.predict(some), single.predict(X)[few]):
        raise AssertionError("a few examples have other bits alone than among many")


def try_steps(drawn: Drawn, pick: Pick, seed: int) -> None:
    """Three steps of training, by an optimiser's definition; of one input that are numbers.

    Steps of this length along the slopes of poisson's eᶻ run away from any minimum.
    """
    takes_indices = not drawn.is_several and drawn.layers[0].node(drawn.shape, 16).vocabulary
    if drawn.is_several or takes_indices or drawn.loss == "poisson":
        return
    example = draw_optimizer(pick)
    layers = (jn.Reshape(drawn.shape), *drawn.layers)
    network = rows.Network(layers, drawn.loss, example.optimizer)
    rows.check_steps(network, example.step, np.random.default_rng(seed), steps=3)


def cases(batch: str) -> int:
    """Try a batch of cases, of which hypothesis makes one that fails as small as it can."""
    tried = 0

    def case(data: Any, numbers: int) -> None:
        nonlocal tried
        tried += 1

        def pick(options: Any) -> Any:
            return data.draw(strategies.sampled_from(options))

        network = draw_network(pick)
        hypothesis.note(repr(network))
        kind = pick((try_answers, try_answers, try_steps))
        kind(network, pick, numbers)

    settings = hypothesis.settings(
        max_examples=BATCH,
        deadline=None,
        database=None,
        print_blob=False,
        report_multiple_bugs=False,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    drawn = hypothesis.given(strategies.data(), strategies.integers(0, 2**32 - 1))(case)
    hypothesis.seed(batch)(settings(drawn))()
    return tried


def run(seconds: float, seed: int, first: int) -> Tally:
    """Batches of cases until the time is over."""
    began, number, tried = time.monotonic(), first, 0
    while number == first or time.monotonic() - began < seconds:
        try:
            tried += cases(f"{seed} {number}")
        except AssertionError as error:
            raise Lost(f"--seed {seed} --first {number}: {error}") from error
        number += 1
    return Tally(tried)


HUNT = Hunt(run, short=20, long=1200)
