"""The preset for tables of numbers: settings that hold where a parameter has its default.

Inputs are scaled to mean 0 and deviation 1, and so are a regressor's targets; AdamW's rate goes up
and down once (Smith and Topin, 2019, *Super-convergence*); classes are smoothed (Szegedy et al.,
2016). The loss of a held-out tenth chooses the penalty, along the path of
`jitnet.estimators.penalties`, and the epoch whose coefficients are kept; where there are few
examples it chooses the penalty of a fit to all of them. It is computed in float32, twice as fast as
in the float64 that frames hold.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import scipy.sparse
from sklearn.preprocessing import StandardScaler

from jitnet.arrays import Array
from jitnet.estimators.penalties import stages_of

MIN_TO_HOLD_OUT = 2000
"""Examples from which holding out a tenth costs less than it helps."""

SETTINGS: dict[str, Any] = {
    "hidden_layer_sizes": (128, 128),
    "solver": "adamw",
    "learning_rate": "one_cycle",
    "learning_rate_init": 0.005,
    "max_iter": 26,
    "n_iter_no_change": np.inf,
    "label_smoothing": 0.05,
    "dtype": "float32",
}


def settings_of(
    estimator: Any,
    n_samples: int,
    anew: bool = True,
    validates: bool = False,
    incremental: bool = False,
) -> SimpleNamespace:
    """An estimator's parameters, with the preset's where those have their defaults.

    Beside them ``stages``: the path of penalties, where one is to be chosen.
    """
    defaults = estimator._defaults
    given = {name: getattr(estimator, name) for name in defaults} | {"stages": None}
    if estimator.preset is None:
        return SimpleNamespace(**given)
    preset = SETTINGS | {
        "batch_size": min(n_samples, int(np.clip(n_samples // 32, 16, 256))),
        "early_stopping": (validates or n_samples >= MIN_TO_HOLD_OUT) and not incremental,
        "alpha": given["alpha"] if anew else getattr(estimator, "alpha_", given["alpha"]),
    }
    kept = {name: value for name, value in preset.items() if name in given}
    chosen = {name: value for name, value in kept.items() if _same(given[name], defaults[name])}
    settings = SimpleNamespace(**given | chosen)
    if "alpha" in chosen and anew and not incremental and settings.solver != "lbfgs":
        settings.stages = stages_of(settings.max_iter)
    return settings


def dtype_of(estimator: Any) -> str | None:
    """The type to compute in; None is that of the data."""
    preset = None if estimator.preset is None else SETTINGS["dtype"]
    chosen: str | None = preset if estimator.dtype is None else estimator.dtype
    return chosen


def fit_scaler(values: Any, name: str) -> StandardScaler:
    """Fit a scaler to mean 0 and deviation 1, which leaves the zeros of sparse numbers zero.

    Both are taken in double precision.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        scaler = StandardScaler(with_mean=not scipy.sparse.issparse(values)).fit(values)
    if not np.isfinite(scaler.var_).all():
        raise ValueError(f"{name} is too large for its deviation to be taken; scale it down")
    if not scipy.sparse.issparse(values):
        differs = np.max(values, axis=0) > np.min(values, axis=0)
        if (differs & (scaler.var_ < np.finfo(np.float64).tiny)).any():
            raise ValueError(f"{name} is too small for its deviation to be taken; scale it up")
    return scaler


def fold(
    scaler: StandardScaler, coefs: list[Array], intercepts: list[Array]
) -> tuple[list[Array], list[Array]]:
    """Coefficients for inputs that are not scaled."""
    first = coefs[0] / scaler.scale_[:, np.newaxis]
    moved = intercepts[0] - (scaler.mean_ @ first if scaler.with_mean else 0.0)
    return [first, *coefs[1:]], [moved, *intercepts[1:]]


def _same(value: Any, default: Any) -> bool:
    return type(value) is type(default) and bool(value == default)
