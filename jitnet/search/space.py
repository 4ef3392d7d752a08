"""The settings that a search tries."""

from __future__ import annotations

from collections.abc import Callable, Container
from typing import Any, NamedTuple

LEAST_UNITS = 16
LEAST_DECAY, MOST_DECAY = 1e-6, 0.3
NARROWER, AS_USUAL, WIDER = 0.5, 1.0, 2.0
"""What the usual numbers of filters are multiplied by."""


class Space(NamedTuple):
    """Values that are tried."""

    widths: tuple[int, ...]
    """Units of the first hidden dense layer."""
    layers: tuple[int, int]
    """Hidden dense layers, the least and the most."""
    halved: bool
    """Whether each of them has half of the units of the one before; otherwise as many."""
    batch_sizes: tuple[int, ...]

    def hidden(self, width: int, layers: int) -> tuple[int, ...]:
        """The units of hidden layers."""
        return tuple(max(LEAST_UNITS, width >> k * self.halved) for k in range(layers))


def _filters(trial: Any, space: Space, usual: Any) -> tuple[int, ...]:
    factor = trial.suggest_categorical("filters", (NARROWER, AS_USUAL, WIDER))
    return tuple(round(factor * filters) for filters in usual.filters)


def _hidden(trial: Any, space: Space, usual: Any) -> tuple[int, ...]:
    width = trial.suggest_categorical("width", space.widths)
    return space.hidden(width, trial.suggest_int("layers", *space.layers))


def _dropout(trial: Any, space: Space, usual: Any) -> float:
    found: float = trial.suggest_float("dropout", 0.0, 0.6)
    return found


def _learning_rate(trial: Any, space: Space, usual: Any) -> float:
    found: float = trial.suggest_float("learning_rate", 2e-4, 1e-2, log=True)
    return found


def _weight_decay(trial: Any, space: Space, usual: Any) -> float:
    found: float = trial.suggest_float("weight_decay", LEAST_DECAY, MOST_DECAY, log=True)
    return found


def _batch_size(trial: Any, space: Space, usual: Any) -> int:
    found: int = trial.suggest_categorical("batch_size", space.batch_sizes)
    return found


SEARCHED: dict[str, Callable[[Any, Space, Any], Any]] = {
    "filters": _filters,
    "hidden": _hidden,
    "dropout": _dropout,
    "learning_rate": _learning_rate,
    "weight_decay": _weight_decay,
    "batch_size": _batch_size,
}
"""The settings that a search chooses, and how one of a try is proposed."""


def suggested(trial: Any, space: Space, usual: Any, given: Container[str]) -> dict[str, Any]:
    """The settings of a try that are searched for: those that are not given.

    Parameters
    ----------
    trial : optuna.Trial
        The try.
    space : Space
        The values that are tried.
    usual : NamedTuple
        The settings that suit the examples; without filters none are searched for.
    given : container of str
        The settings that the user has chosen.
    """
    return {
        name: propose(trial, space, usual)
        for name, propose in SEARCHED.items()
        if _is_searched(name, usual, given)
    }


def usual_parameters(space: Space, usual: Any, given: Container[str]) -> dict[str, Any]:
    """The place in the space of the settings that suit the examples."""
    width = usual.hidden[0] if usual.hidden else space.widths[0]
    places = {
        "filters": {"filters": AS_USUAL},
        "hidden": {"width": width, "layers": len(usual.hidden)},
        "weight_decay": {"weight_decay": max(LEAST_DECAY, usual.weight_decay)},
    }
    return {
        parameter: value
        for name in SEARCHED
        if _is_searched(name, usual, given)
        for parameter, value in (places.get(name) or {name: getattr(usual, name)}).items()
    }


def _is_searched(name: str, usual: Any, given: Container[str]) -> bool:
    """Whether a setting is there and not given; a network without convolutions has no filters."""
    return name not in given and (name != "filters" or bool(getattr(usual, name, ())))
