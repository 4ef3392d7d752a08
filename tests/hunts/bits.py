"""Random networks end in the same bits with 1 to 16 threads, and by both twins of each block."""

from __future__ import annotations

from typing import Any

from drawing import Drawn, Given, answers, draw_given, draw_network, picker, train, training_options
from hunting import Hunt, Rng, Tally, drawn
from rows import bits_of
from team_sizes import many_cores
from twins import parallel_twins

THREADS = 1, 2, 3, 4, 16
TWINS = 20
"""One network of so many trains by the parallel twins too, each of which has to be compiled."""


def trained(network: Drawn, X: Any, y: Any, given: Given, options: Given, n_threads: int) -> str:
    """The bits of a trained model, of its gradients and of what it says of its examples."""
    model = network.model(n_threads=n_threads, seed=5)
    losses = train(model, X, y, given, options)
    found = answers(model, X, y, given)
    return bits_of(model, X, losses, found, given.get("lengths"))


def case(rng: Rng) -> Tally:
    """One network."""
    pick = picker(rng)
    network = draw_network(pick)
    count = int(rng.integers(2, 150))
    X, y = network.inputs(rng, count), network.targets(rng, count)
    given, options = draw_given(network, pick, rng, count), training_options(network, pick, count)
    right = trained(network, X, y, given, options, 1)
    with many_cores(max(THREADS)):
        for n_threads in THREADS:
            if trained(network, X, y, given, options, n_threads) != right:
                raise AssertionError(f"{n_threads} threads give other bits: {network}, {options}")
    if rng.integers(TWINS) == 0:
        with parallel_twins():
            if trained(network, X, y, given, options, 1) != right:
                raise AssertionError(f"the parallel twins give other bits: {network}, {options}")
    return Tally(len(THREADS))


HUNT = Hunt(
    drawn(case),
    short=20,
    long=900,
    mended=(
        "RandomRotation's twins rounded other products of a sum on processors of 256 bits: which "
        "of them is fused with it is now written down",
    ),
)
