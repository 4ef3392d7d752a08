"""A figure of the history that is watched, and which of its values are better."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from jitnet.checks import check_whole
from jitnet.quoting import quoted

HIGHER_IS_BETTER = ("accuracy",)
"""What the names of figures end in that are to grow; the others are to fall."""


def check_monitor(name: Any) -> str:
    """Return the name of a figure; which there are, a fit knows."""
    if not isinstance(name, str):
        raise TypeError(f"monitor must be the name of a figure, such as 'loss', got {quoted(name)}")
    return str.__str__(name)


def check_figure(name: str, figures: Iterable[str]) -> None:
    """Refuse a figure that a fit does not record."""
    if name not in figures:
        raise ValueError(
            f"monitor={quoted(name)} is not among the figures of this fit, which are "
            f"{', '.join(figures)}{_hint(name)}"
        )


@dataclass
class Monitored:
    """The best value of a figure so far.

    Parameters
    ----------
    name : str
        The figure's name in the history.
    min_delta : float
        By how much a value must be better to count as such.
    """

    name: str
    min_delta: float
    best: float = field(init=False, default=math.nan)
    best_epoch: int = field(init=False, default=0)

    def improves(self, epoch: int, logs: dict[str, float]) -> bool:
        """Whether an epoch's value is the best so far, which it then is."""
        check_figure(self.name, logs)
        value = logs[self.name]
        gain = self.best - value
        if self.name.endswith(HIGHER_IS_BETTER):
            gain = -gain
        if math.isnan(value) or gain <= self.min_delta:
            return False
        self.best, self.best_epoch = value, epoch
        return True

    def state(self) -> dict[str, Any]:
        """The best value and its epoch, as JSON can hold them."""
        return {"best": self.best if self.best_epoch else None, "best_epoch": self.best_epoch}

    def restore(self, state: dict[str, Any]) -> None:
        """Take over what `state` gave."""
        self.best_epoch = check_whole("best_epoch", state["best_epoch"], least=0)
        self.best = _as_float(state["best"]) if self.best_epoch else math.nan


def _as_float(value: Any) -> float:
    """A figure of a file, which may be infinite."""
    if type(value) not in (int, float):
        raise TypeError(f"the best value must be a number, got {quoted(value)}")
    return float(value)


def _hint(name: str) -> str:
    return "; give fit validation_data" if name.startswith("val_") else ""
