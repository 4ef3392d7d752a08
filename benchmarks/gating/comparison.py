"""Compares the kernels of two commits.

On shared cores the same code runs at 0.6 to 1.5 times its speed from one run to the next. What
holds is the ratio of two turns that follow one another, and the median of many. What is left is
luck of a process: where its memory happens to lie moves some kernels by a tenth, and a few by more,
for as long as it lives. So the processes are started several times, and the
median over the starts counts; what looks slower by it is tried in as many new ones.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from gating.cases import CASES
from gating.pair import Pair

STARTS = 5
ROUNDS, TURNS = 12, 200
"""Turns of each kernel in a start, and of all kernels together where they are few."""
THRESHOLD = 1.08
"""From which ratio on a kernel is slower; one as much faster is reported as well."""


@dataclass
class Finding:
    """What was seen of a kernel: head's time over base's, a median for each start."""

    kernel: str
    ratios: list[float] = field(default_factory=list)
    failed: str = ""

    @property
    def ratio(self) -> float:
        """The median over the starts."""
        return median(self.ratios) if self.ratios else float("nan")

    @property
    def slower(self) -> bool:
        """Whether head is slower, or does not run at all."""
        return bool(self.failed) or self.ratio > THRESHOLD

    @property
    def faster(self) -> bool:
        """Whether head is as much faster."""
        return not self.failed and self.ratio < 1 / THRESHOLD


def compare(
    base: Path,
    head: Path,
    cache: Path,
    kernels: Sequence[str] = tuple(CASES),
    say: Callable[[str], None] = lambda text: None,
) -> list[Finding]:
    """Compare the kernels of two commits' packages.

    Parameters
    ----------
    base, head : Path
        Folders that hold a package each.
    cache : Path
        Where compiled kernels are kept, in a folder for each commit.
    kernels : sequence of str
        Names in `CASES`.
    say : callable
        Is told how it goes.

    Returns
    -------
    list of Finding
        One a kernel.
    """
    findings = {name: Finding(name) for name in kernels}
    for start in range(STARTS):
        say(f"start {start + 1} of {STARTS}, {len(findings)} kernels")
        _measure(base, head, cache, list(findings.values()), head_first=start % 2 == 1)
    suspects = [finding for finding in findings.values() if finding.slower]
    if suspects:
        names = ", ".join(finding.kernel for finding in suspects)
        for start in range(STARTS):
            say(f"again, start {start + 1} of {STARTS}: {names}")
            _measure(base, head, cache, suspects, head_first=start % 2 == 1)
    return list(findings.values())


def _measure(
    base: Path, head: Path, cache: Path, findings: Sequence[Finding], head_first: bool
) -> None:
    """Add a start's median to each finding."""
    with Pair(base, head, cache, head_first=head_first) as pair:
        failed = pair.prepare([finding.kernel for finding in findings])
        for finding in findings:
            finding.failed = failed.get(finding.kernel, finding.failed)
        sound = [finding for finding in findings if not finding.failed]
        ratios: dict[str, list[float]] = {finding.kernel: [] for finding in sound}
        for turn in range(max(ROUNDS, TURNS // max(1, len(sound)))):
            for kernel, seen in ratios.items():
                seen.append(pair.ratio(kernel, base_first=turn % 2 == 0))
        for finding in sound:
            finding.ratios.append(median(ratios[finding.kernel]))
