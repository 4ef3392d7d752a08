"""Structured and unstructured data: a table's columns have meanings, an image's pixels do not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

import jitnet as jn
from jitnet.datasets import HOUSE_FEATURES
from jitnet.study.lessons.digits import digits_without_fold, network
from jitnet.study.lessons.houses import houses, r_squared
from jitnet.study.lessons.layout import in_columns, lay_out
from jitnet.study.lessons.lesson import Result
from jitnet.study.picture import BLUE, GREY, panels

if TYPE_CHECKING:
    from matplotlib.figure import Figure

HIDDEN = 64
EPOCHS = 40
FEATURES = tuple(name for name in HOUSE_FEATURES if name != "zipcode")
LINEAR, NETWORK = "linear model", f"network, {HIDDEN} hidden units"
INK = " ░▒▓█"

TEXT = """\
Structured: a house. Each column of the table means something by itself.

{house}

Unstructured: a digit, 64 numbers of ink. No pixel means anything by itself; together, a {digit}.

{image}

What each kind gives to a linear model and to a network (held-out data):

{scores}

The network takes away {houses_gain:.0f} % of what the linear model leaves unexplained of the
prices, and {digits_gain:.0f} % of the digits that it misreads. It is said that networks gain
most on unstructured data; these numbers do not show it, since the ink of 8×8 pixels is so coarse
that a linear model reads it too.

Now put all 64 pixels in another order, the same for every image:

{shuffled}

We can read nothing any more, but a dense network loses nothing: it never knew which pixels are
neighbours. Trained anew it reads {shuffled_accuracy:.1f} % (before: {accuracy:.1f} %), as each
pixel now meets another draw of first weights. With the first weights put in the same order as
the pixels, not even that is left: the predictions after training differ by {difference:.0e} at
most, which is rounding. What does use the neighbourhood of pixels is a convolutional network."""


def run() -> Result:
    """Compare two models on two kinds of data, and shuffle the pixels."""
    price = {LINEAR: _price(()), NETWORK: _price((HIDDEN,))}
    digit = {LINEAR: _read(()), NETWORK: _read((HIDDEN,))}
    order = _order()
    shuffled = _read((HIDDEN,), order)
    numbers = {
        "houses_r2": price,
        "digits_accuracy": digit,
        "houses_gain": _gain(price),
        "digits_gain": _gain(digit),
        "shuffled_accuracy": shuffled,
        "shuffled_difference": _difference(order),
    }
    return Result(numbers, _explain(numbers, order))


def draw(figure: Figure, result: Result) -> None:
    """A house, a digit, the digit in another order, and what two models make of each."""
    house, image, shuffled, bars = panels(
        figure, 1, 4, inches=(13, 3.9), gridspec_kw={"width_ratios": (1, 1, 1, 1.5)}
    )[0]
    for panel in (house, image, shuffled):
        panel.set_axis_off()
        panel.set_anchor("N")
    house.set(title="Structured: a house", xlim=(0, 1), ylim=(len(_house()) - 0.5, -0.5))
    for place, (name, value) in enumerate(_house().items()):
        house.text(0.0, place, name, color=GREY, va="center")
        house.text(1.0, place, value, ha="right", va="center")
    pixels = digits_without_fold().X_train[0]
    image.imshow(pixels.reshape(8, 8), cmap="gray_r")
    image.set_title("Unstructured: a digit")
    shuffled.imshow(pixels[_order()].reshape(8, 8), cmap="gray_r")
    shuffled.set_title("The same to a dense network")
    house_scores, digit_scores = result.numbers["houses_r2"], result.numbers["digits_accuracy"]
    linear = [house_scores[LINEAR], digit_scores[LINEAR]]
    deep = [house_scores[NETWORK], digit_scores[NETWORK], result.numbers["shuffled_accuracy"]]
    for places, scores, name, color in (
        ((-0.19, 0.81), linear, LINEAR, GREY),
        ((0.19, 1.19, 2), deep, NETWORK, BLUE),
    ):
        drawn = bars.bar(places, scores, 0.36, color=color, label=name)
        bars.bar_label(drawn, fmt="%.3f", padding=2, fontsize=9)
    names = ("houses:\nR² of prices", "digits:\naccuracy", "digits in another\norder: accuracy")
    bars.set_xticks(range(3), names)
    bars.set(ylim=(0, 1.3), yticks=(0, 0.5, 1), title="On held-out data")
    bars.legend(loc="upper left", ncols=2, fontsize=9)


def _price(hidden: tuple[int, ...]) -> float:
    """R² of prices."""
    sold = houses(FEATURES)
    layers = [*(jn.Dense(units, "relu") for units in hidden), jn.Dense(1)]
    steps = EPOCHS * -(-len(sold.y_train) // 128)
    model = jn.Sequential(layers, "mse", jn.Adam(jn.Cosine(0.01, steps=steps)))
    model.fit(sold.X_train, sold.y_train, epochs=EPOCHS, batch_size=128)
    return r_squared(model.predict(sold.X_test)[:, 0], sold.y_test)


def _read(hidden: tuple[int, ...], order: NDArray[np.int64] | None = None) -> float:
    """Accuracy on digits, their pixels in a given order."""
    digits = digits_without_fold()
    pixels = np.arange(64) if order is None else order
    model = network(hidden, 0.003)
    model.fit(digits.X_train[:, pixels], digits.y_train, epochs=EPOCHS, batch_size=32)
    return model.evaluate(digits.X_test[:, pixels], digits.y_test)["accuracy"]


def _difference(order: NDArray[np.int64]) -> float:
    """The largest difference that shuffled pixels make where the first weights are shuffled too."""
    digits = digits_without_fold()
    straight, shuffled = (network((HIDDEN,), 0.003, dtype="float64").build(64) for _ in range(2))
    W1, *others = straight.get_weights()
    shuffled.set_weights([W1[order], *others])
    straight.fit(digits.X_train, digits.y_train, epochs=5, batch_size=32)
    shuffled.fit(digits.X_train[:, order], digits.y_train, epochs=5, batch_size=32)
    apart = straight.predict(digits.X_test) - shuffled.predict(digits.X_test[:, order])
    return float(np.abs(apart).max())


def _gain(scores: dict[str, float]) -> float:
    """The share of what the linear model lacks to 1 that the network does not lack."""
    return 1 - (1 - scores[NETWORK]) / (1 - scores[LINEAR])


def _explain(numbers: dict[str, Any], order: NDArray[np.int64]) -> str:
    digits = digits_without_fold()
    price, digit = numbers["houses_r2"], numbers["digits_accuracy"]
    return lay_out(
        TEXT,
        house=in_columns(list(_house()), [list(_house().values())], left=0),
        digit=digits.y_train[0],
        image=_image(digits.X_train[0]),
        scores=in_columns(
            ("model", "houses: R² of prices", "digits: accuracy"),
            [(name, f"{price[name]:.3f}", f"{100 * digit[name]:.1f} %") for name in price],
        ),
        houses_gain=100 * numbers["houses_gain"],
        digits_gain=100 * numbers["digits_gain"],
        shuffled=_image(digits.X_train[0, order]),
        shuffled_accuracy=100 * numbers["shuffled_accuracy"],
        accuracy=100 * digit[NETWORK],
        difference=numbers["shuffled_difference"],
    )


def _house() -> dict[str, str]:
    """A row of the table: some of its columns, and the price."""
    X, y = jn.datasets.load_house_sales()
    names = ("sqft_living", "bedrooms", "bathrooms", "grade", "yr_built", "lat", "long")
    cells = {name: f"{X[0, HOUSE_FEATURES.index(name)]:g}" for name in names}
    return {**cells, "price": f"{y[0]:,.0f}"}


def _order() -> NDArray[np.int64]:
    """Another order of the pixels."""
    order: NDArray[np.int64] = np.random.default_rng(0).permutation(64)
    return order


def _image(pixels: NDArray[np.float32]) -> str:
    levels = np.rint(4 * pixels.reshape(8, 8)).astype(int)
    rows = ("".join(2 * INK[level] for level in row) for row in levels.tolist())
    return "\n".join(f"  {row}".rstrip() for row in rows)
