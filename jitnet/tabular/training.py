"""The networks for a table's features, made and trained."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from functools import partial
from os import PathLike
from pathlib import Path
from typing import Any

from jitnet.arrays import Array
from jitnet.callbacks import Callback, Checkpoint, EarlyStopping
from jitnet.callbacks.checkpoint import CHECKPOINT_MINUTES
from jitnet.io.model_file import CHECKPOINTS
from jitnet.layers import Branches, Embedding, Flatten, Layer
from jitnet.model import Sequential
from jitnet.optimizers import AdamW
from jitnet.progress import Progress, make_progress
from jitnet.schedules import Cosine
from jitnet.settings import check_callbacks
from jitnet.side_by_side import side_by_side
from jitnet.tabular.preset import Settings
from jitnet.tabular.table import Features, Table
from jitnet.threads import asked_for, available_threads

Callbacks = Sequence[Callback] | Callable[[int], Sequence[Callback]]
Examples = tuple[Features, Array]
Parts = tuple[Examples, Examples]
"""What a network learns from, and what it validates on."""

WARMUP_SHARE = 0.05
SEEDS_APART = 1000
"""How far the seeds of an ensemble's networks are apart."""


def seed_of(seed: int, place: int) -> int:
    """The seed of an ensemble's network."""
    return seed + SEEDS_APART * place


def train_networks(
    settings: Settings,
    table: Table,
    parts: Callable[[int], Parts],
    *,
    seed: int,
    n_threads: int | None,
    callbacks: Callbacks,
    progress: bool | Progress | None,
    checkpoints: str | PathLike[str] | None,
    resume: bool,
    communicator: Any,
) -> list[Sequential]:
    """Train the networks of a table of which the columns are learned.

    Parameters
    ----------
    settings, table, seed, n_threads
        As in `new_network`.
    parts : callable
        ``parts(place)`` is what the network in a place learns from, and what it validates on.
    callbacks, progress, checkpoints, resume, communicator
        As in `TableModel.fit`.

    Returns
    -------
    list of Sequential
        Each with the weights of its best epoch. One whose loss has become NaN or infinite is left
        out, with a warning.

    Raises
    ------
    FloatingPointError
        If the losses of all have.
    """
    fits = []
    for place in range(settings.ensemble):
        own = check_own_callbacks(callbacks(place)) if callable(callbacks) else callbacks
        listeners, begin = [EarlyStopping(patience=settings.epochs), *own], None
        if checkpoints is not None:
            folder = Path(checkpoints) / f"network-{place + 1}"
            listeners.append(Checkpoint(folder, every_minutes=CHECKPOINT_MINUTES))
            begin = folder if resume and any(folder.glob(CHECKPOINTS)) else None
        options = {"callbacks": listeners, "resume": begin, "communicator": communicator}
        make = partial(new_network, settings, table, seed=seed_of(seed, place), n_threads=n_threads)
        fits.append(partial(_fitted, make, partial(parts, place), settings, options))
    threads = min(asked_for(n_threads) or available_threads(), available_threads())
    in_turn = communicator is not None or (not callable(callbacks) and len(callbacks) > 0)
    is_shown = communicator is None or communicator.rank == 0
    shown = make_progress(progress if is_shown else False)
    found = side_by_side(fits, shown, threads=threads, at_once=1 if in_turn else None)
    errors = [each for each in found if isinstance(each, FloatingPointError)]
    if len(errors) == len(found):
        raise errors[0]
    if errors:
        left_out = f"{len(errors)} of {len(found)} networks are left out"
        warnings.warn(f"{left_out}: {errors[0]}", RuntimeWarning, stacklevel=4)
    return [each for each in found if isinstance(each, Sequential)]


def _fitted(
    make: Callable[[int], Sequential],
    parts: Callable[[], Parts],
    settings: Settings,
    options: dict[str, Any],
    progress: Progress,
) -> Sequential | FloatingPointError:
    """A network, once it is trained, or why it is none; its examples are cut in its turn."""
    own = parts()
    network = make(len(own[0][1]))
    try:
        fit_network(network, settings, own, progress=progress, **options)
    except FloatingPointError as error:
        return error
    return network


def fit_network(network: Sequential, settings: Settings, parts: Parts, **options: Any) -> None:
    """Fit a network to its parts of a table as the settings say, with ``options`` of `fit`."""
    (X, y), validation = parts
    network.fit(
        X,
        y,
        epochs=settings.epochs,
        batch_size=settings.batch_size,
        validation_data=validation,
        **options,
    )


def check_own_callbacks(callbacks: Any) -> Sequence[Callback]:
    """The callbacks, none of which writes several networks into one folder."""
    checked = check_callbacks(callbacks)
    if any(isinstance(callback, Checkpoint) for callback in checked):
        raise ValueError("give checkpoints=folder, in which each network has its own")
    return checked


def new_network(
    settings: Settings, table: Table, rows: int, *, seed: int, n_threads: int | None
) -> Sequential:
    """A perceptron under AdamW, whose rate rises for a short while and falls by a cosine.

    Parameters
    ----------
    settings : Settings
        The layers, and how they are trained.
    table : Table
        What was learned of the columns and the target.
    rows : int
        Training rows, by which the schedule is as long as the training.
    seed, n_threads
        As in `Sequential`.
    """
    steps = settings.epochs * -(-rows // settings.batch_size)
    rate = Cosine(settings.learning_rate, steps=steps, warmup=int(WARMUP_SHARE * steps))
    return Sequential(
        [*_first_layers(table), *settings.layers(table.target.n_outputs)],
        table.target.loss,
        AdamW(rate, weight_decay=settings.weight_decay),
        seed=seed,
        n_threads=n_threads,
    )


def _first_layers(table: Table) -> list[Layer]:
    """The vectors of embedded categories beside the features, if there are any."""
    branches: list[list[Layer]] = [[]] if table.features else []
    branches += [[Embedding(count, units), Flatten()] for count, units in table.embedded]
    return [Branches(branches)] if len(branches) > 1 else branches[0]


def example_shape(table: Table) -> tuple[Any, ...]:
    """The shape of an example of the networks: of its features, or of each input."""
    count = len(table.features)
    shapes = [*[(count,)] * (count > 0), *[(1,)] * len(table.embedded)]
    return tuple(shapes) if len(shapes) > 1 else shapes[0]
