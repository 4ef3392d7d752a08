"""``jitnet train``: a network on a table's file, or on one of the data sets that are known."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from jitnet.arguments import (
    as_count,
    as_folds,
    as_names,
    as_parts,
    as_rate,
    as_seed,
    as_share,
    as_sizes,
)
from jitnet.ranks.launch import run_as_ranks

__all__ = ["add_search", "add_train"]

TRIES = 20

TEXT = "text"
"""What stands for the data where a file's text is trained on."""
TABLE, IMAGES, IMAGE_FILE = "a table's file", "images", "a file of images"
NAMES = ("digits", "mnist", "fashion")
"""The data sets that are known, the keys of ``JOBS``, without an import of what trains them."""
TASKS = ("classification", "regression")
DESCRIPTION = """\
Train a network, say how well it does on data that it has not seen, and write it to a file."""

EPILOG = """\
files: .csv, .tsv, .txt, .data (also .gz), .parquet, .arrow, .feather, .ipc, .npz
images: a folder of them for each class; .npz with an array of images and one of classes; an IDX
file of images (also .gz), beside the one of their classes
text FILE: a text in UTF-8, which the network learns to go on with, character by character
"""


def add_train(commands: Any) -> None:
    """Add ``jitnet train`` to the parser's commands."""
    _add(commands, "train", "train a network and write it to a file")


def add_search(commands: Any) -> None:
    """Add ``jitnet search``: ``jitnet train`` with a search of twenty tries, if nothing is said."""
    parser = _add(commands, "search", "try many settings, and train with the best")
    parser.set_defaults(search=TRIES)


def _epilog() -> str:
    from jitnet.train.jobs import jobs_epilog

    return f"{EPILOG}{jobs_epilog()}"


def _add(commands: Any, name: str, help: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=help,
        description=DESCRIPTION,
        epilog=_epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "name",
        metavar="DATA",
        help=f"a table's file, images in a folder or a file, one of {', '.join(NAMES)}, or {TEXT}",
    )
    parser.add_argument("file", metavar="FILE", nargs="?", help=f"the file of {TEXT}")
    _add_training(parser.add_argument_group("training").add_argument)
    both = _add_tables_and_images(parser.add_argument_group("tables and images").add_argument)
    target, *tables = _add_tables(parser.add_argument_group("tables").add_argument)
    filters, *images = _add_images(parser.add_argument_group("images").add_argument)
    text = _add_text(parser.add_argument_group("text").add_argument)
    network = parser.add_argument_group("images and text").add_argument(
        "--network", metavar="NAME", help="of images mlp or cnn: see below; of text lstm, gru, rnn"
    )
    parser.set_defaults(
        run=_run,
        command=name,
        parser=parser,
        of_kinds={
            TABLE: [target, *tables, *both],
            IMAGES: [network, filters, *images, *both],
            IMAGE_FILE: [network, filters, target, *both],
            TEXT: [network, *text],
        },
    )
    return parser


def _add_training(add: Callable[..., argparse.Action]) -> None:
    add("--epochs", type=as_count, metavar="N", help="passes over the data")
    add("--hidden", type=as_sizes, metavar="N,N", help="units of the hidden dense layers")
    add("--batch-size", type=as_count, metavar="N", help="examples a step")
    add("--learning-rate", type=as_rate, metavar="RATE", help="the highest learning rate")
    add("--threads", type=as_count, metavar="N", help="threads to train with")
    add("--seed", type=as_seed, default=0, metavar="N",
        help="of first weights, order and, but for --stream, parts: %(default)s")  # fmt: skip
    add("--output", type=Path, metavar="FILE", help="where the model goes: DATA.safetensors")
    add("--checkpoints", type=Path, metavar="FOLDER", help="where to write checkpoints")
    add("--resume", action="store_true", help="go on from the checkpoints")
    add(
        "--plot",
        type=Path,
        metavar="FILE",
        help="draw the curves: .png, .svg or .pdf; or all pictures, in a folder",
    )
    add("--config", metavar="FILE", help="take options from a TOML file, as each run writes one")
    add("--quiet", action="store_true", help="show no progress")


def _add_tables_and_images(add: Callable[..., argparse.Action]) -> list[argparse.Action]:
    return [
        add("--test", type=_as_part, metavar="FILE|SHARE",
            help="the rows or images to test with, or their share: 0.2"),
        add("--validation", type=_as_part, metavar="FILE|SHARE",
            help="those to choose the best epoch by, or their share of the others; 0.14 of rows"),
        add("--split", type=as_parts, metavar="TRAIN,VALIDATION,TEST",
            help="the shares of both and of what to learn from in one, such as 70,15,15"),
        add("--cross-validate", type=as_folds, metavar="K", help="score K folds first"),
        add("--dropout", type=as_share, metavar="P", help="share of silent units in a step"),
        add("--search", type=as_count, metavar="N",
            help="try N settings first, by optuna, and take the best on the validation part"),
        add("--search-minutes", type=as_rate, metavar="M", help="try no longer than that"),
        add("--search-file", type=Path, metavar="FILE",
            help="keep the tries there, and go on from them"),
        add("--search-plot", type=Path, metavar="FILE", help="draw the tries: .png, .svg, .pdf"),
        add("--report", type=Path, metavar="FILE", help="write a page on it: report.html"),
        add("--baseline", action="store_true",
            help="score gradient boosting beside it, by scikit-learn"),
    ]  # fmt: skip


def _add_tables(add: Callable[..., argparse.Action]) -> list[argparse.Action]:
    return [
        add("--target", metavar="COLUMN",
            help="what to predict; of a file of images the array, or IDX file, of their classes"),
        add("--task", choices=TASKS, help="what to do with it; by default its values say that"),
        add("--drop", type=as_names, metavar="A,B", help="columns to leave out"),
        add("--categorical", type=as_names, metavar="A,B",
            help="columns of numbers that are categories"),
        add("--ordinal", action="append", type=_as_order, metavar="A=LOW,HIGH",
            help="a column of values in an order"),
        add("--no-header", action="store_true",
            help="the first line has no names: the columns are column_1, column_2, …"),
        add("--group", metavar="COLUMN", help="hold out rows of one value together"),
        add("--time", metavar="COLUMN", help="hold out the latest rows"),
        add("--stream", action="store_true",
            help="read a Parquet file piece by piece: it need not fit into memory"),
        add("--ensemble", type=as_count, metavar="N",
            help="networks to average: 1, or 5 for few rows"),
    ]  # fmt: skip


def _add_images(add: Callable[..., argparse.Action]) -> list[argparse.Action]:
    return [
        add("--filters", type=as_sizes, metavar="N,N", help="units of the convolutions"),
        add("--data", type=Path, metavar="FOLDER", help="where the files of mnist or fashion are"),
        add("--image-size", type=_as_size, metavar="HxW", help="bring all images to that size"),
    ]  # fmt: skip


def _add_text(add: Callable[..., argparse.Action]) -> list[argparse.Action]:
    return [
        add("--steps", type=as_count, metavar="N", help="characters that gradients go back through")
    ]


def _run(options: argparse.Namespace) -> int:
    """Do what the arguments say; a mistake in them ends in one line and exit code 2."""
    fail: Callable[[str], NoReturn] = options.parser.error
    try:
        return run_as_ranks(_train, options)
    except (ImportError, ValueError) as error:
        fail(str(error))


def _train(options: argparse.Namespace) -> int:
    kind = _kind_of(options)
    if kind == TEXT and options.command == "search":
        raise ValueError("argument DATA: a search is for tables and images, not for a text")
    own = options.of_kinds[kind]
    for other, actions in options.of_kinds.items():
        for action in actions:
            if action not in own and getattr(options, action.dest) != action.default:
                option = action.option_strings[0]
                raise ValueError(f"argument {option}: it is for {other}, not for {options.name}")
    if options.file is not None and kind != TEXT:
        raise ValueError(f"argument FILE: it is for {TEXT}, not for {options.name}")
    if kind == TABLE and not Path(options.name).exists():
        raise ValueError(
            f"argument DATA: there is no file {options.name!r}, and no data set of that name; "
            f"the data sets are {', '.join(NAMES)}"
        )
    return _trained(kind, options)


def _kind_of(options: argparse.Namespace) -> str:
    """What is to be trained on."""
    if options.name == TEXT:
        return TEXT
    path = Path(options.name)
    if options.name in NAMES or path.is_dir():
        return IMAGES
    if not path.is_file():
        return TABLE
    from jitnet.datasets.image_file import holds_images

    return IMAGE_FILE if holds_images(path) else TABLE


def _trained(kind: str, options: argparse.Namespace) -> int:
    if kind == TEXT:
        from jitnet.train.text import train_text

        return train_text(options)
    if kind in (IMAGES, IMAGE_FILE):
        from jitnet.train.images import train_images

        return train_images(options)
    from jitnet.train.tables import train_table

    return train_table(options)


def _as_order(text: str) -> tuple[str, list[str]]:
    name, _, values = text.partition("=")
    if not name or "," not in values:
        raise argparse.ArgumentTypeError(
            f"expected a column and its values, such as size=small,large; got {text!r}"
        )
    return name, values.split(",")


def _as_size(text: str) -> tuple[int, int]:
    height, _, width = text.replace(",", "x").partition("x")
    return as_count(height), as_count(width or height)


def _as_part(text: str) -> float | Path:
    """A share of the rows, or a file."""
    try:
        float(text)
    except ValueError:
        return Path(text)
    return as_share(text)
