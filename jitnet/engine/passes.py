"""One pass over data without training: predictions, an evaluation, gradients."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from jitnet import memory
from jitnet.arrays import Array
from jitnet.engine.data import Rows, count_of
from jitnet.engine.runs import new_position, new_progress
from jitnet.engine.steps.state import EVALUATE, GRADIENTS, PREDICT, STEPS, Data, Network

if TYPE_CHECKING:
    from jitnet.engine.engine import Engine


def predict(engine: Engine, X: Rows, link: str) -> Array:
    """Predictions by a link, (n_samples, n_outputs)."""
    output = np.empty((count_of(X), engine.n_outputs), engine.dtype)
    nothing = np.zeros((1, 1), engine.dtype)
    data = engine.data(X, nothing, False, nothing[0], uniform=True)
    network = engine.network if engine.cost.is_short(data) else engine.still()
    batch, states = engine.cost.block(data), None
    if engine.nodes.state_size:
        batch, states = data.examples, engine.carry(data.examples)
    _run_through(engine, network, data, PREDICT, batch, output, link, states)
    return output


def evaluate(engine: Engine, data: Data, batch: int | None) -> dict[str, float]:
    """The loss with its penalty, and the accuracy where there are classes.

    Without its penalty where l2 is for one example. Stateful layers begin in states of zero, and
    keep them from batch to batch, of which there is one by default.
    """
    penalised = not engine.objective.per_example and engine.l2.any()
    network = engine.still() if penalised or not engine.cost.is_short(data) else engine.network
    size, states = engine.cost.block(data), None
    if engine.nodes.state_size:
        size = batch or data.examples
        states = memory.zeros(engine.nodes.states_of(size), engine.dtype, 3)
    records = _run_through(engine, network, data, EVALUATE, size, states=states)
    logs = {name: values[-1] for name, values in engine.logs(records).items()}
    if penalised:
        logs["loss"] += _penalty(engine, network.parameters)
    return logs


def _penalty(engine: Engine, parameters: Array) -> float:
    """Σ λ/2 Σ W² over the parameters."""
    parts = zip(engine.l2, engine.parameter_views(parameters), strict=True)
    with np.errstate(all="ignore"):
        return float(sum(0.5 * l2 * np.square(weight).sum() for l2, weight in parts if l2))


def gradients(engine: Engine, data: Data) -> tuple[float, list[Array]]:
    """The loss, and its gradients by the parameters, for all the data as one batch."""
    found = memory.zeros(engine.network.parameters.size, engine.dtype, 1)
    network = engine.network._replace(gradients=found)
    states = memory.zeros(engine.nodes.states_of(data.examples), engine.dtype, 3)
    records = _run_through(engine, network, data, GRADIENTS, data.examples, states=states)
    return engine.logs(records)["loss"][-1], engine.parameter_views(found)


def _run_through(
    engine: Engine,
    network: Network,
    data: Data,
    stage: int,
    batch: int,
    output: Array | None = None,
    link: str | None = None,
    states: Array | None = None,
) -> Array:
    """One pass over the data without training; its sums, as `Progress.record` has them."""
    batch = min(batch, data.examples)
    opened = [*map(memory.keep_open, data.owners)]  # noqa: F841
    position = new_position(0)
    done, total = 0, -(-data.examples // batch)
    pace = engine.new_pace(data, batch, 3 if stage == GRADIENTS else 1)
    while True:
        steps = min(pace.steps, total - done)
        plan = engine.plan(stage, batch, steps, data, 0, False)
        progress = new_progress(engine, position, plan, output)
        began = time.perf_counter()
        engine.run(network, data, plan, progress, pace.threads, link, states)
        taken = int(progress.counters[STEPS])
        pace.note(time.perf_counter() - began, taken)
        done += taken
        if done == total:
            return progress.ended()
