"""The ladder as a picture: each rung's GFLOP/s, at a size or by size, under the machine's roofs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from jitnet.study.ladder import Timing
from jitnet.study.picture import AMBER, BLACK, GREEN, GREY, ORANGE, SKY, panels
from jitnet.study.problem import Problem
from jitnet.study.problems import RUNGS
from jitnet.study.report import duration, spread_text, three_digits
from jitnet.study.roofs import Roofs
from jitnet.study.sizes import describe

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLORS = dict(zip(RUNGS, (GREY, AMBER, SKY, GREEN, ORANGE), strict=True))
MARKERS = dict(zip(RUNGS, "osv^D", strict=True))
COMPUTE = {"color": BLACK, "linestyle": "--", "linewidth": 1.2, "label": "compute roof"}
MEMORY = {"color": BLACK, "linestyle": ":", "linewidth": 1.2, "label": "main memory roof"}


def draw_rungs(
    figure: Figure,
    problem: Problem,
    timings: Sequence[Timing],
    roofs: Roofs,
    note: str,
    itemsize: int,
) -> None:
    """Draw the rungs at one size.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        Where to draw.
    problem : Problem
        What was run.
    timings : sequence of Timing
        One a rung.
    roofs : Roofs
        The machine's.
    note : str
        What stands under the title: the machine, the threads, the dtype.
    itemsize : int
        Bytes of a number.
    """
    panel = panels(figure, 1, 1, inches=(9, 2.2 + 0.42 * len(timings)))[0, 0]
    measured = [t.gflops for t in timings if t.gflops is not None]
    left, right = min(measured, default=1.0) / 3, 1.5 * roofs.gflops
    for place, timing in enumerate(timings):
        label = f"skipped: {timing.skipped}" if timing.seconds is None else _label(timing)
        panel.text(1.02, place, label, transform=panel.get_yaxis_transform(), va="center")
        if timing.gflops is not None:
            color, marker = COLORS[timing.rung], MARKERS[timing.rung]
            panel.plot([left, timing.gflops], [place, place], color=color, linewidth=4)
            panel.plot(timing.gflops, place, marker, color=color, markersize=9)
    panel.axvline(roofs.gflops, **COMPUTE)
    panel.axvline(_memory_roof(problem, timings[0].size, roofs, itemsize), **MEMORY)
    panel.set(xscale="log", xlim=(left, right), xlabel="GFLOP/s", ylim=(len(timings) - 0.5, -0.5))
    panel.set_yticks(range(len(timings)), [timing.rung for timing in timings])
    panel.spines["left"].set_visible(False)
    panel.tick_params(axis="y", length=0)
    panel.grid(axis="x", alpha=0.3)
    figure.suptitle(f"{problem.title}: {describe(timings[0].size)}\n{note}", fontsize=11)
    figure.legend(loc="outside lower center", ncols=2)


def draw_sweeps(
    figure: Figure,
    problem: Problem,
    sweeps: Mapping[str, Sequence[Timing]],
    roofs: Roofs,
    note: str,
    itemsize: int,
) -> None:
    """Draw one or more sweeps.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        Where to draw.
    problem : Problem
        What was run.
    sweeps : mapping of str to sequence of Timing
        The timings of each dimension that was swept.
    roofs, note, itemsize
        As in `draw_rungs`.
    """
    row = panels(figure, 1, len(sweeps), inches=(2 + 5.5 * len(sweeps), 5.4), sharey=True)[0]
    for panel, (dimension, timings) in zip(row, sweeps.items(), strict=True):
        _draw_sweep(panel, problem, dimension, timings, roofs, itemsize)
    row[0].set_ylabel("GFLOP/s")
    figure.suptitle(f"{problem.title}\n{note}", fontsize=11)
    shown = [panel.get_legend_handles_labels() for panel in row]
    legend = {name: line for lines, names in shown for line, name in zip(lines, names, strict=True)}
    figure.legend(legend.values(), legend, loc="outside right center")


def _draw_sweep(
    panel: Any,
    problem: Problem,
    dimension: str,
    timings: Sequence[Timing],
    roofs: Roofs,
    itemsize: int,
) -> None:
    for rung in RUNGS:
        measured = [t for t in timings if t.rung == rung and t.gflops is not None]
        if measured:
            sizes = [t.size[dimension] for t in measured]
            rates = [t.gflops for t in measured]
            panel.plot(sizes, rates, color=COLORS[rung], marker=MARKERS[rung], label=rung)
    values = sorted({t.size[dimension] for t in timings})
    others = {name: size for name, size in timings[0].size.items() if name != dimension}
    line = sorted({round(value) for value in np.geomspace(values[0], values[-1], 50)})
    memory = [_memory_roof(problem, {**others, dimension: n}, roofs, itemsize) for n in line]
    panel.axhline(roofs.gflops, **COMPUTE)
    panel.plot(line, memory, **MEMORY)
    panel.set_xscale("log")
    panel.set_yscale("log")
    panel.set_xlabel(dimension if not others else f"{dimension}   ({describe(others)})")
    panel.grid(which="major", alpha=0.3)


def _memory_roof(problem: Problem, size: Mapping[str, int], roofs: Roofs, itemsize: int) -> float:
    """GFLOP/s at which main memory keeps up, if each number is read or written once."""
    intensity = problem.flops(size) / (itemsize * problem.traffic(size))
    return min(roofs.gigabytes * intensity, roofs.gflops)


def _label(timing: Timing) -> str:
    """A step's time, its spread, and how many times the loops' speed that is."""
    assert timing.seconds is not None
    spread = "" if timing.spread is None else f" {spread_text(timing.spread)}"
    text = f"{duration(timing.seconds)}{spread}"
    if timing.speedup is None or timing.rung == RUNGS[0]:
        return text
    return f"{text},  {three_digits(timing.speedup)} times as fast"
