"""The command line: ``jitnet train``, ``predict``, ``study`` and so on, a table of commands.

The parser is built and checked before anything heavy is imported, so that ``--help`` and a mistake
answer at once.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from typing import Any, NoReturn

from jitnet.configuration import with_configuration
from jitnet.export.command import add_export
from jitnet.inference.commands import (
    add_evaluate,
    add_generate,
    add_info,
    add_predict,
    add_report,
    add_serve,
)
from jitnet.streams import Output, ReaderLeft, say
from jitnet.study.command import add_study
from jitnet.train.command import add_search, add_train

__all__ = ["build_parser", "main"]

DEBUG = "--debug"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    arguments : sequence of str, optional
        What stands behind ``jitnet``; the process's own arguments by default.

    Returns
    -------
    int
        The exit code: 0, 1 where training failed, 130 after an interrupt.

    Raises
    ------
    SystemExit
        With code 2 and one line on the standard error stream if the arguments are wrong, with
        code 0 after ``--help`` and ``--version``.

    Examples
    --------
    >>> try:
    ...     main(["train", "letters"])
    ... except SystemExit as end:
    ...     print(end.code)
    2
    """
    with redirect_stdout(Output(sys.stdout)), redirect_stderr(Output(sys.stderr, lasting=True)):
        try:
            return _run(arguments)
        except ReaderLeft:
            return 0


def _run(arguments: Sequence[str] | None) -> int:
    words = list(sys.argv[1:] if arguments is None else arguments)
    shows_where = DEBUG in words
    try:
        try:
            return _do([word for word in words if word != DEBUG])
        finally:
            sys.stdout.flush()
    except KeyboardInterrupt:
        print("jitnet: interrupted", file=sys.stderr)
        return 130
    except ReaderLeft:
        raise
    except Exception as error:
        if shows_where:
            raise
        known = isinstance(error, FloatingPointError | MemoryError | OSError)
        text = str(error) if known else f"{_in_a_line(error)} ({DEBUG} shows where)"
        print(f"jitnet: {text}", file=sys.stderr)
        return 1


def _do(words: list[str]) -> int:
    """Do what the arguments say."""
    parser = build_parser()
    try:
        words = with_configuration(words)
    except ValueError as error:
        parser.error(str(error))
    options = parser.parse_args(words)
    return int(options.run(options))


def _in_a_line(error: Exception) -> str:
    """What nobody has foreseen, in a line."""
    return " ".join([f"{type(error).__name__}:", *str(error).split()])


def build_parser() -> argparse.ArgumentParser:
    """Build the parser of all commands.

    Returns
    -------
    argparse.ArgumentParser
        Its results carry the command's function as ``run``.

    Examples
    --------
    >>> build_parser().parse_args(["train", "digits", "--hidden", "64,32"]).hidden
    (64, 32)
    """
    parser = _Parser(
        prog="jitnet",
        description="Neural networks trained on the CPU.",
        epilog=f"{DEBUG} shows where an error comes from.",
    )
    parser.add_argument("--version", action=_Version, help="print the version and exit")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    add_train(commands)
    add_search(commands)
    add_evaluate(commands)
    add_predict(commands)
    add_report(commands)
    add_generate(commands)
    add_export(commands)
    add_serve(commands)
    add_study(commands)
    add_info(commands)
    warmup = commands.add_parser(
        "warmup", help="compile the kernels now", description=_warmup.__doc__
    )
    warmup.set_defaults(run=_warmup)
    return parser


class _Parser(argparse.ArgumentParser):
    """A parser whose complaint is one line, and whose epilog may be made where it is shown."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**{"allow_abbrev": False} | settings)

    def format_help(self) -> str:
        """The help, for which alone an epilog's tables are loaded."""
        epilog: Any = self.epilog
        if callable(epilog):
            self.epilog = epilog()
        return super().format_help()

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: error: {message} (see {self.prog} --help)\n")


class _Version(argparse.Action):
    """Print the version; it is looked up only when asked for."""

    def __init__(self, option_strings: Sequence[str], dest: str, help: str) -> None:
        super().__init__(option_strings, dest, nargs=0, help=help)

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from jitnet.version import package_version

        print(f"jitnet {package_version()}")
        parser.exit()


def _warmup(options: argparse.Namespace) -> int:
    """Compile the kernels for float32 and float64, so that no later run has to wait for them."""
    from jitnet.kernels.cache import folders
    from jitnet.threads import prepare_for_long_work
    from jitnet.warmup import warm_up

    prepare_for_long_work()
    for dtype in ("float32", "float64"):
        start = time.perf_counter()
        warm_up(dtype)
        say(f"{dtype:<16}{time.perf_counter() - start:.1f} s")
    say(f"{'cache':<16}{folders().written or 'none, as no folder can be written'}")
    return 0
