"""A computation graph: forward gives the value, backward the derivative by each variable."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from jitnet.study.activations.loops import sigmoid
from jitnet.study.diagram import arrow, blank, box, write
from jitnet.study.lessons.layout import in_columns, lay_out
from jitnet.study.lessons.lesson import Result
from jitnet.study.picture import BLUE, GREY, ORANGE, panels

if TYPE_CHECKING:
    from matplotlib.figure import Figure

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
PRODUCT_PLACES = {
    "a": (1.5, 3.7),
    "b": (1.5, 2.2),
    "c": (1.5, 0.8),
    "u": (5.7, 1.5),
    "v": (9.9, 2.6),
    "J": (14.1, 2.6),
}
LOGISTIC_PLACES = {
    "x1": (1.5, 6.4),
    "w1": (1.5, 5.0),
    "x2": (1.5, 3.6),
    "w2": (1.5, 2.2),
    "b": (1.5, 0.8),
    "z": (5.7, 3.6),
    "a": (9.9, 3.6),
    "loss": (14.1, 3.6),
}
PRODUCT_EDGES = ("b u", "c u", "a v", "u v", "v J")
LOGISTIC_EDGES = ("x1 z", "w1 z", "x2 z", "w2 z", "b z", "z a", "a loss")
BOX = (2.6, 0.62)
FORMULAS = {
    "u": "bc",
    "v": "a + u",
    "J": "3v",
    "z": "w1 x1 + w2 x2 + b",
    "loss": "−log a, as y = 1",
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


def draw(figure: Figure, result: Result) -> None:
    """Both graphs with the numbers that go forward, and the derivatives that come back."""
    ratios = {"height_ratios": (4.5, 7.2)}
    above, below = panels(figure, 2, 1, inches=(9.5, 8), gridspec_kw=ratios)[:, 0]
    product, logistic = result.numbers["product"], result.numbers["logistic"]
    blank(above, 15.6, 4.5)
    _draw_graph(above, PRODUCT_PLACES, PRODUCT_EDGES, product)
    above.set_title(
        "J = 3(a + bc): values go forward, derivatives (orange, dv for dJ/dv) come back"
    )
    blank(below, 15.6, 7.2)
    _draw_graph(below, LOGISTIC_PLACES, LOGISTIC_EDGES, logistic)
    below.set_title("Logistic regression's loss for one example with y = 1")


def _draw_graph(
    panel: Any,
    places: Mapping[str, tuple[float, float]],
    edges: Sequence[str],
    numbers: dict[str, dict[str, float]],
) -> None:
    """Variables in boxes, arrows forward, and arrows backward to what has a derivative."""
    half, slopes = BOX[0] / 2, numbers["backward"]
    for start, end in (edge.split() for edge in edges):
        (x0, y0), (x1, y1) = places[start], places[end]
        meet = y1 + 0.06 * (y0 - y1)
        arrow(panel, (x0 + half, y0 + 0.1), (x1 - half, meet + 0.1), GREY)
        if start in slopes:
            arrow(panel, (x1 - half, meet - 0.1), (x0 + half, y0 - 0.1), ORANGE)
    for name, (x, y) in places.items():
        box(panel, x, y, f"{name} = {_digits(numbers['forward'][name])}", BLUE, BOX)
        label = FORMULAS.get(name, "σ(z)" if name == "a" and "z" in places else "")
        write(panel, x, y + 0.52, label, fontsize=9, color=GREY)
        if name in slopes:
            slope = f"d{name} = {_digits(slopes[name])}"
            write(panel, x, y - 0.52, slope, color=ORANGE, fontsize=9.5)


def _digits(value: float) -> str:
    return f"{value:.4g}".replace("-", "−")


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
