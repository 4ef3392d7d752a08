"""Prices of houses: a straight line, a neuron that is never negative, more features, more units."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

import jitnet as jn
from jitnet.datasets import HOUSE_FEATURES
from jitnet.study.lessons.houses import DOLLARS, error_in_dollars, held_out, houses, r_squared
from jitnet.study.lessons.layout import in_columns, lay_out
from jitnet.study.lessons.lesson import Result
from jitnet.study.picture import BLUE, GREEN, GREY, ORANGE, panels

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Model(NamedTuple):
    """A model of the lesson: its features, its hidden units and its output unit."""

    name: str
    features: tuple[str, ...]
    hidden: tuple[int, ...]
    output: str
    rate: float


SIZE = ("sqft_living",)
PLACE = ("sqft_living", "bedrooms", "zipcode")
ALL_LINEAR = "all 13 features: one linear neuron"
STEPS = (
    Model("size: one linear neuron", SIZE, (), "identity", 0.03),
    Model("size, bedrooms, zip code: one linear neuron", PLACE, (), "identity", 0.03),
    Model("size, bedrooms, zip code: 32 hidden units", PLACE, (32,), "identity", 0.003),
    Model(ALL_LINEAR, HOUSE_FEATURES, (), "identity", 0.03),
    Model("all 13 features: one ReLU neuron", HOUSE_FEATURES, (), "relu", 0.03),
    Model("all 13 features: 32 hidden units, a ReLU output", HOUSE_FEATURES, (32,), "relu", 0.003),
)
EPOCHS = 40
BATCH = 128
NEURON_STEPS = 500
SIZES = (100, 150, 290, 1000, 2000, 4000)
FIRST_WEIGHTS = ([[1.0]], [5.0])  # a ReLU neuron must start where it is not flat

TEXT = """\
21,613 houses sold around Seattle; every fifth sale is held out. One neuron, price = w · size +
b, finds by gradient descent

  {slope:.0f} dollars a square foot, and {intercept:,.0f} dollars for no house at all

as least squares does ({least_slope:.0f} and {least_intercept:,.0f}). A line below zero makes no
sense for a price. One ReLU neuron, price = max(0, w · size + b), cannot go there (dollars):

{sizes}

The smallest house sold has {smallest:.0f} square feet, so with this line nobody would notice.
With all 13 features one does: there the linear neuron asks a negative price for {negative} real
houses. Test results:

{steps}

R² is the share of the prices' variance that is explained. The zip code is 70 inputs, one of
which is 1: it stands for the neighbourhood and its wealth. Hidden units find what features mean
together: the same square foot costs more in one place than in another."""


def run() -> Result:
    """Fit the line, then give a model more and more to go by."""
    sizes = jn.datasets.load_house_sales()[0][:, HOUSE_FEATURES.index(SIZE[0])]
    line, bent = (one_neuron(activation) for activation in ("identity", "relu"))
    least = np.polyfit(_sizes(), houses(SIZE).y_train * DOLLARS, 1).tolist()
    steps = {step.name: _fit(step) for step in STEPS}
    numbers = {
        "linear": line,
        "relu": bent,
        "least_squares": {"slope": least[0], "intercept": least[1]},
        "smallest_size": float(sizes.min()),
        "steps": steps,
    }
    prices = zip(SIZES, line["prices"], bent["prices"], strict=True)
    text = lay_out(
        TEXT,
        slope=line["slope"],
        intercept=line["intercept"],
        least_slope=least[0],
        least_intercept=least[1],
        smallest=numbers["smallest_size"],
        negative=steps[ALL_LINEAR]["negative"],
        sizes=in_columns(
            ("square feet", "linear", "ReLU"),
            [(f"{size:,}", f"{a:,.0f}", f"{b:,.0f}") for size, a, b in prices],
            left=0,
        ),
        steps=in_columns(
            ("price from", "R²", "error in dollars", "negative prices"),
            [
                (name, f"{row['r2']:.3f}", f"{row['error']:,.0f}", f"{row['negative']}")
                for name, row in steps.items()
            ],
        ),
    )
    return Result(numbers, text)


def draw(figure: Figure, result: Result) -> None:
    """The houses with the line through them, and what each further step explains."""
    scatter, corner, bars = panels(
        figure, 1, 3, inches=(13, 4.8), gridspec_kw={"width_ratios": (1.35, 0.75, 1)}
    )[0]
    sold = houses(SIZE)
    scatter.plot(
        _sizes(),
        sold.y_train * DOLLARS / 1e6,
        ".",
        color=BLUE,
        markersize=2,
        alpha=0.2,
        rasterized=True,
    )
    size = np.linspace(0, 8000, 8001)
    for name, label, style in (
        ("linear", "one linear neuron", {"color": ORANGE, "linewidth": 2}),
        ("relu", "one ReLU neuron", {"color": "black", "linestyle": "--"}),
    ):
        found = result.numbers[name]
        price = found["slope"] * size + found["intercept"]
        price = np.maximum(price, 0) if name == "relu" else price
        for panel in (scatter, corner):
            panel.plot(size, price / 1e6, label=label, **style)
    corner.axhline(0, color=GREY, linewidth=0.8)
    corner.set(xlim=(0, 400), ylim=(-0.05, 0.08), title="The lines at small houses")
    corner.set(xlabel="living area, square feet")
    scatter.set(xlim=(0, 8000), ylim=(-0.2, 4), title="Price from size, houses to train on")
    scatter.set(xlabel="living area, square feet", ylabel="price, millions of dollars")
    scatter.legend(loc="upper left")
    names = [name.replace(": ", ":\n") for name in result.numbers["steps"]]
    shares = [step["r2"] for step in result.numbers["steps"].values()]
    drawn = bars.barh(names[::-1], shares[::-1], color=GREEN, height=0.6)
    bars.bar_label(drawn, fmt="%.3f", padding=3)
    bars.tick_params(axis="y", length=0)
    bars.set(
        xlim=(0, 1.1),
        xticks=(0, 0.25, 0.5, 0.75, 1),
        xlabel="R² on houses held out",
        title="With more to go by",
    )


def one_neuron(activation: str) -> dict[str, Any]:
    """Price from size by full-batch gradient descent: slope and intercept in dollars."""
    sold, size = houses(SIZE), _sizes()
    model = jn.Sequential([jn.Dense(1, activation)], "mse", jn.SGD(0.1), dtype="float64")
    model.set_weights(FIRST_WEIGHTS)
    model.fit(sold.X_train, sold.y_train, epochs=NEURON_STEPS, batch_size=None)
    weight, bias = (DOLLARS * array.item() for array in model.get_weights())
    slope = weight / size.std()
    at = (np.array(SIZES)[:, np.newaxis] - size.mean()) / size.std()
    return {
        "slope": float(slope),
        "intercept": float(bias - slope * size.mean()),
        "sizes": list(SIZES),
        "prices": (DOLLARS * model.predict(at)[:, 0]).tolist(),
    }


def _fit(step: Model) -> dict[str, Any]:
    """How well a model explains the prices of houses that it has not seen."""
    sold = houses(step.features)
    layers = [*(jn.Dense(units, "relu") for units in step.hidden), jn.Dense(1, step.output)]
    batches = -(-len(sold.y_train) // BATCH)
    rate = jn.Cosine(step.rate, steps=EPOCHS * batches)
    model = jn.Sequential(layers, "mse", jn.Adam(rate)).build(sold.X_train.shape[1])
    *weights, bias = model.get_weights()
    model.set_weights([*weights, bias + sold.y_train.mean()])  # starts at the mean price
    model.fit(sold.X_train, sold.y_train, epochs=EPOCHS, batch_size=BATCH)
    predicted = model.predict(sold.X_test)[:, 0]
    return {
        "r2": r_squared(predicted, sold.y_test),
        "error": error_in_dollars(predicted, sold.y_test),
        "negative": int(np.count_nonzero(predicted < 0)),
        "inputs": sold.X_train.shape[1],
    }


def _sizes() -> NDArray[np.float64]:
    """Living areas of the houses to train on, as they are in the table."""
    X, y = jn.datasets.load_house_sales()
    column: NDArray[np.float64] = X[~held_out(len(y)), HOUSE_FEATURES.index(SIZE[0])]
    return column
