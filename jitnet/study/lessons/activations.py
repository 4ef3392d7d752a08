"""Activations: their values, their slopes, and what a flat end costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

import jitnet as jn
from jitnet.study.activations.loops import ACTIVATIONS
from jitnet.study.lessons.digits import digits_without_fold
from jitnet.study.lessons.layout import in_columns, lay_out
from jitnet.study.lessons.lesson import Result
from jitnet.study.picture import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PINK,
    note,
    panels,
    steps_to_show,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NAMES = {
    "sigmoid": "sigmoid",
    "tanh": "tanh",
    "relu": "ReLU",
    "leaky_relu": "leaky ReLU",
    "identity": "linear",
}
COLORS = dict(zip(NAMES, (ORANGE, GREEN, BLUE, PINK, BLACK), strict=True))
PLACES = (-10.0, -1.0, 0.0, 1.0, 10.0)
HIDDEN = ("sigmoid", "tanh", "relu", "leaky_relu")
UNITS = (32, 32, 32)
RATE = 0.1
STEPS_A_FIT = 500
TARGET = 0.5
FAR_OUT = 4.0

TEXT = """\
What a unit makes of z, and the slope through which its gradient comes back:

{curves}

Sigmoid: the output of a yes-or-no question. tanh: the same, centred on 0. ReLU: slope 1 wherever
z > 0; at 0 the slope is taken as 0. Leaky ReLU: never quite flat. Linear: outputs of a
regression.

Flat ends learn slowly. A network 64-32-32-32-10 on {examples:,} digits, full-batch gradient
descent at a rate of {rate:g}, the same first weights for all:

{learning}

The sigmoid's slope is at most 1/4, so three layers leave at most 1/64 of a gradient, and the
first layer hardly learns; it needs {ratio:.0f} times the steps of ReLU. ReLU's loss jumps once,
at step {jump}: where the cost has become steep a step of this rate lands beyond the valley, and
the next ones find back. tanh has its slope of 1 in the middle, where these units begin, and here
it keeps up with ReLU. But let biases of {out:g} push all hidden units out to about {out:g}, and
both of them are flat: almost nothing of the gradient arrives. ReLU's slope is still 1."""


def run() -> Result:
    """Tabulate the activations, then train one network with each of four."""
    curves = {name: _curve(name) for name in NAMES}
    learning = {name: _learning(name) for name in HIDDEN}
    numbers = {"places": list(PLACES), "curves": curves, "loss": TARGET, "learning": learning}
    ratio = learning["sigmoid"]["steps"] / learning["relu"]["steps"]
    text = lay_out(
        TEXT,
        curves=_curves_table(curves),
        examples=len(digits_without_fold().y_train),
        rate=RATE,
        learning=_learning_table(learning),
        ratio=ratio,
        jump=learning["relu"]["jump"]["step"],
        out=FAR_OUT,
    )
    return Result(numbers, text)


def draw(figure: Figure, result: Result) -> None:
    """The curves, their slopes, and the loss step by step."""
    curve, slope, loss = panels(figure, 1, 3, inches=(13, 4.2))[0]
    z = np.linspace(-4, 4, 402)  # none of them is 0, where a slope may jump
    for name in NAMES:
        g = ACTIVATIONS[name]
        style: dict[str, Any] = {"color": COLORS[name], "label": NAMES[name]}
        style["linestyle"] = "--" if name in ("leaky_relu", "identity") else "-"
        style["zorder"] = 1 if name == "identity" else 2
        curve.plot(z, [g.value(x) for x in z], **style)
        slopes = np.array([g.slope(x) for x in z])
        jumps = slopes[z > 0][0] - slopes[z < 0][-1] > 0.5
        for part in (z < 0, z > 0) if jumps else (slice(None),):
            slope.plot(z[part], slopes[part], **style)
    slope.plot(0, 1, "o", color=BLUE, markerfacecolor="white")
    slope.plot(0, 0, "o", color=BLUE)
    for name, found in result.numbers["learning"].items():
        line = "--" if name == "leaky_relu" else "-"
        loss.plot(
            found["steps_shown"], found["losses"], line, color=COLORS[name], label=NAMES[name]
        )
    jump = result.numbers["learning"]["relu"]["jump"]
    note(loss, "a step lands\nbeyond the valley", (350, 1.75), (jump["step"], jump["loss"]))
    loss.axhline(TARGET, color=GREY, linewidth=0.8)
    loss.set(xscale="log", xlabel="step", ylabel="training loss", title="Learning the digits")
    curve.set(xlabel="z", ylabel="g(z)", ylim=(-1.5, 3), title="Activations")
    slope.set(xlabel="z", ylabel="slope g′(z)", title="Slopes")
    curve.legend()


def _curve(name: str) -> dict[str, list[float]]:
    g = ACTIVATIONS[name]
    return {"values": [g.value(z) for z in PLACES], "slopes": [g.slope(z) for z in PLACES]}


def _learning(activation: str) -> dict[str, Any]:
    """The first layer's gradient at the start, and the steps to a loss that is low enough."""
    layers = [jn.Dense(n, activation, initializer="glorot_uniform") for n in UNITS]
    model = jn.Sequential([*layers, jn.Dense(10)], "softmax_crossentropy", jn.SGD(RATE)).build(64)
    first = model.get_weights()
    gradient = _size_of_dW1(model)
    shifted = [b + FAR_OUT if b.ndim == 1 else b for b in first[:-1]]
    model.set_weights([*shifted, first[-1]])
    far_out = _size_of_dW1(model)
    model.set_weights(first)
    losses = _losses(model)
    jump = int(np.argmax(np.diff(losses))) + 1
    shown = sorted({*steps_to_show(len(losses)), jump + 1})
    return {
        "dW1": gradient,
        "dW1_far_out": far_out,
        "steps": int(np.argmax(np.array(losses) <= TARGET)),
        "jump": {"step": jump + 1, "loss": losses[jump]},
        "steps_shown": shown,
        "losses": [losses[step - 1] for step in shown],
    }


def _losses(model: jn.Sequential) -> list[float]:
    """The loss before each step of full-batch descent, until it is low enough or a bit longer."""
    digits, losses = digits_without_fold(), [np.inf]
    while losses[-1] > TARGET:
        losses += model.fit(digits.X_train, digits.y_train, epochs=STEPS_A_FIT, batch_size=None)[
            "loss"
        ]
    return losses[1:]


def _size_of_dW1(model: jn.Sequential) -> float:
    digits = digits_without_fold()
    return float(np.linalg.norm(model.gradients(digits.X_train, digits.y_train)[0]))


def _curves_table(curves: dict[str, dict[str, list[float]]]) -> str:
    rows = []
    for name, found in curves.items():
        for what, kind in (("g(z)", "values"), ("slope", "slopes")):
            label = NAMES[name] if kind == "values" else ""
            rows.append((label, what, *(f"{number:.6g}" for number in found[kind])))
    return in_columns(("", "z =", *(f"{z:g}" for z in PLACES)), rows, left=2)


def _learning_table(learning: dict[str, dict[str, Any]]) -> str:
    return in_columns(
        (
            "hidden units",
            f"steps to a loss of {TARGET:g}",
            "‖dW1‖ at the start",
            f"‖dW1‖ with biases of {FAR_OUT:g}",
        ),
        [
            (
                NAMES[name],
                f"{found['steps']:,}",
                f"{found['dW1']:.4f}",
                f"{found['dW1_far_out']:.1e}",
            )
            for name, found in learning.items()
        ],
    )
