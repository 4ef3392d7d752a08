"""Initialisers have the moments of DEFINITIONS, and "auto" goes by the activation."""

import math

import numpy as np
import pytest

from jitnet.initializers import INITIALIZERS, resolve

N_IN, N_OUT = 300, 200
DEVIATIONS = {
    "zeros": 0.0,
    "normal": 0.01,
    "he_normal": math.sqrt(2 / N_IN),
    "he_uniform": math.sqrt(2 / N_IN),
    "glorot_normal": math.sqrt(2 / (N_IN + N_OUT)),
    "glorot_uniform": math.sqrt(2 / (N_IN + N_OUT)),
}


@pytest.mark.parametrize("name", INITIALIZERS)
def test_weights_have_the_deviation_of_their_definition(name: str) -> None:
    weights = INITIALIZERS[name](N_IN, N_OUT, np.random.default_rng(0))
    assert weights.shape == (N_IN, N_OUT)
    assert weights.dtype == np.float64
    standard_error = DEVIATIONS[name] / math.sqrt(weights.size)
    np.testing.assert_allclose(weights.mean(), 0, atol=4 * standard_error)
    np.testing.assert_allclose(weights.std(), DEVIATIONS[name], atol=4 * standard_error)


@pytest.mark.parametrize(
    ("name", "limit"),
    [("he_uniform", math.sqrt(6 / N_IN)), ("glorot_uniform", math.sqrt(6 / (N_IN + N_OUT)))],
)
def test_uniform_weights_fill_their_interval(name: str, limit: float) -> None:
    weights = INITIALIZERS[name](N_IN, N_OUT, np.random.default_rng(0))
    assert 0.999 * limit < weights.max() < limit
    assert -limit <= weights.min() < -0.999 * limit


@pytest.mark.parametrize("name", ["normal", "he_normal", "glorot_normal"])
def test_normal_weights_are_not_truncated(name: str) -> None:
    weights = INITIALIZERS[name](N_IN, N_OUT, np.random.default_rng(0))
    beyond_three = np.mean(np.abs(weights) > 3 * DEVIATIONS[name])
    np.testing.assert_allclose(beyond_three, 0.0027, atol=0.001)


@pytest.mark.parametrize("name", INITIALIZERS)
def test_the_same_generator_gives_the_same_weights(name: str) -> None:
    first, second = (INITIALIZERS[name](5, 7, np.random.default_rng(3)) for _ in range(2))
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize(
    ("activation", "chosen"),
    [
        ("relu", "he_normal"),
        ("leaky_relu", "he_normal"),
        ("elu", "he_normal"),
        ("gelu", "he_normal"),
        ("silu", "he_normal"),
        ("identity", "glorot_uniform"),
        ("sigmoid", "glorot_uniform"),
        ("tanh", "glorot_uniform"),
        ("softplus", "glorot_uniform"),
    ],
)
def test_auto_chooses_he_for_the_relu_family_only(activation: str, chosen: str) -> None:
    assert resolve("auto", activation) is INITIALIZERS[chosen]


def test_a_name_wins_over_the_activation() -> None:
    assert resolve("zeros", "relu") is INITIALIZERS["zeros"]


def test_an_unknown_name_is_told_those_there_are() -> None:
    known = "auto, zeros, normal, he_normal, he_uniform, glorot_normal, glorot_uniform"
    with pytest.raises(ValueError, match=f"unknown initializer 'xavier'; there are: {known}"):
        resolve("xavier", "relu")


def test_a_name_must_be_a_string() -> None:
    with pytest.raises(TypeError, match=r"must be a name, got 0\.1"):
        resolve(0.1, "relu")  # type: ignore[arg-type]
