"""The table of optimisers: a new one is a file and a row."""

from __future__ import annotations

from jitnet.optimizers.adam import Adam, AdamW
from jitnet.optimizers.optimizer import Optimizer
from jitnet.optimizers.rmsprop import RMSprop
from jitnet.optimizers.sgd import SGD

OPTIMIZERS: dict[str, type[Optimizer]] = {
    kind.__name__: kind for kind in (SGD, RMSprop, Adam, AdamW)
}


def by_name() -> dict[str, type[Optimizer]]:
    """The optimisers by the names that models take: their classes' names in small letters."""
    return {name.lower(): kind for name, kind in OPTIMIZERS.items()}
