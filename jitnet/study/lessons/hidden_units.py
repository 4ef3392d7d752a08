"""Hidden units: how many it takes to see a flower, and what more of them see."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jitnet.study.lessons.course import course_weights
from jitnet.study.lessons.flower import draw_flower, flower, train_on_flower
from jitnet.study.lessons.layout import in_columns, lay_out
from jitnet.study.lessons.lesson import Result
from jitnet.study.picture import panels

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SWEEP = (1, 2, 3, 4, 5, 20, 50)
SWEEP_STEPS, STEPS = 5000, 10_000
SEED = 2
OTHER = 2
"""The seed of the noise of 400 other points."""

TEXT = """\
The course's planar flower: 400 points, 200 of each colour, on petals that no straight line
divides. Logistic regression gets {straight:.0f} % of them right, no better than a coin.

A hidden layer of four tanh units, the course's own first weights, {steps:,} steps of gradient
descent at a rate of 1.2. The cost comes out as the course prints it:

{costs}

and {four:.0f} % of the points are right. (From the 8,000th step on the last digits hang on the
order in which 400 numbers are added: descent at this rate magnifies a rounding.)

Fewer units, and more, {sweep_steps:,} steps each. Beside the points to train on stand {others}
others, on the same petals with other noise:

{sweep}

One or two units draw a line or two, which is too few for these petals; with three the flower is
there. From then on more units fit the cost of the points they see better and better, and those
that they do not see no better: with {most} the border winds around single points, which is noise
learned by heart."""


def run() -> Result:
    """Train logistic regression, four units for long, and from one to fifty."""
    straight = train_on_flower(0, "identity", steps=STEPS).evaluate(*flower())
    four = train_on_flower(4, "tanh", course_weights((2, 4, 1), SEED), steps=STEPS)
    costs = {str(step): four.history["loss"][step] for step in range(0, STEPS, 1000)}
    sweep = {str(hidden): _sweep(hidden) for hidden in SWEEP}
    right = four.evaluate(*flower())["accuracy"]
    numbers = {
        "logistic_regression": straight["accuracy"],
        "four_units": {"costs": costs, "accuracy": right},
        "sweep": sweep,
    }
    text = lay_out(
        TEXT,
        straight=100 * straight["accuracy"],
        steps=STEPS,
        costs=in_columns(
            ("step", *(f"{int(step):,}" for step in list(costs)[::2])),
            [("cost", *(f"{cost:.6f}" for cost in list(costs.values())[::2]))],
        ),
        four=100 * right,
        sweep_steps=SWEEP_STEPS,
        others=len(flower(OTHER)[1]),
        sweep=in_columns(
            ("hidden units", "parameters", "cost", "accuracy", "cost, others", "accuracy, others"),
            [
                (
                    hidden,
                    str(found["parameters"]),
                    f"{found['loss']:.3f}",
                    f"{100 * found['accuracy']:.2f} %",
                    f"{found['other_loss']:.3f}",
                    f"{100 * found['other_accuracy']:.2f} %",
                )
                for hidden, found in sweep.items()
            ],
        ),
        most=SWEEP[-1],
    )
    return Result(numbers, text)


def draw(figure: Figure, result: Result) -> None:
    """What each number of units sees in the plane."""
    rows = panels(figure, 2, 4, inches=(12, 6.6), sharex=True, sharey=True)
    first, *others = rows.flat
    straight = train_on_flower(0, "identity", steps=STEPS).get_weights()
    draw_flower(first, 0, "identity", straight)
    share = result.numbers["logistic_regression"]
    first.set_title(f"logistic regression: {100 * share:.0f} %")
    for panel, (hidden, found) in zip(others, result.numbers["sweep"].items(), strict=True):
        draw_flower(panel, int(hidden), "tanh", found["weights"])
        units = "1 hidden unit" if hidden == "1" else f"{hidden} hidden units"
        panel.set_title(f"{units}: {100 * found['accuracy']:.2f} %")
    for panel in rows.flat:
        panel.label_outer()
    figure.legend(*first.get_legend_handles_labels(), loc="outside lower center", ncols=2)


def _sweep(hidden: int) -> dict[str, Any]:
    """A network with so many units, on the points that it has seen and on others."""
    first = course_weights((2, hidden, 1), SEED)
    model = train_on_flower(hidden, "tanh", first, steps=SWEEP_STEPS)
    seen, other = model.evaluate(*flower()), model.evaluate(*flower(OTHER))
    weights = model.get_weights()
    return {
        "parameters": sum(array.size for array in weights),
        **seen,
        "other_loss": other["loss"],
        "other_accuracy": other["accuracy"],
        "weights": [array.tolist() for array in weights],
    }
