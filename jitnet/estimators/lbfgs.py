"""L-BFGS: SciPy's search, on the engine's loss and gradients in double precision."""

from __future__ import annotations

import warnings
from types import SimpleNamespace
from typing import Any

import numpy as np
import scipy.optimize
from sklearn.utils.fixes import _get_additional_lbfgs_options_dict
from sklearn.utils.optimize import _check_optimize_result

from jitnet.estimators.examples import Examples
from jitnet.estimators.network import Network
from jitnet.estimators.stochastic import USERS_CALL
from jitnet.estimators.validation import Validation
from jitnet.fitting import shown, wants_to_stop
from jitnet.memory import Array
from jitnet.progress import make_progress

LEAST_ROWS = 256


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
    callbacks = tuple(settings.callbacks or ())
    bar = make_progress(settings.progress)
    logs: dict[str, float] = {}
    iterations, stopped = 0, False

    def look(intermediate_result: Any) -> None:
        nonlocal logs, iterations, stopped
        iterations += 1
        logs = {"loss": float(intermediate_result.fun)}
        _unpack(intermediate_result.x, double)
        if validation is not None:
            logs["val_loss"], logs["val_score"] = validation.evaluate(double)
            estimator.validation_loss_curve_.append(logs["val_loss"])
            estimator.validation_scores_.append(logs["val_score"])
        network.load(double.coefs, double.intercepts)
        estimator.n_iter_, estimator.loss_ = iterations, logs["loss"]
        bar.update(iterations, logs)
        stopped = wants_to_stop(callbacks, estimator, iterations, logs)
        if stopped:
            raise StopIteration

    for callback in callbacks:
        callback.on_fit_begin(estimator, settings.max_iter)
    estimator.n_iter_, estimator.loss_ = 0, np.inf
    try:
        with shown(bar, settings.max_iter):
            found = scipy.optimize.minimize(
                _loss_and_gradient,
                np.hstack([array.ravel() for array in (*network.coefs, *network.intercepts)]),
                method="L-BFGS-B",
                jac=True,
                args=(double, examples, float(settings.alpha)),
                callback=look,
                options={
                    "maxfun": settings.max_fun,
                    "maxiter": settings.max_iter,
                    "gtol": settings.tol,
                    **_get_additional_lbfgs_options_dict("iprint", 1 if settings.verbose else -1),
                },
            )
    except KeyboardInterrupt:
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
    loss = total = 0.0
    gradients = [np.zeros_like(view) for view in network.engine.parameter_views()]
    for data, count in examples.pieces(network.engine, examples.rows, LEAST_ROWS):
        weight = count if data.uniform else float(data.weights[data.order].sum())
        value, parts = network.engine.gradients(data)
        loss += value * weight
        total += weight
        for gradient, part in zip(gradients, parts, strict=True):
            gradient += part * weight
    for place, coef in enumerate(network.coefs):
        loss += 0.5 * alpha * float(np.square(coef).sum())
        gradients[2 * place] += alpha * coef
    ordered = [*gradients[0::2], *gradients[1::2]]
    loss += total * examples.offset(examples.rows, len(examples.rows))
    return loss / total, np.hstack([gradient.ravel() for gradient in ordered]) / total
