"""``jitnet train FILE --target COLUMN``: networks on a table."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from jitnet.callbacks import Callback
from jitnet.progress import Progress, make_progress
from jitnet.streams import say
from jitnet.tabular.preset import Settings
from jitnet.tabular.told import say_learned, say_scores, say_unknown
from jitnet.train.output import (
    OF_SEARCH,
    budget_of,
    check_all_apart,
    check_options,
    check_output,
    compile_note,
    found_by_search,
    say_boosting,
    say_folds,
    say_repeat,
    test_share,
    validation_share,
)
from jitnet.train.pictures import draw, of_table

if TYPE_CHECKING:
    from jitnet.tabular.model import TableModel
    from jitnet.tabular.scores import Scores

TEST_SHARE = 0.2
WHOLE = ("test", "validation", "split", "group", "time", "search", *OF_SEARCH, "cross_validate",
         "baseline")  # fmt: skip
"""Options that need the whole table in memory."""


def train_table(options: argparse.Namespace) -> int:
    """Train on a table's file; a ValueError is a mistake in the options or the file."""
    path = Path(options.name)
    output = check_output(options.output, f"{path.name.split('.')[0]}.safetensors")
    parts = [part for part in (options.test, options.validation) if isinstance(part, Path)]
    check_all_apart(output, [path, *parts], options)
    check_options(options)
    say(f"reading         {path}")
    trained = (_streamed if options.stream else _in_memory)(path, options)
    model, test = trained.model, trained.test
    if output is not None:
        model.save(output)  # before anything of the rows to test with can fail
    say("")
    with _in(options.test if isinstance(options.test, Path) else path):
        scores = model.evaluate(test)
    say_scores(model, scores)
    say_unknown(model, test)
    say(f"training time   {trained.seconds:.2f} s{trained.note}")
    _write(trained, output, options)
    return 0


def _validation(options: argparse.Namespace) -> Any:
    """The rows to validate on, or their share of those that are not held out to test with."""
    given = options.validation
    return _read(given, options) if isinstance(given, Path) else validation_share(options)


class Trained(NamedTuple):
    """What a file's rows have made."""

    model: TableModel
    test: Any
    """Rows to test it with."""
    seconds: float
    """Of its training."""
    note: str
    """What is to be said of those."""
    boosting: Scores | None = None
    """What gradient boosting reaches on the same rows."""


def _in_memory(path: Path, options: argparse.Namespace) -> Trained:
    """Train on a file's rows, all at once."""
    from jitnet.tabular.parts import held_out
    from jitnet.tabular.table import check_there

    rows = _read(path, options)
    options.task = _check_columns(path, rows, options)
    if isinstance(options.test, Path):
        test = _read(options.test, options)
        with _in(options.test):
            check_there(rows.columns, test)
    else:
        share = test_share(options) or TEST_SHARE
        with _in(path):
            mask = held_out(rows, options.target, share, options.seed, **_cut(options))
        rows, test = rows.filter(~mask), rows.filter(mask)
    say(f"rows            {len(rows):,} to learn from, {len(test):,} held out to test with")
    found = _search(rows, options) if options.search else {}
    if options.cross_validate:
        with _in(path):
            _cross_validate(rows, options, found)
    model, progress = _new_model(options, found), make_progress(not options.quiet)
    with _in(path):
        seconds = _fit(model, rows, options, progress, Announcement(model), checkpoints=True)
    boosting = _boosting(model, rows, test) if options.baseline else None
    return Trained(model, test, seconds, compile_note(progress.compile_seconds), boosting)


def _streamed(path: Path, options: argparse.Namespace) -> Trained:
    """Train on a file's rows piece by piece."""
    from jitnet.tabular.mapped_rows import fit_mapped_file
    from jitnet.tabular.streaming import fit_file

    for name in WHOLE:
        if getattr(options, name):
            raise ValueError(f"argument --stream: it goes without --{name.replace('_', '-')}")
    if options.target is None:
        raise ValueError("argument --target: which column is to be predicted?")
    model, progress = _new_model(options, {}), make_progress(not options.quiet)
    start = time.perf_counter()
    with _in(path):
        if options.communicator is None and options.checkpoints is None:
            test = fit_file(model, path, progress=progress)
        else:
            test = fit_mapped_file(
                model,
                path,
                communicator=options.communicator,
                progress=progress,
                checkpoints=options.checkpoints,
                resume=bool(options.resume),
            )
    seconds = time.perf_counter() - start - progress.compile_seconds
    say_learned(model)
    return Trained(model, test, seconds, compile_note(progress.compile_seconds))


def _write(trained: Trained, output: Path | None, options: argparse.Namespace) -> None:
    """Write the picture, the page, the model, and the file that repeats the run."""
    model, test = trained.model, trained.test
    draw(options.plot, model.networks[0].history, lambda: of_table(model, test))
    if options.report is not None:
        from jitnet.report.table_page import write_report

        write_report(options.report, model, test, boosting=trained.boosting)
        say(f"report          {options.report}")
    if output is not None:
        say(f"model           {output}")
        say_repeat(output, options)


@contextmanager
def _in(path: Path) -> Iterator[None]:
    """Name the file that is at fault."""
    try:
        yield
    except ValueError as error:
        raise ValueError(f"{str(path)!r}: {error}") from None


class Announcement(Callback):
    """Says what was learned of the columns before the first network is trained."""

    def __init__(self, model: TableModel) -> None:
        self.models = [model]

    def on_fit_begin(self, model: Any, n_epochs: int) -> None:
        """Say it, once, whichever network comes first."""
        with suppress(IndexError):
            say_learned(self.models.pop())


def _read(path: Path, options: argparse.Namespace) -> Any:
    from jitnet.inference.rows import rows_of

    return rows_of(path, header=not options.no_header)


def _check_columns(path: Path, rows: Any, options: argparse.Namespace) -> str:
    """The task of a target, which is there and complete; the rows' numbers are the file's."""
    from jitnet.tabular.table import check_there
    from jitnet.tabular.target import learn_target

    if options.target is None:
        raise ValueError(
            f"argument --target: which column is to be predicted? There are "
            f"{', '.join(map(repr, rows.columns))}"
        )
    named = [options.target, options.group, options.time, *(options.drop or ())]
    named += [*(options.categorical or ()), *(name for name, _ in options.ordinal or ())]
    try:
        check_there([name for name in named if name is not None], rows)
        return learn_target(rows[options.target], options.task).task
    except ValueError as error:
        raise ValueError(f"{str(path)!r}: {error}") from None


def _cut(options: argparse.Namespace) -> dict[str, str | None]:
    """By what rows are held out."""
    return {"task": options.task, "group": options.group, "time": options.time}


def _new_model(options: argparse.Namespace, found: dict[str, Any]) -> TableModel:
    """A model with the settings that a search has found, and those that the options give."""
    from jitnet.tabular.model import TableModel
    from jitnet.tabular.table import Table

    table = Table(
        task=options.task,
        categorical=options.categorical or (),
        ordinal=dict(options.ordinal or ()),
        drop=options.drop or (),
    )
    given = {name: getattr(options, name, None) for name in Settings._fields}
    settings = found | {name: value for name, value in given.items() if value is not None}
    return TableModel(
        options.target,
        table=table,
        seed=options.seed,
        n_threads=options.threads,
        **settings,
    )


def _search(rows: Any, options: argparse.Namespace) -> dict[str, Any]:
    """The settings with the least loss on a validation part, of many that are tried."""
    from jitnet.search.table import search_table

    tries = search_table(
        _new_model(options, {}),
        rows,
        budget_of(options),
        validation=_validation(options),
        group=options.group,
        time=options.time,
    )
    return found_by_search(tries, options)


def _fit(
    model: TableModel,
    rows: Any,
    options: argparse.Namespace,
    progress: Progress,
    *callbacks: Callback,
    checkpoints: bool = False,
) -> float:
    """Fit a model, and return the seconds without those of compiling."""
    start = time.perf_counter()
    model.fit(
        rows,
        validation=_validation(options),
        callbacks=lambda place: callbacks,
        progress=progress,
        checkpoints=options.checkpoints if checkpoints else None,
        resume=bool(options.resume),
        group=options.group,
        time=options.time,
        communicator=options.communicator,
    )
    return time.perf_counter() - start - progress.compile_seconds


def _cross_validate(rows: Any, options: argparse.Namespace, settings: dict[str, Any]) -> None:
    """Say the scores of models that are trained without a fold each, side by side."""
    from jitnet.side_by_side import side_by_side
    from jitnet.tabular.parts import folds_of
    from jitnet.threads import available_threads

    folds = folds_of(rows, options.target, options.cross_validate, options.seed, **_cut(options))
    works = [partial(_fold, rows, options, settings, *fold) for fold in folds]
    threads = min(options.threads or available_threads(), available_threads())
    found = side_by_side(works, make_progress(not options.quiet), threads=threads)
    say_folds(found[0][0], [value for _, value in found])


def _fold(
    rows: Any,
    options: argparse.Namespace,
    settings: dict[str, Any],
    learned: Any,
    tested: Any,
    progress: Progress,
) -> tuple[str, float]:
    """The score, and its name, of a model that is trained without a fold."""
    model = _new_model(options, settings)
    _fit(model, rows.filter(learned), options, progress)
    found: tuple[str, float] = model.evaluate(rows.filter(tested)).main
    return found


def _boosting(model: TableModel, rows: Any, test: Any) -> Scores:
    """Train gradient boosting on the same rows, and say how it does."""
    from jitnet.tabular.boosting import boosted_scores

    start = time.perf_counter()
    scores = boosted_scores(model.table, rows, test)
    say_boosting(scores, time.perf_counter() - start)
    return scores
