"""A computation graph: forward gives the value, backward the derivative by each variable."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from jitnet.study.activations.loops import sigmoid
from jitnet.study.lessons.layout import in_columns, lay_out
from jitnet.study.lessons.lesson import Result

Values = Mapping[str, float]
Graph = Mapping[str, Callable[[Values], float]]
"""The variables that are computed, in order, each from those before it; the last is the result."""

PRODUCT: Graph = {
    "u": lambda at: at["b"] * at["c"],
    "v": lambda at: at["a"] + at["u"],
    "J": lambda at: 3 * at["v"],
}
LOGISTIC: Graph = {
    "z": lambda at: at["w1"] * at["x1"] + at["w2"] * at["x2"] + at["b"],
    "a": lambda at: sigmoid(at["z"]),
    "loss": lambda at: -(at["y"] * math.log(at["a"]) + (1 - at["y"]) * math.log(1 - at["a"])),
}
INPUTS = {"a": 5.0, "b": 3.0, "c": 2.0}
EXAMPLE = {"x1": 1.0, "x2": -2.0, "y": 1.0, "w1": 0.5, "w2": 0.25, "b": 0.1}
NUDGE = 0.001

TEXT = """\
J = 3(a + bc) in three steps, at a = {0[a]:g}, b = {0[b]:g}, c = {0[c]:g}. Forward, left to
right:

  u = bc = {0[u]:g}      v = a + u = {0[v]:g}      J = 3v = {0[J]:g}

Backward, right to left, each derivative made of the one after it (dv is short for dJ/dv):

  dv = 3      da = dv      du = dv      db = du · c      dc = du · b

A nudge of ±{nudge} to the variable itself says the same:

{product}

Logistic regression's loss for one example is such a graph too. Forward:

  x1 = {1[x1]:g}   x2 = {1[x2]:g}   y = {1[y]:g}   w1 = {1[w1]:g}   w2 = {1[w2]:g}   b = {1[b]:g}
  z = w1 x1 + w2 x2 + b = {1[z]:.4f}      a = σ(z) = {1[a]:.4f}
  loss = −(y log a + (1 − y) log(1 − a)) = {1[loss]:.4f}

Backward:

  da = −y/a + (1 − y)/(1 − a)      dz = da · a(1 − a) = a − y
  dw1 = x1 dz      dw2 = x2 dz      db = dz

{logistic}"""


def run() -> Result:
    """Go through both graphs, forward and backward, and check each derivative by a nudge."""
    product, logistic = forward(PRODUCT, INPUTS), forward(LOGISTIC, EXAMPLE)
    dproduct, dlogistic = product_backward(product), logistic_backward(logistic)
    nudged = {name: nudge(PRODUCT, product, name) for name in dproduct}
    dnudged = {name: nudge(LOGISTIC, logistic, name) for name in dlogistic}
    text = lay_out(
        TEXT,
        product,
        logistic,
        nudge=NUDGE,
        product=_table(product, dproduct, nudged),
        logistic=_table(logistic, dlogistic, dnudged),
    )
    numbers = {
        "product": {"forward": product, "backward": dproduct, "nudged": nudged},
        "logistic": {"forward": logistic, "backward": dlogistic, "nudged": dnudged},
    }
    return Result(numbers, text)


def forward(graph: Graph, given: Values) -> dict[str, float]:
    """Every variable's value; those given are not computed."""
    values = dict(given)
    for name, step in graph.items():
        if name not in given:
            values[name] = step(values)
    return values


def product_backward(at: Values) -> dict[str, float]:
    """Derivatives of J = 3(a + bc), the last step's first."""
    dv = 3.0
    da, du = dv, dv
    return {"v": dv, "a": da, "u": du, "b": du * at["c"], "c": du * at["b"]}


def logistic_backward(at: Values) -> dict[str, float]:
    """Derivatives of logistic regression's loss, the last step's first."""
    a, y = at["a"], at["y"]
    da = -y / a + (1 - y) / (1 - a)
    dz = da * a * (1 - a)
    return {"a": da, "z": dz, "w1": at["x1"] * dz, "w2": at["x2"] * dz, "b": dz}


def nudge(graph: Graph, at: Values, name: str) -> float:
    """How much the result moves for each unit that one variable moves, all before it held."""
    result = list(graph)[-1]
    known = {key: value for key, value in at.items() if key not in graph}
    up = forward(graph, {**known, name: at[name] + NUDGE})[result]
    down = forward(graph, {**known, name: at[name] - NUDGE})[result]
    return (up - down) / (2 * NUDGE)


def _table(values: Values, backward: Values, nudged: Values) -> str:
    return in_columns(
        ("variable", "value", "backward", "nudged"),
        [
            (name, f"{values[name]:.4f}", f"{slope:.4f}", f"{nudged[name]:.4f}")
            for name, slope in backward.items()
        ],
    )
