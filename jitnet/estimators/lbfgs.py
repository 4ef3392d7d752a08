"""L-BFGS: SciPy's search, on the engine's loss and gradients in double precision."""

from __future__ import annotations

import warnings
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import scipy.optimize
from sklearn.utils.optimize import _check_optimize_result

from jitnet.arrays import Array
from jitnet.estimators.examples import Examples
from jitnet.estimators.held_out import Validation
from jitnet.estimators.monitor import USERS_CALL
from jitnet.estimators.network import Network
from jitnet.fitting import shown, wants_to_stop
from jitnet.progress import make_progress


class _Iteration(NamedTuple):
    """The result of an iteration of the search, which is taken over whole."""

    number: int
    logs: dict[str, float]
    packed: Array


def fit_lbfgs(
    estimator: Any,
    settings: SimpleNamespace,
    network: Network,
    examples: Examples,
    validation: Validation | None,
) -> None:
    """Search the coefficients with the least loss, from those there are.

    The search sees numbers in double precision, whatever the network's type. An interrupt leaves
    the coefficients of its last iteration.
    """
    double = Network(network.design._replace(dtype=np.dtype(np.float64), alpha=0.0))
    callbacks = settings.callbacks
    bar = make_progress(settings.progress)
    first = np.hstack([array.ravel() for array in (*network.coefs, *network.intercepts)])
    reached, stopped = _Iteration(0, {"loss": np.inf}, first), False

    def hold(iteration: _Iteration) -> None:
        _unpack(iteration.packed, double)
        network.load(double.coefs, double.intercepts)
        estimator.n_iter_, estimator.loss_ = iteration.number, iteration.logs["loss"]
        if validation is not None:
            del estimator.validation_loss_curve_[iteration.number :]
            del estimator.validation_scores_[iteration.number :]

    def look(intermediate_result: Any) -> None:
        nonlocal reached, stopped
        logs = {"loss": float(intermediate_result.fun)}
        _unpack(intermediate_result.x, double)
        if validation is not None:
            logs["val_loss"], logs["val_score"] = validation.evaluate(double)
            estimator.validation_loss_curve_.append(logs["val_loss"])
            estimator.validation_scores_.append(logs["val_score"])
        reached = _Iteration(reached.number + 1, logs, intermediate_result.x.copy())
        hold(reached)
        bar.update(reached.number, logs)
        stopped = wants_to_stop(callbacks, estimator, reached.number, logs)
        if stopped:
            raise StopIteration

    for callback in callbacks:
        callback.on_fit_begin(estimator, settings.max_iter)
    hold(reached)
    try:
        with shown(bar, settings.max_iter):
            found = scipy.optimize.minimize(
                _loss_and_gradient,
                first,
                method="L-BFGS-B",
                jac=True,
                args=(double, examples, float(settings.alpha)),
                callback=look,
                options={
                    "maxfun": settings.max_fun,
                    "maxiter": settings.max_iter,
                    "gtol": settings.tol,
                },
            )
    except KeyboardInterrupt:
        hold(reached)
        warnings.warn("Training interrupted by user.", stacklevel=USERS_CALL - 1)
    else:
        if not stopped:
            estimator.n_iter_ = _check_optimize_result("lbfgs", found, settings.max_iter)
        estimator.loss_ = found.fun
        _unpack(found.x, double)
        network.load(double.coefs, double.intercepts)
    for callback in callbacks:
        callback.on_fit_end(estimator)


def _unpack(packed: Array, network: Network) -> None:
    """The coefficients, and then the intercepts, out of one vector."""
    start = 0
    for view in (*network.coefs, *network.intercepts):
        view[:] = packed[start : start + view.size].reshape(view.shape)
        start += view.size


def _loss_and_gradient(
    packed: Array, network: Network, examples: Examples, alpha: float
) -> tuple[float, Array]:
    """The loss of all examples with α / (2 Σw) Σ W², and its gradient."""
    _unpack(packed, network)
    rows = examples.rows
    data = examples.data(network.engine, rows, len(rows))
    total = len(rows) if data.uniform else float(data.weights[rows].sum())
    value, gradients = network.engine.gradients(data)
    loss = value * total
    for gradient in gradients:
        gradient *= total
    for place, coef in enumerate(network.coefs):
        loss += 0.5 * alpha * float(np.square(coef).sum())
        gradients[2 * place] += alpha * coef
    ordered = [*gradients[0::2], *gradients[1::2]]
    loss += total * examples.offset(rows, len(rows))
    return loss / total, np.hstack([gradient.ravel() for gradient in ordered]) / total
