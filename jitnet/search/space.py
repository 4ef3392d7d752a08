"""The settings that a search tries."""

from __future__ import annotations

from typing import Any

from jitnet.tabular.preset import Settings

WIDTHS = (32, 64, 128, 256, 512)
MOST_LAYERS = 3
BATCHES = (64, 128, 256, 512)
LEAST_UNITS = 16


def usual_parameters(usual: Settings) -> dict[str, Any]:
    """The place in the space of the settings that suit the number of rows."""
    return {
        "width": usual.hidden[0],
        "layers": len(usual.hidden),
        "dropout": usual.dropout,
        "learning_rate": usual.learning_rate,
        "weight_decay": usual.weight_decay,
        "batch_size": usual.batch_size,
    }


def suggested(trial: Any, usual: Settings, given: dict[str, Any]) -> Settings:
    """The settings of a try; those that are given are not searched for.

    Parameters
    ----------
    trial : optuna.Trial
        The try.
    usual : Settings
        What suits the number of rows, for what is not searched for.
    given : dict
        What the user has chosen.
    """
    found: dict[str, Any] = {}
    if "hidden" not in given:
        width = trial.suggest_categorical("width", WIDTHS)
        layers = trial.suggest_int("layers", 1, MOST_LAYERS)
        found["hidden"] = tuple(max(LEAST_UNITS, width >> k) for k in range(layers))
    if "dropout" not in given:
        found["dropout"] = trial.suggest_float("dropout", 0.0, 0.6)
    if "learning_rate" not in given:
        found["learning_rate"] = trial.suggest_float("learning_rate", 2e-4, 1e-2, log=True)
    if "weight_decay" not in given:
        found["weight_decay"] = trial.suggest_float("weight_decay", 1e-6, 0.3, log=True)
    if "batch_size" not in given:
        found["batch_size"] = trial.suggest_categorical("batch_size", BATCHES)
    return usual._replace(**given)._replace(**found)
