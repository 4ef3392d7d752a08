"""The ladder on the command line: rungs or sweeps as text, JSON or a picture."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from jitnet.machine import processor
from jitnet.study import ladder, report
from jitnet.study.agreement import Disagreement
from jitnet.study.ladder import Timing
from jitnet.study.problem import Problem
from jitnet.study.problems import RUNGS
from jitnet.study.quiet import is_quiet
from jitnet.study.roofs import Roofs, measure_roofs
from jitnet.study.sizes import complete_size, describe
from jitnet.study.thread_limits import numpy_threads
from jitnet.threads import available_threads


class Climb(NamedTuple):
    """What is climbed, and what the command line says about it."""

    problem: Problem
    size: dict[str, int]
    roofs: Roofs
    note: str
    quiet_before: bool
    options: argparse.Namespace

    def timings(self, size: Mapping[str, int]) -> Iterator[Timing]:
        """Climb at a size."""
        given = self.options
        return ladder.climb(
            self.problem, size, rungs=given.rungs, dtype=given.dtype, threads=given.threads
        )

    def say(self, text: str) -> None:
        """Print, where JSON is not what is asked for."""
        if not self.options.json:
            print(text, flush=True)

    def is_busy(self, timings: Sequence[Timing]) -> bool:
        """Whether the machine does other things: verdicts would be about those."""
        quiet = self.quiet_before and is_quiet(self.options.threads)
        return not quiet or report.spreads_widely(timings)

    def draw(self, draw: Callable[..., None], timings: Any, busy: bool) -> None:
        """Draw what was timed, and write the picture to its file."""
        from jitnet.study.picture import picture, save

        note = f"{self.note}\non a machine busy with other things" if busy else self.note
        itemsize = int(np.dtype(self.options.dtype).itemsize)
        with picture() as figure:
            draw(figure, self.problem, timings, self.roofs, note, itemsize)
            save(figure, self.options.plot)
        self.say(f"\npicture: {self.options.plot}")


def climb(problem: Problem, options: argparse.Namespace) -> int:
    """Climb a problem's ladder and print it; 1 where the rungs disagree."""
    options.threads = available_threads() if options.threads is None else options.threads
    ladder.check_rungs(options.rungs)
    ladder.check_threads(options.threads)
    size = complete_size(problem, options.size)
    sweeps = _sweeps(problem, size, options.sizes)
    with numpy_threads(options.threads) as numpys:
        roofs = measure_roofs(options.threads, options.dtype)
        note = (
            f"{processor()}\n"
            f"{options.dtype}, {options.threads} thread{'s'[: options.threads > 1]}{numpys}, "
            f"peak {roofs.gflops:,.0f} GFLOP/s, memory {roofs.gigabytes:,.0f} GB/s"
        )
        this = Climb(problem, size, roofs, note, is_quiet(options.threads), options)
        this.say(f"{problem.title}\n{note}")
        try:
            timings, busy = _climb_sweeps(this, sweeps) if sweeps else _climb_once(this)
        except Disagreement as error:
            options.parser.exit(1, f"{options.parser.prog}: {error}\n")
    if options.json:
        print(json.dumps(report.as_json(timings, roofs, processor(), busy=busy), indent=1))
    return 0


def _climb_once(this: Climb) -> tuple[list[Timing], bool]:
    """A line a rung, each as soon as it is there, and the picture; whether the machine is busy."""
    this.say(f"{describe(this.size)}\n\n{report.header()}")
    timings = []
    for timing in this.timings(this.size):
        timings.append(timing)
        this.say(report.row(timing, this.roofs))
    busy = this.is_busy(timings)
    if busy:
        this.say(f"\n{report.BUSY_MACHINE}")
    elif this.problem.note:
        this.say(f"\n{this.problem.note}")
    if this.options.plot is not None:
        from jitnet.study.plot import draw_rungs

        this.draw(draw_rungs, timings, busy)
    return timings, busy


def _climb_sweeps(
    this: Climb, sweeps: Mapping[str, Sequence[dict[str, int]]]
) -> tuple[list[Timing], bool]:
    """A table for each size that is swept, and the picture; whether the machine is busy."""
    swept, busy = {}, False
    for dimension, sizes in sweeps.items():
        swept[dimension], was_busy = _climb_sweep(this, dimension, sizes)
        busy = busy or was_busy
    if this.options.plot is not None:
        from jitnet.study.plot import draw_sweeps

        this.draw(draw_sweeps, swept, busy)
    return [timing for timings in swept.values() for timing in timings], busy


def _climb_sweep(
    this: Climb, dimension: str, sizes: Sequence[dict[str, int]]
) -> tuple[list[Timing], bool]:
    """A line a size, each as soon as it is there, and where each rung overtakes the one before."""
    rungs = [rung for rung in RUNGS if rung in this.options.rungs]
    others = {name: value for name, value in sizes[0].items() if name != dimension}
    this.say(f"\n{describe(others)}" if others else "")
    this.say(report.sweep_header(dimension, rungs))
    timings: list[Timing] = []
    for size in sizes:
        part = list(this.timings(size))
        this.say(report.sweep_row(size[dimension], part))
        timings += part
    busy = this.is_busy(timings)
    verdicts = [report.BUSY_MACHINE] if busy else report.overtakings(dimension, timings)
    reasons = [
        f"{t.rung} skipped at {dimension} = {t.size[dimension]:,}: {t.skipped}"
        for t in timings
        if t.skipped
    ]
    this.say("\n".join([report.spreads(timings), *verdicts, *reasons]))
    return timings, busy


def _sweeps(
    problem: Problem,
    size: Mapping[str, int],
    asked: Sequence[tuple[str, tuple[int, ...]]] | None,
) -> dict[str, list[dict[str, int]]]:
    """The sizes to run for each dimension that is swept; none for a single size."""
    if asked is None:
        return {}
    return {
        dimension: [complete_size(problem, {**size, dimension: value}) for value in values]
        for dimension, values in (dict(asked) or problem.sweeps).items()
    }
