"""Learning rates: the cost step by step, from a rate that creeps to one that jumps about."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import jitnet as jn
from jitnet.study.lessons.digits import digits_without_fold
from jitnet.study.lessons.layout import in_columns, lay_out
from jitnet.study.lessons.lesson import Result
from jitnet.study.picture import BLUE, GREEN, ORANGE, PINK, panels

if TYPE_CHECKING:
    from matplotlib.figure import Figure

RATES = (0.01, 0.1, 1.0, 5.0)
COLORS = (PINK, GREEN, BLUE, ORANGE)
STEPS = 200
SHOWN = (1, 2, 5, 10, 50, 200)

TEXT = """\
Softmax regression (logistic regression for ten classes) on {examples:,} digits, by full-batch
gradient descent from the same first weights. The cost before some of the {steps} steps, by the
learning rate:

{table}

At a small rate the cost creeps; ten times the rate needs a tenth of the steps. At {good:g} it
falls fastest of those that fall at every step. At {large:g} it rises {rises} times, to
{peak:.1f}: steps land on the other side of the valley, as in the lesson gradient_descent. That
they come back is owed to this cost, whose slope is bounded; with squared errors w would have
swung out for ever.

Always draw the cost against the steps. A curve that falls evenly and has not ended: take a
larger rate, or more steps. A curve that jumps: take a smaller one. Rates are tried in factors of
3 or 10, as the cost hardly tells 0.1 from 0.11."""


def run() -> Result:
    """Train at each rate."""
    digits = digits_without_fold()
    costs = {}
    for rate in RATES:
        model = jn.Sequential([jn.Dense(10)], "softmax_crossentropy", jn.SGD(rate), dtype="float64")
        history = model.fit(digits.X_train, digits.y_train, epochs=STEPS, batch_size=None)
        costs[f"{rate:g}"] = history["loss"]
    rises = {rate: sum(b > a for a, b in pairwise(row)) for rate, row in costs.items()}
    falling = [rate for rate in costs if rises[rate] == 0]
    good = min(falling, key=lambda rate: costs[rate][-1])
    text = lay_out(
        TEXT,
        examples=len(digits.y_train),
        steps=STEPS,
        table=in_columns(
            ("rate", *(f"step {step}" for step in SHOWN), "rises"),
            [
                (rate, *(f"{row[step - 1]:.3f}" for step in SHOWN), str(rises[rate]))
                for rate, row in costs.items()
            ],
        ),
        good=float(good),
        large=RATES[-1],
        rises=rises[f"{RATES[-1]:g}"],
        peak=max(costs[f"{RATES[-1]:g}"]),
    )
    return Result({"costs": costs, "rises": rises, "fastest_that_falls": float(good)}, text)


def draw(figure: Figure, result: Result) -> None:
    """The cost against the steps."""
    panel = panels(figure, 1, 1, inches=(8.5, 4.8))[0, 0]
    for (rate, costs), color in zip(result.numbers["costs"].items(), COLORS, strict=True):
        panel.plot(range(1, len(costs) + 1), costs, color=color, label=f"α = {rate}")
    panel.set(xlabel="step", ylabel="cost (cross-entropy)", xlim=(0, STEPS), ylim=(0, None))
    panel.set_title("The cost against the steps, by learning rate α")
    panel.legend(loc="upper right")
