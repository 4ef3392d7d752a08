"""A search for the settings that suit images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from jitnet.callbacks import Callback
from jitnet.search.search import Budget, Try, search
from jitnet.search.space import Space
from jitnet.train.jobs import Network, Part
from jitnet.train.training import train

WIDTHS, BATCH_SIZES = (64, 128, 256, 512), (32, 64, 128, 256)
MOST_LAYERS = 2


def search_images(
    network: Network,
    given: Mapping[str, Any],
    training: Part,
    validation: Part,
    budget: Budget,
    *,
    seed: int = 0,
    threads: int | None = None,
) -> list[Try]:
    """Try filters, widths, rates, penalties, dropout and batch sizes.

    Parameters
    ----------
    network : Network
        What is trained where nothing else is asked for.
    given : mapping
        The settings that the user has chosen, which are not searched for.
    training, validation : (X, y)
        The images to learn from, and those by which tries are compared.
    budget : Budget
        How far the search goes.
    seed : int, default 0
        The seed of the first weights and of the proposals.
    threads : int, optional
        Tries at a time, one on each core by default.

    Returns
    -------
    list of Try
        As from `jitnet.search.search.search`, of `Network`.

    Raises
    ------
    ValueError, ImportError
        As in `jitnet.search.search.search`.
    """
    least = 0 if network.filters else 1
    space = Space(WIDTHS, (least, MOST_LAYERS), halved=False, batch_sizes=BATCH_SIZES)

    def try_settings(settings: Network, callbacks: Sequence[Callback]) -> None:
        train(
            settings,
            *training,
            validation=validation,
            seed=seed,
            threads=1,
            callbacks=callbacks,
            progress=False,
        )

    X, y = training
    return search(
        try_settings,
        network,
        given,
        space,
        budget,
        of=[network[1:], dict(given), X.shape, len(validation[1]), len(set(y.tolist()))],
        seed=seed,
        n_threads=threads,
    )
