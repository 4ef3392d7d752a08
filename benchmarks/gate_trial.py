"""Does the gate catch slowdowns, and does it leave equal code alone? ``python gate_trial.py``.

Plants a slowdown in one kernel after the other, each in a commit of its own in a clone, and
compares it with the commit there is; then compares that commit with itself. What has been tried is
kept in a file, so that a trial that was interrupted goes on where it was.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

from case_digest import CASES
from gating.commits import REPOSITORY, resolve
from gating.comparison import THRESHOLD
from gating.plants import PLANTS, Plant
from race.machine import description
from race.marks import renew

GATE = Path(__file__).parent / "gate.py"
RECORD = Path(__file__).parent / ".gate" / "trial.jsonl"
MAX_SECONDS = 240
AUTHOR = ("-c", "user.name=gate trial", "-c", "user.email=gate@localhost")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what has not been tried yet, and print a table; 1 where the gate failed."""
    options = _parse(arguments)
    key = f"{resolve(options.commit)} {_instrument()}"
    tried = {trial["trial"]: trial for trial in _recorded(options.record) if trial["key"] == key}
    for name, plant in _trials(options):
        if name not in tried:
            tried[name] = {"key": key, "trial": name, **_try(resolve(options.commit), plant)}
            options.record.parent.mkdir(parents=True, exist_ok=True)
            with options.record.open("a") as record:
                record.write(json.dumps(tried[name]) + "\n")
            print(_line(tried[name]), file=sys.stderr, flush=True)
    trials = [tried[name] for name, _ in _trials(options)]
    report = _report(trials)
    print(report)
    if options.readme:
        measured = f"{description()}; commit {key[:9]}; {date.today()}."
        renew(options.readme, "trial", f"```\n{report}\n```\n\n{measured}\n")
    slowest = max(trial["seconds"] for trial in trials)
    return int(not all(map(_right, trials)) or slowest > MAX_SECONDS)


def _instrument() -> str:
    """A digest of what does the comparing: a trial holds for one gate alone."""
    digest = hashlib.sha256()
    for path in sorted([*GATE.parent.glob("gating/*.py"), CASES, GATE]):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:8]


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--commit", default="HEAD", help="what to plant slowdowns in: %(default)s")
    add("--plants", type=int, default=len(PLANTS), metavar="N", help="how many: %(default)s")
    add("--equals", type=int, default=10, metavar="N", help="comparisons of equals: %(default)s")
    add("--readme", type=Path, metavar="FILE", help="renew the table there")
    add("--record", type=Path, default=RECORD, metavar="FILE", help="what has been tried")
    return parser.parse_args(arguments)


def _trials(options: argparse.Namespace) -> Iterator[tuple[str, Plant | None]]:
    """A name for each trial, and what is planted."""
    for plant in PLANTS[: options.plants]:
        yield f"slower {plant.kernel}", plant
    for number in range(options.equals):
        yield f"equal {number + 1}", None


def _recorded(record: Path) -> Iterator[dict[str, Any]]:
    """What has been tried; a line that an interrupt has cut off counts for nothing."""
    lines = record.read_text().splitlines() if record.exists() else []
    for line in lines:
        with suppress(json.JSONDecodeError):
            yield json.loads(line)


def _try(commit: str, plant: Plant | None) -> dict[str, Any]:
    """Have the gate compare a commit with itself, or with one that a slowdown is planted in."""
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "clone"
        _git("clone", "-q", "--shared", "--no-checkout", str(REPOSITORY), str(clone))
        _git("-C", str(clone), "checkout", "-q", "--detach", commit)
        if plant is not None:
            plant.put_into(clone)
            _git("-C", str(clone), *AUTHOR, "commit", "-q", "-a", "-m", f"Plant: {plant.kernel}")
        start = time.perf_counter()
        command = [sys.executable, str(GATE), commit, "HEAD", "--json", "--always"]
        command += ["--repository", str(clone)]
        gate = subprocess.run(command, stdout=subprocess.PIPE, text=True)
        seconds = time.perf_counter() - start
    if gate.returncode not in (0, 1):
        raise RuntimeError(f"the gate ended with {gate.returncode}")
    return {"kernel": plant and plant.kernel, "seconds": seconds, "code": gate.returncode} | {
        "findings": json.loads(gate.stdout)
    }


def _git(*arguments: str) -> None:
    subprocess.run(["git", *arguments], check=True)


def _slower(trial: dict[str, Any]) -> list[str]:
    return [finding["kernel"] for finding in trial["findings"] if finding["slower"]]


def _right(trial: dict[str, Any]) -> bool:
    """Whether the gate named the kernel, or named none where there was none to name."""
    if any(finding["failed"] for finding in trial["findings"]):
        return False
    if trial["kernel"] is None:
        return not _slower(trial) and trial["code"] == 0
    return trial["kernel"] in _slower(trial) and trial["code"] == 1


def _line(trial: dict[str, Any]) -> str:
    ratios = {finding["kernel"]: finding["ratio"] or 0.0 for finding in trial["findings"]}
    ratio = ratios[trial["kernel"]] if trial["kernel"] else max(ratios.values())
    verdict = "right" if _right(trial) else "WRONG"
    named = ", ".join(_slower(trial)) or "none"
    return f"{trial['trial']:<34}{ratio:>7.3f}{trial['seconds']:>7.0f} s  {verdict}: {named}"


def _report(trials: Sequence[dict[str, Any]]) -> str:
    """A line a trial, and what came out."""
    planted = [trial for trial in trials if trial["kernel"]]
    equal = [trial for trial in trials if not trial["kernel"]]
    slowest = max(trial["seconds"] for trial in trials)
    alarms = sum(not _right(trial) for trial in equal)
    return "\n".join(
        [
            f"{'trial':<34}{'ratio':>7}{'time':>9}  verdict: named slower",
            *map(_line, trials),
            f"caught {sum(map(_right, planted))} of {len(planted)}, "
            f"{alarms} alarms in {len(equal)} comparisons of equals, "
            f"threshold {THRESHOLD - 1:.0%}, at most {slowest:.0f} s a comparison",
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
