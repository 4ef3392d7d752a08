"""Two linear layers are one: without a curved activation, depth adds nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

import jitnet as jn
from jitnet.study.lessons.flower import draw_flower, flower, train_on_flower
from jitnet.study.lessons.layout import in_columns, lay_out
from jitnet.study.lessons.lesson import Result
from jitnet.study.picture import panels

if TYPE_CHECKING:
    from matplotlib.figure import Figure

STEPS = 10_000
NETWORKS = {
    "logistic regression, 2-1": (0, "identity"),
    "linear hidden units, 2-4-1": (4, "identity"),
    "tanh hidden units, 2-4-1": (4, "tanh"),
}

TEXT = """\
With linear hidden units, examples as columns,

  W2 (W1 X + b1) + b2 = (W2 W1) X + (W2 b1 + b2) = W′ X + b′

so two layers are one layer with other weights. A network 3-5-2 with linear layers, drawn at
random, beside the single layer of W′ (2, 3) and b′ (2, 1):

  the largest difference of their outputs for 100 examples: {difference:.1e}

which is rounding. On the flower, 400 points in petals of two colours, {steps:,} steps of
gradient descent at a rate of 1.2:

{table}

The linear hidden layer gets exactly as far as logistic regression, with {extra} parameters more:
both draw a straight line through a flower. The tanh is what makes a hidden layer worth having.
Linear units belong into the output layer of a regression."""


def run() -> Result:
    """Fold two layers into one, and train with and without a curve between them."""
    difference = collapse()
    networks = {name: _train(*kind) for name, kind in NETWORKS.items()}
    table = in_columns(
        ("network", "parameters", "loss", "accuracy"),
        [
            (
                name,
                str(found["parameters"]),
                f"{found['loss']:.4f}",
                f"{100 * found['accuracy']:.1f} %",
            )
            for name, found in networks.items()
        ],
    )
    straight, linear, _ = networks.values()
    extra = linear["parameters"] - straight["parameters"]
    text = lay_out(TEXT, difference=difference, steps=STEPS, table=table, extra=extra)
    return Result({"collapse_difference": difference, "networks": networks}, text)


def draw(figure: Figure, result: Result) -> None:
    """What each network sees in the plane."""
    row = panels(figure, 1, 3, inches=(12, 4.9), sharey=True)[0]
    for panel, (name, (hidden, activation)) in zip(row, NETWORKS.items(), strict=True):
        found = result.numbers["networks"][name]
        draw_flower(panel, hidden, activation, found["weights"])
        panel.set_title(f"{name}: {100 * found['accuracy']:.1f} %")
        panel.label_outer()
    figure.legend(*row[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)


def collapse() -> float:
    """The largest difference between two linear layers and the one they make."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(3, 100))
    two = jn.Sequential([jn.Dense(5), jn.Dense(2)], "mse", dtype="float64")
    two.set_weights([rng.normal(size=shape) for shape in ((3, 5), 5, (5, 2), 2)])
    # jitnet holds weights as (n_in, n_out): the course's W is their transpose
    W1, b1, W2, b2 = (np.atleast_2d(array).T for array in two.get_weights())
    W, b = W2 @ W1, W2 @ b1 + b2
    return float(np.abs(two.predict(X.T).T - (W @ X + b)).max())


def _train(hidden: int, activation: str) -> dict[str, Any]:
    model = train_on_flower(hidden, activation, steps=STEPS)
    weights = model.get_weights()
    return {
        "parameters": sum(array.size for array in weights),
        **model.evaluate(*flower()),
        "weights": [array.tolist() for array in weights],
    }
