"""Dropout silences the share of units that it says, by masks of seed, step and place alone."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import jitnet as jn
from jitnet.arrays import Array
from jitnet.kernels.panels import panel_width
from oracle import uniform_of
from tolerances import EPSILON

each_dtype = pytest.mark.parametrize("dtype", ["float32", "float64"])

UNITS = 40


def model_of(
    dtype: str = "float64", rate: float = 0.3, units: int = UNITS, **options: Any
) -> jn.Sequential:
    """A dropout before units whose steps of training show what came through it."""
    layers = [jn.Dropout(rate), jn.Dense(units, bias=False)]
    return jn.Sequential(layers, "mse", jn.SGD(1.0), dtype=dtype, **options)


def mask_of_a_step(rate: float, examples: int, units: int, seed: int, dtype: str) -> Array:
    """What a step of training lets through of ones: (examples, units).

    With weights of zero, a target of -1 in output i for example i alone and a rate of 1, the step
    of weight (u, i) is -2 / (examples · outputs) times what example i has in unit u.
    """
    model = model_of(dtype, rate, examples, seed=seed)
    model.set_weights([np.zeros((units, examples))])
    X, T = np.ones((examples, units)), -np.eye(examples)
    model.fit(X, T, epochs=1, batch_size=None, shuffle=False)
    return model.get_weights()[0].T * (-(examples**2) / 2.0)


@each_dtype
@pytest.mark.parametrize("rate", [0.0, 0.1, 0.5, 0.9])
@pytest.mark.parametrize("examples", [1, 33, 100])
def test_units_are_silent_or_divided_by_what_is_kept(
    dtype: str, rate: float, examples: int
) -> None:
    found = mask_of_a_step(rate, examples, UNITS, 7, dtype)
    kept = uniform_of(7, 0, 0)(examples, UNITS) >= rate
    np.testing.assert_allclose(found, kept / (1 - rate), rtol=4 * EPSILON[dtype])


@pytest.mark.parametrize("rate", [0.01, 0.3, 0.5, 0.95])
@pytest.mark.parametrize("seed", [0, 1, 2**62])
def test_the_share_of_silent_units_is_the_rate(rate: float, seed: int) -> None:
    silent = mask_of_a_step(rate, 256, 200, seed, "float32") == 0.0
    for axis in (None, 0, 1):  # of all, of each unit, of each example
        count = silent.size if axis is None else silent.shape[axis]
        deviation = (rate * (1 - rate) / count) ** 0.5
        # six deviations of a binomial share, and a whole unit where that is more
        bound = 6 * deviation + 1 / count
        assert np.abs(silent.mean(axis=axis) - rate).max() < bound


def test_masks_of_steps_nodes_seeds_units_and_examples_are_unlike() -> None:
    n = 64
    masks = [
        uniform_of(seed, step, node)(n, n) < 0.5
        for seed, step, node in ((0, 0, 0), (0, 1, 0), (0, 0, 1), (1, 0, 0))
    ]
    pairs = [(a, b) for i, a in enumerate(masks) for b in masks[:i]]
    pairs += [(m[1:], m[:-1]) for m in masks] + [(m[:, 1:], m[:, :-1]) for m in masks]
    for first, second in pairs:
        correlation = np.corrcoef(first.ravel(), second.ravel())[0, 1]
        assert abs(correlation) < 6 / first.size**0.5  # six deviations of chance


def two_dropouts(dtype: str, **options: Any) -> jn.Sequential:
    layers = [jn.Dropout(0.2), jn.Dense(33, "relu"), jn.Dropout(0.5), jn.Dense(5)]
    return jn.Sequential(layers, "softmax_crossentropy", dtype=dtype, **options)


def train(model: jn.Sequential, epochs: int = 3, batch_size: int = 300) -> list[bytes]:
    """The bits of a training."""
    rng = np.random.default_rng(3)
    X, y = rng.normal(size=(700, 20)), rng.integers(0, 5, 700)
    losses = model.fit(X, y, epochs=epochs, batch_size=batch_size)["loss"]
    return [*(w.tobytes() for w in model.get_weights()), np.array(losses[-1:]).tobytes()]


@each_dtype
def test_masks_are_the_same_for_any_number_of_threads(
    dtype: str, with_cores: Callable[[int], list[int]]
) -> None:
    sizes = with_cores(16)
    found = [train(two_dropouts(dtype, n_threads=workers)) for workers in (1, 2, 3, 4, 16)]
    assert all(bits == found[0] for bits in found)
    assert max(sizes) > 2


@each_dtype
@pytest.mark.parametrize("panels", [1, 2, 5])
def test_masks_are_the_same_where_a_batch_goes_through_in_several_blocks(
    dtype: str, panels: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = mask_of_a_step(0.4, 150, UNITS, 7, dtype)
    monkeypatch.setattr("jitnet.engine.cost.SMALL_NETWORK", 0)
    monkeypatch.setattr("jitnet.engine.cost.MAX_BLOCK", panels * panel_width(dtype))
    np.testing.assert_array_equal(mask_of_a_step(0.4, 150, UNITS, 7, dtype), whole)


@each_dtype
def test_masks_go_on_in_a_resumed_and_in_a_reloaded_fit(dtype: str, tmp_path: Path) -> None:
    whole = train(two_dropouts(dtype), epochs=3)
    model = two_dropouts(dtype)
    train(model, epochs=2)
    model.save(tmp_path / "model")
    for going_on in (model, jn.load(tmp_path / "model")):
        assert train(going_on, epochs=1) == whole


@each_dtype
def test_every_step_has_masks_of_its_own(dtype: str) -> None:
    model = model_of(dtype, 0.5, 1)
    X = np.ones((1, UNITS))
    masks = []
    for _ in range(3):
        model.set_weights([np.zeros((UNITS, 1))])
        model.fit(X, [1.0], epochs=1)
        masks.append(model.get_weights()[0] != 0)
    assert not any(np.array_equal(a, b) for i, a in enumerate(masks) for b in masks[:i])


@each_dtype
@pytest.mark.parametrize("examples", [1, 5, 100])
def test_predict_evaluate_and_gradients_are_those_of_the_network_without_it(
    dtype: str, examples: int, rng: np.random.Generator
) -> None:
    model = two_dropouts(dtype)
    train(model)
    layers = [layer for layer in model.layers if not isinstance(layer, jn.Dropout)]
    without = jn.Sequential(layers, model.loss, dtype=dtype)
    without.set_weights(model.get_weights())
    X, y = rng.normal(size=(examples, 20)), rng.integers(0, 5, examples)
    np.testing.assert_array_equal(model.predict(X), without.predict(X))
    assert model.evaluate(X, y) == without.evaluate(X, y)
    pairs = zip(model.gradients(X, y), without.gradients(X, y), strict=True)
    for found, expected in pairs:
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("rate", [-0.1, 1.0, float("nan")])
def test_a_rate_that_makes_no_sense_is_refused(rate: float) -> None:
    with pytest.raises(ValueError, match="rate must be finite and at least 0 and below 1, got"):
        jn.Dropout(rate)
