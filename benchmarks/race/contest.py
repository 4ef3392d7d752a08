"""One job, raced: agreement first, then rounds in which every library has its turn."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from statistics import median
from time import sleep
from typing import NamedTuple

from jitnet.study.roofs import arithmetic_roof
from race.agreement import DisagreementError, check_agreement
from race.child import Child, MissingPeerError
from workloads import Job

REFERENCES = ("numpy", "torch", "jax", "keras")
"""Whose weights the others must reach: the first of them that takes part."""
SETTLE_SECONDS = 0.2  # in which the threads of the one before fall asleep: OpenBLAS's take 0.1
PEAK_SECONDS = 0.1


@dataclass(frozen=True)
class Pace:
    """How long is measured.

    Attributes
    ----------
    seconds : float
        About how long a turn lasts.
    rounds : int
        Turns of each library.
    smoke : bool
        Whether a few batches stand for the data set.
    """

    seconds: float
    rounds: int
    smoke: bool


@dataclass
class Contest:
    """What a job's race gave.

    Attributes
    ----------
    rates : dict
        Steps per second of each turn, by the library's title.
    peaks : list
        FMA peak in GFLOP/s, once a round.
    fault : str
        Why the race was called off, or nothing.
    """

    job: Job
    rates: dict[str, list[float]] = field(default_factory=dict)
    peaks: list[float] = field(default_factory=list)
    fault: str = ""

    def best(self, title: str) -> float:
        """Steps per second in the library's fastest turn."""
        return max(self.rates[title])

    def median(self, title: str) -> float:
        """Steps per second in the library's middle turn."""
        return median(self.rates[title])

    def gflops(self, title: str) -> float:
        """GFLOP/s in the library's fastest turn."""
        return self.best(title) * self.job.step_flops / 1e9


class Entry(NamedTuple):
    """One who takes part: a library, its threads, and what to call it if not by its name."""

    kind: str
    threads: int
    title: str | None = None


def start_children(entries: Sequence[Entry], stack: ExitStack) -> tuple[list[Child], list[str]]:
    """Start a process for each library; return them, and a line for each that is missing."""
    children, missing = [], []
    for entry in entries:
        try:
            children.append(stack.enter_context(Child(*entry)))
        except MissingPeerError as error:
            missing.append(f"{entry.kind}: not here ({error})")
    return children, missing


def hold_contest(job: Job, children: Sequence[Child], pace: Pace, threads: int) -> Contest:
    """Check that all reach the same weights as the reference, if it takes part; race them."""
    contest = Contest(job.smoke() if pace.smoke else job)
    for child in children:
        child.ask("prepare", job=job.name, smoke=pace.smoke)
    reference = reference_among(children)
    if reference is not None:
        others = [child for child in children if child is not reference]
        try:
            check_agreement(others, reference, job)
        except DisagreementError as error:
            contest.fault = str(error)
            return contest
    _race(contest, children, pace, threads)
    return contest


def reference_among(children: Sequence[Child]) -> Child | None:
    """The library that the others are compared with."""
    for kind in REFERENCES:
        for child in children:
            if child.kind.startswith(kind):
                return child
    return None


def _race(contest: Contest, children: Sequence[Child], pace: Pace, threads: int) -> None:
    for child in children:
        child.ask("warm_up", seconds=pace.seconds / 4)
    for turn in range(pace.rounds):
        first = turn % len(children)
        for child in (*children[first:], *children[:first]):
            sleep(min(SETTLE_SECONDS, pace.seconds))
            answer = child.ask("run", seconds=pace.seconds)
            rates = contest.rates.setdefault(child.title, [])
            rates.append(answer["steps"] / answer["seconds"])
        sleep(min(SETTLE_SECONDS, pace.seconds))
        contest.peaks.append(
            arithmetic_roof(threads, "float32", min(PEAK_SECONDS, pace.seconds)) / 1e9
        )
