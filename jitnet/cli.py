"""The command line: ``jitnet train digits``, ``jitnet study``, ``jitnet info``, ``jitnet warmup``.

The parser is built and checked before anything heavy is imported, so that ``--help`` and a mistake
answer at once.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from jitnet.arguments import as_count, as_rate, as_seed, as_sizes
from jitnet.extras import install
from jitnet.io.files import can_be_written
from jitnet.streams import Output, ReaderLeft
from jitnet.study.command import add_study

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from jitnet.model import Sequential
    from jitnet.progress import Progress

__all__ = ["build_parser", "main", "train_digits"]

DATA_SETS = ("digits",)
EPOCHS = 40
HIDDEN = (256,)
BATCH_SIZE = 32
LEARNING_RATE = 0.005
LABEL_SMOOTHING = 0.1
WARMUP_SHARE = 0.05


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
    try:
        try:
            options = build_parser().parse_args(arguments)
            return int(options.run(options))
        finally:
            sys.stdout.flush()
    except KeyboardInterrupt:
        print("jitnet: interrupted", file=sys.stderr)
        return 130
    except (FloatingPointError, MemoryError, OSError) as error:
        print(f"jitnet: {error}", file=sys.stderr)
        return 1


def _say(text: str) -> None:
    """Print a line; the command goes on where nobody reads it."""
    with suppress(ReaderLeft):
        print(text, flush=True)


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
    parser = _Parser(prog="jitnet", description="Neural networks trained on the CPU.")
    parser.add_argument("--version", action=_Version, help="print the version and exit")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_train(commands)
    add_study(commands)
    info = commands.add_parser("info", help="say what jitnet runs on", description=_info.__doc__)
    info.set_defaults(run=_info)
    warmup = commands.add_parser(
        "warmup", help="compile the kernels now", description=_warmup.__doc__
    )
    warmup.set_defaults(run=_warmup)
    return parser


def train_digits(
    X: NDArray[np.float32],
    y: NDArray[np.int64],
    *,
    epochs: int = EPOCHS,
    hidden: Sequence[int] = HIDDEN,
    batch_size: int = BATCH_SIZE,
    learning_rate: float = LEARNING_RATE,
    seed: int = 0,
    threads: int | None = None,
    progress: bool | Progress | None = None,
) -> Sequential:
    """Train a network on handwritten digits as ``jitnet train digits`` does.

    Adam under a cosine schedule with a short warm-up, and smoothed labels, which do more here than
    depth or width: without them the mean accuracy over five folds is 0.981 instead of 0.990.

    Parameters
    ----------
    X : ndarray of float32, shape (n_samples, 64)
        Images with ink from 0 to 1.
    y : ndarray of int64, shape (n_samples,)
        Their digits.
    epochs : int, default 40
        Passes over the images.
    hidden : sequence of int, default (256,)
        Units of each hidden layer.
    batch_size : int, default 32
        Images a step.
    learning_rate : float, default 0.005
        The highest rate of the schedule.
    seed : int, default 0
        The seed of the first weights and of the shuffling.
    threads : int, optional
        Threads to train with; the model chooses by default.
    progress : bool or Progress, optional
        See `jitnet.progress.make_progress`.

    Returns
    -------
    Sequential
        The trained model.

    Examples
    --------
    >>> import jitnet as jn
    >>> X, y = jn.datasets.load_digits()
    >>> train_digits(X / 16, y, epochs=2).predict(X[:3] / 16).shape
    (3, 10)
    """
    import jitnet as jn

    steps = epochs * math.ceil(len(X) / batch_size)
    rate = jn.Cosine(learning_rate, steps=steps, warmup=int(WARMUP_SHARE * steps))
    model = jn.Sequential(
        [*(jn.Dense(units, activation="relu") for units in hidden), jn.Dense(10)],
        loss="softmax_crossentropy",
        label_smoothing=LABEL_SMOOTHING,
        optimizer=jn.Adam(learning_rate=rate),
        seed=seed,
        n_threads=threads,
    )
    model.fit(X, y, epochs=epochs, batch_size=batch_size, progress=progress)
    return model


class _Parser(argparse.ArgumentParser):
    """A parser whose complaint is one line."""

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


def _add_train(commands: argparse._SubParsersAction[_Parser]) -> None:
    train = commands.add_parser(
        "train",
        help="train a network and write it to a file",
        description="Train a network, say how well it does on data that it has not seen, and write "
        "it to a file.",
    )
    hidden = ",".join(map(str, HIDDEN))
    add = train.add_argument
    add("data", metavar="DATA", type=_data_set, help=f"an embedded data set: {_names()}")
    add(
        "--epochs",
        type=as_count,
        default=EPOCHS,
        metavar="N",
        help="passes over the data: %(default)s",
    )
    add("--hidden", type=as_sizes, default=hidden, metavar="N,N", help="hidden units: %(default)s")
    add(
        "--batch-size",
        type=as_count,
        default=BATCH_SIZE,
        metavar="N",
        help="examples a step: %(default)s",
    )
    add(
        "--learning-rate",
        type=as_rate,
        default=LEARNING_RATE,
        metavar="RATE",
        help="the highest learning rate: %(default)s",
    )
    add("--threads", type=as_count, metavar="N", help="threads to train with")
    add(
        "--seed",
        type=as_seed,
        default=0,
        metavar="N",
        help="of first weights and order: %(default)s",
    )
    add("--output", type=Path, metavar="FILE", help="where the model goes: DATA.safetensors")
    add("--quiet", action="store_true", help="show no progress")
    train.set_defaults(run=_train, parser=train)


def _train(options: argparse.Namespace) -> int:
    output = _check_output(options)

    import jitnet as jn
    from jitnet.progress import make_progress

    X, y = jn.datasets.load_digits()
    X /= 16
    held_out = jn.datasets.every_nth_of_each_class(y)
    X_train, y_train = X[~held_out], y[~held_out]
    layers = "-".join(map(str, (X.shape[1], *options.hidden, 10)))
    _say(f"digits          {len(X_train)} images to train on, {held_out.sum()} held out")
    shape = f"{layers}, {options.epochs} epochs, batches of {options.batch_size}"
    _say(f"network         {shape}")

    names = ("epochs", "hidden", "batch_size", "learning_rate", "seed", "threads")
    chosen = {name: getattr(options, name) for name in names}
    progress = make_progress(not options.quiet)
    start = time.perf_counter()
    try:
        model = train_digits(X_train, y_train, **chosen, progress=progress)
    except ValueError as error:
        options.parser.error(str(error))
    seconds = time.perf_counter() - start - progress.compile_seconds

    accuracy = model.evaluate(X[held_out], y[held_out])["accuracy"]
    loss, least = model.history["loss"][-1], _least_loss(LABEL_SMOOTHING, classes=10)
    _say(f"training loss   {loss:.4f}, of which smoothing the labels makes {least:.4f}")
    _say(f"test accuracy   {accuracy:.4f}")
    _say(f"training time   {seconds:.2f} s{_compile_note(progress.compile_seconds)}")
    _say(f"images/second   {options.epochs * len(X_train) / seconds:,.0f}")
    if output is not None:
        model.save(output)
        _say(f"model           {output}")
    return 0


def _least_loss(smoothing: float, classes: int) -> float:
    """The least cross-entropy there can be with smoothed labels: their own entropy."""
    other = smoothing / classes
    own = 1 - smoothing + other
    return -own * math.log(own) - (classes - 1) * other * math.log(other)


def _compile_note(seconds: float) -> str:
    return f", after {seconds:.1f} s for compiling the kernels, once" if seconds else ""


def _check_output(options: argparse.Namespace) -> Path | None:
    """Where to write the model, or None where it cannot be written; checked before any work."""
    chosen: Path | None = options.output
    if find_spec("safetensors") is None:
        need = f"needs the package safetensors: {install('cli')}"
        if chosen is not None:
            options.parser.error(f"argument --output: writing a model {need}")
        _say(f"The model will not be written: that {need}")
        return None
    output = chosen or Path(f"{options.data}.safetensors")
    if not can_be_written(output):
        options.parser.error(
            f"argument --output: {str(output)!r} must be a file in a folder that can be written, "
            "or one that can be written itself"
        )
    return output


def _info(options: argparse.Namespace) -> int:
    """Print the versions, the CPU as the kernels see it, the threads and the cache's folder."""
    from importlib.metadata import version
    from platform import python_version

    import llvmlite.binding
    import numba

    from jitnet.kernels.cache import folders
    from jitnet.kernels.cpu import VECTOR_BYTES
    from jitnet.threads import available_threads
    from jitnet.version import package_version

    rows = {
        "python": python_version(),
        "jitnet": package_version(),
        **{package: version(package) for package in ("numpy", "numba", "llvmlite")},
        "CPU": numba.config.CPU_NAME or llvmlite.binding.get_host_cpu_name(),
        "lanes": f"{VECTOR_BYTES // 4} of float32, {VECTOR_BYTES // 8} of float64",
        "threads": available_threads(),
        "cache": folders().written or "none, as no folder can be written",
    }
    for name, value in rows.items():
        print(f"{name:<16}{value}")
    return 0


def _warmup(options: argparse.Namespace) -> int:
    """Compile the kernels for float32 and float64, so that no later run has to wait for them."""
    from jitnet.kernels.cache import folders
    from jitnet.threads import prepare_for_long_work
    from jitnet.warmup import warm_up

    prepare_for_long_work()
    for dtype in ("float32", "float64"):
        start = time.perf_counter()
        warm_up(dtype)
        _say(f"{dtype:<16}{time.perf_counter() - start:.1f} s")
    _say(f"{'cache':<16}{folders().written or 'none, as no folder can be written'}")
    return 0


def _names() -> str:
    return ", ".join(DATA_SETS)


def _data_set(text: str) -> str:
    if text not in DATA_SETS:
        raise argparse.ArgumentTypeError(f"there is no data set {text!r}; there are: {_names()}")
    return text
