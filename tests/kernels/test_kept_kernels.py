"""No kernel of the package or of the study is compiled twice, in one process or the next."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

EVERYTHING = """
import importlib, json, pkgutil, sys, warnings
from collections import Counter

import numpy as np
from numba.core import event

import jitnet as jn
from jitnet.kernels.cache import KernelCache
from jitnet.kernels.digest import Digest
from jitnet.study import quiet, roofs
from jitnet.study.lessons import loop_order
from jitnet.study.agreement import compare
from jitnet.study.problems import PROBLEMS, RUNGS, get_problem
from jitnet.threads import prepare_for_long_work


class Compiled(event.Listener):
    times = Counter()

    def on_start(self, event):
        kernel = event.data["dispatcher"]
        if not kernel.__module__.startswith("numba."):
            made_of = Digest().add(kernel, event.data["args"]).hexdigest()
            self.times[f"{kernel.__module__}.{kernel.__qualname__} {made_of}"] += 1

    def on_end(self, event):
        pass


def kernels_of(package):
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        for value in vars(importlib.import_module(module.name)).values():
            if isinstance(getattr(value, "_cache", None), KernelCache):
                yield value


compiled = Compiled()
event.register("numba:compile", compiled)
for name in PROBLEMS:
    problem = get_problem(name)
    size = {**problem.sizes, **dict(zip(problem.sizes, (7, 5, 3)))}
    compare(problem, size, RUNGS, "float32", 2)
roofs.arithmetic_roof(1, np.float32, 0.01)
roofs.memory_roof(1, 0.01)
quiet.share_of_cores(1)
loop_order._compare(4)

rng = np.random.default_rng(0)
X = rng.standard_normal((80, 4), np.float32)
y = (X.sum(axis=1) > 0).astype(np.int64)
for optimizer in (jn.SGD(), jn.Adam(), jn.RMSprop()):
    layers = [jn.Dense(3, "gelu"), jn.Dense(2)]
    model = jn.Sequential(layers, loss="softmax_crossentropy", optimizer=optimizer)
    model.fit(X, y, epochs=2, validation_data=(X, y))
    model.partial_fit(X, y)
    for rows in (1, 80):
        model.predict(X[:rows])
    model.evaluate(X, y)
    model.gradients(X, y)
prepare_for_long_work()
warnings.simplefilter("ignore")  # that they have not converged
try:
    from jitnet.estimators import MLPClassifier, MLPRegressor
except ImportError:
    pass
else:
    for solver in ("lbfgs", "sgd", "adam"):
        for estimator in (MLPClassifier, MLPRegressor):
            estimator(hidden_layer_sizes=(3,), solver=solver, max_iter=3).fit(X, y).predict(X)

import jitnet.study
kernels = list(kernels_of(jitnet.study))
missed = [kernel.__name__ for kernel in kernels if not kernel.signatures]
print(json.dumps({"times": compiled.times, "kernels": len(kernels), "never run": missed}))
"""


def run_everything() -> dict[str, Any]:
    """How often each kernel was compiled for a signature in a process of its own.

    It has the tests' cache, in which some are: what is not kept it compiles all the same.
    """
    ended = subprocess.run(
        [sys.executable, "-c", EVERYTHING], stdout=subprocess.PIPE, text=True, check=True
    )
    found: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    return found


def test_no_kernel_is_compiled_twice_for_a_signature() -> None:
    first = run_everything()
    assert first["kernels"] > 80
    assert first["never run"] == []
    assert {kernel: count for kernel, count in first["times"].items() if count > 1} == {}
    assert run_everything()["times"] == {}
