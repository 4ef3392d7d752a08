"""Hunts for what a test would not think of: as long as one likes, each in a process of its own.

python tests/hunt.py                                  what hunts there are
python tests/hunt.py threads --seconds 60             one of them, with a new seed
python tests/hunt.py threads --seed 7 --first 1234    from the case on that went wrong
python tests/hunt.py --short                          all, each for some seconds
python tests/hunt.py --long --table tests/HUNTS.md    all, each for its time, and a table of figures
"""

from __future__ import annotations

import argparse
import datetime
import faulthandler
import importlib
import json
import secrets
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import own_definitions
from hunting import Hunt
from jitnet.machine import processor

FOLDER = Path(__file__).parent / "hunts"
NAMES = sorted(file.stem for file in FOLDER.glob("*.py"))

HANGS = 900.0
"""Seconds beyond its time after which a hunt hangs: it says where, and ends."""


def load(name: str) -> tuple[Hunt, str]:
    """A hunt, and what it says of itself."""
    module = importlib.import_module(f"hunts.{name}")
    return module.HUNT, str(module.__doc__).partition("\n")[0]


def hunt_one(name: str, seconds: float, seed: int, first: int) -> None:
    """Run a hunt in this process, a user's own rows among all others; print figures as JSON."""
    faulthandler.enable()
    faulthandler.dump_traceback_later(seconds + HANGS, exit=True)
    began = time.monotonic()
    with own_definitions.known():
        tally = load(name)[0].run(seconds, seed, first)
    print(json.dumps({**tally._asdict(), "seconds": time.monotonic() - began}))


def hunt_all(length: str, seed: int) -> list[dict[str, Any]]:
    """Run all hunts, one after the other; the figures of each, or how it ended."""
    found = []
    for name in NAMES:
        hunt, about = load(name)
        seconds = getattr(hunt, length)
        options = ["--seconds", str(seconds), "--seed", str(seed)]
        done = subprocess.run(
            [sys.executable, __file__, name, *options], stdout=subprocess.PIPE, text=True
        )
        figures = json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 else {}
        row = {"name": name, "about": about, "mended": hunt.mended, **figures}
        print(_line(row) if figures else f"{name}: ended with {done.returncode}", flush=True)
        found.append(row)
    return found


def _line(row: dict[str, Any]) -> str:
    counts = f"{row['cases']:>12,} cases {row['faults']:>8,} faults"
    return f"{row['name']:<14} {row['seconds']:>7,.0f} s {counts}"


HEAD = """\
# What was hunted

{}, {}; made by `python tests/hunt.py --long --table tests/HUNTS.md`.
A hunt draws cases at random until its time is over, and ends at the first in which something is
wrong. Faults are those that were put in the way: kills, full disks, memory that is not there. What
was found so far is mended, and has a test in the suite.

| hunt | what it tries | seconds | cases | faults | wrong | found before |
| --- | --- | ---: | ---: | ---: | ---: | ---: |"""


def table(found: list[dict[str, Any]]) -> str:
    """The figures as a page."""
    lines = [HEAD.format(processor(), datetime.datetime.now(tz=datetime.UTC).date())]
    for row in found:
        counts = f"{row['seconds']:,.0f} | {row['cases']:,} | {row['faults']:,} | 0"
        lines.append(f"| {row['name']} | {row['about']} | {counts} | {len(row['mended'])} |")
    for row in found:
        if row["mended"]:
            lines += ["", f"What `{row['name']}` has found:", ""]
            lines += [f"- {one}" for one in row["mended"]]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("name", nargs="?", choices=NAMES, help="a hunt")
    parser.add_argument("--seconds", type=float, help="how long")
    parser.add_argument("--seed", type=int, help="of the cases; a new one by default")
    parser.add_argument("--first", type=int, default=0, help="the number of the first case")
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--short", dest="length", action="store_const", const="short")
    length.add_argument("--long", dest="length", action="store_const", const="long")
    parser.add_argument("--table", type=Path, metavar="FILE", help="write all figures there")
    given = parser.parse_args()
    seed = secrets.randbelow(1 << 31) if given.seed is None else given.seed
    if given.name:
        seconds = load(given.name)[0].long if given.seconds is None else given.seconds
        hunt_one(given.name, seconds, seed, given.first)
        return 0
    if not given.length:
        for name in NAMES:
            print(f"{name:<14} {load(name)[1]}")
        return 0
    print(f"seed {seed}", flush=True)
    found = hunt_all(given.length, seed)
    lost = [row["name"] for row in found if "cases" not in row]
    if lost:
        print(f"wrong: {', '.join(lost)}", file=sys.stderr)
        return 1
    if given.table:
        given.table.write_text(table(found), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
