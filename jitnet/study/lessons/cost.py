"""Why logistic regression's cost is the cross-entropy: with squared error descent can get stuck."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

import jitnet as jn
from jitnet.arrays import FloatArray
from jitnet.study.lessons.layout import in_columns, lay_out
from jitnet.study.lessons.lesson import Result
from jitnet.study.picture import BLUE, ORANGE, panels

if TYPE_CHECKING:
    from matplotlib.figure import Figure

X = np.array([1.0, 1.5, 2.0, 1.0, 9.0])
Y = np.array([1.0, 1.0, 1.0, 0.0, 0.0])
W = np.linspace(-4.0, 6.0, 1001)
STARTS = (-3.0, 5.0)
STEPS = 20_000
RATE = 0.1
LAYERS = {
    "mse": jn.Dense(1, activation="sigmoid", bias=False),
    "binary_crossentropy": jn.Dense(1, bias=False),  # the loss brings its sigmoid
}
NAMES = {"mse": "squared error", "binary_crossentropy": "cross-entropy"}
COLORS = {"mse": ORANGE, "binary_crossentropy": BLUE}

TEXT = """\
Logistic regression with a single weight, a = σ(wx), on five examples:

  x  {x}
  y  {y}

The cost as a function of w, at 1001 places from −4 to 6. A convex curve never bends downwards:
its slope only grows with w, so its second differences are all ≥ 0, and it has one minimum.

{shape}

Descent ends in the valley that it starts in: {steps:,} steps at a rate of {rate:g} from two
starts

{ends}

Squared error is flat where a is near 0 or 1, also where a is altogether wrong: the example x = 9
costs almost the same at w = 1 as at w = 5, and no slope leads back over the hill. Cross-entropy
goes on rising there, and so has a single minimum, which descent finds from everywhere."""


def run() -> Result:
    """Look at both costs along w and descend on each from two sides."""
    numbers = {loss: _shape(costs) | _descents(loss) for loss, costs in costs_along_w().items()}
    shape = in_columns(
        ("cost", "smallest 2nd difference", "its changes of sign", "minima at w ="),
        [
            (
                NAMES[loss],
                f"{found['smallest_second_difference']:+.1e}",
                str(found["sign_changes"]),
                ", ".join(f"{w:.2f}" for w in found["minima"]),
            )
            for loss, found in numbers.items()
        ],
    )
    ends = in_columns(
        ("cost", *(f"from w = {start:g}" for start in STARTS), "costs there"),
        [
            (
                NAMES[loss],
                *(f"{w:.2f}" for w in found["ends"]),
                ", ".join(f"{cost:.4f}" for cost in found["end_costs"]),
            )
            for loss, found in numbers.items()
        ],
    )
    text = lay_out(
        TEXT,
        x="  ".join(f"{x:>4g}" for x in X),
        y="  ".join(f"{y:>4g}" for y in Y),
        shape=shape,
        ends=ends,
        steps=STEPS,
        rate=RATE,
    )
    return Result(numbers, text)


def draw(figure: Figure, result: Result) -> None:
    """Both costs along w, with the ends of the descents."""
    for panel, (loss, costs) in zip(
        panels(figure, 1, 2, inches=(10, 4))[0], costs_along_w().items(), strict=True
    ):
        found = result.numbers[loss]
        panel.plot(W, costs, color=COLORS[loss], linewidth=2)
        for start, end, cost in zip(STARTS, found["ends"], found["end_costs"], strict=True):
            first = np.interp(start, W, costs)
            panel.plot(start, first, "o", color=COLORS[loss], markerfacecolor="white", markersize=8)
            panel.plot(end, cost, "o", color="black", markersize=7)
        panel.set_title(NAMES[loss])
        panel.set_xlabel("weight w")
        panel.set_ylabel("cost J(w), mean over the examples")
        panel.set_ylim(bottom=0)
        panel.plot([], [], "o", color="grey", markerfacecolor="white", label="descent starts")
        panel.plot([], [], "o", color="black", label="descent ends")
        panel.legend(loc="upper center")


def costs_along_w() -> dict[str, FloatArray]:
    """The mean over the examples of (a − y)² and of −(y log a + (1 − y) log(1 − a)), for each w."""
    Z = np.outer(W, X)
    A = 1 / (1 + np.exp(-Z))
    squared = (A - Y) ** 2
    crossed = Y * np.logaddexp(0, -Z) + (1 - Y) * np.logaddexp(0, Z)  # log a = −log(1 + e⁻ᶻ)
    return {"mse": squared.mean(axis=1), "binary_crossentropy": crossed.mean(axis=1)}


def _shape(costs: FloatArray) -> dict[str, Any]:
    """How a curve bends, and where it has minima."""
    bends = np.diff(costs, 2)
    lowest = (costs[1:-1] < costs[:-2]) & (costs[1:-1] < costs[2:])
    return {
        "smallest_second_difference": float(bends.min()),
        "sign_changes": int(np.count_nonzero(np.diff(np.sign(bends)))),
        "minima": W[1:-1][lowest].tolist(),
    }


def _descents(loss: str) -> dict[str, list[float]]:
    """Where gradient descent ends from each start."""
    ends, costs = [], []
    for start in STARTS:
        model = jn.Sequential([LAYERS[loss]], loss, jn.SGD(RATE), dtype="float64")
        model.set_weights([[[start]]])
        model.fit(X[:, np.newaxis], Y, epochs=STEPS, batch_size=None)
        ends.append(model.get_weights()[0].item())
        costs.append(model.evaluate(X[:, np.newaxis], Y)["loss"])
    return {"ends": ends, "end_costs": costs}
