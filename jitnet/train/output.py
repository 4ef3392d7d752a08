"""Where a trained model goes, and what its training is said to have taken."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from jitnet.configuration import configuration
from jitnet.extras import install
from jitnet.io.files import can_be_written, check_apart, write_file
from jitnet.io.model_file import CHECKPOINTS
from jitnet.streams import say

if TYPE_CHECKING:
    from jitnet.search.search import Budget, Try
    from jitnet.tabular.scores import Scores

DRAWN = (".png", ".svg", ".pdf")
PICTURES = {"plot": (*DRAWN, ""), "search_plot": DRAWN, "report": (".html",)}
"""What the files of the options that draw something end in."""
WRITTEN = "output", "plot", "report", "search_plot", "search_file"
"""Options that name what is written."""
OF_SEARCH = "search_minutes", "search_file", "search_plot"
"""Options that say how a search goes."""
ALONE = "search", "cross_validate", "baseline"
"""Options for one process."""


def check_output(chosen: Path | None, default: str) -> Path | None:
    """Where to write the model, or None where it cannot be written; checked before any work."""
    if find_spec("safetensors") is None:
        need = f"needs the package safetensors: {install('cli')}"
        if chosen is not None:
            raise ValueError(f"argument --output: writing a model {need}")
        say(f"The model will not be written: that {need}")
        return None
    output = chosen or Path(default)
    if not can_be_written(output):
        raise ValueError(
            f"argument --output: {str(output)!r} must be a file in a folder that can be written, "
            "or one that can be written itself"
        )
    return output


def check_options(options: argparse.Namespace) -> None:
    """Refuse what cannot be drawn, written or gone on from, before any work."""
    _check_together(options)
    folder: Path | None = options.checkpoints
    if options.resume and folder is None:
        raise ValueError("argument --resume: it needs --checkpoints FOLDER to go on from")
    if folder is not None and not _can_be_folder(folder):
        raise ValueError(f"argument --checkpoints: {str(folder)!r} cannot be made a folder")
    has_some = folder is not None and any(folder.rglob(CHECKPOINTS))
    if has_some and not options.resume:
        raise ValueError(
            f"argument --checkpoints: {str(folder)!r} has checkpoints; --resume goes on from them"
        )
    if options.resume and not has_some:
        say(f"--resume        {str(folder)!r} has no checkpoints yet: the training begins anew")
    for option, endings in PICTURES.items():
        path: Path | None = getattr(options, option)
        if path is None:
            continue
        name = option.replace("_", "-")
        if find_spec("matplotlib") is None:
            raise ValueError(
                f"argument --{name}: it needs the package matplotlib: {install('plot')}"
            )
        can = can_be_written(path) or (path.is_dir() and "" in endings)
        if path.suffix.lower() not in endings or not can:
            raise ValueError(
                f"argument --{name}: {str(path)!r} must be a {' or '.join(filter(None, endings))} "
                f"file{' or a folder' * ('' in endings)} that can be written"
            )


def _check_together(options: argparse.Namespace) -> None:
    """Refuse options that make no sense beside others, or without them."""
    for name in ALONE if options.communicator is not None else ():
        if getattr(options, name):
            raise ValueError(f"argument --{name.replace('_', '-')}: it goes without mpiexec")
    if options.split and not (options.test is options.validation is None):
        raise ValueError("argument --split: it goes without --test and --validation")
    if options.search is None and any(getattr(options, name) for name in OF_SEARCH):
        raise ValueError("argument --search: it says how many settings are tried, and is missing")


def check_all_apart(
    output: Path | None, inputs: Sequence[Path], options: argparse.Namespace
) -> None:
    """Refuse files to write of which two are one, or one is an input."""
    there: dict[Path, str] = {}
    for name in WRITTEN:
        path = output if name == "output" else getattr(options, name)
        if path is None:
            continue
        option = name.replace("_", "-")
        check_apart(path, *inputs, option=option)
        other = there.setdefault(path.resolve(), option)
        if other != option:
            raise ValueError(f"argument --{option}: {str(path)!r} is where --{other} goes")


def _can_be_folder(path: Path) -> bool:
    """Whether a path is a folder that can be written, or may be made one."""
    there = next(place for place in (path, *path.absolute().parents) if place.exists())
    return there.is_dir() and os.access(there, os.W_OK)


def test_share(options: argparse.Namespace) -> float | None:
    """The share of all examples to test with, if one is given."""
    if options.split is not None:
        return float(options.split[2] / sum(options.split))
    return None if isinstance(options.test, Path) else options.test


def validation_share(options: argparse.Namespace) -> float | None:
    """The share, of the examples that are not tested with, to validate on, if one is given."""
    if options.split is not None:
        return float(options.split[1] / sum(options.split[:2]))
    return None if isinstance(options.validation, Path) else options.validation


def budget_of(options: argparse.Namespace) -> Budget:
    """How far a search goes."""
    from jitnet.search.search import Budget

    return Budget(options.search, options.search_minutes, options.search_file, quiet=options.quiet)


def found_by_search(tries: Sequence[Try], options: argparse.Namespace) -> dict[str, Any]:
    """Say what a search has tried, and return the settings that were best."""
    from jitnet.search.space import SEARCHED
    from jitnet.search.told import say_tries

    if not tries and options.search_minutes:
        raise ValueError("argument --search-minutes: no try has come to its end in that time")
    if not tries:
        raise ValueError("argument --search: no try has come to its end; all losses became NaN")
    say_tries(tries, options.search_plot)
    best = tries[0].settings._asdict()
    return {name: value for name, value in best.items() if name in SEARCHED}


def say_folds(name: str, values: Sequence[float]) -> None:
    """Say a score of each fold of a cross-validation, their mean and their deviation."""
    for fold, value in enumerate(values, start=1):
        say(f"fold {fold:<11}{name} {value:.4f}")
    say(f"{len(values)} folds{'':<9}{name} {np.mean(values):.4f} ± {np.std(values):.4f}")


def say_boosting(scores: Scores, seconds: float) -> None:
    """Say what gradient boosting reaches, and how long its training took."""
    said = ", ".join(f"{name} {value:.4g}" for name, value in scores.figures.items())
    say(f"{'boosting':<16}{said}; trained in {seconds:.2f} s")


def compile_note(seconds: float) -> str:
    """What to add to a training's time where kernels were compiled before."""
    return f", after {seconds:.1f} s for compiling the kernels, once" if seconds else ""


def say_repeat(output: Path, options: argparse.Namespace) -> None:
    """Write the file that repeats the run, beside the model."""
    path = output.with_suffix(".run.toml")
    write_file(path, configuration(options, options.parser).encode())
    say(f"to repeat it    jitnet {options.command} --config {path}")
