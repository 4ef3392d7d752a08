"""The parts of a run: who is raced over what, and the tables that come of it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

from race.child import Child, MissingPeerError
from race.contest import Contest, Entry, Pace, hold_contest, start_children
from race.machine import core_count
from race.memory import training_bytes
from race.report import (
    calm,
    memory_table,
    number,
    prediction_table,
    product_table,
    single_table,
    speed_table,
    threads_table,
    work_table,
)
from workloads import CONVNET, IMAGES, PREDICTIONS, PRODUCTS, RECURRENT, WORKLOADS, Job, Workload

DENSE_LIBRARIES = ("jitnet", "numpy", "sklearn", "torch", "jax")
IMAGE_KINDS = {
    "jitnet": ("jitnet",),
    "torch": ("torch", "torch_channels_last"),
    "jax": ("jax", "jax_patches"),
    "keras": ("keras_torch", "keras_jax"),
}
"""By library: each way in which it convolves is a contestant."""
SEQUENCE_KINDS = {
    "jitnet": ("jitnet",),
    "torch": ("torch",),
    "jax": ("jax",),
    "keras": ("keras_torch", "keras_jax"),
}
PREDICTION_KINDS = ("jitnet_prediction", "torch_prediction", "torch_prediction_channels_last")
MEMORY_KINDS = ("jitnet", "torch", "torch_channels_last")
LIBRARIES = (*DENSE_LIBRARIES, "keras")
SINGLE = ("mnist512", "tabular")
SCALED = ("mnist512", "tabular", "wide", "mnist_convnet", "lstm", "gru")
SCALING_BAR = 1.8
ONE, TWO = "one thread", "two threads"


@dataclass
class Findings:
    """All that a run found, to be printed and stored."""

    threads: int
    versions: dict[str, str] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    contests: dict[str, list[Contest]] = field(default_factory=dict)
    memory: dict[str, int] = field(default_factory=dict)
    tables: list[str] = field(default_factory=list)

    def faults(self) -> list[str]:
        """A line for each race that was called off."""
        contests = (contest for section in self.contests.values() for contest in section)
        return [f"{contest.job.name}: {contest.fault}" for contest in contests if contest.fault]

    def saw(self, children: Sequence[Child]) -> None:
        """Keep the versions of libraries, each once, however many ways they take part in."""
        for child in children:
            self.versions[child.title.partition(",")[0]] = child.version

    def note(self, missing: Sequence[str]) -> None:
        """Keep the lines on libraries that are missing, each once."""
        self.missing += [line for line in missing if line not in self.missing]


def race(jobs: Sequence[Job], children: Sequence[Child], pace: Pace, threads: int) -> list[Contest]:
    """Hold one contest after the other, with a line on each as it ends."""
    contests = []
    for job in jobs:
        contest = hold_contest(job, children, pace, threads)
        speeds = ", ".join(f"{title} {number(contest.best(title))}" for title in contest.rates)
        print(f"{job.name}: {contest.fault or speeds}", file=sys.stderr, flush=True)
        contests.append(contest)
    return contests


def training(options: argparse.Namespace, pace: Pace, findings: Findings) -> None:
    """Race all libraries over the networks of dense layers."""
    kinds = [name for name in options.peers if name in DENSE_LIBRARIES]
    contests, titles = compete(
        "training", kinds, chosen(WORKLOADS, options), options, pace, findings
    )
    findings.tables += [
        "## Steps per second\n",
        speed_table(contests, titles),
        "## Work\n",
        work_table(contests),
        calm(contests),
    ]


def images(options: argparse.Namespace, pace: Pace, findings: Findings) -> None:
    """Race all that convolve over the networks for images and sequences."""
    kinds = [kind for name in options.peers for kind in IMAGE_KINDS.get(name, ())]
    workloads = chosen(IMAGES, options)
    if not workloads:
        return
    contests, titles = compete("images", kinds, workloads, options, pace, findings)
    findings.tables += [
        "## Images and sequences, steps per second\n",
        speed_table(contests, titles),
        "## Images and sequences, work\n",
        work_table(contests),
        calm(contests),
    ]


def sequences(options: argparse.Namespace, pace: Pace, findings: Findings) -> None:
    """Race all that go from step to step over the recurrent networks, and over a bag of words."""
    kinds = [kind for name in options.peers for kind in SEQUENCE_KINDS.get(name, ())]
    workloads = chosen(RECURRENT, options)
    if not workloads:
        return
    contests, titles = compete("sequences", kinds, workloads, options, pace, findings)
    findings.tables += [
        "## Recurrent networks and words, steps per second\n",
        speed_table(contests, titles),
        "## Recurrent networks and words, work\n",
        work_table(contests),
        calm(contests),
    ]


def compete(
    section: str,
    kinds: Sequence[str],
    jobs: Sequence[Job],
    options: argparse.Namespace,
    pace: Pace,
    findings: Findings,
) -> tuple[list[Contest], list[str]]:
    """Race some libraries on all threads; what came of it, and their names."""
    with ExitStack() as stack:
        entries = [Entry(kind, options.threads) for kind in kinds]
        children, missing = start_children(entries, stack)
        findings.note(missing)
        findings.saw(children)
        contests = race(jobs, children, pace, options.threads)
    findings.contests[section] = contests
    return contests, [child.title for child in children]


def single(options: argparse.Namespace, pace: Pace, findings: Findings) -> None:
    """Race jitnet against NumPy, each on one thread."""
    workloads = [w for w in chosen(WORKLOADS, options) if w.name in SINGLE]
    if not workloads:
        return
    with ExitStack() as stack:
        children, missing = start_children((Entry("jitnet", 1), Entry("numpy", 1)), stack)
        findings.note(missing)
        if missing:
            return
        findings.saw(children)
        contests = race(workloads, children, pace, 1)
    findings.contests["single"] = contests
    findings.tables += ["## One thread\n", single_table(contests)]


def product(options: argparse.Namespace, pace: Pace, findings: Findings) -> None:
    """Multiply square matrices on one core."""
    with ExitStack() as stack:
        entries = [Entry("jitnet_product", 1), Entry("numpy_product", 1)]
        children, missing = start_children(entries, stack)
        findings.note(missing)
        if missing:
            return
        contests = race(PRODUCTS, children, pace, 1)
    findings.contests["product"] = contests
    finished = [contest for contest in contests if not contest.fault]
    findings.tables += [
        "## Matrix product on one core, packing included\n",
        product_table(finished),
    ]


def prediction(options: argparse.Namespace, pace: Pace, findings: Findings) -> None:
    """Race jitnet's predictions against PyTorch's."""
    contests, titles = compete("predict", PREDICTION_KINDS, PREDICTIONS, options, pace, findings)
    finished = [contest for contest in contests if not contest.fault]
    findings.tables += [
        f"## Predictions of {CONVNET.name}\n",
        prediction_table(finished, titles),
    ]


def memory(options: argparse.Namespace, pace: Pace, findings: Findings) -> None:
    """Measure the peak of memory of an epoch."""
    for kind in MEMORY_KINDS:
        try:
            title, peak = training_bytes(kind, options.threads, CONVNET, pace.smoke)
        except MissingPeerError as error:
            findings.note([f"{kind}: not here ({error})"])
        else:
            findings.memory[title] = peak
    findings.tables += [
        f"## Peak memory of a fit of {CONVNET.name}, above that of the import\n",
        memory_table(findings.memory),
    ]


def scaling(options: argparse.Namespace, pace: Pace, findings: Findings) -> None:
    """Race jitnet on two threads against jitnet on one."""
    workloads = [w for w in chosen((*WORKLOADS, *IMAGES, *RECURRENT), options) if w.name in SCALED]
    if core_count() < 2 or not workloads:
        return
    with ExitStack() as stack:
        children, missing = start_children(
            (Entry("jitnet", 1, ONE), Entry("jitnet", 2, TWO)), stack
        )
        findings.note(missing)
        if missing:
            return
        contests = race(workloads, children, pace, 2)
    findings.contests["threads"] = contests
    findings.tables += [
        "## Two threads over one\n",
        threads_table(contests, ONE, TWO, SCALING_BAR),
    ]


def chosen(workloads: Sequence[Workload], options: argparse.Namespace) -> list[Workload]:
    """Those that the command line names, in the table's order."""
    return [workload for workload in workloads if workload.name in options.workloads]


SECTIONS = {
    "training": training,
    "single": single,
    "product": product,
    "images": images,
    "sequences": sequences,
    "predict": prediction,
    "memory": memory,
    "threads": scaling,
}
