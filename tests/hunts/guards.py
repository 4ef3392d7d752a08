"""Random networks with all their memory between unreadable pages: nothing beyond it is touched."""

from __future__ import annotations

from typing import Any

from drawing import Drawn, Given, answers, draw_given, draw_network, picker, train, training_options
from guarded import BEFORE, BEHIND, guarded, guarded_copy
from hunting import Hunt, Rng, Tally, drawn
from rows import bits_of

FEW = 1, 3, 8


def use(network: Drawn, X: Any, y: Any, given: Given, options: Given) -> str:
    """The bits of all that a model can do."""
    model = network.model(seed=5, n_threads=2)
    losses = train(model, X, y, given, options)
    found = answers(model, X, y, given)
    for count in FEW:
        some = tuple(x[:count] for x in X) if isinstance(X, tuple) else X[:count]
        found.append(model.predict(some))
    return bits_of(model, X, losses, found, given.get("lengths"))


def case(rng: Rng) -> Tally:
    """One network, on both sides."""
    pick = picker(rng)
    network = draw_network(pick)
    count = int(rng.integers(2, 100))
    X, y = network.inputs(rng, count), network.targets(rng, count)
    given, options = draw_given(network, pick, rng, count), training_options(network, pick, count)
    right = use(network, X, y, given, options)
    for side in (BEHIND, BEFORE):
        with guarded(side):
            placed = {key: guarded_copy(side, value) for key, value in given.items()}
            found = use(network, guarded_copy(side, X), guarded_copy(side, y), placed, options)
        if found != right:
            raise AssertionError(f"with a guard {side} other bits: {network}, {options}")
    return Tally(2)


HUNT = Hunt(drawn(case), short=15, long=900)
