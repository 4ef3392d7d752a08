"""A network for a table's features, ready to be trained."""

from __future__ import annotations

from typing import Any

from jitnet.layers import Branches, Embedding, Flatten, Layer
from jitnet.model import Sequential
from jitnet.optimizers import AdamW
from jitnet.schedules import Cosine
from jitnet.tabular.preset import Settings
from jitnet.tabular.table import Table

WARMUP_SHARE = 0.05


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
