"""``jitnet predict``, ``evaluate``, ``generate`` and so on: parsers that import nothing heavy."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from jitnet.arguments import as_count, as_rate, as_seed

__all__ = ["add_evaluate", "add_generate", "add_info", "add_predict", "add_report", "add_serve"]


def add_predict(commands: Any) -> None:
    """Add ``jitnet predict`` to the parser's commands."""
    parser = _add(
        commands, "predict", "predict a file's rows", _predict,
        "Predict the rows of a file. One of CSV or Parquet is read some thousand rows at a time; "
        "it does not have to fit into memory.",
    )  # fmt: skip
    _add_file(parser)
    add = parser.add_argument
    add("--output", type=Path, metavar="FILE", help="a .csv or .parquet; by default CSV is printed")
    add("--probabilities", action="store_true", help="add the probability of each class")


def add_evaluate(commands: Any) -> None:
    """Add ``jitnet evaluate`` to the parser's commands."""
    parser = _add(
        commands, "evaluate", "score a model on a file's rows", _evaluate,
        "Say how well a model predicts the rows of a file that has the target, or images.",
    )  # fmt: skip
    _add_file(parser)
    _add_target(parser)


def add_report(commands: Any) -> None:
    """Add ``jitnet report`` to the parser's commands."""
    parser = _add(
        commands, "report", "write a page on a model", _report,
        "Write a page on how a model of a table or of images was trained, and how well it predicts "
        "a file's rows, or images.",
    )  # fmt: skip
    _add_file(parser)
    _add_target(parser)
    add = parser.add_argument
    add("--output", type=Path, default=Path("report.html"), metavar="FILE", help="%(default)s")


def add_serve(commands: Any) -> None:
    """Add ``jitnet serve`` to the parser's commands."""
    parser = _add(
        commands, "serve", "answer requests for a table's model", _serve,
        "Answer HTTP requests: POST /predict with a row as JSON, or a list of rows; GET /schema; "
        "GET /health.",
    )  # fmt: skip
    add = parser.add_argument
    add("model", type=Path, metavar="MODEL", help="a model's file")
    add("--host", default="127.0.0.1", help="the address to listen at: %(default)s")
    add("--port", type=as_count, default=8000, help="%(default)s")


def add_generate(commands: Any) -> None:
    """Add ``jitnet generate`` to the parser's commands."""
    parser = _add(
        commands, "generate", "write on a text by a model of characters", _generate,
        "Write characters, each drawn by the probability that a model of `jitnet train text` gives "
        "it after those before.",
    )  # fmt: skip
    add = parser.add_argument
    add("model", type=Path, metavar="MODEL", help="a model's file")
    add("--prompt", metavar="TEXT", help="what the text begins with; by default a new line")
    add("--length", type=as_count, default=500, metavar="N", help="characters: %(default)s")
    add("--temperature", type=as_rate, default=1.0, metavar="T",
        help="less is less daring: %(default)s")  # fmt: skip
    add("--seed", type=as_seed, metavar="N", help="of what is drawn; new each time by default")


def add_info(commands: Any) -> None:
    """Add ``jitnet info`` to the parser's commands."""
    parser = _add(
        commands, "info", "say what jitnet runs on, or what a model takes and gives", _info,
        "Without a model: print the versions, the CPU as the kernels see it, the threads and the "
        "cache's folder. With one: what it takes and what it gives.",
    )  # fmt: skip
    parser.add_argument("model", type=Path, nargs="?", metavar="MODEL", help="a model's file")


def _add(
    commands: Any, name: str, help: str, run: Callable[[argparse.Namespace], None], about: str
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=help, description=about)
    parser.set_defaults(run=_run, command=run, parser=parser)
    return parser


def _add_file(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("model", type=Path, metavar="MODEL", help="a model's file")
    add("file", type=Path, metavar="FILE",
        help=".csv, .tsv, .parquet, .arrow, .npz; of images .npz, IDX, a folder")  # fmt: skip
    add("--no-header", action="store_true", help="the first line of a text file has no names")


def _add_target(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--target",
        metavar="NAME",
        help="of a file of images the array, or IDX file, of their classes",
    )


def _run(options: argparse.Namespace) -> int:
    """Do what the arguments say; a mistake in them ends in one line and exit code 2."""
    try:
        options.command(options)
    except (ImportError, ValueError) as error:
        fail: Callable[[str], NoReturn] = options.parser.error
        fail(str(error))
    return 0


def _predict(options: argparse.Namespace) -> None:
    from jitnet.inference.predict import predict_file

    predict_file(
        options.model,
        options.file,
        options.output,
        header=not options.no_header,
        probabilities=options.probabilities,
    )


def _evaluate(options: argparse.Namespace) -> None:
    from jitnet.inference.evaluate import evaluate_file

    evaluate_file(options.model, options.file, header=not options.no_header, target=options.target)


def _report(options: argparse.Namespace) -> None:
    from jitnet.inference.report import report_on_file

    report_on_file(
        options.model,
        options.file,
        options.output,
        header=not options.no_header,
        target=options.target,
    )


def _serve(options: argparse.Namespace) -> None:
    from jitnet.inference.serve import serve_model

    serve_model(options.model, options.host, options.port)


def _generate(options: argparse.Namespace) -> None:
    from jitnet.inference.generate import write_text

    write_text(
        options.model,
        options.prompt,
        options.length,
        temperature=options.temperature,
        seed=options.seed,
    )


def _info(options: argparse.Namespace) -> None:
    from jitnet.inference import info

    if options.model is None:
        info.show_machine()
    else:
        info.show_model(options.model)
