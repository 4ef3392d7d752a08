"""Hunts for what a test would not think of: as long as one likes, each in a process of its own.

python tests/hunt.py                                  what hunts there are
python tests/hunt.py threads --seconds 60             one of them, with a new seed
python tests/hunt.py threads --seed 7 --first 1234    from the case on that went wrong
python tests/hunt.py --short                          all, each for some seconds
python tests/hunt.py --long --table tests/HUNTS.md    all, each for its time, with their figures
python tests/hunt.py bits --table tests/HUNTS.md      one, and its line in that table
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
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import own_definitions
from hunting import Hunt
from jitnet.extras import install
from jitnet.machine import processor

FOLDER = Path(__file__).parent / "hunts"
NAMES = sorted(file.stem for file in FOLDER.glob("*.py"))

HANGS = 900.0
"""Seconds beyond its time after which a hunt hangs: it says where, and ends."""


def load(name: str) -> tuple[Hunt, str]:
    """A hunt, and what it says of itself."""
    module = importlib.import_module(f"hunts.{name}")
    return module.HUNT, str(module.__doc__).partition("\n")[0]


def missing(name: str) -> str:
    """The package that a hunt needs and that is not there; empty where there is none."""
    needed = load(name)[0].needs
    return needed if needed and find_spec(needed) is None else ""


def hunt_one(name: str, seconds: float, seed: int, first: int) -> None:
    """Run a hunt in this process, a user's own rows among all others; print figures as JSON."""
    faulthandler.enable()
    faulthandler.dump_traceback_later(seconds + HANGS, exit=True)
    began = time.monotonic()
    with own_definitions.known():
        tally = load(name)[0].run(seconds, seed, first)
    print(json.dumps({**tally._asdict(), "seconds": time.monotonic() - began}))


def hunt_apart(name: str, seconds: float, seed: int) -> dict[str, Any] | None:
    """Run a hunt in a process of its own, which may crash; its figures, if nothing was wrong."""
    options = ["--seconds", str(seconds), "--seed", str(seed)]
    done = subprocess.run(
        [sys.executable, __file__, name, *options], stdout=subprocess.PIPE, text=True
    )
    if done.returncode:
        print(f"{name:<14} ended with {done.returncode}", flush=True)
        return None
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    counts = f"{figures['cases']:>12,} cases {figures['faults']:>8,} faults"
    print(f"{name:<14} {figures['seconds']:>7,.0f} s {counts}", flush=True)
    return figures


HEAD = """\
# What was hunted

`python tests/hunt.py NAME --table tests/HUNTS.md` adds a run to a row, `--long` one to each, of the
processor that it runs on. A hunt draws cases at random until its time is over, and ends at the
first in which something is wrong, with which it adds nothing: so each row says that nothing was.
Faults are those that were put in the way: kills, full disks, memory that is not there. What was
found before is mended, and has a test in the suite.

| hunt | what it tries | seconds | cases | faults | found before | last run | where |
| --- | --- | ---: | ---: | ---: | ---: | --- | --- |
"""

Rows = dict[tuple[str, str], "Row"]
"""The rows of a table by their hunts and processors."""


class Row(NamedTuple):
    """What all runs of a hunt on a processor come to."""

    seconds: int
    cases: int
    faults: int
    last_run: str

    def with_run(self, figures: dict[str, Any]) -> Row:
        """The same with another run."""
        return Row(
            self.seconds + round(figures["seconds"]),
            self.cases + figures["cases"],
            self.faults + figures["faults"],
            str(datetime.datetime.now(tz=datetime.UTC).date()),
        )


def page(rows: Rows) -> str:
    """The table of all figures, and what was found."""
    parts = [HEAD]
    for (name, where), row in sorted(rows.items()):
        hunt, about = load(name)
        counts = f"{row.seconds:,} | {row.cases:,} | {row.faults:,} | {len(hunt.mended)}"
        parts.append(f"| {name} | {about} | {counts} | {row.last_run} | {where} |\n")
    for name in NAMES:
        if mended := load(name)[0].mended:
            parts += [f"\nWhat `{name}` has found:\n\n", *(f"- {one}\n" for one in mended)]
    return "".join(parts)


def rows_of(file: Path) -> Rows:
    """The rows of a table; none where there is no file."""
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    rows: Rows = {}
    for line in lines:
        name, _, *counts, _, last_run, where = [""] * 8 if line[:2] != "| " else cells(line)
        if name in NAMES:
            seconds, cases, faults = (int(count.replace(",", "")) for count in counts)
            rows[name, where] = Row(seconds, cases, faults, last_run)
    return rows


def cells(line: str) -> list[str]:
    """The texts of a table's line."""
    return [cell.strip() for cell in line.strip("|").split("|")]


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
    if not (given.name or given.length):
        for name in NAMES:
            print(f"{name:<14} {load(name)[1]}")
        return 0
    if given.name and not given.table:
        seconds = load(given.name)[0].long if given.seconds is None else given.seconds
        hunt_one(given.name, seconds, seed, given.first)
        return 0
    print(f"seed {seed}", flush=True)
    lost = 0
    for name in [given.name] if given.name else NAMES:
        if needed := missing(name):
            print(f"{name:<14} is passed over: it needs {needed}: {install('fuzz')}", flush=True)
            continue
        seconds = given.seconds or getattr(load(name)[0], given.length or "long")
        figures = hunt_apart(name, seconds, seed)
        lost += figures is None
        if given.table and figures:
            rows, place = rows_of(given.table), (name, processor())
            before = rows.get(place, Row(0, 0, 0, ""))
            given.table.write_text(page(rows | {place: before.with_run(figures)}), "utf-8")
    return int(lost > 0)


if __name__ == "__main__":
    sys.exit(main())
