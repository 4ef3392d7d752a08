"""An image and numbers together: a map of a house's neighbourhood, and the house's own numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

import jitnet as jn
from jitnet.arrays import Array
from jitnet.datasets import HOUSE_FEATURES
from jitnet.layers import Layer
from jitnet.study.lessons.houses import held_out, houses, r_squared
from jitnet.study.lessons.layout import in_columns, lay_out
from jitnet.study.lessons.lesson import Result
from jitnet.study.picture import BLUE, GREEN, GREY, ORANGE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CELLS, PATCH = 48, 9
"""Cells of the county's map along each side, and of what a house sees of it."""
PLACE = ("lat", "long")
NUMBERS = tuple(name for name in HOUSE_FEATURES if name not in (*PLACE, "zipcode"))
EPOCHS, BATCH, RATE, SEEDS = 10, 64, 0.003, 2
COLORS = {"numbers": ORANGE, "map": GREEN, "both": BLUE, "numbers and coordinates": GREY}
SHOWN = 4

TEXT = """\
{houses:,} houses sold around Seattle; every fifth sale is held out. A house has {count} numbers,
such as its size and its grade, and a place. Its place is given as an image: the county as {cells}
by {cells} cells, of which a house sees the {patch} by {patch} around its own. Each has two
channels: the mean log price of the sales there, and how many there are. Only houses to train on
are on the map, and none is on its own.

One network takes both:

  Branches([[Conv2D(8, 3, activation="relu"), Flatten(), Dense(16, "relu")],
            [Dense(32, "relu")]]), Dense(32, "relu"), Dense(1)

The branches go their own ways, what they find is put side by side, and one gradient teaches both.
On houses held out, means of {seeds} trainings; R² is the share of the log prices' variance that is
explained, and half of the predictions are off by less than the error:

{table}

Numbers alone do not know what a neighbourhood costs, and the map alone does not know how large a
house is. Together, {left:.0f} % of the variance stays unexplained, {fewer:.1f} times less than with
the better one of the two. The same numbers with latitude and longitude as two more do well, too,
but less so: the map says what the neighbours paid."""


class Sold(NamedTuple):
    """Maps, numbers and log prices of houses, and which of them are held out."""

    maps: NDArray[np.float32]
    numbers: Array
    place: Array
    price: Array
    test: NDArray[np.bool_]


def run() -> Result:
    """Train on the numbers, on the map, on both, and on the numbers with the coordinates."""
    sold = sales()
    found: dict[str, Any] = {}
    for name in COLORS:
        predicted = [_predicted(name, sold, seed) for seed in range(SEEDS)]
        price = sold.price[sold.test]
        found[name] = {
            "r2": float(np.mean([r_squared(one, price) for one in predicted])),
            "error": float(np.mean([_error(one, price, sold) for one in predicted])),
            "predicted": predicted[0][:: len(price) // 500].tolist(),
        }
    numbers = {"models": found, "price": sold.price[sold.test][:: len(price) // 500].tolist()}
    left = {name: 1 - row["r2"] for name, row in found.items()}
    better = min(left["numbers"], left["map"])
    text = lay_out(
        TEXT,
        houses=len(sold.price),
        count=len(NUMBERS),
        cells=CELLS,
        patch=PATCH,
        seeds=SEEDS,
        table=in_columns(
            ("price from", "R²", "error"),
            [(name, f"{row['r2']:.3f}", f"{row['error']:.1%}") for name, row in found.items()],
        ),
        left=100 * left["both"],
        fewer=better / left["both"],
    )
    return Result(numbers, text)


def draw(figure: Figure, result: Result) -> None:
    """The map of the county, what some houses see of it, and what each network explains."""
    left, right = figure.subfigures(1, 2, squeeze=False, width_ratios=(1.15, 1))[0]
    county, seen = left.subfigures(2, 1, squeeze=False, height_ratios=(2, 1))[:, 0]
    figure.set_size_inches(12, 6.4)
    sold = sales()
    panel = county.subplots()
    mean = np.ma.masked_invalid(_county_prices(sold))
    image = panel.imshow(mean, cmap="cividis", origin="lower", vmin=-1.5, vmax=2.5)
    panel.set(xticks=[], yticks=[], title="Log prices of the sales to train on")
    county.colorbar(image, ax=panel, label="deviations from the mean")
    chosen = np.flatnonzero(sold.test)[:: 4322 // SHOWN][:SHOWN]
    for panel, house in zip(seen.subplots(1, SHOWN), chosen, strict=True):
        prices, counts = np.moveaxis(sold.maps[house], -1, 0)
        empty = np.ma.masked_where(counts == 0, prices)
        panel.imshow(empty, cmap="cividis", origin="lower", vmin=-1.5, vmax=2.5)
        panel.set(xticks=[], yticks=[])
    seen.suptitle("What some houses see of it (white: no sale)", fontsize=11.5)
    _draw_models(right, result)


def _draw_models(figure: Any, result: Result) -> None:
    bars, scatter = figure.subplots(2, 1, height_ratios=(1, 1.7))
    models = result.numbers["models"]
    names = list(reversed(models))
    labels = [name.replace(" and ", "\nand ") for name in names]
    drawn = bars.barh(
        labels, [models[name]["r2"] for name in names], color=[COLORS[name] for name in names]
    )
    bars.bar_label(drawn, fmt="%.3f", padding=3)
    bars.tick_params(axis="y", length=0)
    bars.set(xlim=(0, 1.1), xticks=(0, 0.25, 0.5, 0.75, 1), title="R² on houses held out")
    for name in ("numbers", "both"):
        scatter.plot(
            result.numbers["price"],
            models[name]["predicted"],
            ".",
            color=COLORS[name],
            alpha=0.6,
            label=name,
        )
    scatter.axline((0, 0), slope=1, color=GREY, linewidth=0.8)
    scatter.set(xlabel="log price, in deviations from the mean", ylabel="predicted")
    scatter.set(xlim=(-3, 5), ylim=(-3, 4))
    scatter.legend(loc="upper left")


def sales() -> Sold:
    """The sales with their maps, which are made of the sales to train on alone."""
    table, prices = jn.datasets.load_house_sales()
    test = held_out(len(prices))
    price = np.log(prices)
    price = (price - price[~test].mean()) / price[~test].std()
    where = table[:, [HOUSE_FEATURES.index(name) for name in PLACE]]
    numbers, place = (_of_all(features, test) for features in (NUMBERS, PLACE))
    return Sold(_maps(_cells(where, test), price, test), numbers, place, price, test)


def _of_all(features: tuple[str, ...], test: NDArray[np.bool_]) -> Array:
    """Scaled features of all houses, in the order of the sales."""
    split = houses(features)
    X = np.empty((len(test), split.X_train.shape[1]))
    X[~test], X[test] = split.X_train, split.X_test
    return X


def _cells(where: Array, test: NDArray[np.bool_]) -> Array:
    """The cell of each house, (houses, 2): the few that lie far out are on the map's edge."""
    low, high = np.percentile(where[~test], [0.5, 99.5], axis=0)
    cells: Array = np.clip((where - low) / (high - low) * CELLS, 0, CELLS - 1).astype(int)
    return cells


def _maps(cells: Array, price: Array, test: NDArray[np.bool_]) -> NDArray[np.float32]:
    """What each house sees of the map, but for its own sale: (houses, PATCH, PATCH, 2)."""
    edge = PATCH // 2
    sums, counts = np.zeros((2, CELLS + 2 * edge, CELLS + 2 * edge))
    rows, columns = cells[~test].T + edge
    np.add.at(sums, (rows, columns), price[~test])
    np.add.at(counts, (rows, columns), 1)
    windows = np.lib.stride_tricks.sliding_window_view
    total, count = (
        windows(whole, (PATCH, PATCH))[cells[:, 0], cells[:, 1]] for whole in (sums, counts)
    )
    total[~test, edge, edge] -= price[~test]
    count[~test, edge, edge] -= 1
    mean = np.where(count > 0, total / np.maximum(count, 1), 0)
    return np.stack([mean, np.log1p(count)], axis=-1).astype(np.float32)


def _county_prices(sold: Sold) -> Array:
    """The county's map, north above: NaN where there is no sale to train on."""
    table, _ = jn.datasets.load_house_sales()
    where = table[:, [HOUSE_FEATURES.index(name) for name in PLACE]]
    rows, columns = _cells(where, sold.test)[~sold.test].T
    sums, counts = np.zeros((2, CELLS, CELLS))
    np.add.at(sums, (rows, columns), sold.price[~sold.test])
    np.add.at(counts, (rows, columns), 1)
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)


def _layers_and_inputs(name: str, sold: Sold) -> tuple[list[Layer], tuple[Array, ...]]:
    """What comes before the last two layers, and what it is given."""
    of_map = [jn.Conv2D(8, 3, activation="relu"), jn.Flatten(), jn.Dense(16, "relu")]
    of_numbers = [jn.Dense(32, "relu")]
    if name == "both":
        return [jn.Branches([of_map, of_numbers])], (sold.maps, sold.numbers)
    if name == "map":
        return [*of_map], (sold.maps,)
    given = sold.numbers if name == "numbers" else np.hstack([sold.numbers, sold.place])
    return [*of_numbers], (given,)


def _predicted(name: str, sold: Sold, seed: int) -> Array:
    """The log prices that a trained network expects of the houses held out."""
    first, inputs = _layers_and_inputs(name, sold)
    train, test = (tuple(part[rows] for part in inputs) for rows in (~sold.test, sold.test))
    X, X_test = (train, test) if len(inputs) > 1 else (train[0], test[0])
    rate = jn.Cosine(RATE, steps=EPOCHS * -(-int((~sold.test).sum()) // BATCH))
    layers = [*first, jn.Dense(32, "relu"), jn.Dense(1)]
    model = jn.Sequential(layers, "mse", jn.Adam(rate), seed=seed)
    model.fit(X, sold.price[~sold.test], epochs=EPOCHS, batch_size=BATCH)
    return model.predict(X_test)[:, 0].astype(np.float64)


def _error(predicted: Array, price: Array, sold: Sold) -> float:
    """The median of |predicted price / price - 1|."""
    _, prices = jn.datasets.load_house_sales()
    deviation = np.log(prices[~sold.test]).std()
    return float(np.median(np.abs(np.expm1((predicted - price) * deviation))))
