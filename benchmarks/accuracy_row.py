"""What `accuracy.py` asks of a row: a network on a data set, and what it should reach."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import jitnet as jn

WARMUP_SHARE = 0.05

LESS_IS_BETTER = {"accuracy": False, "nats": True, "RMSE": True}
"""The figures that there are."""


class Outcome(NamedTuple):
    """What a training ended in."""

    figure: float
    seconds: float


class Row(Protocol):
    """A network on a data set, how it is trained, and what it should reach."""

    @property
    def about(self) -> str: ...  # noqa: D102
    @property
    def outline(self) -> str: ...  # noqa: D102
    @property
    def settings(self) -> str: ...  # noqa: D102
    @property
    def bar(self) -> float: ...  # noqa: D102
    @property
    def published(self) -> str: ...  # noqa: D102
    @property
    def figure(self) -> str: ...  # noqa: D102

    def train(self, seed: int, quick: bool) -> Outcome:
        """Train the network once, or next to nothing of it."""


def reaches(row: Row, figure: float) -> bool:
    """Whether a figure is as good as the row's bar."""
    return figure <= row.bar if LESS_IS_BETTER[row.figure] else figure >= row.bar


def cosine(rate: float, steps: int) -> jn.Cosine:
    """A rate that rises for a short while and falls by a cosine."""
    return jn.Cosine(rate, steps=steps, warmup=int(WARMUP_SHARE * steps))
