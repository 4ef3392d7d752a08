"""Broadcasting: how NumPy stretches a side of length 1, and the trap of arrays with one side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from jitnet.study.diagram import blank, grid, write
from jitnet.study.lessons.layout import in_columns, lay_out
from jitnet.study.lessons.lesson import Result
from jitnet.study.picture import BLUE, GREEN, ORANGE, panels

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FOODS = ("lentils", "salmon", "rice", "almonds")
SOURCES = ("protein", "fat", "carbohydrate")
KILOCALORIES = np.array(  # of 100 g
    [
        [36.0, 80.0, 11.0, 85.0],
        [4.0, 117.0, 3.0, 449.0],
        [81.0, 0.0, 113.0, 86.0],
    ]
)

TEXT = """\
A side of length 1 is stretched to the other array's length, without being copied; shapes are
compared from their last side backwards. A number is stretched to all sides.

{sums}

Which share of a food's calories comes from what? A (3, 4) over its columns' sums, a (1, 4):

{percentages}

The trap: an array of shape (5,) has one side only. It is neither a row nor a column, .T leaves
it as it is, and NumPy does not complain.

{shapes}

Worse, a column less an array of one side stretches both: predictions of shape (5, 1) − targets
of shape (5,) is {stretched}, and the mean of its squares looks like a loss: {wrong:g} where it
is {right:g}.

The cure: keep two sides and say so, where it costs nothing.

  a = a.reshape(5, 1)            # or np.zeros((5, 1)) from the start
  assert a.shape == (5, 1)       # {caught}
  X.sum(axis=0, keepdims=True)   # (1, n) instead of (n,)"""


def run() -> Result:
    """Broadcast, fall into the trap, and leave it."""
    sums, percentages = [_sum(a, b) for a, b in _pairs()], _percentages(KILOCALORIES)
    shapes, mean = _shapes(), _stretched_mean()
    caught = not _has_shape(np.arange(1.0, 6.0), (5, 1))
    text = lay_out(
        TEXT,
        sums=in_columns(
            ("shapes", "arrays", "sum"),
            [(row["shapes"], row["arrays"], str(row["sum"])) for row in sums],
            left=3,
        ),
        percentages=in_columns(
            ("%", *FOODS),
            [
                (source, *(f"{share:.1f}" for share in shares))
                for source, shares in zip(SOURCES, percentages.tolist(), strict=True)
            ],
        ),
        shapes=in_columns(
            ("a", "a.T", "a @ a.T", "a.T @ a"),
            [tuple(str(row[key]) for key in ("a", "a.T", "a @ a.T", "a.T @ a")) for row in shapes],
            left=4,
        ),
        stretched=mean["stretched_shape"],
        wrong=mean["wrong"],
        right=mean["right"],
        caught="the array of shape (5,) fails here" if caught else "the array passes",
    )
    numbers = {
        "sums": sums,
        "percentages": percentages.tolist(),
        "shapes": shapes,
        "mean": mean,
        "rank_1_caught": caught,
    }
    return Result(numbers, text)


def draw(figure: Figure, result: Result) -> None:
    """Each sum as arrays of cells; those that only broadcasting makes up are pale."""
    heights = (5.4, 3.4)
    rows = panels(figure, 2, 2, inches=(10, 5.2), gridspec_kw={"height_ratios": heights})
    for place, (a, b) in enumerate(_pairs()):
        panel, height = rows.flat[place], heights[place // 2]
        blank(panel, 12.4, height)
        _draw_sum(panel, a, b, (height - 0.9) / 2)
    figure.suptitle("Pale cells are in no memory: a side of length 1 is stretched to the other's")


def _draw_sum(panel: Any, a: NDArray[Any], b: NDArray[Any], middle: float) -> None:
    """Two arrays and their sum, around the middle of a sheet."""
    arrays = (a, b, a + b)
    stretched = (*np.broadcast_arrays(a, b), a + b)
    left = 6.2 - (3 * stretched[0].shape[1] + 2 * 1.2) / 2
    drawn = zip(arrays, stretched, (BLUE, GREEN, ORANGE), ("", "+", "="), strict=True)
    for own, cells, color, sign in drawn:
        rows, columns = cells.shape
        write(panel, left - 0.6, middle, sign, fontsize=13)
        shape = (1, 1) if own.ndim == 0 else own.shape
        grid(panel, left, middle + rows / 2, cells, color, own=shape)
        write(panel, left + columns / 2, middle + rows / 2 + 0.5, _shape(own), color=color)
        left += columns + 1.2


def _pairs() -> list[tuple[NDArray[Any], NDArray[Any]]]:
    """The four ways in which shapes meet."""
    column, row = np.array([[1], [2], [3], [4]]), np.array([[100, 200, 300]])
    matrix, side = np.array([[1, 2, 3], [4, 5, 6]]), np.array([[100], [200]])
    return [(column, np.array(100)), (matrix, row), (matrix, side), (side, row)]


def _sum(a: NDArray[Any], b: NDArray[Any]) -> dict[str, Any]:
    total = a + b
    return {
        "shapes": f"{_shape(a)} + {_shape(b)}",
        "sum_shape": _shape(total),
        "arrays": f"{a.tolist()} + {b.tolist()}",
        "sum": total.tolist(),
    }


def _percentages(amounts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Shares of the columns' sums: (3, 4) / (1, 4)."""
    whole: NDArray[np.float64] = amounts.sum(axis=0, keepdims=True)
    return 100.0 * amounts / whole


def _shapes() -> list[dict[str, Any]]:
    """What transposing and multiplying make of five numbers in each of three shapes."""
    rows = []
    for shape in ((5,), (5, 1), (1, 5)):
        a = np.arange(1, 6).reshape(shape)
        rows.append(
            {
                "a": _shape(a),
                "a.T": _shape(a.T),
                "a @ a.T": _product(a, a.T),
                "a.T @ a": _product(a.T, a),
            }
        )
    return rows


def _product(a: NDArray[Any], b: NDArray[Any]) -> str:
    product = a @ b
    return f"the number {product}" if product.ndim == 0 else f"{_shape(product)}"


def _stretched_mean() -> dict[str, Any]:
    """A mean of squares with and without the trap."""
    predictions, targets = np.arange(1.0, 6.0).reshape(5, 1), np.arange(1.0, 6.0) + 1
    errors = predictions - targets
    return {
        "stretched_shape": _shape(errors),
        "wrong": float((errors**2).mean()),
        "right": float(((predictions - targets.reshape(5, 1)) ** 2).mean()),
    }


def _has_shape(a: NDArray[Any], shape: tuple[int, ...]) -> bool:
    return a.shape == shape


def _shape(a: NDArray[Any]) -> str:
    return str(a.shape) if a.ndim else "a number"
