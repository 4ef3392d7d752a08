"""A network for a table's features, ready to be trained."""

from __future__ import annotations

from jitnet.model import Sequential
from jitnet.optimizers import AdamW
from jitnet.schedules import Cosine
from jitnet.tabular.preset import Settings
from jitnet.tabular.target import Target

WARMUP_SHARE = 0.05


def new_network(
    settings: Settings, target: Target, rows: int, *, seed: int, n_threads: int | None
) -> Sequential:
    """A perceptron under AdamW, whose rate rises for a short while and falls by a cosine.

    Parameters
    ----------
    settings : Settings
        The layers, and how they are trained.
    target : Target
        What is predicted.
    rows : int
        Training rows, by which the schedule is as long as the training.
    seed, n_threads
        As in `Sequential`.
    """
    steps = settings.epochs * -(-rows // settings.batch_size)
    rate = Cosine(settings.learning_rate, steps=steps, warmup=int(WARMUP_SHARE * steps))
    return Sequential(
        settings.layers(target.n_outputs),
        target.loss,
        AdamW(rate, weight_decay=settings.weight_decay),
        seed=seed,
        n_threads=n_threads,
    )
