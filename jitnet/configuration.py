"""A command's options in a TOML file, and the file that repeats a run."""

from __future__ import annotations

import argparse
import json
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

OPTION = "--config"
MOST_BYTES = 1 << 20
"""Bytes of a file: a device may go on forever."""
POSITIONAL = "input"
"""The name in a file of what stands before the options."""


def with_configuration(arguments: Sequence[str]) -> list[str]:
    """Arguments in which ``--config FILE`` is replaced by what the file says.

    What stands on the command line comes later, and so counts.

    Raises
    ------
    ValueError
        If the file cannot be read, or is no TOML of single values and lists.
    """
    words = [part for word in arguments for part in _apart(word)]
    if OPTION not in words:
        return words
    place = words.index(OPTION)
    if place + 1 == len(words):
        raise ValueError(f"argument {OPTION}: expected a file")
    path = Path(words[place + 1])
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise ValueError(f"it has more than {MOST_BYTES:,} bytes")
        values = tomllib.loads(content.decode())
    except OSError as error:
        raise ValueError(f"argument {OPTION}: {str(path)!r}: {error.strerror}") from None
    except ValueError as error:
        raise ValueError(f"argument {OPTION}: {str(path)!r}: {error}") from None
    rest = words[:place] + words[place + 2 :]
    data = values.pop(POSITIONAL, None)
    options = [word for name, value in values.items() for word in _words(path, name, value)]
    has_data = len(rest) > 1 and not rest[1].startswith("-")
    first = [] if data is None or has_data else [str(data)]
    return [*rest[:1], *first, *(rest[1:2] if has_data else []), *options, *rest[1 + has_data :]]


def _apart(word: str) -> list[str]:
    """``--config=FILE`` as two words."""
    return word.split("=", 1) if word.startswith(f"{OPTION}=") else [word]


def _words(path: Path, name: str, value: Any) -> list[str]:
    """What an option of the file is on the command line."""
    option = f"--{name}"
    if isinstance(value, bool):
        return [option] if value else []
    if isinstance(value, list) and all(isinstance(part, list) for part in value):
        return [f"{option}={part[0]}={','.join(map(str, part[1:]))}" for part in value]  # orders
    if isinstance(value, list):
        return [f"{option}={','.join(map(str, value))}"]
    if isinstance(value, dict):
        raise ValueError(f"argument {OPTION}: {str(path)!r}: {name} is a table, not a value")
    return [f"{option}={value}"]


def configuration(options: argparse.Namespace, parser: argparse.ArgumentParser) -> str:
    """A file's content that says what a command was asked for.

    Parameters
    ----------
    options : Namespace
        What was asked for.
    parser : ArgumentParser
        The command's own.
    """
    lines = []
    for action in parser._actions:
        value = getattr(options, action.dest, None)
        if value is None or value is False or action.dest == "help":
            continue
        name = action.option_strings[-1].removeprefix("--") if action.option_strings else POSITIONAL
        lines.append(f"{name} = {json.dumps(_plain(value), ensure_ascii=False)}")
    return "\n".join(lines) + "\n"


def _plain(value: Any) -> Any:
    """A value as TOML and JSON both write it."""
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, tuple) and isinstance(value[-1], list):  # a column's order
        return [value[0], *value[1]]
    if isinstance(value, tuple | list):
        return [_plain(part) for part in value]
    return value
