"""What the ladder prints: a table of rungs, a table of a sweep, or JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from statistics import median
from typing import Any

from jitnet.study.ladder import Timing
from jitnet.study.problems import RUNGS
from jitnet.study.roofs import Roofs
from jitnet.tables import format_row

UNITS = (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6), ("ns", 1e-9))
MARGIN = 1.05
"""A rung counts as faster from this ratio on, with both spreads added."""
BUSY = 0.05
"""Where most rungs spread by more, the machine does other things: on a quiet one they do by a
hundredth or two."""
BUSY_MACHINE = (
    "The machine is busy with other things, so there is no verdict: the times are theirs, too. "
    "Try again\nwhen it is quiet."
)
COLUMNS = {
    "rung": 12,
    "time a step": 12,
    "spread": 8,
    "speed-up": 10,
    "GFLOP/s": 10,
    "of peak": 9,
    "error": 10,
}
"""The columns of the table of rungs, and their widths: a row is printed as soon as it is there."""
SWEEP_WIDTHS = (10, *(12 for _ in RUNGS))


def duration(seconds: float) -> str:
    """A time with three digits and its unit."""
    unit, scale = next(((unit, scale) for unit, scale in UNITS if seconds >= scale), UNITS[-1])
    value = seconds / scale
    return f"{value:.{2 if value < 10 else 1 if value < 100 else 0}f} {unit}"


def header() -> str:
    """The head of the table of rungs."""
    return _row(tuple(COLUMNS))


def row(timing: Timing, roofs: Roofs) -> str:
    """A rung's line in the table under `header`."""
    if timing.seconds is None or timing.gflops is None:
        return _row((timing.rung, f"skipped: {timing.skipped}"), left=2)
    speedup = "" if timing.speedup is None else three_digits(timing.speedup)
    spread = "" if timing.spread is None else spread_text(timing.spread)
    error = "–" if timing.max_error is None else f"{timing.max_error:.1e}"
    share = f"{timing.gflops / roofs.gflops:.2%}"
    figures = (duration(timing.seconds), spread, speedup, f"{timing.gflops:.3g}", share, error)
    return _row((timing.rung, *figures))


def _row(cells: Sequence[str], left: int = 1) -> str:
    return format_row(cells, tuple(COLUMNS.values()), left, gap="")


def spread_text(spread: float) -> str:
    """The spread of a time, with two digits."""
    if spread >= 1:
        return ">±100%"
    return f"±{spread:.0%}" if spread >= 0.1 else f"±{spread:.1%}"


def three_digits(value: float) -> str:
    """A ratio with three digits."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def spreads_widely(timings: Iterable[Timing]) -> bool:
    """Whether most rungs' times spread by more than on a quiet machine."""
    spreads = [timing.spread for timing in timings if timing.spread is not None]
    return bool(spreads) and median(spreads) > BUSY


def as_json(
    timings: Iterable[Timing], roofs: Roofs, processor: str, *, busy: bool
) -> list[dict[str, Any]]:
    """A dictionary a rung, with its share of the peak, and what it was measured on."""
    rungs = []
    for timing in timings:
        fields = timing._asdict()
        share = None if timing.gflops is None else timing.gflops / roofs.gflops
        max_error, skipped = fields.pop("max_error"), fields.pop("skipped")
        found = {"peak_share": share, "max_error": max_error, "skipped": skipped}
        rungs.append({**fields, **found, "processor": processor, "busy": busy})
    return rungs


def sweep_header(dimension: str, rungs: Sequence[str]) -> str:
    """The head of a sweep's table."""
    return format_row((dimension, *rungs), SWEEP_WIDTHS, left=0, gap="")


def sweep_row(value: int, timings: Sequence[Timing]) -> str:
    """A size's line in the sweep's table: the time of a step on each rung."""
    times = ("skipped" if t.seconds is None else duration(t.seconds) for t in timings)
    return format_row((f"{value:,}", *times), SWEEP_WIDTHS, left=0, gap="")


def spreads(timings: Iterable[Timing]) -> str:
    """Each rung's median spread over the sizes of a sweep."""
    by_rung: dict[str, list[float]] = {rung: [] for rung in RUNGS}
    for timing in timings:
        if timing.spread is not None:
            by_rung[timing.rung].append(timing.spread)
    shares = [f"{rung} {spread_text(median(found))}" for rung, found in by_rung.items() if found]
    return f"spread: {', '.join(shares)}"


def overtakings(dimension: str, timings: Iterable[Timing]) -> list[str]:
    """Where each rung overtakes the one before: from which size on it is the faster."""
    by_rung: dict[str, dict[int, Timing]] = {rung: {} for rung in RUNGS}
    for timing in timings:
        if timing.seconds is not None:
            by_rung[timing.rung][timing.size[dimension]] = timing
    return [
        f"{later} is {_faster(dimension, by_rung[earlier], by_rung[later], earlier)}"
        for earlier, later in pairwise(rung for rung in RUNGS if by_rung[rung])
    ]


def _faster(dimension: str, earlier: dict[int, Timing], later: dict[int, Timing], than: str) -> str:
    """From which size on a rung is faster than the one before it."""
    values = sorted(earlier.keys() & later.keys())
    slower = [value for value in values if not _is_faster(later[value], earlier[value])]
    if not slower:
        return f"faster than {than} throughout"
    if slower[-1] == values[-1]:
        return f"not faster than {than} at {dimension} = {values[-1]:,}"
    faster = min(value for value in values if value > slower[-1])
    return f"faster than {than} from {dimension} = {faster:,} on"


def _is_faster(later: Timing, earlier: Timing) -> bool:
    """Whether a step is shorter by more than the margin and both spreads."""
    assert later.seconds is not None
    assert earlier.seconds is not None
    margin = MARGIN + (later.spread or 0.0) + (earlier.spread or 0.0)
    return earlier.seconds > margin * later.seconds
