"""``jitnet export``: a model's file as one of another format."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

from jitnet.io.files import can_be_written, check_apart
from jitnet.streams import say

__all__ = ["add_export"]

DESCRIPTION = """\
Write a trained model in another format: ONNX, one file of C99, or PyTorch's names and layouts. A
table's model takes what it has learned of the columns along to ONNX and C; PyTorch's has no place
for that."""

SUFFIXES = {".onnx": "onnx", ".c": "c"}
"""The format by the output's suffix; that of a state dict is a model's own, and must be named."""

WRITERS = {
    "onnx": ("jitnet.export.onnx", "to_onnx"),
    "c": ("jitnet.export.c_source", "to_c"),
    "torch": ("jitnet.export.state_dict", "save_state_dict"),
}
"""Where the function of a format is; what it needs is imported with it alone."""


def add_export(commands: Any) -> None:
    """Add the command to the parser's."""
    parser = commands.add_parser(
        "export", help="write a model in another format", description=DESCRIPTION
    )
    add = parser.add_argument
    add("model", type=Path, metavar="MODEL", help="a file that jitnet wrote")
    add("output", type=Path, metavar="OUTPUT", help="where it goes: .onnx, .c or .safetensors")
    add(
        "--format",
        choices=tuple(WRITERS),
        help="by the output's suffix, onnx or c; torch is a state dict in .safetensors",
    )
    parser.set_defaults(run=_run, parser=parser)


def _run(options: argparse.Namespace) -> int:
    """Do what the arguments say; a mistake in them ends in one line and exit code 2."""
    fail: Callable[[str], NoReturn] = options.parser.error
    try:
        chosen = _format(options)
        check_apart(options.output, options.model)
        _write(options.model, options.output, chosen)
    except (ImportError, ValueError) as error:
        fail(str(error))
    say(f"{chosen:<16}{options.output}")
    return 0


def _format(options: argparse.Namespace) -> str:
    output: Path = options.output
    if not can_be_written(output):
        raise ValueError(
            f"argument OUTPUT: {str(output)!r} must be a file in a folder that can be written, or "
            "one that can be written itself"
        )
    found: str | None = options.format or SUFFIXES.get(output.suffix.lower())
    if found is None:
        known = ", ".join(f"{name} ({suffix})" for suffix, name in SUFFIXES.items())
        raise ValueError(
            f"argument OUTPUT: no format is known by the suffix {output.suffix!r}; --format names "
            f"one: {known}, torch (.safetensors)"
        )
    return found


def _write(given: Path, output: Path, chosen: str) -> None:
    """Read the model and write it; nothing is written where one of both fails."""
    from jitnet.loading import load
    from jitnet.model import Sequential

    try:
        model = load(given)
    except OSError as error:
        raise ValueError(f"argument MODEL: {error}") from error
    module, function = WRITERS[chosen]
    if chosen == "torch" and not isinstance(model, Sequential):
        raise ValueError(
            f"argument MODEL: {str(given)!r} is a table's model, and a state dict has no place for "
            "what was learned of the columns; onnx and c have"
        )
    getattr(import_module(module), function)(model, output)
