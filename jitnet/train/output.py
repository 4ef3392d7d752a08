"""Where a trained model goes, and what its training is said to have taken."""

from __future__ import annotations

import argparse
import os
from importlib.util import find_spec
from pathlib import Path

from jitnet.configuration import configuration
from jitnet.extras import install
from jitnet.io.files import can_be_written, write_file
from jitnet.io.model_file import CHECKPOINTS
from jitnet.streams import say

DRAWN = (".png", ".svg", ".pdf")
PICTURES = {"plot": (*DRAWN, ""), "search_plot": DRAWN, "report": (".html",)}
"""What the files of the options that draw something end in."""


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


def _can_be_folder(path: Path) -> bool:
    """Whether a path is a folder that can be written, or may be made one."""
    there = next(place for place in (path, *path.absolute().parents) if place.exists())
    return there.is_dir() and os.access(there, os.W_OK)


def compile_note(seconds: float) -> str:
    """What to add to a training's time where kernels were compiled before."""
    return f", after {seconds:.1f} s for compiling the kernels, once" if seconds else ""


def say_repeat(output: Path, options: argparse.Namespace) -> None:
    """Write the file that repeats the run, beside the model."""
    path = output.with_suffix(".run.toml")
    write_file(path, configuration(options, options.parser).encode())
    say(f"to repeat it    jitnet {options.command} --config {path}")
