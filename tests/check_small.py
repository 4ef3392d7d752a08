"""Checks that run in a process of their own, where Numba is set up in another way.

python tests/check_small.py oracle float64    every activation and loss, and an epoch of Adam
python tests/check_small.py bits float32 2    a digest of a trained network, with two threads
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np

import jitnet as jn
from gradient_check import check_gradients, make_case
from jitnet.activations import ACTIVATIONS
from jitnet.kernels.cpu import VECTOR_BYTES
from jitnet.losses import LOSSES
from plain_numpy import cost_and_gradients
from test_oracle import check, check_predictions, outputs_for
from tolerances import assert_close

SEED = 2027


def in_a_new_process(*arguments: str, **environment: str) -> str:
    """What this script prints, run with these arguments and variables; warnings are errors."""
    paths = [str(Path(jn.__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))} | environment
    command = [sys.executable, "-W", "error", __file__, *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise AssertionError(f"{arguments} ended with {done.returncode}:\n{done.stderr}")
    return done.stdout.strip()


def check_oracle(dtype: str) -> None:
    """Small networks, with all forms of the weights' gradient, agree with the plain loops."""
    rng = np.random.default_rng(SEED)
    for activation in ACTIVATIONS:
        layers = [jn.Dense(9, activation, l2=0.1), jn.Dense(8, activation), jn.Dense(2)]
        case = make_case(rng, layers, "mse", n_features=8, n_examples=9, dtype=dtype)
        check(case)
        check_predictions(case)
    for loss in LOSSES:
        layers = [jn.Dense(3, "tanh", bias=False), jn.Dense(outputs_for(loss, 2))]
        case = make_case(rng, layers, loss, n_features=2, n_examples=5, dtype=dtype)
        check(case)
        check_predictions(case)
    if dtype == "float64":
        layers = [jn.Dense(2, "tanh"), jn.Dense(2)]
        check_gradients(make_case(rng, layers, "mse", n_features=2, n_examples=3))


def check_adam() -> None:
    """An epoch of Adam takes the steps of its definition, the short last batch's too."""
    rng = np.random.default_rng(SEED)
    X, T = rng.normal(size=(11, 3)), np.eye(2)[rng.integers(0, 2, 11)]
    layers = [jn.Dense(4, "tanh"), jn.Dense(2)]
    model = jn.Sequential(layers, "softmax_crossentropy", jn.Adam(0.1), dtype="float64").build(3)
    weights = model.get_weights()
    means = [np.zeros_like(w) for w in weights]
    squares = [np.zeros_like(w) for w in weights]
    for t, first in enumerate(range(0, 11, 4), 1):
        part = slice(first, first + 4)
        _, gradients = cost_and_gradients(weights, X[part], T[part], "tanh")
        for w, m, v, g in zip(weights, means, squares, gradients, strict=True):
            m += 0.1 * (g - m)
            v += 0.001 * (g * g - v)
            w -= 0.1 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
    model.fit(X, T, epochs=1, batch_size=4, shuffle=False)
    for found, expected in zip(model.get_weights(), weights, strict=True):
        assert_close("optimizer", "float64", found, expected)


def trained_bits(dtype: str, n_threads: int) -> str:
    """A digest of the weights and the history of a network that was trained for some epochs."""
    rng = np.random.default_rng(SEED)
    X, y = rng.normal(size=(203, 37)).astype(np.float32), rng.integers(0, 5, 203)
    layers = [jn.Dense(33, "gelu", l2=0.01), jn.Dense(7, "tanh"), jn.Dense(5)]
    model = jn.Sequential(
        layers, "softmax_crossentropy", jn.Adam(clip_norm=0.5), dtype=dtype, n_threads=n_threads
    )
    history = model.fit(X, y, epochs=3, batch_size=64)
    arrays = [*model.get_weights(), np.array(history["loss"]), model.predict(X)]
    return hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()


if __name__ == "__main__":
    if sys.argv[1] == "oracle":
        check_oracle(sys.argv[2])
        if sys.argv[2] == "float64":
            check_adam()
        print(f"vectors of {VECTOR_BYTES} bytes agree")
    else:
        print(trained_bits(sys.argv[2], int(sys.argv[3])))
