"""Scale: what more examples are worth to small and to large models."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from jitnet.study.lessons.digits import digits_without_fold, network
from jitnet.study.lessons.layout import in_columns, lay_out
from jitnet.study.lessons.lesson import Result
from jitnet.study.picture import BLACK, BLUE, GREEN, ORANGE, panels

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MODELS = {
    "softmax regression, 64-10": (),
    "small network, 64-16-10": (16,),
    "medium network, 64-64-10": (64,),
    "large network, 64-512-10": (512,),
}
COLORS = dict(zip(MODELS, (BLACK, ORANGE, GREEN, BLUE), strict=True))
EXAMPLES = (20, 50, 100, 200, 500, 1400)
FOLDS = 3
STEPS = 1500
RATE = 0.002
BATCH = 32

TEXT = """\
Why networks took off: given more data, a traditional learner flattens out; a network goes on
learning, a larger one for longer. Accuracy in % on held-out digits, by the number of examples to
train on; means of {folds} splits, each model trained for {steps:,} steps of Adam:

{table}

From 200 examples to 1,400, softmax regression (logistic regression for ten classes) gains
{first:.1f} points and the large network {last:.1f}. With 20 examples all do equally badly, and size
decides nothing; with 1,400 the order is that of size.

What these numbers do not show: regression's curve is not flat yet at the right. From 500 examples
on it gains {late_first:.1f} points, and the large network, with few mistakes left, {late_last:.1f}.
1,400 small images are few; the curves that made networks famous go on a thousand times as far."""


def run() -> Result:
    """Train each model on more and more examples."""
    accuracy = {
        name: [mean_accuracy(hidden, count) for count in EXAMPLES]
        for name, hidden in MODELS.items()
    }
    table = in_columns(
        ("examples", *(f"{count:,}" for count in EXAMPLES)),
        [(name, *(f"{100 * share:.1f}" for share in row)) for name, row in accuracy.items()],
    )
    regression, *_, large = accuracy.values()
    text = lay_out(
        TEXT,
        folds=FOLDS,
        steps=STEPS,
        table=table,
        first=_points_gained(regression, 200),
        last=_points_gained(large, 200),
        late_first=_points_gained(regression, 500),
        late_last=_points_gained(large, 500),
    )
    return Result({"examples": list(EXAMPLES), "folds": FOLDS, "accuracy": accuracy}, text)


def draw(figure: Figure, result: Result) -> None:
    """Accuracy against the number of examples."""
    panel = panels(figure, 1, 1, inches=(7.5, 4.6))[0, 0]
    for name, row in result.numbers["accuracy"].items():
        shares = [100 * share for share in row]
        panel.plot(result.numbers["examples"], shares, "o-", color=COLORS[name], label=name)
    panel.set(xscale="log", xlabel="examples to train on", ylabel="accuracy on held-out digits, %")
    panel.set_xticks(EXAMPLES, [f"{count:,}" for count in EXAMPLES])
    panel.minorticks_off()
    panel.set_title("More data is worth more to a larger network")
    panel.legend(loc="lower right")


def mean_accuracy(hidden: tuple[int, ...], count: int) -> float:
    """Held-out accuracy after training on some of the examples, over the splits."""
    return float(np.mean([_accuracy(hidden, count, fold) for fold in range(FOLDS)]))


def _accuracy(hidden: tuple[int, ...], count: int, fold: int) -> float:
    digits = digits_without_fold(fold)
    chosen = np.random.default_rng(fold).permutation(len(digits.y_train))[:count]
    batch = min(BATCH, count)
    epochs = round(STEPS / np.ceil(count / batch))
    model = network(hidden, RATE)
    model.fit(digits.X_train[chosen], digits.y_train[chosen], epochs=epochs, batch_size=batch)
    return model.evaluate(digits.X_test, digits.y_test)["accuracy"]


def _points_gained(accuracy: list[float], since: int) -> float:
    return 100 * (accuracy[-1] - accuracy[EXAMPLES.index(since)])
