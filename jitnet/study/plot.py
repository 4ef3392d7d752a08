"""The ladder as a picture: GFLOP/s by size, under the machine's roofs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from jitnet.study.ladder import Timing
from jitnet.study.problem import Problem
from jitnet.study.problems import RUNGS
from jitnet.study.roofs import Roofs
from jitnet.study.sizes import describe

COLOURS = dict(zip(RUNGS, ("#999999", "#E69F00", "#56B4E9", "#009E73", "#D55E00"), strict=True))
"""Okabe and Ito's, which the colour-blind can tell apart."""
MARKERS = dict(zip(RUNGS, "osv^D", strict=True))


def draw_ladder(
    path: Path,
    problem: Problem,
    sweeps: Mapping[str, Sequence[Timing]],
    roofs: Roofs,
    note: str,
    itemsize: int,
) -> None:
    """Write the picture of one or more sweeps.

    Parameters
    ----------
    path : Path
        The file; its ending says the format.
    problem : Problem
        What was run.
    sweeps : mapping of str to sequence of Timing
        The timings of each dimension that was swept.
    roofs : Roofs
        The machine's.
    note : str
        What stands under the title: the machine, the threads, the dtype.
    itemsize : int
        Bytes of a number.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(1.5 + 5.5 * len(sweeps), 5.2), layout="constrained")
    axes = figure.subplots(1, len(sweeps), squeeze=False, sharey=True)[0]
    for ax, (dimension, timings) in zip(axes, sweeps.items(), strict=True):
        _draw_sweep(ax, problem, dimension, timings, roofs, itemsize)
    axes[0].set_ylabel("GFLOP/s")
    figure.suptitle(f"{problem.title}\n{note}", fontsize=11)
    shown = [ax.get_legend_handles_labels() for ax in axes]
    legend = {name: line for lines, names in shown for line, name in zip(lines, names, strict=True)}
    figure.legend(legend.values(), legend, loc="outside right center", frameon=False)
    figure.savefig(path, dpi=150)


def _draw_sweep(
    ax: Any,
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
            ax.plot(sizes, rates, color=COLOURS[rung], marker=MARKERS[rung], label=rung)
    values = sorted({t.size[dimension] for t in timings})
    others = {name: size for name, size in timings[0].size.items() if name != dimension}
    line = sorted({round(value) for value in np.geomspace(values[0], values[-1], 50)})
    sizes_on_line = [{**others, dimension: value} for value in line]
    intensity = [problem.flops(s) / (itemsize * problem.traffic(s)) for s in sizes_on_line]
    memory = np.minimum(roofs.gigabytes * np.array(intensity), roofs.gflops)
    ax.axhline(roofs.gflops, color="black", linestyle="--", label="compute roof")
    ax.plot(line, memory, color="black", linestyle=":", label="main memory roof")
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.set_xlabel(dimension if not others else f"{dimension}   ({describe(others)})")
    ax.grid(which="major", alpha=0.3)
