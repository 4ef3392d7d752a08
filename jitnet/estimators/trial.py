"""A trial fit on a share of few examples, to choose the penalty of a fit to all of them."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from sklearn.exceptions import ConvergenceWarning

from jitnet.estimators.examples import Examples
from jitnet.estimators.held_out import can_hold_out, hold_out
from jitnet.estimators.monitor import begin_records
from jitnet.estimators.network import Network
from jitnet.estimators.penalties import Stage
from jitnet.estimators.stochastic import Descent


def try_stages(
    estimator: Any, settings: SimpleNamespace, examples: Examples, stages: Sequence[Stage]
) -> Descent | None:
    """A trial with a share of the examples held out, whose penalty is for a fit to all of them.

    None where there are too few to hold one out, or too few with a weight.
    """
    if not can_hold_out(len(examples.rows), settings.validation_fraction):
        return None
    trial = object.__new__(type(estimator))
    vars(trial).update(vars(estimator))
    given = estimator._network
    network = Network(given.design)
    network.load(given.coefs, given.intercepts)
    trial._hold(network)
    alone = {"early_stopping": True, "callbacks": (), "progress": None, "verbose": False}
    settings = SimpleNamespace(**vars(settings) | alone)
    begin_records(trial, settings)
    try:
        part, validation = hold_out(
            trial, examples, (None, None, None), settings, incremental=False
        )
        part.check_weights(network.engine, "sample_weight")
    except ValueError:
        return None
    descent = Descent(trial, settings, network, part, validation, incremental=False, stages=stages)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        descent.run()
    return descent
