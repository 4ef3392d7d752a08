"""Are a commit's kernels slower than another's? ``python benchmarks/gate.py BASE HEAD``.

Exits with 1 where one is, or gives wrong numbers, and names it; with 2 where the two cannot be
compared.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from gating.cases import CASES
from gating.commits import REPOSITORY, UnknownCommitError, extract, resolve, same_package
from gating.comparison import THRESHOLD, Finding, compare
from jitnet.tables import format_table

CACHE = Path(__file__).parent / ".gate"


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare two commits and print a line a kernel; 1 where one is slower."""
    options = _parse(arguments)
    start = time.perf_counter()
    try:
        base, head = (resolve(name, options.repository) for name in (options.base, options.head))
        if not options.always and same_package(base, head, options.repository):
            print("[]" if options.json else f"{base[:9]} → {head[:9]}: the package is the same")
            return 0
        findings = _compare(base, head, options)
    except (UnknownCommitError, RuntimeError, subprocess.CalledProcessError) as error:
        print(f"gate.py: error: {error}", file=sys.stderr)
        return 2
    slower = [finding.kernel for finding in findings if finding.slower]
    broken = [finding.kernel for finding in findings if finding.broken]
    if options.json:
        print(json.dumps([_fields(finding) for finding in findings], indent=1))
    else:
        print(_table(findings))
        print(f"{base[:9]} → {head[:9]}, {time.perf_counter() - start:.0f} s: ", end="")
        print(_verdict(slower, broken))
    return int(bool(slower or broken))


def _compare(base: str, head: str, options: argparse.Namespace) -> list[Finding]:
    with tempfile.TemporaryDirectory() as folder:
        base_folder = extract(base, Path(folder) / "base", options.repository)
        head_folder = extract(head, Path(folder) / "head", options.repository)
        return compare(base_folder, head_folder, CACHE / "cache", options.kernels, _say)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("base", metavar="BASE", help="the commit to compare with")
    parser.add_argument("head", metavar="HEAD", help="the commit that may be slower")
    parser.add_argument(
        "--kernels", metavar="NAME,…", default=",".join(CASES), help="those to compare: all"
    )
    parser.add_argument("--repository", type=Path, default=REPOSITORY, help="where the commits are")
    parser.add_argument("--json", action="store_true", help="print JSON for programs")
    parser.add_argument("--always", action="store_true", help="compare also what is the same")
    options = parser.parse_args(arguments)
    options.kernels = options.kernels.split(",")
    unknown = [name for name in options.kernels if name not in CASES]
    if unknown:
        known = ", ".join(CASES)
        parser.error(f"there is no kernel {', '.join(unknown)}; there are: {known}")
    return options


def _verdict(slower: Sequence[str], broken: Sequence[str]) -> str:
    parts = [f"slower by more than {THRESHOLD - 1:.0%}: {', '.join(slower)}"] if slower else []
    parts += [f"broken: {', '.join(broken)}"] if broken else []
    return "; ".join(parts) or "none slower"


def _table(findings: Sequence[Finding]) -> str:
    ordered = sorted(findings, key=lambda finding: (not finding.failed, -finding.ratio))
    rows = [(finding.kernel, _ratio(finding), _detail(finding)) for finding in ordered]
    return format_table([("kernel", "head / base", "each start"), *rows], left=3)


def _ratio(finding: Finding) -> str:
    return f"{finding.ratio:.3f}" if finding.ratios else "–"


def _detail(finding: Finding) -> str:
    for side, reason in (("BASE", finding.base_failed), ("HEAD", finding.head_failed)):
        if reason:
            return f"{side} fails: {reason}"
    starts = " ".join(f"{ratio:.2f}" for ratio in finding.ratios)
    again = " ".join(f"{ratio:.2f}" for ratio in finding.again)
    marks = {"slower": finding.slower, "faster": finding.faster}
    mark = next((mark for mark, holds in marks.items() if holds), "")
    return "  ".join(filter(None, (starts, again and f"again {again}", mark)))


def _fields(finding: Finding) -> dict[str, object]:
    return {
        "kernel": finding.kernel,
        "ratio": finding.ratio if finding.ratios else None,
        "ratios": finding.ratios,
        "again": finding.again,
        "slower": finding.slower,
        "broken": finding.broken,
        "failed": finding.base_failed or finding.head_failed or None,
    }


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
