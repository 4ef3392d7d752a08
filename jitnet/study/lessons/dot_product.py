"""np.dot against a loop: the same sum of products, and what it takes in Python and in NumPy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from jitnet.machine import processor
from jitnet.study.lessons.layout import in_columns, lay_out
from jitnet.study.lessons.lesson import Result
from jitnet.study.picture import BLUE, GREY, ORANGE, panels
from jitnet.study.report import duration, three_digits
from jitnet.study.thread_limits import numpy_threads
from jitnet.study.timing import time_a_step

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from jitnet.study.problem import Outputs, Run

SIZES = (10, 1000, 100_000, 1_000_000)

TEXT = """\
z = wᵀx + b sums up n products. In Python's own loop, number by number:

  z = 0.0
  for i in range(n):
      z += w[i] * x[i]

and in NumPy: z = np.dot(w, x). Both on one thread of {processor}; the loop's w and x are lists,
with which it is fastest:

{table}

np.dot is compiled: it takes several numbers into a vector register, multiplies and adds them by
one instruction, and knows beforehand that all of them are floats, where Python looks at each
number anew. A call costs NumPy about {call}, whatever n is, so a few numbers gain little.

The results differ by {difference:.0e} of their size at most: the sums are the same, added in
another order. Hence the course's rule: whenever there is a loop over examples, units or
features, look for the function that takes them all at once. jitnet's kernels are the other way
out: a loop that is compiled itself (jitnet study logistic_regression compares all of them)."""


def run() -> Result:
    """Time both for vectors of some lengths."""
    with numpy_threads(1):
        rows = [_compare(n) for n in SIZES]
    text = lay_out(
        TEXT,
        processor=processor(),
        table=in_columns(
            ("n", "loop", "np.dot", "times as fast"),
            [
                (
                    f"{row['n']:,}",
                    duration(row["loop"]),
                    duration(row["dot"]),
                    three_digits(row["loop"] / row["dot"]),
                )
                for row in rows
            ],
        ),
        call=duration(rows[0]["dot"]),
        difference=max(row["difference"] for row in rows),
    )
    return Result({"processor": processor(), "sizes": rows}, text)


def draw(figure: Figure, result: Result) -> None:
    """Both times by the length of the vectors."""
    panel = panels(figure, 1, 1, inches=(8.5, 4.8))[0, 0]
    rows = result.numbers["sizes"]
    sizes = [row["n"] for row in rows]
    for name, label, color in (("loop", "Python's loop", ORANGE), ("dot", "np.dot", BLUE)):
        panel.loglog(sizes, [row[name] for row in rows], "o-", color=color, label=label)
    for row in rows[1:]:
        middle = (row["loop"] * row["dot"]) ** 0.5
        panel.plot([row["n"]] * 2, [row["dot"], row["loop"]], color=GREY, linewidth=1, zorder=1)
        times = f"{row['loop'] / row['dot']:.0f} times  "
        panel.text(row["n"], middle, times, fontsize=9.5, ha="right", va="center")
    panel.set(xlabel="n, numbers in each vector", ylabel="seconds", xlim=(6, 2e6))
    panel.set_title(f"The time of z = Σ w x\n{result.numbers['processor']}")
    panel.legend(loc="upper left")


def dot(w: list[float], x: list[float]) -> float:
    """Σ wᵢ xᵢ, one product after the other."""
    z = 0.0
    for i in range(len(w)):
        z += w[i] * x[i]
    return z


def _compare(n: int) -> dict[str, Any]:
    """Seconds of both, and how far their results are apart."""
    rng = np.random.default_rng(0)
    w, x = rng.random(n), rng.random(n)
    w_list, x_list = w.tolist(), x.tolist()
    whole = float(np.dot(w, x))
    return {
        "n": n,
        "loop": time_a_step(_repeat(dot, w_list, x_list)).seconds,
        "dot": time_a_step(_repeat(np.dot, w, x)).seconds,
        "difference": abs(dot(w_list, x_list) - whole) / whole,
    }


def _repeat(function: Any, *arguments: Any) -> Run:
    """A run of so many calls."""

    def run(times: int) -> Outputs:
        for _ in range(times):
            function(*arguments)
        return ()

    return run
