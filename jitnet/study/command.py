"""``jitnet study``: the ladder and the lessons on the command line."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from jitnet.arguments import as_whole
from jitnet.extras import install
from jitnet.study.lessons.table import LESSONS, get_lesson
from jitnet.study.problems import PROBLEMS, RUNGS, get_problem

if TYPE_CHECKING:
    from jitnet.study.problem import Problem

PICTURES = (".pdf", ".png", ".svg")
DEFAULT = "logistic_regression"


def add_study(commands: Any) -> None:
    """Add the command to the parser's."""
    study = commands.add_parser(
        "study",
        help="compare loops with vectors, or take a lesson",
        description="The ladder: the same algorithm as Python loops, in NumPy, compiled, in "
        "parallel, and as the engine runs it. Every rung is checked against the first, then timed.",
        epilog=_epilog(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = study.add_argument
    add("problem", nargs="?", metavar="PROBLEM", help=f"default: {DEFAULT}")
    add("--size", type=_size, default={}, metavar="m=1000,…", help="what differs from the usual")
    add(
        "--sizes",
        nargs="*",
        type=_sweep,
        metavar="m=1,10,100",
        help="sweep sizes, the problem's own ones where none are given",
    )
    add("--rungs", type=_names, default=RUNGS, metavar="RUNG,…", help="those to climb: all")
    add("--dtype", choices=("float32", "float64"), default="float32", help="default: %(default)s")
    add("--threads", type=as_whole, metavar="N", help="threads of NumPy and of the last two rungs")
    add("--plot", type=_picture, metavar="FILE", help=f"draw it: {', '.join(PICTURES)}")
    add("--json", action="store_true", help="print JSON for programs")
    add("--source", metavar="RUNG", help="print the rung's code")
    add("--lesson", metavar="NAME", help="take a lesson of the course instead")
    study.set_defaults(run=run_study, parser=study)


def run_study(options: argparse.Namespace) -> int:
    """Do what the arguments say; a mistake in them ends in one line and exit code 2."""
    try:
        if options.lesson is not None:
            return _teach(options)
        problem = get_problem(options.problem or DEFAULT)
        if options.source is not None:
            return _show_source(problem, options)
        from jitnet.study.climbing import climb

        with _compilation_noticed():
            return climb(problem, options)
    except ValueError as error:
        fail: Callable[[str], NoReturn] = options.parser.error
        fail(str(error))


def _teach(options: argparse.Namespace) -> int:
    if options.problem is not None:
        raise ValueError(f"a lesson is taken without a problem, got {options.problem!r}")
    lesson = get_lesson(options.lesson).load()
    with _compilation_noticed():
        result = lesson.run()
    print(json.dumps(result.numbers, indent=1) if options.json else result.text)
    if options.plot is not None:
        from jitnet.study.picture import picture, save

        with picture() as figure:
            lesson.draw(figure, result)
            save(figure, options.plot)
        if not options.json:
            print(f"picture: {options.plot}")
    return 0


def _show_source(problem: Problem, options: argparse.Namespace) -> int:
    from jitnet.study.ladder import check_rungs
    from jitnet.study.source import source

    check_rungs([options.source])
    code = source(problem, options.source)
    if options.json:
        shown = {"problem": problem.name, "rung": options.source, "source": code}
        print(json.dumps(shown, indent=1))
    else:
        print(code, end="")
    return 0


class _Notice:
    """Says once that kernels are compiled, which takes some seconds."""

    said = False

    def compiling(self) -> None:
        """Say it."""
        if not self.said:
            print("compiling kernels, once …", file=sys.stderr, flush=True)
        self.said = True

    def compiled(self, seconds: float) -> None:
        """Say nothing: what comes next shows it."""


@contextmanager
def _compilation_noticed() -> Iterator[None]:
    from jitnet.kernels import cache

    notice = _Notice()
    cache.watchers.append(notice)
    try:
        yield
    finally:
        cache.watchers.remove(notice)


def _epilog() -> str:
    lessons = "\n".join(f"  {name:<20}{lesson.title}" for name, lesson in LESSONS.items())
    return f"problems: {', '.join(PROBLEMS)}\nrungs:    {', '.join(RUNGS)}\n\nlessons:\n{lessons}"


def _size(text: str) -> dict[str, int]:
    """``m=1000,features=20``."""
    size = {}
    for part in text.split(","):
        name, _, value = part.partition("=")
        size[name.strip()] = _count(value)
    return size


def _sweep(text: str) -> tuple[str, tuple[int, ...]]:
    """``m=1,10,100``."""
    name, _, values = text.partition("=")
    return name.strip(), tuple(sorted({_count(value) for value in values.split(",")}))


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(","))


def _count(text: str) -> int:
    try:
        count = int(text.replace("_", ""))
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"expected sizes like m=1000, got {text!r} for a whole number"
        ) from None
    if count < 1:
        raise argparse.ArgumentTypeError(f"expected at least 1, got {count}")
    return count


def _picture(text: str) -> Path:
    path = Path(text)
    if path.suffix not in PICTURES:
        raise argparse.ArgumentTypeError(f"expected a file ending in {', '.join(PICTURES)}")
    if not (path.parent.is_dir() and os.access(path.parent, os.W_OK)):
        raise argparse.ArgumentTypeError(f"the folder of {text!r} cannot be written")
    if find_spec("matplotlib") is None:
        raise argparse.ArgumentTypeError(f"drawing needs matplotlib: {install('study')}")
    return path
