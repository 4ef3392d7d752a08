"""``jitnet study``: the ladder and the lessons on the command line."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from jitnet.extras import install
from jitnet.study.lessons.table import LESSONS, get_lesson
from jitnet.study.problems import PROBLEMS, RUNGS, get_problem

if TYPE_CHECKING:
    from jitnet.study.ladder import Timing
    from jitnet.study.problem import Problem
    from jitnet.study.roofs import Roofs

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
    add("--threads", type=_whole, metavar="N", help="threads of NumPy and of the last two rungs")
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
            return _show_source(problem, options.source)
        return _climb(problem, options)
    except ValueError as error:
        fail: Callable[[str], NoReturn] = options.parser.error
        fail(str(error))


def _teach(options: argparse.Namespace) -> int:
    if options.problem is not None:
        raise ValueError(f"a lesson is taken without a problem, got {options.problem!r}")
    lesson = get_lesson(options.lesson).load()
    if options.plot is not None and not hasattr(lesson, "draw"):
        drawn = ", ".join(name for name, row in LESSONS.items() if hasattr(row.load(), "draw"))
        raise ValueError(f"the lesson {options.lesson} has no picture; these have: {drawn}")
    with _compilation_noticed():
        result = lesson.run()
    print(json.dumps(result.numbers, indent=1) if options.json else result.text)
    if options.plot is not None:
        from matplotlib.figure import Figure

        figure = Figure(figsize=(10, 5), layout="constrained")
        lesson.draw(figure, result)
        figure.savefig(options.plot, dpi=150)
        _say(options, f"picture: {options.plot}")
    return 0


def _show_source(problem: Problem, rung: str) -> int:
    from jitnet.study.ladder import check_rungs
    from jitnet.study.source import source

    check_rungs([rung])
    print(source(problem, rung), end="")
    return 0


def _climb(problem: Problem, options: argparse.Namespace) -> int:
    from jitnet.study import ladder, report
    from jitnet.study.agreement import Disagreement
    from jitnet.study.roofs import measure_roofs
    from jitnet.study.sizes import complete_size
    from jitnet.threads import available_threads

    ladder.check_rungs(options.rungs)
    threads = available_threads() if options.threads is None else options.threads
    ladder.check_threads(threads)
    size = complete_size(problem, options.size)
    sweeps = _sweeps(problem, size, options)
    with _compilation_noticed(), _numpy_threads(threads) as numpys:
        roofs = measure_roofs(threads, options.dtype)
        note = (
            f"{options.dtype}, {threads} thread{'s'[: threads > 1]}{numpys}, "
            f"peak {roofs.gflops:,.0f} GFLOP/s, memory {roofs.gigabytes:,.0f} GB/s"
        )
        _say(options, f"{problem.title}\n{note}")
        given = {"rungs": options.rungs, "dtype": options.dtype, "threads": threads}
        try:
            if sweeps:
                timings = _print_sweeps(problem, sweeps, given, roofs, note, options)
            else:
                timings = _print_rungs(problem, size, given, roofs, options)
        except Disagreement as error:
            options.parser.exit(1, f"{options.parser.prog}: {error}\n")
    if options.json:
        print(json.dumps(report.as_json(timings, roofs), indent=1))
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


@contextmanager
def _numpy_threads(threads: int) -> Iterator[str]:
    """Hold NumPy's BLAS to as many threads; what to say where that cannot be done."""
    if find_spec("threadpoolctl") is None:
        yield f" (NumPy's are its own: {install('study')})"
        return
    from threadpoolctl import threadpool_limits

    with threadpool_limits(threads, "blas"):
        yield ""


def _print_sweeps(
    problem: Problem,
    sweeps: Mapping[str, Sequence[Mapping[str, int]]],
    given: dict[str, Any],
    roofs: Roofs,
    note: str,
    options: argparse.Namespace,
) -> list[Timing]:
    """A table for each size that is swept, and the picture."""
    import numpy as np

    swept = {
        dimension: _print_sweep(problem, dimension, sizes, given, options)
        for dimension, sizes in sweeps.items()
    }
    if options.plot is not None:
        from jitnet.study.plot import draw_ladder

        itemsize = np.dtype(options.dtype).itemsize
        draw_ladder(options.plot, problem, swept, roofs, note, itemsize)
        _say(options, f"\npicture: {options.plot}")
    return [timing for timings in swept.values() for timing in timings]


def _print_rungs(
    problem: Problem,
    size: Mapping[str, int],
    given: dict[str, Any],
    roofs: Roofs,
    options: argparse.Namespace,
) -> list[Timing]:
    """A line a rung, each as soon as it is there."""
    from jitnet.study import ladder, report
    from jitnet.study.sizes import describe

    _say(options, f"{describe(size)}\n\n{report.HEADER}")
    timings = []
    for timing in ladder.climb(problem, size, **given):
        timings.append(timing)
        _say(options, report.row(timing, roofs))
    return timings


def _print_sweep(
    problem: Problem,
    dimension: str,
    sizes: Sequence[Mapping[str, int]],
    given: dict[str, Any],
    options: argparse.Namespace,
) -> list[Timing]:
    """A line a size, each as soon as it is there, and where each rung overtakes the one before."""
    from jitnet.study import ladder, report
    from jitnet.study.sizes import describe

    rungs = [rung for rung in RUNGS if rung in given["rungs"]]
    others = {name: value for name, value in sizes[0].items() if name != dimension}
    _say(options, f"\n{describe(others)}" if others else "")
    _say(options, report.sweep_header(dimension, rungs))
    timings: list[Timing] = []
    for size in sizes:
        part = list(ladder.climb(problem, size, **given))
        _say(options, report.sweep_row(size[dimension], part))
        timings += part
    reasons = [
        f"{t.rung} skipped at {dimension} = {t.size[dimension]:,}: {t.skipped}"
        for t in timings
        if t.skipped
    ]
    _say(options, "\n".join([*report.overtakings(dimension, timings), *reasons]))
    return timings


def _sweeps(
    problem: Problem, size: Mapping[str, int], options: argparse.Namespace
) -> dict[str, list[dict[str, int]]]:
    """The sizes to run for each dimension that is swept; none for a single size."""
    from jitnet.study.sizes import complete_size

    if options.sizes is None and options.plot is None:
        return {}
    chosen = dict(options.sizes or ()) or dict(problem.sweeps)
    if options.sizes is None:
        chosen = dict(list(chosen.items())[:1])
    return {
        dimension: [complete_size(problem, {**size, dimension: value}) for value in values]
        for dimension, values in chosen.items()
    }


def _say(options: argparse.Namespace, text: str) -> None:
    if not options.json:
        print(text, flush=True)


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


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected a whole number, got {text!r}") from None


def _picture(text: str) -> Path:
    path = Path(text)
    if path.suffix not in PICTURES:
        raise argparse.ArgumentTypeError(f"expected a file ending in {', '.join(PICTURES)}")
    if not (path.parent.is_dir() and os.access(path.parent, os.W_OK)):
        raise argparse.ArgumentTypeError(f"the folder of {text!r} cannot be written")
    if find_spec("matplotlib") is None:
        raise argparse.ArgumentTypeError(f"drawing needs matplotlib: {install('study')}")
    return path
