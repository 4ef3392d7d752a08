"""Subnormal numbers are zeros in training, and what they were elsewhere."""

import numpy as np
import pytest

import jitnet as jn

SUBNORMAL = {"float32": 1e-40, "float64": 1e-310}


@pytest.mark.parametrize("n_threads", [1, 2])
@pytest.mark.parametrize("dtype", SUBNORMAL)
def test_a_step_of_training_takes_them_for_zeros(dtype: str, n_threads: int) -> None:
    model = jn.Sequential([jn.Dense(1)], "mse", jn.SGD(0.1), dtype=dtype, n_threads=n_threads)
    model.set_weights([[[SUBNORMAL[dtype]]], [0.0]])
    X = np.zeros((200, 1))
    assert model.predict(np.ones((1, 1))).item() > 0, "a prediction keeps them"
    model.fit(X, X, epochs=1)
    assert model.get_weights()[0].item() == 0


@pytest.mark.parametrize("dtype", SUBNORMAL)
def test_the_callers_arithmetic_stays_as_it_was(dtype: str) -> None:
    model = jn.Sequential([jn.Dense(3), jn.Dense(1)], "mse", dtype=dtype, n_threads=2)
    model.fit(np.ones((400, 2)), np.ones(400), epochs=2)
    number = np.array([SUBNORMAL[dtype]], dtype)
    assert (number * number.dtype.type(0.5) > 0).all()


@pytest.mark.parametrize("layer", [jn.LSTM, jn.GRU])
def test_vanishing_inputs_are_learned_from(layer: type, rng: np.random.Generator) -> None:
    X, y = 1e-38 * rng.normal(size=(40, 30, 3)), rng.integers(0, 2, 40)
    model = jn.Sequential([layer(8), jn.Dense(2)], "softmax_crossentropy")
    assert np.isfinite(model.fit(X, y, epochs=3)["loss"]).all()
