"""What the ladder prints: a table of rungs, a table of a sweep, or JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

from jitnet.study.ladder import Timing
from jitnet.study.problems import RUNGS
from jitnet.study.roofs import Roofs

UNITS = (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6), ("ns", 1e-9))
MARGIN = 1.05
"""From which ratio on a rung counts as faster: less comes and goes from run to run."""
HEADER = (
    f"{'rung':<12}{'time a step':>12}{'speed-up':>12}{'GFLOP/s':>10}{'of peak':>9}{'error':>10}"
)


def duration(seconds: float) -> str:
    """A time with three digits and its unit."""
    unit, scale = next(((unit, scale) for unit, scale in UNITS if seconds >= scale), UNITS[-1])
    value = seconds / scale
    return f"{value:.{2 if value < 10 else 1 if value < 100 else 0}f} {unit}"


def row(timing: Timing, roofs: Roofs) -> str:
    """A rung's line in the table under `HEADER`."""
    if timing.seconds is None or timing.gflops is None:
        return f"{timing.rung:<12}skipped: {timing.skipped}"
    speedup = "" if timing.speedup is None else _three_digits(timing.speedup)
    error = "–" if timing.max_error is None else f"{timing.max_error:.1e}"
    share = timing.gflops / roofs.gflops
    return (
        f"{timing.rung:<12}{duration(timing.seconds):>12}{speedup:>12}{timing.gflops:>10.3g}"
        f"{share:>9.2%}{error:>10}"
    )


def _three_digits(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def as_json(timings: Iterable[Timing], roofs: Roofs) -> list[dict[str, Any]]:
    """A dictionary a rung, with its share of the peak."""
    rungs = []
    for timing in timings:
        fields = timing._asdict()
        share = None if timing.gflops is None else timing.gflops / roofs.gflops
        max_error, skipped = fields.pop("max_error"), fields.pop("skipped")
        rungs.append({**fields, "peak_share": share, "max_error": max_error, "skipped": skipped})
    return rungs


def sweep_header(dimension: str, rungs: Sequence[str]) -> str:
    """The head of a sweep's table."""
    return f"{dimension:>10}" + "".join(f"{rung:>12}" for rung in rungs)


def sweep_row(value: int, timings: Sequence[Timing]) -> str:
    """A size's line in the sweep's table: the time of a step on each rung."""
    times = ("skipped" if t.seconds is None else duration(t.seconds) for t in timings)
    return f"{value:>10,}" + "".join(f"{time:>12}" for time in times)


def overtakings(dimension: str, timings: Iterable[Timing]) -> list[str]:
    """Where each rung overtakes the one before: from which size on it is the faster."""
    by_rung: dict[str, dict[int, float]] = {rung: {} for rung in RUNGS}
    for timing in timings:
        if timing.seconds is not None:
            by_rung[timing.rung][timing.size[dimension]] = timing.seconds
    return [
        f"{later} is {_faster(dimension, by_rung[earlier], by_rung[later], earlier)}"
        for earlier, later in pairwise(rung for rung in RUNGS if by_rung[rung])
    ]


def _faster(dimension: str, earlier: dict[int, float], later: dict[int, float], than: str) -> str:
    """From which size on a rung is faster than the one before it."""
    values = sorted(earlier.keys() & later.keys())
    slower = [value for value in values if later[value] > earlier[value] / MARGIN]
    if not slower:
        return f"faster than {than} throughout"
    if slower[-1] == values[-1]:
        return f"not faster than {than} at {dimension} = {values[-1]:,}"
    faster = min(value for value in values if value > slower[-1])
    return f"faster than {than} from {dimension} = {faster:,} on"
