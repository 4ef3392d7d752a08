"""Compares the kernels of two commits.

On shared cores the same code runs at 0.6 to 1.5 times its speed from one run to the next. What
holds is the ratio of two turns that follow one another, and the median of many. What is left is
luck of a process: where its memory happens to lie moves some kernels by a tenth, and a few by more,
for as long as it lives. So the processes are started several times, and the
median over the starts counts; a kernel of which it can no longer change is left out of those that
are left. What looks slower is tried in as many new ones, and has to be slower in all of those but
one: the cheapest loops differ by a fifth between two processes, and now and then by twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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
    """What was seen of a kernel.

    Parameters
    ----------
    kernel : str
        Its name.
    ratios : list of float
        Head's time over base's, a median for each start.
    again : list of float
        The same for the new starts that a kernel gets which looked slower.
    base_failed, head_failed : str
        Why a commit has no such kernel, or that it gives wrong numbers.
    """

    kernel: str
    ratios: list[float] = field(default_factory=list)
    again: list[float] = field(default_factory=list)
    base_failed: str = ""
    head_failed: str = ""

    @property
    def failed(self) -> bool:
        """Whether the two cannot be compared."""
        return bool(self.base_failed or self.head_failed)

    @property
    def broken(self) -> bool:
        """Whether head alone fails."""
        return bool(self.head_failed) and not self.base_failed

    @property
    def ratio(self) -> float:
        """The median over the starts, the new ones where there are any."""
        return median(self.again or self.ratios) if self.ratios else float("nan")

    @property
    def slower(self) -> bool:
        """Whether the median of the first starts says so, and all new ones but one."""
        if not self.ratios or median(self.ratios) <= THRESHOLD:
            return False
        return not self.again or sorted(self.again)[:2][-1] > THRESHOLD

    @property
    def decided(self) -> bool:
        """Whether no further start can change on which side of the threshold the median lies."""
        above = sum(ratio > THRESHOLD for ratio in self.ratios)
        return max(above, len(self.ratios) - above) > STARTS // 2

    @property
    def faster(self) -> bool:
        """Whether head is as much faster."""
        return bool(self.ratios) and self.ratio < 1 / THRESHOLD


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
        left = {name: finding for name, finding in findings.items() if not finding.decided}
        if all(finding.failed for finding in left.values()):
            break
        say(f"start {start + 1} of at most {STARTS}, {len(left)} kernels")
        for name, ratio in _measure(base, head, cache, left, start).items():
            findings[name].ratios.append(ratio)
    suspects = {name: finding for name, finding in findings.items() if finding.slower}
    for start in range(STARTS if suspects else 0):
        say(f"again, start {start + 1} of {STARTS}: {', '.join(suspects)}")
        for name, ratio in _measure(base, head, cache, suspects, start).items():
            findings[name].again.append(ratio)
    return list(findings.values())


def _measure(
    base: Path,
    head: Path,
    cache: Path,
    findings: Mapping[str, Finding],
    start: int,
) -> dict[str, float]:
    """Each kernel's median in new processes; what fails is noted, and left out from then on."""
    with Pair(base, head, cache, head_first=start % 2 == 1) as pair:
        kernels = [name for name, finding in findings.items() if not finding.failed]
        base_failed, head_failed = pair.prepare(kernels)
        for name in kernels:
            findings[name].base_failed = base_failed.get(name, "")
            findings[name].head_failed = head_failed.get(name, "")
        ratios: dict[str, list[float]] = {name: [] for name in kernels if name in pair.times}
        for turn in range(max(ROUNDS, TURNS // max(1, len(ratios)))):
            for kernel, seen in ratios.items():
                seen.append(pair.ratio(kernel, base_first=turn % 2 == 0))
    return {kernel: median(seen) for kernel, seen in ratios.items()}
