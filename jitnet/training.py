"""The compiled loop: step after step, without Python between them.

A network, a batch and a plan are data to it, so that one compile serves every network of a dtype.
A team of threads (``jitnet.kernels.team``) runs the serial twins of the layers' blocks: a worker
takes some panels of examples through all layers, and meets the others before the weights'
gradients, which sum over all examples, and before and after the update. Where there are fewer
panels than workers they go through the layers in lockstep, each with some of a layer's units. No
sum is cut between workers, so any number of them gives the same bits.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from jitnet import memory as m
from jitnet.kernels.intrinsics import borrowed
from jitnet.kernels.jit import njit
from jitnet.kernels.random import shuffle
from jitnet.kernels.team import atomic_load, call_off, join, leave
from jitnet.kernels.turn import ALONE, LESS, MORE, count_in, give_back, is_shut, take_turn
from jitnet.optimizers.hyperparameters import FIRST_DECAY, SECOND_DECAY
from jitnet.steps.backward import backward, gradients
from jitnet.steps.forward import forward
from jitnet.steps.gather import batch_weight, gather_inputs, gather_targets
from jitnet.steps.output import add_up, losses, write_predictions
from jitnet.steps.portions import ONE, barrier, in_lockstep, share
from jitnet.steps.state import (
    ENDED,
    EPOCH,
    EPOCHS_TAKEN,
    EVALUATE,
    FAILED,
    LOSS,
    PENALTY,
    POSITION,
    PREDICT,
    REQUEST,
    STEPS,
    STEPS_TAKEN,
    STOPPED,
    TRAIN,
    Batch,
    Worker,
)
from jitnet.steps.update import PENALTIES, descend, needs_sums, pack, penalise, sum_chunks


@njit(entry=True)
def run_steps(
    wanted: int, team: Any, network: Any, work: Any, data: Any, plan: Any, progress: Any
) -> bool:
    """A worker's share of some steps, as one of a team; whether there were any.

    The host of ``wanted`` threads takes the network's turn, and is the last to leave; the others
    want 0.
    """
    if wanted > 0 and not take_turn(network.door, network.turn, ALONE):
        call_off(team)
        return False
    rank, size = join(team, wanted)
    if size == 0:
        return False
    worker = borrowed(Worker(rank, size, team))
    network, work, data = borrowed(network), borrowed(work), borrowed(data)
    plan, progress = borrowed(plan), borrowed(progress)
    if rank > 0:
        count_in(network.door, MORE)
    _steps(worker, network, work, data, plan, progress)
    if rank > 0:
        count_in(network.door, LESS)
    leave(team, rank, size)
    if rank == 0:
        give_back(network.door, network.turn, ALONE)
    return True


@njit(inline=True)
def _steps(worker: Any, network: Any, work: Any, data: Any, plan: Any, progress: Any) -> None:
    """A worker's share of the plan's steps; a step that is stopped in its middle leaves nothing."""
    counters, sums, clock, powers = (
        progress.counters,
        progress.sums,
        network.clock,
        network.powers,
    )
    epoch, position, ended, done = counters[EPOCH], counters[POSITION], 0, 0
    first_power, second_power = powers[0], powers[1]
    with_sums = plan.stage > EVALUATE and needs_sums(network, plan)
    loaded = stopped = plan.steps < 0  # no; a literal False would be a type of its own
    is_last = worker.rank == worker.size - 1
    pack(worker, network)
    barrier(worker)
    for step in range(plan.steps):
        before = (sums[0], sums[1], sums[2], sums[3])
        if position == 0 and plan.shuffled:
            if worker.rank == 0:
                shuffle(data.order, plan.seed, epoch)
            barrier(worker)
        last = min(position + plan.batch, plan.examples)
        order = (epoch - plan.first_epoch) * plan.examples % data.order.size
        weight = batch_weight(data, order + position, order + last)
        importance, share_of_l2 = _reckoning(plan, weight, last - position)
        batch = Batch(weight, importance, order)
        for first in range(position, last, plan.block):
            stop = min(first + plan.block, last)
            add = first > position
            stopped = _run_block(
                worker, network, work, data, plan, progress, batch, first, stop, loaded, add
            )
            loaded = stop - first == plan.examples
            if stopped:
                break
        if stopped:
            if is_last:
                sums[0], sums[1], sums[2], sums[3] = before
            break
        if with_sums:
            penalise(worker, network, share_of_l2)
            barrier(worker)
            if is_last:
                sums[PENALTY] += sum_chunks(network, PENALTIES) * weight * importance
        if plan.stage == TRAIN:
            first_power *= plan.hyper[FIRST_DECAY]
            second_power *= plan.hyper[SECOND_DECAY]
            descend(worker, network, plan, plan.rates[step], first_power, second_power)
            pack(worker, network)
        position, done = last, done + 1
        if position == plan.examples:
            if is_last:
                for i in range(LOSS, PENALTY + 1):
                    progress.record[ended, i] = sums[i]
                    sums[i] = 0.0
            position, ended, epoch = 0, ended + 1, epoch + 1
        barrier(worker)
        if counters[FAILED] == 1:
            break
    if worker.rank == 0:
        counters[EPOCH], counters[POSITION] = epoch, position
        counters[STEPS], counters[ENDED] = done, ended
        if plan.stage == TRAIN:
            clock[EPOCHS_TAKEN], clock[STEPS_TAKEN] = epoch, clock[STEPS_TAKEN] + done
            powers[0], powers[1] = first_power, second_power


@njit
def _reckoning(plan: Any, weight: float, examples: int) -> Any:
    """What a batch's sums and its l2 are multiplied by."""
    if not plan.per_example:
        return 1.0, 1.0
    if weight == 0.0:
        return 0.0, 0.0
    return examples / weight, 1.0 / weight


@njit(inline=True)
def _run_block(
    worker: Any,
    network: Any,
    work: Any,
    data: Any,
    plan: Any,
    progress: Any,
    batch: Any,
    first: int,
    last: int,
    loaded: bool,
    add: bool,
) -> bool:
    """The epoch's examples first … last through the network, and back where the plan goes so far.

    Gradients are added to those there are where ``add``; inputs that are ``loaded`` need not be
    gathered. Returns whether the team stops: that is written before a barrier and read behind it,
    before the next, so that all workers read the same.
    """
    panels = (last - first + work.width - 1) // work.width
    lockstep = in_lockstep(panels, worker.size)
    p0, p1 = share(worker, panels, ONE)
    if not loaded:
        begin, end = batch.order + first, batch.order + last
        gather_inputs(worker, lockstep, network, work, data, begin, end)
        if plan.stage > PREDICT:
            gather_targets(p0, p1, network.table[-1, m.N_OUT], work, data, begin, end)
    forward(worker, lockstep, network, work, panels)
    if lockstep:
        barrier(worker)
    if worker.rank == 0 and (atomic_load(progress.counters, REQUEST) == 1 or is_shut(network.door)):
        progress.counters[STOPPED] = 1
    if plan.stage == PREDICT:
        write_predictions(progress.output, p0, p1, network, work, plan, first, last)
        barrier(worker)
        stopped: bool = progress.counters[STOPPED] == 1
        barrier(worker)
        return stopped
    losses(p0, p1, network, work, plan, batch.weight)
    if plan.stage > EVALUATE:
        backward(worker, lockstep, network, work, panels)
    barrier(worker)
    if worker.rank == worker.size - 1:
        add_up(work, panels, plan, batch.importance, progress.sums)
        if plan.stage == TRAIN and not np.isfinite(progress.sums[LOSS] + progress.sums[PENALTY]):
            progress.counters[FAILED] = 1
    if plan.stage > EVALUATE:
        gradients(worker, network, work, last - first, add)
    stopped = progress.counters[STOPPED] == 1
    barrier(worker)
    return stopped
