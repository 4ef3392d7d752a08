"""Train the same networks with jitnet and with its peers, and print who is how fast.

    python benchmarks/peers.py                              all of it, some half an hour
    python benchmarks/peers.py --workloads digits,deep --sections training
    python benchmarks/peers.py --output peers.md --json peers.json --plot peers.svg
    python benchmarks/peers.py --readme README.md           renew the table there
    python benchmarks/peers.py --sections single            one thread beside NumPy on one
    python benchmarks/peers.py --sections images,predict,memory
    python benchmarks/peers.py --sections sequences
    python benchmarks/peers.py --quick                      a smoke test of all of it

Each library trains in a process of its own, and only one of them works at a time. Before a race
all must have reached the same weights; where they do not, the race is called off and the exit
status is 1.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

from race.contest import Pace
from race.machine import core_count, description
from race.marks import renew
from race.report import METHOD, short_table
from race.sections import LIBRARIES, SECTIONS, Findings
from workloads import IMAGES, RECURRENT, WORKLOADS


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Compare jitnet's training speed with its peers'.")
    names = [workload.name for workload in (*WORKLOADS, *IMAGES, *RECURRENT)]
    parser.add_argument("--workloads", default=",".join(names), help="which, separated by commas")
    parser.add_argument("--peers", default=",".join(LIBRARIES), help="which libraries")
    parser.add_argument("--sections", default=",".join(SECTIONS), help="which parts")
    parser.add_argument("--seconds", type=float, default=1.0, help="of a turn (default: 1)")
    parser.add_argument("--rounds", type=int, default=5, help="turns of each (default: 5)")
    parser.add_argument("--threads", type=int, default=core_count(), help="default: all cores")
    parser.add_argument("--quick", action="store_true", help="a few steps of each: a smoke test")
    parser.add_argument("--output", type=Path, help="write the tables to this file as well")
    parser.add_argument("--json", type=Path, help="write every figure to this file")
    parser.add_argument("--readme", type=Path, help="renew the short table in this file")
    parser.add_argument("--plot", type=Path, help="draw the speeds into this file (matplotlib)")
    options = parser.parse_args(arguments)
    for choice, known in (
        ("workloads", names),
        ("peers", LIBRARIES),
        ("sections", tuple(SECTIONS)),
    ):
        chosen = getattr(options, choice).split(",")
        unknown = [name for name in chosen if name not in known]
        if unknown:
            parser.error(f"--{choice}: {', '.join(unknown)}: choose from {', '.join(known)}")
        setattr(options, choice, chosen)
    return options


def render(options: argparse.Namespace, findings: Findings) -> str:
    """The whole report."""
    versions = {**findings.versions, "numba": version("numba")}
    known = ", ".join(f"{title} {release}" for title, release in versions.items())
    turns = (
        "a smoke test, whose figures mean nothing"
        if options.quick
        else (f"best of {options.rounds} turns of {options.seconds:g} s")
    )
    head = [
        "# Training speed beside other libraries\n",
        f"{description()}. {options.threads} threads. {date.today()}; {turns}.\n\n{known}.\n",
        METHOD,
    ]
    lines = [*findings.missing, *findings.faults()]
    remarks = ["".join(f"- {line}\n" for line in lines)] if lines else []
    return "\n".join([*head, *remarks, *findings.tables])


def summary(findings: Findings) -> str:
    """The short table, with the machine, the versions and the day."""
    versions = ", ".join(f"{title} {release}" for title, release in findings.versions.items())
    where = f"Steps per second. {description()}; {versions}; {date.today()}."
    contests = findings.contests
    together = [*contests["training"], *contests.get("images", ())]
    return f"{short_table(together, contests.get('single', ()))}\n{where}\n"


def figures(findings: Findings) -> dict[str, Any]:
    """Every turn's speed, for JSON."""
    return {
        "machine": description(),
        "date": str(date.today()),
        "threads": findings.threads,
        "versions": findings.versions,
        "missing": findings.missing,
        "peak_memory_bytes": findings.memory,
        "contests": {
            section: [
                {
                    "job": contest.job.name,
                    "step_flops": contest.job.step_flops,
                    "steps_per_second": contest.rates,
                    "fma_peak_gflops": contest.peaks,
                    "fault": contest.fault,
                }
                for contest in contests
            ]
            for section, contests in findings.contests.items()
        },
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line asks for; 1 if libraries disagree or jitnet is missing."""
    options = parse(arguments)
    pace = Pace(0.02, 1, True) if options.quick else Pace(options.seconds, options.rounds, False)
    findings = Findings(options.threads)
    for section in options.sections:
        SECTIONS[section](options, pace, findings)
    report = render(options, findings)
    print(report)
    if options.output:
        options.output.write_text(report, encoding="utf-8")
    if options.json:
        options.json.write_text(json.dumps(figures(findings), indent=1), encoding="utf-8")
    if options.readme:
        renew(options.readme, "peers", summary(findings))
    if options.plot:
        from race.plot import draw_speeds

        draw_speeds(findings.contests["training"], description(), options.plot)
    broken = any(line.startswith("jitnet") for line in findings.missing)
    return 1 if findings.faults() or broken else 0


if __name__ == "__main__":
    sys.exit(main())
