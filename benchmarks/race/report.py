"""The race's tables, in Markdown."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from jitnet.tables import markdown_table
from race.contest import Contest
from workloads import Prediction, Product, Workload

SUBJECT = "jitnet"
NOTHING = "-"

METHOD = """\
Steps per second, the fastest turn of each library, float32, forward, backward and update.
Libraries take turns in one run, one at a time, each in a process of its own, after all that can be
given weights have reached the same ones in five steps, Adam's with an ε beside which rounding is
small and without dropout. The ratio is jitnet's steps per second over
the best other library's, between fastest and between median turns. jitnet records the loss and the
accuracy of every epoch; NumPy and JAX do not compute them.

32C5 is a convolution of 32 filters with a window of 5 × 5, or of 5 steps in a sequence, MP2 a max
pool of 2 × 2, GAP a global average pool, E65×128 vectors of 128 numbers for 65 words, lstm128 an
LSTM of 128 units, BN a batch norm, D0.5 dropout, […] a residual block. A library that has several
ways to convolve takes part once for each, and the best counts.

Floating-point operations of a step with m examples: 6 m Σ n_in n_out over the layers, times the
places of a convolution's window, less 2 m n_in n_out of the first, which needs no input gradient.
By Winograd's way there are fewer than are counted. Their share is of the FMA peak in GFLOP/s, the
highest that was seen between the turns.
"""


def number(value: float) -> str:
    """A figure with three or four digits that mean something."""
    return f"{value:,.0f}" if value >= 1000 else f"{value:.4g}" if value >= 100 else f"{value:.3g}"


def ratios(contest: Contest) -> tuple[float, float] | None:
    """How many times the best other library's speed: of fastest turns, and of median turns."""
    others = [title for title in contest.rates if title != SUBJECT]
    if SUBJECT not in contest.rates or not others:
        return None
    return (
        contest.best(SUBJECT) / max(contest.best(title) for title in others),
        contest.median(SUBJECT) / max(contest.median(title) for title in others),
    )


def met(figure: float, bar: float) -> str:
    """Whether a figure reaches its bar."""
    return "yes" if figure >= bar else "no"


def verdict(contest: Contest) -> list[str]:
    """Ratio, ratio of medians, bar, and whether the bar is met by both."""
    both = ratios(contest)
    bar = f"{contest.job.bar:.2f}"
    if both is None:
        return [NOTHING, NOTHING, bar, NOTHING]
    return [*(f"{ratio:.2f}" for ratio in both), bar, met(min(both), contest.job.bar)]


def network(job: Workload) -> str:
    """The layers with repeated ones counted, the activation, batch and optimiser."""
    batch = f"all {job.examples}" if job.full_batch else str(job.batch)
    momentum = f" {job.momentum:g}" if job.momentum else ""
    return f"{job.network}, {batch}, {job.optimizer}{momentum}"


def speed_table(contests: Sequence[Contest], titles: Sequence[str]) -> str:
    """A row a workload, a column a library."""
    header = ["workload", "network, batch, optimiser", *titles, "ratio", "of medians", "bar", "met"]
    rows = []
    for contest in contests:
        assert isinstance(contest.job, Workload)
        if contest.fault:
            speeds = [NOTHING] * len(titles)
        else:
            speeds = [number(contest.best(title)) for title in titles]
        rows.append([contest.job.name, network(contest.job), *speeds, *verdict(contest)])
    return markdown_table(header, rows)


def highest_peak(contests: Sequence[Contest]) -> float:
    """The highest FMA peak that was seen between any turns of the run."""
    return max((peak for contest in contests for peak in contest.peaks), default=math.nan)


def calm(contests: Sequence[Contest]) -> str:
    """How steady the machine was: a lower peak than the highest means that something else ran."""
    peaks = [peak for contest in contests for peak in contest.peaks]
    if not peaks:
        return ""
    low, high = number(min(peaks)), number(max(peaks))
    return f"Between the turns the FMA peak lay from {low} to {high} GFLOP/s.\n"


def work_table(contests: Sequence[Contest]) -> str:
    """A row a workload and library: speed, work, and what share of the FMA peak that is."""
    peak = highest_peak(contests)
    share = f"share of {number(peak)}"
    header = ["workload", "library", "steps/s, best", "median", "GFLOP/s, best", share]
    rows = []
    for contest in contests:
        for title in contest.rates:
            rows.append(
                [
                    contest.job.name,
                    title,
                    number(contest.best(title)),
                    number(contest.median(title)),
                    number(contest.gflops(title)),
                    f"{contest.gflops(title) / peak:.1%}",
                ]
            )
    return markdown_table(header, rows)


def product_table(contests: Sequence[Contest]) -> str:
    """A row a matrix size: GFLOP/s of one core, and the share of its FMA peak."""
    peak = highest_peak(contests)
    header = ["n", "jitnet GFLOP/s", "NumPy GFLOP/s", "FMA peak", "jitnet's share", "bar", "met"]
    rows = []
    for contest in contests:
        job = contest.job
        assert isinstance(job, Product)
        share = contest.gflops(SUBJECT) / peak
        speeds = [number(contest.gflops(title)) for title in (SUBJECT, "NumPy")]
        rows.append([str(job.size), *speeds, number(peak), f"{share:.1%}", f"{job.bar:.0%}"])
        rows[-1].append(met(share, job.bar))
    return markdown_table(header, rows)


def prediction_table(contests: Sequence[Contest], titles: Sequence[str]) -> str:
    """A row a number of images: milliseconds of each library's fastest turn."""
    header = ["images", *(f"{title}, ms" for title in titles), "times as fast", "of medians"]
    rows = []
    for contest in contests:
        assert isinstance(contest.job, Prediction)
        times = [number(1e3 / contest.best(title)) for title in titles]
        rows.append([f"{contest.job.examples:,}", *times, *verdict(contest)])
    return markdown_table([*header, "bar", "met"], rows)


def memory_table(peaks: Mapping[str, int]) -> str:
    """A row a library: the most memory that it took, and what share of the least other's."""
    least = min((peak for title, peak in peaks.items() if title != SUBJECT), default=None)
    rows = [
        [title, f"{peak / 2**20:.0f}", f"{peak / least:.2f}" if least else NOTHING]
        for title, peak in peaks.items()
    ]
    verdict = met(least, peaks[SUBJECT]) if least and SUBJECT in peaks else NOTHING
    table = markdown_table(["library", "MiB", "over the least other's"], rows)
    return f"{table}\nAt most 1 is asked for: {verdict}.\n"


def threads_table(contests: Sequence[Contest], one: str, two: str, bar: float) -> str:
    """A row a workload: jitnet on one thread and on two."""
    header = ["workload", f"{one}, steps/s", f"{two}, steps/s", "ratio", "of medians", "bar", "met"]
    rows = []
    for contest in contests:
        both = (
            contest.best(two) / contest.best(one),
            contest.median(two) / contest.median(one),
        )
        speeds = [number(contest.best(title)) for title in (one, two)]
        rows.append([contest.job.name, *speeds, *(f"{ratio:.2f}" for ratio in both), f"{bar:.2f}"])
        rows[-1].append(met(min(both), bar))
    return markdown_table(header, rows)


def single_table(contests: Sequence[Contest]) -> str:
    """A row a workload: jitnet's and NumPy's speed, each on one thread."""
    header = ["workload", "jitnet, steps/s", "NumPy, steps/s", "ratio", "of medians"]
    rows = []
    for contest in contests:
        both = ratios(contest)
        if contest.fault or both is None:
            continue
        speeds = [number(contest.best(title)) for title in (SUBJECT, "NumPy")]
        rows.append([contest.job.name, *speeds, *(f"{ratio:.2f}" for ratio in both)])
    return markdown_table(header, rows)


def short_table(contests: Sequence[Contest], single: Sequence[Contest] = ()) -> str:
    """A row a workload: jitnet, the best other library, and the ratio of their fastest turns.

    Below are the workloads that were raced on one thread.
    """
    header = ["workload", "network, batch, optimiser", "jitnet", "best other", "ratio"]
    rows = []
    suffixes = ["" for _ in contests] + [", one thread" for _ in single]
    for contest, suffix in zip((*contests, *single), suffixes, strict=True):
        assert isinstance(contest.job, Workload)
        both = ratios(contest)
        if contest.fault or both is None:
            continue
        other = max((title for title in contest.rates if title != SUBJECT), key=contest.best)
        best = f"{other} {number(contest.best(other))}"
        figures = [number(contest.best(SUBJECT)), best, f"{both[0]:.2f}"]
        rows.append([contest.job.name + suffix, network(contest.job), *figures])
    return markdown_table(header, rows)
