"""The first layer: what its units look for, as images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

import jitnet as jn
from jitnet.study.lessons.digits import digits_without_fold
from jitnet.study.lessons.layout import in_columns, lay_out, side_by_side
from jitnet.study.lessons.lesson import Result
from jitnet.study.picture import panels

if TYPE_CHECKING:
    from matplotlib.figure import Figure

UNITS = 16
SHOWN = 4
TOP = 50
PENALTY = 0.01
EPOCHS = 40
RATE = 0.003

TEXT = """\
A network 64-{units}-10 reads {accuracy:.1f} % of held-out digits rightly. Each unit of its first
layer has 64 weights, one a pixel: an image of what it looks for. Four units, those whose
activations differ most from image to image; ░▒▓█ where ink excites the unit, ·-=# where ink
inhibits it:

{weights}

Each unit's favourite, the image to train on that excites it most:

{favourites}

{table}

A unit looks for a piece of an image, a stroke here and none there. It has a favourite digit, but
answers to most images, and not even its {top} best are all of that digit: only the next layer,
which puts the pieces together, says what it is. {dead} of the {units} ReLU units are dead: no
image excites them, so they learn nothing. (An L2 penalty of {penalty:g} on the first weights
keeps the images free of noise.)"""


def run() -> Result:
    """Train, and look into the first layer."""
    digits = digits_without_fold()
    layers = [jn.Dense(UNITS, "relu", l2=PENALTY), jn.Dense(10)]
    model = jn.Sequential(layers, "softmax_crossentropy", jn.Adam(RATE))
    model.fit(digits.X_train, digits.y_train, epochs=EPOCHS, batch_size=32)
    W, b = model.get_weights()[:2]
    A = np.maximum(digits.X_train @ W + b, 0)
    order = np.argsort(-A.std(axis=0))
    units = [_unit(unit, W, A, digits.y_train) for unit in order.tolist()]
    accuracy = model.evaluate(digits.X_test, digits.y_test)["accuracy"]
    dead = int(np.count_nonzero(A.max(axis=0) == 0))
    numbers = {"accuracy": accuracy, "dead": dead, "units": units}
    shown = units[:SHOWN]
    text = lay_out(
        TEXT,
        units=UNITS,
        accuracy=100 * accuracy,
        weights=side_by_side([np.reshape(unit["weights"], (8, 8)) for unit in shown]),
        favourites=side_by_side(
            [digits.X_train[unit["favourite"]].reshape(8, 8) for unit in shown]
        ),
        table=_table(shown),
        top=TOP,
        dead=dead,
        penalty=PENALTY,
    )
    return Result(numbers, text)


def draw(figure: Figure, result: Result) -> None:
    """The weights of each living unit, and its favourite below them."""
    living = [unit for unit in result.numbers["units"] if unit["activation"] > 0]
    rows = 2
    columns = -(-len(living) // rows)
    axes = panels(figure, 2 * rows, columns, inches=(10.5, 3.5 * rows + 0.5))
    images = digits_without_fold().X_train
    for panel in axes.flat:
        panel.set_axis_off()
    for place, unit in enumerate(living):
        row, column = divmod(place, columns)
        weights = np.reshape(unit["weights"], (8, 8))
        most = np.abs(weights).max()
        above, below = axes[2 * row, column], axes[2 * row + 1, column]
        above.imshow(weights, cmap="PuOr", vmin=-most, vmax=most)
        above.set_title(f"unit {unit['unit']}", fontsize=10, pad=4)
        below.imshow(images[unit["favourite"]].reshape(8, 8), cmap="gray_r")
        below.set_title(f"likes a {unit['digit']} best", fontsize=9, pad=4)
    figure.suptitle(
        "Weights of each unit of the first layer (purple: ink excites, orange: ink inhibits),\n"
        "and below them the image that excites it most"
    )


def _unit(unit: int, W: NDArray[Any], A: NDArray[Any], y: NDArray[np.int64]) -> dict[str, Any]:
    """What one unit looks for and what it finds."""
    best = np.argsort(-A[:, unit], kind="stable")[:TOP]
    counts = np.bincount(y[best], minlength=10)
    return {
        "unit": unit,
        "weights": W[:, unit].tolist(),
        "favourite": int(best[0]),
        "digit": int(y[best[0]]),
        "activation": float(A[best[0], unit]),
        "active": float(np.mean(A[:, unit] > 0)),
        "commonest": int(counts.argmax()),
        "commonest_share": float(counts.max() / TOP),
    }


def _table(units: list[dict[str, Any]]) -> str:
    return in_columns(
        ("unit", "activation at its favourite", "active for", f"commonest of its {TOP} best"),
        [
            (
                str(unit["unit"]),
                f"{unit['activation']:.2f}, a {unit['digit']}",
                f"{100 * unit['active']:.0f} % of images",
                f"{unit['commonest']} ({100 * unit['commonest_share']:.0f} %)",
            )
            for unit in units
        ],
    )
