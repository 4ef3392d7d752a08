"""Does the gate catch slowdowns, and does it leave equal code alone? ``python gate_trial.py``.

Plants a slowdown in one kernel after the other, each in a commit of its own in a clone, and
compares it with the commit there is; then compares that commit with itself. What has been tried is
kept in a file, so that a trial that was interrupted goes on where it was.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from gating.commits import REPOSITORY, resolve
from gating.comparison import THRESHOLD
from gating.plants import PLANTS, Plant

GATE = Path(__file__).parent / "gate.py"
RECORD = Path(__file__).parent / ".gate" / "trial.jsonl"
MOST_SECONDS = 240
AUTHOR = ("-c", "user.name=gate trial", "-c", "user.email=gate@localhost")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what has not been tried yet, and print a table; 1 where the gate failed."""
    options = _parse(arguments)
    commit = resolve(options.commit)
    tried = {(t["commit"], t["trial"]): t for t in _recorded(options.record)}
    for trial, plant in _trials(options):
        if (commit, trial) not in tried:
            found = _try(commit, trial, plant)
            tried[commit, trial] = found
            options.record.parent.mkdir(parents=True, exist_ok=True)
            with options.record.open("a") as record:
                record.write(json.dumps(found) + "\n")
            print(_line(found), file=sys.stderr, flush=True)
    return _report([tried[commit, trial] for trial, _ in _trials(options)])


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--commit", default="HEAD", help="what to plant slowdowns in: %(default)s")
    add("--plants", type=int, default=len(PLANTS), metavar="N", help="how many: %(default)s")
    add("--equals", type=int, default=10, metavar="N", help="comparisons of equals: %(default)s")
    add("--record", type=Path, default=RECORD, metavar="FILE", help="what has been tried")
    return parser.parse_args(arguments)


def _trials(options: argparse.Namespace) -> Iterator[tuple[str, Plant | None]]:
    """A name for each trial, and what is planted."""
    for plant in PLANTS[: options.plants]:
        yield f"slower {plant.kernel}", plant
    for number in range(options.equals):
        yield f"equal {number + 1}", None


def _recorded(record: Path) -> list[dict[str, Any]]:
    if not record.exists():
        return []
    return [json.loads(line) for line in record.read_text().splitlines()]


def _try(commit: str, trial: str, plant: Plant | None) -> dict[str, Any]:
    """Have the gate compare a commit with itself, or with one that a slowdown is planted in."""
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "clone"
        _git("clone", "-q", "--shared", "--no-checkout", str(REPOSITORY), str(clone))
        _git("-C", str(clone), "checkout", "-q", "--detach", commit)
        if plant is not None:
            plant.put_into(clone)
            _git("-C", str(clone), *AUTHOR, "commit", "-q", "-a", "-m", f"Plant: {plant.kernel}")
        start = time.perf_counter()
        command = [sys.executable, str(GATE), commit, "HEAD", "--json", "--repository", str(clone)]
        gate = subprocess.run(command, stdout=subprocess.PIPE, text=True)
        seconds = time.perf_counter() - start
    findings = {finding["kernel"]: finding for finding in json.loads(gate.stdout)}
    return {
        "commit": commit,
        "trial": trial,
        "kernel": plant and plant.kernel,
        "code": gate.returncode,
        "seconds": seconds,
        "ratio": plant and findings[plant.kernel]["ratio"],
        "slower": [name for name, finding in findings.items() if finding["slower"]],
        "highest": max(finding["ratio"] for finding in findings.values()),
    }


def _git(*arguments: str) -> None:
    subprocess.run(["git", *arguments], check=True)


def _right(trial: dict[str, Any]) -> bool:
    """Whether the gate named the kernel, or named none where there was none to name."""
    if trial["kernel"] is None:
        return not trial["slower"] and trial["code"] == 0
    return trial["kernel"] in trial["slower"] and trial["code"] == 1


def _line(trial: dict[str, Any]) -> str:
    ratio = trial["highest"] if trial["ratio"] is None else trial["ratio"]
    verdict = "right" if _right(trial) else "WRONG"
    named = ", ".join(trial["slower"]) or "none"
    return f"{trial['trial']:<34}{ratio:>7.3f}{trial['seconds']:>7.0f} s  {verdict}: {named}"


def _report(trials: Sequence[dict[str, Any]]) -> int:
    print(f"{'trial':<34}{'ratio':>7}{'time':>9}  verdict: named slower")
    print("\n".join(map(_line, trials)))
    planted = [trial for trial in trials if trial["kernel"]]
    equal = [trial for trial in trials if not trial["kernel"]]
    slowest = max(trial["seconds"] for trial in trials)
    alarms = sum(not _right(trial) for trial in equal)
    print(
        f"caught {sum(map(_right, planted))} of {len(planted)}, "
        f"{alarms} alarms in {len(equal)} comparisons of equals, "
        f"threshold {THRESHOLD - 1:.0%}, at most {slowest:.0f} s a comparison"
    )
    return int(not all(map(_right, trials)) or slowest > MOST_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
