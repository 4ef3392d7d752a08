"""A command's options in a TOML file, and the file that repeats a run."""

from __future__ import annotations

import argparse
import json
import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jitnet.quoting import quoted

OPTION = "--config"
NOT_REPEATED = "help", "checkpoints", "resume"
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
    end = next((k for k, word in enumerate(rest[1:], 1) if word.startswith("-")), len(rest))
    given = rest[1:end] or [str(part) for part in (data if isinstance(data, list) else [data])]
    return [*rest[:1], *(given if rest[1:end] or data is not None else []), *options, *rest[end:]]


def _apart(word: str) -> list[str]:
    """``--config=FILE`` as two words."""
    return word.split("=", 1) if word.startswith(f"{OPTION}=") else [word]


def _words(path: Path, name: str, value: Any) -> list[str]:
    """What an option of the file is on the command line."""
    where, option = f"argument {OPTION}: {str(path)!r}: {quoted(name)}", f"--{name}"
    if not re.fullmatch(r"[\w-]+", name):
        raise ValueError(f"{where} is the name of no option")
    if isinstance(value, bool):
        return [option] if value else []
    if isinstance(value, dict):
        raise ValueError(f"{where} is a table, not a value")
    if not isinstance(value, list):
        return [f"{option}={value}"]
    orders = [part for part in value if isinstance(part, list)]
    if any(isinstance(part, list | dict) for row in (orders or [value]) for part in row):
        raise ValueError(f"{where} must be a value, a list of values or a list of such lists")
    if not orders:
        return [f"{option}={','.join(map(str, value))}"] * bool(value)
    if len(orders) < len(value) or [] in orders:
        raise ValueError(f"{where} must be a list of lists, each a column and its values in order")
    return [f"{option}={column}={','.join(map(str, known))}" for column, *known in orders]


def configuration(options: argparse.Namespace, parser: argparse.ArgumentParser) -> str:
    """A file's content that says what a command was asked for, to be done once more.

    Where checkpoints were kept, and whether they were gone on from, is left out: they are there.

    Parameters
    ----------
    options : Namespace
        What was asked for.
    parser : ArgumentParser
        The command's own.
    """
    lines = []
    places = [action.dest for action in parser._actions if not action.option_strings]
    data = [_plain(value) for name in places if (value := getattr(options, name)) is not None]
    if data:
        lines.append(f"{POSITIONAL} = {_written(data if len(data) > 1 else data[0])}")
    for action in parser._actions:
        value = getattr(options, action.dest, None)
        if value is None or value is False or action.dest in (*NOT_REPEATED, *places):
            continue
        name = action.option_strings[-1].removeprefix("--")
        lines.append(f"{name} = {_written(_plain(value))}")
    return "\n".join(lines) + "\n"


def _written(value: Any) -> str:
    """A value as TOML and JSON both write it."""
    return json.dumps(value, ensure_ascii=False)


def _plain(value: Any) -> Any:
    """A value of what TOML and JSON both know."""
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, tuple) and isinstance(value[-1], list):  # a column's order
        return [value[0], *value[1]]
    if isinstance(value, tuple | list):
        return [_plain(part) for part in value]
    return value
