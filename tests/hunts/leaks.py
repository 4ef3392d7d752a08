"""Fits and predictions without end leave the process's own memory where it was."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from drawing import Drawn, draw_network, picker, train
from hunting import Hunt, Lost, Tally
from own_memory import own_mib

NETWORKS = 30
ROWS = 64
FITS, PREDICTS = 10, 1000
"""Of a round: as many predictions a fit as ten thousand fits and a million of them have."""
MIB = 5.0
"""What a process may grow by, whatever it does."""
WARM = 3
"""Rounds over all networks after which everything is loaded that is kept."""


def networks(seed: int) -> list[tuple[Drawn, Any, Any]]:
    """Some networks, with examples."""
    found = []
    for number in range(NETWORKS):
        rng = np.random.default_rng([seed, number])
        network = draw_network(picker(rng))
        found.append((network, network.inputs(rng, ROWS), network.targets(rng, ROWS)))
    return found


def use(network: Drawn, X: Any, y: Any) -> None:
    """A round: new models that are fitted, one that goes on, and predictions of few and of all."""
    for _ in range(FITS):
        model = network.model(n_threads=2)
        train(model, X, y, {}, {"epochs": 1, "batch_size": None})
    few = tuple(x[:2] for x in X) if isinstance(X, tuple) else X[:2]
    for turn in range(PREDICTS):
        model.predict(few if turn % 10 else X)


def run(seconds: float, seed: int, first: int) -> Tally:
    """Rounds until the time is over."""
    used, rounds = networks(seed), 0
    for _ in range(WARM):
        for network in used:
            use(*network)
    before, began = own_mib(), time.monotonic()
    while rounds == 0 or time.monotonic() - began < seconds:
        use(*used[rounds % NETWORKS])
        rounds += 1
    grown = own_mib() - before
    if grown > MIB:
        raise Lost(f"--seed {seed}: {rounds} rounds have left {grown:.1f} MiB")
    return Tally(rounds * (FITS + PREDICTS))


HUNT = Hunt(run, short=20, long=600)
