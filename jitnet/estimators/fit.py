"""A fit of an estimator: what is given is checked, the network made, and a solver trains it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
from sklearn.base import is_regressor
from sklearn.utils import check_random_state

from jitnet.arrays import Array
from jitnet.estimators import rates
from jitnet.estimators.examples import Examples
from jitnet.estimators.held_out import Validation, hold_out
from jitnet.estimators.holder import NOT_FINITE
from jitnet.estimators.lbfgs import fit_lbfgs
from jitnet.estimators.monitor import (
    begin_records,
    begin_stopping,
    listeners_of,
    say_that_parts_ended,
)
from jitnet.estimators.network import Network
from jitnet.estimators.parameters import hidden_activations, hidden_sizes
from jitnet.estimators.stochastic import Descent
from jitnet.estimators.tabular import dtype_of, settings_of
from jitnet.estimators.trial import try_stages
from jitnet.sparse import SparseRows, check_sparse
from jitnet.validation import check_fits

GIVEN = ("X", "y", "sample_weight", "X_val", "y_val", "sample_weight_val")


def fit_perceptron(
    estimator: Any,
    X: Any,
    y: Any,
    sample_weight: Any,
    held_out: tuple[Any, Any, Any],
    *,
    incremental: bool = False,
) -> None:
    """Check everything, and then train."""
    listeners = listeners_of(estimator.callbacks)
    for name, values in zip(GIVEN, (X, y, sample_weight, *held_out), strict=True):
        check_sparse(values, name)
    anew = not hasattr(estimator, "coefs_") or not (estimator.warm_start or incremental)
    X, y = estimator._validate(X, y, reset=anew)
    settings = settings_of(estimator, X.shape[0], anew, held_out[0] is not None, incremental)
    settings.callbacks = listeners
    if incremental and settings.early_stopping and estimator._parts_ended:
        say_that_parts_ended(estimator)
        return
    hidden = hidden_sizes(settings.hidden_layer_sizes)
    activations = hidden_activations(settings.activation, len(hidden))
    estimator._learn_targets(y, anew=anew)
    examples = estimator._examples(X, y, sample_weight, settings, anew=anew)
    examples.weights = _product(examples.weights, estimator._class_weights(y))
    X = examples.X
    estimator._random_state = check_random_state(estimator.random_state)
    units = (X.shape[1], *hidden, estimator.n_outputs_)
    network = _network_for(
        estimator, X, units, activations, settings, anew=anew, incremental=incremental
    )
    if is_regressor(estimator):
        check_fits(y, network.engine.dtype, "y")
    recorded = "loss_curve_" if settings.solver != "lbfgs" else "_is_by_parts"
    begins = anew or recorded not in vars(estimator)
    if begins:
        begin_records(estimator, settings)
    begin_stopping(estimator, settings, incremental=incremental)
    examples, validation = hold_out(
        estimator, examples, held_out, settings, incremental=incremental
    )
    examples.check_weights(network.engine, "sample_weight of the examples to train on")
    if settings.solver == "lbfgs":
        fit_lbfgs(estimator, settings, network, examples, validation)
    else:
        _descend(estimator, settings, examples, validation, begins=begins, incremental=incremental)
    if not all(np.isfinite(array).all() for array in (*estimator.coefs_, *estimator.intercepts_)):
        raise ValueError(NOT_FINITE)


def _descend(
    estimator: Any,
    settings: SimpleNamespace,
    examples: Examples,
    validation: Validation | None,
    *,
    begins: bool,
    incremental: bool,
) -> None:
    """Train by steps on batches, along the preset's path of penalties where there is one."""
    stages = settings.stages
    if stages is not None and validation is None:
        trial = try_stages(estimator, settings, examples, stages)
        if trial is not None and trial.interrupted:
            estimator.__dict__.update(vars(trial.estimator))
            estimator._network.engine.network.parameters[:] = estimator._best_parameters
            return
        kept = stages[0].alpha if trial is None else trial.estimator.alpha_
        stages = [stage for stage in stages if stage.alpha >= kept]
    descent = Descent(
        estimator,
        settings,
        estimator._network,
        examples,
        validation,
        incremental=incremental,
        stages=stages,
    )
    if stages is None and (not incremental or begins):
        rates.begin(settings, estimator._network, settings.max_iter * descent.steps_an_epoch)
    descent.run()
    if settings.early_stopping and (estimator.stopped_ or not incremental):
        estimator._network.engine.network.parameters[:] = estimator._best_parameters
    estimator._parts_ended = incremental and settings.early_stopping and estimator.stopped_


def _network_for(
    estimator: Any,
    X: Any,
    units: tuple[int, ...],
    activations: list[str],
    settings: SimpleNamespace,
    *,
    anew: bool,
    incremental: bool,
) -> Network:
    """The network to train: a new one, the old coefficients in a new one, or the old one."""
    dtype = np.dtype(dtype_of(estimator) or X.dtype)
    if not anew:
        old: Network = estimator._bound()
        dtype = old.design.dtype
        if old.design.units != units:
            raise ValueError(
                f"the network has layers of {old.design.units} units, not of {units}; "
                "without warm_start, fit begins anew"
            )
        if incremental:
            old.set_alpha(settings.alpha)
            return old
    design = estimator._design(units, tuple(activations), settings, dtype)
    mostly_zeros = isinstance(X, SparseRows) and X.is_mostly_zeros
    network = Network(design._replace(mostly_zeros=mostly_zeros))
    if anew:
        network.draw(estimator._random_state)
        estimator.n_layers_ = len(units)
    else:
        network.load(estimator.coefs_, estimator.intercepts_)
    estimator._hold(network)
    return network


def _product(weights: Array | None, others: Array | None) -> Array | None:
    if weights is None or others is None:
        return others if weights is None else weights
    product: Array = weights * others
    return product
