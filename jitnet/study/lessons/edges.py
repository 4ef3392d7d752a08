"""Edges: filters by hand that find them, and those that a small convolutional network learns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

import jitnet as jn
from jitnet.arrays import FloatArray
from jitnet.study.lessons.digits import digits_without_fold
from jitnet.study.lessons.layout import in_columns, lay_out, side_by_side
from jitnet.study.lessons.lesson import Result
from jitnet.study.picture import GREY, panels

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PREWITT = np.array([[1.0, 0.0, -1.0]] * 3)
SOBEL = np.array([[1.0, 0.0, -1.0], [2.0, 0.0, -2.0], [1.0, 0.0, -1.0]])
BY_HAND = {
    "Prewitt, vertical": PREWITT,
    "Sobel, vertical": SOBEL,
    "Sobel, horizontal": SOBEL.T,
}
HALF_BRIGHT = np.array([[10.0] * 3 + [0.0] * 3] * 6)
DIGIT = 7
FILTERS = 8
SHOWN = 4
SEEDS = 12
PENALTY = 0.03
EPOCHS = 40
RATE = 0.003

TEXT = """\
A filter of 3 by 3 weights passes over an image; at each place it multiplies what is under it and
adds. The course's filter, on an image that is bright on its left half:

{course}

It is silent where nothing changes, says 30 along the edge, and −30 on the mirror image. Those are
Prewitt's weights; Sobel's count the middle twice. On a held-out {digit} (░▒▓█ above zero, ·-=#
below; strength is √(v² + h²)):

{by_hand}

Conv2D({filters}, 3), MaxPool2D(2) and Dense(10) find their filters by gradient descent, and read
{accuracy:.1f} % of held-out digits rightly with {parameters} parameters: every place has the same.
If an image moves by a pixel, its maps do, to the last bit. Four filters, and what they find:

{learned}

{maps}

How much of a filter is an edge? The share of Σ w² that a Sobel filter explains, turned as suits
best; chance gives 2/9. Of {count} filters, from {seeds} trainings with other first weights:

{table}

Nobody has told the network of edges. It finds them since they tell digits apart."""


def run() -> Result:
    """Filter by hand, train, and see how many edges there are among the filters."""
    digits = digits_without_fold()
    X, X_test = (images.reshape(-1, 8, 8) for images in (digits.X_train, digits.X_test))
    models = [_network(seed) for seed in range(SEEDS)]
    first = np.concatenate([edge_shares(_filters(model)) for model in models])
    for model in models:
        model.fit(X, digits.y_train, epochs=EPOCHS, batch_size=32)
    trained = np.concatenate([edge_shares(_filters(model)) for model in models])
    model = models[0]
    filters, biases = _filters(model), model.get_weights()[1]
    image = X_test[digits.y_test == DIGIT][0]
    order = np.argsort(-trained[:FILTERS])
    maps = np.maximum(feature_maps(image, filters, biases), 0)
    numbers = {
        "course": feature_maps(HALF_BRIGHT, [PREWITT])[0].tolist(),
        "mirrored": feature_maps(HALF_BRIGHT[:, ::-1], [PREWITT])[0].tolist(),
        "image": image.tolist(),
        "by_hand": {
            name: feature_maps(image, [weights])[0].tolist() for name, weights in BY_HAND.items()
        },
        "accuracy": model.evaluate(X_test, digits.y_test)["accuracy"],
        "parameters": sum(array.size for array in model.get_weights()),
        "moved": _difference_of_moved(image, filters, biases),
        "filters": [
            {
                "weights": filters[number].tolist(),
                "edge": float(trained[number]),
                "map": maps[number].tolist(),
            }
            for number in order.tolist()
        ],
        "edges": {"first": _summary(first), "trained": _summary(trained)},
    }
    return Result(numbers, _text(numbers))


def draw(figure: Figure, result: Result) -> None:
    """Filters by hand with what they find; below them the learned ones."""
    numbers = result.numbers
    axes = panels(figure, 3, FILTERS, inches=(13, 6.2))
    for panel, row in zip(axes[:, 0], ("by hand", "learned", "what it finds"), strict=True):
        panel.set_ylabel(row, fontsize=11, labelpad=8)
    _show(axes[0, 0], numbers["image"], f"a held-out {DIGIT}", "gray_r", signed=False)
    columns = iter(axes[0, 1:])
    for name, found in numbers["by_hand"].items():
        _show(next(columns), BY_HAND[name], name.replace(", ", ",\n"))
        _show(next(columns), found, "finds")
    _show(next(columns), strength(numbers), "strength of\nan edge", "Purples", signed=False)
    for column, learned in enumerate(numbers["filters"]):
        _show(axes[1, column], learned["weights"], f"edge: {100 * learned['edge']:.0f} %")
        _show(axes[2, column], learned["map"], "", "Purples", signed=False)
    figure.suptitle(
        "Filters (purple: above zero, orange: below) and what they find on a digit:\n"
        "by hand above, and learned below, with the share of each that is an edge"
    )


def feature_maps(image: FloatArray, filters: Any, biases: Any = 0.0) -> FloatArray:
    """What filters (number, 3, 3) find on an image: a map (rows, columns) each."""
    weights = np.moveaxis(np.asarray(filters), 0, -1)[:, :, np.newaxis]
    number = weights.shape[-1]
    model = jn.Sequential([jn.Conv2D(number, 3)], loss="mse", dtype="float64").build(image.shape)
    model.set_weights([weights, np.broadcast_to(biases, number)])
    return np.moveaxis(model.predict(image[np.newaxis])[0], -1, 0)


def edge_shares(filters: FloatArray) -> NDArray[np.float64]:
    """The share of each filter's Σ w² that a Sobel filter explains, turned to the best angle.

    A turned one is cos θ of the vertical and sin θ of the horizontal one, which are orthogonal.
    """
    weights = filters.reshape(len(filters), -1).astype(np.float64)
    edges = np.array([SOBEL.ravel(), SOBEL.T.ravel()]) / np.linalg.norm(SOBEL)
    shares: NDArray[np.float64] = ((weights @ edges.T) ** 2).sum(axis=1) / (weights**2).sum(axis=1)
    return shares


def strength(numbers: dict[str, Any]) -> FloatArray:
    """√(v² + h²) of both Sobel filters' maps."""
    found = numbers["by_hand"]
    strengths: FloatArray = np.hypot(found["Sobel, vertical"], found["Sobel, horizontal"])
    return strengths


def _network(seed: int) -> jn.Sequential:
    layers = [
        jn.Conv2D(FILTERS, 3, activation="relu", l2=PENALTY),
        jn.MaxPool2D(2),
        jn.Flatten(),
        jn.Dense(10),
    ]
    model = jn.Sequential(layers, "softmax_crossentropy", jn.Adam(RATE), seed=seed)
    return model.build((8, 8))


def _filters(model: jn.Sequential) -> FloatArray:
    """The filters of its first layer, (number, 3, 3)."""
    return np.moveaxis(model.get_weights()[0][:, :, 0], -1, 0)


def _difference_of_moved(image: FloatArray, filters: FloatArray, biases: FloatArray) -> float:
    """By how much a moved image's maps differ from moved maps, where both have a place."""
    maps, moved = (
        feature_maps(shown, filters, biases) for shown in (image, np.roll(image, 1, axis=1))
    )
    return float(np.abs(moved[:, :, 1:] - maps[:, :, :-1]).max())


def _summary(shares: NDArray[np.float64]) -> dict[str, float]:
    return {"mean": float(shares.mean()), "mostly": float(np.mean(shares > 0.5))}


def _text(numbers: dict[str, Any]) -> str:
    found, shown = numbers["by_hand"], numbers["filters"][:SHOWN]
    rows = [
        (name, f"{100 * edges['mean']:.0f} %", f"{100 * edges['mostly']:.0f} % of filters")
        for name, edges in numbers["edges"].items()
    ]
    return lay_out(
        TEXT,
        course=_equation(HALF_BRIGHT, PREWITT, np.array(numbers["course"])),
        digit=DIGIT,
        by_hand=side_by_side(
            [
                np.array(numbers["image"])[1:-1, 1:-1],
                np.array(found["Sobel, vertical"]),
                np.array(found["Sobel, horizontal"]),
                strength(numbers),
            ],
            ["image", "vertical", "horizontal", "strength"],
        ),
        filters=FILTERS,
        accuracy=100 * numbers["accuracy"],
        parameters=numbers["parameters"],
        learned=side_by_side([np.array(one["weights"]) for one in shown]),
        maps=side_by_side([np.array(one["map"]) for one in shown]),
        count=FILTERS * SEEDS,
        seeds=SEEDS,
        table=in_columns(("weights", "an edge, on average", "mostly an edge"), rows),
    )


def _equation(image: FloatArray, weights: FloatArray, found: FloatArray) -> str:
    """Image ∗ weights = found, each in the middle of the lines."""
    height = len(image)
    drawn = []
    for part in (image, weights, found):
        rows = ["".join(f"{number:4.0f}" for number in row) for row in part]
        blank = [" " * len(rows[0])]
        above = (height - len(rows)) // 2
        drawn.append(blank * above + rows + blank * (height - above - len(rows)))
    signs = [[sign if row == height // 2 - 1 else " " for row in range(height)] for sign in "∗="]
    lines = zip(drawn[0], signs[0], drawn[1], signs[1], drawn[2], strict=True)
    return "\n".join("  ".join(line).rstrip() for line in lines)


def _show(panel: Any, image: Any, title: str, colors: str = "PuOr", *, signed: bool = True) -> None:
    """An image with its title; white is zero."""
    most = float(np.abs(image).max())
    panel.imshow(image, cmap=colors, vmin=-most if signed else 0, vmax=most)
    panel.set_title(title, fontsize=9.5, pad=4)
    panel.set(xticks=[], yticks=[])
    panel.spines[:].set(visible=True, color=GREY, linewidth=0.6)
