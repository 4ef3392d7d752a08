"""First weights: equal ones make equal units, large ones make flat ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from jitnet.arrays import FloatArray
from jitnet.study.lessons.flower import flower, train_on_flower
from jitnet.study.lessons.layout import in_columns, lay_out
from jitnet.study.lessons.lesson import Result
from jitnet.study.picture import BLACK, BLUE, GREEN, ORANGE, PINK, panels, steps_to_show

if TYPE_CHECKING:
    from matplotlib.figure import Figure

UNITS = 4
STEPS = 10_000
SEEDS = 10
FLAT = 0.99
STARTS = {
    "all 0": 0.0,
    "all 0.5": 0.5,
    "random × 0.01": 0.01,
    "random × 10": 10.0,
    "random × 100": 100.0,
}
COLORS = dict(zip(STARTS, (BLACK, PINK, BLUE, GREEN, ORANGE), strict=True))

TEXT = """\
A network 2-{units}-1 with tanh units learns the flower in {steps:,} steps at a rate of 1.2, from
five kinds of first weights; the random ones are normal numbers, and the means of {seeds} draws
are shown.

{table}

Spread: the largest difference between the incoming weights of two hidden units after training.
Equal units get equal gradients, so they stay equal: whether they begin at 0 or at 0.5, the layer
of {units} is a layer of one. At 0 even that one never moves, as its gradient passes through
weights of 0. Small random numbers are enough to break the symmetry.

Saturated: the share of hidden activations beyond ±{flat} before the first step. There tanh is
flat: its mean slope over all points, beside it, is what is left of the gradient on its way back.
Large random weights break the symmetry too, but begin with flat units and learn slowly, or not
at all; and the larger they are, the higher the loss from which descent begins."""


def run() -> Result:
    """Train from each kind of first weights."""
    found = {name: _trained(name, scale) for name, scale in STARTS.items()}
    table = in_columns(
        (
            "first weights",
            "spread",
            "saturated",
            "mean slope",
            "first loss",
            "last loss",
            "accuracy",
        ),
        [
            (
                name,
                f"{row['spread']:.2f}",
                f"{100 * row['saturated']:.0f} %",
                f"{row['mean_slope']:.3f}",
                f"{row['losses'][0]:.2f}",
                f"{row['last_loss']:.3f}",
                f"{100 * row['accuracy']:.1f} %",
            )
            for name, row in found.items()
        ],
    )
    text = lay_out(TEXT, units=UNITS, steps=STEPS, seeds=SEEDS, flat=FLAT, table=table)
    return Result({"starts": found}, text)


def draw(figure: Figure, result: Result) -> None:
    """The mean loss step by step, and the hidden activations before the first step."""
    loss, activations = panels(figure, 1, 2, inches=(11, 4.8))[0]
    for name, row in result.numbers["starts"].items():
        loss.loglog(row["steps"], row["losses"], color=COLORS[name], label=name)
    loss.set(xlabel="step", ylabel="mean loss (cross-entropy)", title="Learning")
    figure.legend(loc="outside lower center", ncols=len(STARTS))
    X, _ = flower()
    parts = ("below −0.99:\nflat", "between", "above 0.99:\nflat")
    for place, name in enumerate(("random × 0.01", "random × 10", "random × 100")):
        starts = [first_weights(name, STARTS[name], seed)[0] for seed in range(SEEDS)]
        shares, _ = np.histogram(np.tanh(np.stack([X @ W1 for W1 in starts])), (-1, -FLAT, FLAT, 1))
        bars = activations.bar(
            np.arange(3) + 0.27 * (place - 1), 100 * shares / shares.sum(), 0.25, color=COLORS[name]
        )
        activations.bar_label(bars, fmt="%.0f", padding=2, fontsize=9)
    activations.set_xticks(range(3), parts)
    activations.set(xlabel="hidden activation a = tanh z", ylabel="share of activations, %")
    activations.set_title("Random first weights, before the first step")


def first_weights(name: str, scale: float, seed: int) -> list[FloatArray]:
    """[W1, b1, W2, b2]: all the same number, or normal ones times a scale; biases are 0."""
    rng = np.random.default_rng(seed)
    shapes = ((2, UNITS), (UNITS, 1))
    if name.startswith("all"):
        W1, W2 = (np.full(shape, scale) for shape in shapes)
    else:
        W1, W2 = (scale * rng.normal(size=shape) for shape in shapes)
    return [W1, np.zeros(UNITS), W2, np.zeros(1)]


def _trained(name: str, scale: float) -> dict[str, Any]:
    """What came out, as a mean over the draws."""
    X, y = flower()
    seeds = 1 if name.startswith("all") else SEEDS
    starts = [first_weights(name, scale, seed) for seed in range(seeds)]
    models = [train_on_flower(UNITS, "tanh", start, steps=STEPS) for start in starts]
    losses = np.mean([model.history["loss"] for model in models], axis=0)
    shown = steps_to_show(STEPS)
    A = np.tanh(np.stack([X @ W1 for W1, *_ in starts]))
    return {
        "spread": float(np.mean([_spread(model.get_weights()[0]) for model in models])),
        "saturated": float(np.mean(np.abs(A) > FLAT)),
        "mean_slope": float(np.mean(1 - A**2)),
        "accuracy": float(np.mean([model.evaluate(X, y)["accuracy"] for model in models])),
        "last_loss": float(losses[-1]),
        "steps": shown,
        "losses": [float(losses[step - 1]) for step in shown],
    }


def _spread(W1: FloatArray) -> float:
    """The largest difference between two units' weights for the same input."""
    return float(np.ptp(W1, axis=1).max())
