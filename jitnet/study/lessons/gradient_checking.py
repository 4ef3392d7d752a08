"""Gradient checking: nudge every parameter, and see whether the derivative foretold the cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

import jitnet as jn
from jitnet.arrays import FloatArray
from jitnet.study.lessons.layout import in_columns, lay_out
from jitnet.study.lessons.lesson import Result
from jitnet.study.picture import BLUE, GREY, ORANGE, note, panels

if TYPE_CHECKING:
    from matplotlib.figure import Figure

N = (4, 5, 3, 1)
M = 20
EPSILON = 1e-7
EPSILONS = tuple(10.0**-k for k in range(1, 13))
GOOD = 2e-7

TEXT = """\
Backward propagation is easy to get wrong, and a network with a wrong gradient often learns all
the same, only worse. The check: nudge one parameter θ by ±ε, all others held, and see how the
cost moves,

  approximate gradient = (J(θ + ε) − J(θ − ε)) / 2ε      difference = ‖g − g′‖ / (‖g‖ + ‖g′‖)

for all {count} parameters of a tanh network {n} and m = {m} examples, at ε = {epsilon:g}. The
course calls a difference below {good:g} good:

{table}

Two mistakes were planted: dW2 twice as large, and dW2 in the right shape, but with the numbers
of its transpose. Tests of shapes pass either; the check finds both, and says in which array.

Which ε? Too large, and the curve bends within it: an error that grows like ε². Too small, and
the two costs agree in nearly all their digits, and what is left of their difference is rounding,
which grows like 1/ε. From one side only, (J(θ + ε) − J(θ)) / ε, the bend costs ε itself:

{epsilons}

It takes two passes forward for each parameter, so it is run once on a small network, not while
training. In single precision, where rounding is half a billion times as large, it fails."""


def run() -> Result:
    """Check jitnet's gradients, and three that are wrong."""
    model, X, y = _network()
    gradients = model.gradients(X, y)
    approximate = central_differences(model, X, y, EPSILON)
    kinds = {
        "jitnet's": gradients,
        "doubled": _doubled(gradients),
        "transposed": _transposed(gradients),
    }
    names = [f"{kind}{layer}" for layer in range(1, len(N)) for kind in ("dW", "db")]
    differences = {
        kind: {"all": difference(found, approximate)}
        | {name: difference([g], [a]) for name, g, a in zip(names, found, approximate, strict=True)}
        for kind, found in kinds.items()
    }
    two = {str(e): difference(gradients, central_differences(model, X, y, e)) for e in EPSILONS}
    one = {str(e): difference(gradients, one_sided(model, X, y, e)) for e in EPSILONS}
    wrong = {
        str(e): difference(kinds["doubled"], central_differences(model, X, y, e)) for e in EPSILONS
    }
    numbers = {
        "parameters": sum(g.size for g in gradients),
        "epsilon": EPSILON,
        "differences": differences,
        "by_epsilon": {"two_sided": two, "one_sided": one, "doubled": wrong},
    }
    text = lay_out(
        TEXT,
        count=numbers["parameters"],
        n="-".join(map(str, N)),
        m=M,
        epsilon=EPSILON,
        good=GOOD,
        table=in_columns(
            ("gradient", "all", *names),
            [(kind, *(f"{d:.0e}" for d in row.values())) for kind, row in differences.items()],
        ),
        epsilons=in_columns(
            ("ε", *(f"{e:.0e}" for e in EPSILONS[::2])),
            [
                (name, *(f"{row[str(e)]:.0e}" for e in EPSILONS[::2]))
                for name, row in (("both sides", two), ("one side", one))
            ],
        ),
    )
    return Result(numbers, text)


def draw(figure: Figure, result: Result) -> None:
    """The difference by the size of the nudge, and by array."""
    curve, arrays = panels(figure, 1, 2, inches=(11, 4.4))[0]
    found = result.numbers["by_epsilon"]
    styles = (
        ("two_sided", "(J(θ + ε) − J(θ − ε)) / 2ε", BLUE, "o-"),
        ("one_sided", "(J(θ + ε) − J(θ)) / ε", GREY, "s-"),
        ("doubled", "a wrong gradient: dW2 doubled", ORANGE, "D-"),
    )
    for name, label, color, style in styles:
        row = found[name]
        curve.loglog([float(e) for e in row], row.values(), style, color=color, label=label)
    curve.set(xlabel="nudge ε", ylabel="difference to the gradient", ylim=(1e-12, 30))
    curve.set_title("A good nudge is neither large nor small")
    note(curve, "rounding", (3e-12, 3e-7), (1e-11, found["two_sided"]["1e-11"]))
    note(curve, "the curve bends", (2.5e-2, 3e-9), (1e-2, found["two_sided"]["0.01"]))
    curve.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=1)
    differences = result.numbers["differences"]
    names = [name for name in differences["doubled"] if name != "all"]
    for kind, color, shift in (("jitnet's", BLUE, -0.2), ("doubled", ORANGE, 0.2)):
        places = np.arange(len(names)) + shift
        label = f"{kind} gradient" if kind == "jitnet's" else "dW2 doubled"
        shares = [differences[kind][name] for name in names]
        arrays.bar(places, shares, 0.38, color=color, label=label)
    arrays.axhline(GOOD, color=GREY, linewidth=0.8, linestyle="--", label="good: below 2 × 10⁻⁷")
    arrays.set_xticks(range(len(names)), names)
    arrays.set(yscale="log", ylabel="difference", title="Which array is wrong")
    arrays.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=1)


def difference(gradients: list[FloatArray], approximate: list[FloatArray]) -> float:
    """‖g − g′‖ / (‖g‖ + ‖g′‖), 0 where they are equal and 1 where they are opposite."""
    g, a = (
        np.concatenate([array.ravel() for array in arrays]) for arrays in (gradients, approximate)
    )
    return float(np.linalg.norm(g - a) / (np.linalg.norm(g) + np.linalg.norm(a)))


def central_differences(
    model: jn.Sequential, X: FloatArray, y: FloatArray, epsilon: float
) -> list[FloatArray]:
    """The cost's slope in each parameter, from both sides of it."""
    return _slopes(model, X, y, epsilon, -epsilon)


def one_sided(
    model: jn.Sequential, X: FloatArray, y: FloatArray, epsilon: float
) -> list[FloatArray]:
    """The cost's slope in each parameter, from it upwards."""
    return _slopes(model, X, y, epsilon, 0.0)


def _slopes(
    model: jn.Sequential, X: FloatArray, y: FloatArray, up: float, down: float
) -> list[FloatArray]:
    weights = [array.copy() for array in model.get_weights()]
    slopes = [np.zeros_like(array) for array in weights]
    for array, slope in zip(weights, slopes, strict=True):
        for place in np.ndindex(array.shape):
            middle, costs = array[place], []
            for nudge in (up, down):
                array[place] = middle + nudge
                model.set_weights(weights)
                costs.append(model.evaluate(X, y)["loss"])
            array[place] = middle
            slope[place] = (costs[0] - costs[1]) / (up - down)
    model.set_weights(weights)
    return slopes


def _network() -> tuple[jn.Sequential, FloatArray, FloatArray]:
    rng = np.random.default_rng(0)
    layers = [*(jn.Dense(units, "tanh") for units in N[1:-1]), jn.Dense(N[-1])]
    model = jn.Sequential(layers, "binary_crossentropy", dtype="float64").build(N[0])
    return model, rng.normal(size=(M, N[0])), rng.integers(0, 2, M).astype(np.float64)


def _doubled(gradients: list[Any]) -> list[Any]:
    return [2 * g if place == 2 else g for place, g in enumerate(gradients)]


def _transposed(gradients: list[Any]) -> list[Any]:
    return [g.T.reshape(g.shape) if place == 2 else g for place, g in enumerate(gradients)]
