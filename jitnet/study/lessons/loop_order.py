"""The order of loops: the same sums of a layer, as the memory likes them and as it does not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from jitnet.kernels.jit import njit
from jitnet.machine import processor
from jitnet.study.dense.compiled import dense_forward as example_by_example
from jitnet.study.dense.vectorized import dense_forward as in_numpy
from jitnet.study.lessons.layout import in_columns, lay_out
from jitnet.study.lessons.lesson import Result
from jitnet.study.picture import BLUE, GREEN, ORANGE, panels
from jitnet.study.report import duration, three_digits
from jitnet.study.thread_limits import numpy_threads
from jitnet.study.timing import time_a_step

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from jitnet.study.problem import Outputs, Run

UNITS = 64
SIZES = (1, 16, 256, 4096)

TEXT = """\
Z = W A + b of a layer with {units} inputs and {units} units, for m examples. An example is a
column of A, so the neighbours of a number in memory are the same input of the next examples. The
loops of the course go example by example:

  for i in range(m):                 # an example
      for k in range(n_out):         # a unit
          z = b[k, 0]
          for j in range(n_in):      # an input: A[j, i] is m numbers behind A[j - 1, i]
              z += W[k, j] * A[j, i]
          Z[k, i] = z

The innermost loop strides by m numbers through A and adds to one sum, so the compiler can neither
load a vector nor add one. With the examples innermost, the same products are added in the same
order to m sums side by side:

  for k in range(n_out):
      for i in range(m):
          Z[k, i] = b[k, 0]
      for j in range(n_in):
          for i in range(m):         # an example: A[j, i + 1] is the next number
              Z[k, i] += W[k, j] * A[j, i]

Both compiled by Numba, on one thread of {processor}:

{table}

With {most:,} examples the second order is {gain} times as fast; no formula has changed, and the
results are the same but for rounding ({difference:.0e} of the greatest at most). With one example
there are no neighbours, and nothing is gained. The rung "compiled" of jitnet study dense has the
first order, for it is to be the loops of the course, and so it loses to NumPy. NumPy's BLAS and
the rung "tiled" go on from the second: they keep a block of sums in registers, instead of reading
and writing Z for each input."""


@njit(entry=True)
def examples_innermost(A_prev: Any, W: Any, b: Any) -> Any:
    """Z = W A_prev + b for A_prev (n_in, m), W (n_out, n_in) and b (n_out, 1)."""
    n_in, m = A_prev.shape
    n_out = W.shape[0]
    Z = np.empty((n_out, m), W.dtype)
    for k in range(n_out):
        for i in range(m):
            Z[k, i] = b[k, 0]
        for j in range(n_in):
            for i in range(m):
                Z[k, i] += W[k, j] * A_prev[j, i]
    return Z


def run() -> Result:
    """Time both orders, and NumPy, for some numbers of examples."""
    with numpy_threads(1):
        rows = [_compare(m) for m in SIZES]
    text = lay_out(
        TEXT,
        units=UNITS,
        processor=processor(),
        table=in_columns(
            ("m", "example by example", "examples innermost", "times as fast", "NumPy"),
            [
                (
                    f"{row['m']:,}",
                    duration(row["outermost"]),
                    duration(row["innermost"]),
                    three_digits(row["outermost"] / row["innermost"]),
                    duration(row["numpy"]),
                )
                for row in rows
            ],
        ),
        most=rows[-1]["m"],
        gain=three_digits(rows[-1]["outermost"] / rows[-1]["innermost"]),
        difference=max(row["difference"] for row in rows),
    )
    return Result({"processor": processor(), "sizes": rows}, text)


def draw(figure: Figure, result: Result) -> None:
    """The time of a product and a sum in either order, by the number of examples."""
    panel = panels(figure, 1, 1, inches=(8.5, 4.8))[0, 0]
    rows = result.numbers["sizes"]
    sizes = [row["m"] for row in rows]
    for name, label, color in (
        ("outermost", "example by example", ORANGE),
        ("innermost", "examples innermost", BLUE),
        ("numpy", "NumPy", GREEN),
    ):
        each = [1e9 * row[name] / (row["m"] * UNITS**2) for row in rows]
        panel.loglog(sizes, each, "o-", color=color, label=label)
    panel.set(xlabel="m, examples", ylabel="nanoseconds a product")
    panel.set_title(f"The time of a product in Z = W A + b\n{result.numbers['processor']}")
    panel.legend()


def _compare(m: int) -> dict[str, Any]:
    """Seconds of both orders and of NumPy, and how far the results are apart."""
    rng = np.random.default_rng(0)
    given = tuple(
        rng.standard_normal(shape, np.float32) for shape in ((UNITS, m), (UNITS, UNITS), (UNITS, 1))
    )
    kinds: dict[str, Any] = {
        "outermost": example_by_example,
        "innermost": examples_innermost,
        "numpy": in_numpy,
    }
    results = [kind(*given) for kind in kinds.values()]
    apart = max(float(np.abs(Z - results[0]).max()) for Z in results)
    seconds = {name: time_a_step(_repeat(kind, given)).seconds for name, kind in kinds.items()}
    return {"m": m, **seconds, "difference": apart / float(np.abs(results[0]).max())}


def _repeat(function: Any, given: tuple[Any, ...]) -> Run:
    """A run of so many calls."""

    def run(times: int) -> Outputs:
        for _ in range(times):
            function(*given)
        return ()

    return run
