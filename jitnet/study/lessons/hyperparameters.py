"""Parameters are learned, hyperparameters are chosen, and choosing well is a search."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

import jitnet as jn
from jitnet.study.lessons.digits import network
from jitnet.study.lessons.layout import in_columns, lay_out
from jitnet.study.lessons.lesson import Result
from jitnet.study.picture import panels

if TYPE_CHECKING:
    from matplotlib.figure import Figure

RATES = (0.0001, 0.001, 0.01, 0.1)
HIDDEN = (4, 16, 64, 256)
Examples = tuple[NDArray[Any], NDArray[np.int64]]

UNITS, RATE, BATCH, EPOCHS = 64, 0.001, 32, 20
CHOSEN: dict[str, str | int | float] = {
    "hidden layers": 1,
    "hidden units": UNITS,
    "activation": "relu",
    "initializer": "auto",
    "optimizer": "Adam",
    "learning rate": RATE,
    "batch size": BATCH,
    "epochs": EPOCHS,
    "seed": 0,
}

TEXT = """\
Parameters are what training finds. A network 64-64-10 has {count:,}:

{parameters}

Hyperparameters are what must be settled before it can train. Here there are {chosen}, and each
of them decides which parameters are found:

{hyperparameters}

No gradient leads to them, so one searches. {train:,} digits train each network, {validation}
others choose among them; accuracy on those, in %, by learning rate and hidden units, after
{epochs} epochs:

{grid}

The best: a rate of {rate:g} with {hidden} hidden units. Only now come {test} digits that neither
trained nor chose: {accuracy:.1f} %. The accuracy that chose, {best:.1f} %, is the best of
{tried} and so tends to flatter.

Too small a rate has not arrived after {epochs} epochs; too large a one jumps about and never
settles. How many units are best depends on the rate, so the two are searched together."""


def run() -> Result:
    """Count both kinds, and search two of the second."""
    train, validation, test = _parts()
    models = [[_train(rate, hidden, train) for hidden in HIDDEN] for rate in RATES]
    grid = [[model.evaluate(*validation)["accuracy"] for model in row] for row in models]
    row, column = np.unravel_index(np.argmax(grid), (len(RATES), len(HIDDEN)))
    best = {
        "rate": RATES[row],
        "hidden": HIDDEN[column],
        "validation": grid[row][column],
        "test": models[row][column].evaluate(*test)["accuracy"],
    }
    weights = network((UNITS,), RATE).build(64).get_weights()
    names = ("W1", "b1", "W2", "b2")
    counts = {name: array.size for name, array in zip(names, weights, strict=True)}
    numbers = {
        "parameters": counts,
        "n_parameters": sum(counts.values()),
        "hyperparameters": CHOSEN,
        "n_hyperparameters": len(CHOSEN),
        "rates": list(RATES),
        "hidden": list(HIDDEN),
        "validation_accuracy": grid,
        "best": best,
        "images": {"train": len(train[1]), "validation": len(validation[1]), "test": len(test[1])},
    }
    return Result(numbers, _explain(numbers))


def draw(figure: Figure, result: Result) -> None:
    """The search as a map."""
    grid = 100 * np.array(result.numbers["validation_accuracy"])
    panel = panels(figure, 1, 1, inches=(6.5, 4.6))[0, 0]
    image = panel.imshow(grid, cmap="cividis", aspect="auto")
    for (row, column), share in np.ndenumerate(grid):
        colour = "white" if share < (grid.min() + grid.max()) / 2 else "black"
        panel.text(column, row, f"{share:.1f}", ha="center", va="center", color=colour)
    panel.set_xticks(range(len(HIDDEN)), HIDDEN)
    panel.set_yticks(range(len(RATES)), RATES)
    panel.set(xlabel="hidden units", ylabel="learning rate", title="Validation accuracy, %")
    figure.colorbar(image, label="accuracy, %")


def _parts() -> list[Examples]:
    """Images and digits to train on, to choose by, and to test with: 3, 1 and 1 fifths."""
    X, y = jn.datasets.load_digits()
    folds = jn.datasets.stratified_folds(y, 5)
    return [(X[part] / 16, y[part]) for part in (folds < 3, folds == 3, folds == 4)]


def _train(rate: float, hidden: int, examples: Examples) -> jn.Sequential:
    model = network((hidden,), rate)
    model.fit(*examples, epochs=EPOCHS, batch_size=BATCH)
    return model


def _explain(numbers: dict[str, Any]) -> str:
    best = numbers["best"]
    return lay_out(
        TEXT,
        count=numbers["n_parameters"],
        parameters="  " + "   ".join(f"{name}: {n:,}" for name, n in numbers["parameters"].items()),
        chosen=numbers["n_hyperparameters"],
        hyperparameters=_listed(numbers["hyperparameters"]),
        **numbers["images"],
        epochs=EPOCHS,
        grid=in_columns(
            ("rate", *(f"{units} units" for units in HIDDEN)),
            [
                (f"{rate:g}", *(f"{100 * share:.1f}" for share in row))
                for rate, row in zip(RATES, numbers["validation_accuracy"], strict=True)
            ],
        ),
        rate=best["rate"],
        hidden=best["hidden"],
        accuracy=100 * best["test"],
        best=100 * best["validation"],
        tried=len(RATES) * len(HIDDEN),
    )


def _listed(values: dict[str, Any]) -> str:
    cells = [f"{name}: {value}" for name, value in values.items()]
    width = max(map(len, cells)) + 3
    return "\n".join(
        ("  " + "".join(cell.ljust(width) for cell in cells[first : first + 3])).rstrip()
        for first in range(0, len(cells), 3)
    )
