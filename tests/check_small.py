"""Checks that run in a process of their own, where Numba is set up in another way.

python tests/check_small.py oracle float64    every row of every table
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
import rows
from gradient_check import check_gradients, make_case
from jitnet.kernels.cpu import VECTOR_BYTES

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
    """Every row of every table agrees with the plain loops in small networks."""
    rng = np.random.default_rng(SEED)
    for row in rows.ROWS:
        rows.check_row(row, dtype, rng, n_examples=5)
    layers = [jn.Dense(9, "tanh", l2=0.1), jn.Dense(8, "tanh"), jn.Dense(2)]
    case = make_case(rng, layers, "mse", n_features=8, n_examples=9, dtype=dtype)
    rows.check(case)  # with all forms of the weights' gradient
    rows.check_predictions(case)
    if dtype == "float64":
        layers = [jn.Dense(2, "tanh"), jn.Dense(2)]
        check_gradients(make_case(rng, layers, "mse", n_features=2, n_examples=3))


def check_steps() -> None:
    """An epoch of training takes the definitions' steps, the short last batch's too."""
    rng = np.random.default_rng(SEED)
    for row in rows.ROWS:
        if row.kind == "layer":
            for network in rows.networks(row, units=3):
                rows.check_steps(network._replace(optimizer=jn.SGD(0.05)), rows.sgd, rng, steps=3)
        if row.kind == "optimizer":
            for example in rows.examples_of(rows.OPTIMIZER_EXAMPLES, row):
                layers = jn.Dense(4, "tanh"), jn.Dense(2)
                network = rows.Network(layers, "softmax_crossentropy", example.optimizer)
                rows.check_steps(network, example.step, rng, steps=3)


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
            check_steps()
        print(f"vectors of {VECTOR_BYTES} bytes agree")
    else:
        print(trained_bits(sys.argv[2], int(sys.argv[3])))
