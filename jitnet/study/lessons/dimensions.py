"""Dimensions: what shape every array of a deep network has, taken from a real one."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

import jitnet as jn
from jitnet.arrays import FloatArray
from jitnet.study.diagram import blank, grid, write
from jitnet.study.lessons.layout import in_columns, lay_out
from jitnet.study.lessons.lesson import Result
from jitnet.study.picture import BLUE, GREEN, ORANGE, PINK, panels

if TYPE_CHECKING:
    from matplotlib.figure import Figure

N = (2, 3, 5, 4, 2, 1)
M = 10

TEXT = """\
A network with n = {n} units (n[0] is the number of features) and m = {m} examples:

{table}

  W[l], dW[l]: (n[l], n[l−1])      b[l], db[l]: (n[l], 1)      Z[l], A[l]: (n[l], m)

The row l = 0 has A[0] = X. {total} parameters in all: the sum of n[l] · n[l−1] + n[l].

These are the shapes for examples as columns, Z[l] = W[l] A[l−1] + b[l]. jitnet has examples as
rows and its arrays transposed: its first W has the shape {W1}, and (3,) is its b. The table is
taken from a jitnet network and its gradients, transposed. Z and A were computed with them in
NumPy; the largest difference of A[{last}] from jitnet's own prediction is {difference:.1g}.

Checking shapes is the best debugging there is. W is made so that it maps n[l−1] numbers to n[l];
a gradient always has the shape of what it is the gradient of; and a W that is passed the wrong
way round does not multiply."""


def run() -> Result:
    """Build a network, take its gradients, and go forward through it in the course's columns."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(M, N[0])), rng.integers(0, 2, M)
    layers = [*(jn.Dense(units, "relu") for units in N[1:-1]), jn.Dense(N[-1])]
    model = jn.Sequential(layers, "binary_crossentropy", dtype="float64").build(N[0])
    parameters, gradients = as_columns(model.get_weights()), as_columns(model.gradients(X, y))
    Z, A = forward(X.T, parameters)
    rows: list[dict[str, Any]] = [{"l": 0, "n": N[0], "A": A[0].shape}]
    for layer in range(1, len(N)):
        W, b = parameters[2 * layer - 2 : 2 * layer]
        dW, db = gradients[2 * layer - 2 : 2 * layer]
        arrays = {"W": W, "dW": dW, "b": b, "db": db, "Z": Z[layer - 1], "A": A[layer]}
        shapes = {name: list(array.shape) for name, array in arrays.items()}
        rows.append({"l": layer, "n": N[layer], **shapes, "parameters": W.size + b.size})
    rows[0]["A"] = list(rows[0]["A"])
    total = sum(array.size for array in parameters)
    difference = float(np.abs(A[-1] - model.predict(X).T).max())
    numbers = {"m": M, "layers": rows, "parameters": total, "difference": difference}
    text = lay_out(
        TEXT,
        n=", ".join(map(str, N)),
        m=M,
        table=_table(rows, total),
        total=total,
        W1=model.get_weights()[0].shape,
        difference=difference,
        last=len(N) - 1,
    )
    return Result(numbers, text)


def draw(figure: Figure, result: Result) -> None:
    """Z[l] = W[l] A[l−1] + b[l] for each layer, every array as large as it is."""
    layers = result.numbers["layers"]
    heights = [max(layer["W"][0], layer["W"][1]) + 3.4 for layer in layers[1:]]
    panel = panels(figure, 1, 1, inches=(9, 10))[0, 0]
    blank(panel, 34, sum(heights))
    top = float(sum(heights))
    for (below, layer), height in zip(pairwise(layers), heights, strict=True):
        _draw_layer(panel, below, layer, top - height / 2)
        top -= height
    panel.set_title("Z[l] = W[l] A[l−1] + b[l]: as many columns of W as rows of the A before")


def _draw_layer(panel: Any, below: dict[str, Any], layer: dict[str, Any], middle: float) -> None:
    """One layer's arrays from left to right."""
    number, left = layer["l"], 1.0
    arrays = (
        (f"W[{number}]", layer["W"], BLUE, "", 0.8),
        (f"A[{number - 1}]", below["A"], GREEN, "", 2.2),
        (f"b[{number}]", layer["b"], PINK, "+", 2.2),
        (f"Z[{number}]", layer["Z"], ORANGE, "=", 0.0),
    )
    for name, (rows, columns), color, sign, gap in arrays:
        write(panel, left - 1.1, middle, sign, fontsize=14)
        grid(panel, left, middle + rows / 2, np.zeros((rows, columns)), color, numbers=False)
        center = left + columns / 2
        write(panel, center, middle + rows / 2 + 0.7, name, color=color)
        write(panel, center, middle - rows / 2 - 0.7, f"({rows}, {columns})", fontsize=9)
        left += max(columns, 2) + gap


def as_columns(arrays: list[FloatArray]) -> list[FloatArray]:
    """From jitnet's W (n_in, n_out) and b (n_out,) to the course's (n_out, n_in) and (n_out, 1)."""
    return [np.atleast_2d(array).T for array in arrays]


def forward(
    X: FloatArray, parameters: list[FloatArray]
) -> tuple[list[FloatArray], list[FloatArray]]:
    """Z[1] … Z[L] and A[0] … A[L] with examples as columns: ReLU, and a sigmoid at the end."""
    Z: list[FloatArray] = []
    A = [X]
    for W, b in zip(parameters[0::2], parameters[1::2], strict=True):
        Z.append(W @ A[-1] + b)
        A.append(np.maximum(Z[-1], 0))
    A[-1] = 1 / (1 + np.exp(-Z[-1]))
    return Z, A


def _table(rows: list[dict[str, Any]], total: int) -> str:
    names = ("W", "dW", "b", "db", "Z", "A")
    cells = [
        (
            str(row["l"]),
            str(row["n"]),
            *(f"({row[name][0]}, {row[name][1]})" if name in row else "" for name in names),
            str(row.get("parameters", "")),
        )
        for row in rows
    ]
    cells.append(("all", "", *("" for _ in names), str(total)))
    return in_columns(("l", "n[l]", *names, "parameters"), cells, left=8)
