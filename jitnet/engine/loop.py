"""The compiled loop: step after step, without Python between them.

A network, a batch and a plan are data to it, so that one compile serves every network of a dtype;
what runs is called by its address out of the network's table (``jitnet.engine.calls``). A team of
threads (``jitnet.kernels.team``) runs the serial twins of the layers' blocks: a worker takes some
panels of examples through all layers, and meets the others before the weights' gradients, which sum
over all examples, and before and after the update. Where there are fewer panels than workers they
go through the layers in lockstep, each with some of a layer's units. No sum is cut between workers,
so any number of them gives the same bits.
"""

from __future__ import annotations

import math
from typing import Any

from jitnet.engine import calls as c
from jitnet.engine.steps import span as s
from jitnet.engine.steps.gather import batch_weight
from jitnet.engine.steps.output import add_totals, add_up, write_predictions
from jitnet.engine.steps.portions import (
    barrier,
    call_by_count,
    call_by_panels,
    in_lockstep,
    new_worker,
    share,
    take_part,
)
from jitnet.engine.steps.shards import (
    clear_gradients,
    keep_sum,
    panels_of,
    sum_of_all,
    with_gradients,
)
from jitnet.engine.steps.state import (
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
)
from jitnet.engine.steps.update import (
    PENALTIES,
    clip_scale,
    descend,
    sum_chunks,
)
from jitnet.kernels.intrinsics import borrowed
from jitnet.kernels.jit import njit
from jitnet.kernels.random import mix, shuffle
from jitnet.kernels.subnormals import flush_subnormals, restore_subnormals
from jitnet.kernels.team import atomic_load, call_off, join, leave
from jitnet.kernels.turn import ALONE, LESS, MORE, count_in, give_back, is_shut, take_turn
from jitnet.kernels.typed import NO, ONE, ZERO


@njit(entry=True)
def run_steps(
    wanted: int, team: Any, network: Any, work: Any, feed: Any, plan: Any, progress: Any
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
    if rank > 0:
        count_in(network.door, MORE)
    is_training = plan.stage == TRAIN
    subnormals = ZERO
    if is_training:
        subnormals = flush_subnormals()
    worker = borrowed(new_worker(rank, size, team, network, work, feed.words))
    worker.span[s.TRAINING] = 1 if is_training else 0
    network, work, feed = borrowed(network), borrowed(work), borrowed(feed)
    _steps(worker, network, work, feed, borrowed(plan), borrowed(progress))
    if is_training:
        restore_subnormals(subnormals)
    if rank > 0:
        count_in(network.door, LESS)
    leave(team, rank, size)
    if rank == 0:
        give_back(network.door, network.turn, ALONE)
    return True


@njit(inline=True)
def _steps(worker: Any, network: Any, work: Any, feed: Any, plan: Any, progress: Any) -> None:
    """A worker's share of the plan's steps; a step that is stopped in its middle leaves nothing."""
    counters, sums, clock, powers = (
        progress.counters,
        progress.sums,
        network.clock,
        network.powers,
    )
    epoch, position, ended, done = counters[EPOCH], counters[POSITION], 0, 0
    loaded = stopped = NO
    is_last = worker.rank == worker.size - 1
    first_step = clock[STEPS_TAKEN]
    for i in range(powers.size):
        worker.reals[s.POWERS + i] = powers[i]
    worker.span[s.EXCHANGE] = plan.shards.exchange
    call_by_count(worker, c.PREPARE)
    barrier(worker)
    for step in range(plan.steps):
        before = (sums[0], sums[1], sums[2], sums[3])
        if position == 0 and plan.shuffled:
            if worker.rank == 0:
                shuffle(feed.order, feed.rows, plan.seed, epoch)
            barrier(worker)
        if position == 0 and plan.stage == TRAIN and feed.states.size > 0:
            if worker.rank == 0:
                for i in range(feed.states.size):
                    feed.states[i] = 0.0
            barrier(worker)
        last = min(position + plan.batch, plan.examples)
        order = (epoch - plan.first_epoch) * plan.examples % feed.order.size
        weight = batch_weight(feed, order + position, order + last)
        importance, share_of_l2 = _scales(plan.per_example, weight, last - position)
        worker.reals[s.SCALE] = plan.gain / weight if weight != 0.0 else 0.0
        worker.span[s.KEY] = mix(plan.seed, first_step + step)
        for first in range(position, last, plan.block):
            stop = min(first + plan.block, last)
            worker.span[s.ADD] = 1 if first > position else 0
            worker.span[s.BLOCK_EXAMPLE] = first - position
            worker.span[s.BLOCK_FIRST] = order + first
            worker.span[s.BLOCK_LAST] = order + stop
            stopped = _run_block(
                worker, network, work, plan, progress, importance, first, stop, loaded
            )
            loaded = stop - first == plan.examples
            if stopped:
                break
        if stopped:
            if is_last:
                sums[0], sums[1], sums[2], sums[3] = before
            break
        if plan.penalised:
            worker.reals[s.SHARE_OF_L2] = share_of_l2
            call_by_count(worker, c.PENALTY)
            barrier(worker)
            if is_last:
                penalty = sum_chunks(network.chunks, PENALTIES)
                sums[PENALTY] += penalty * weight * importance
        if plan.stage == TRAIN:
            worker.reals[s.RATE] = plan.rates[step]
            worker.reals[s.CLIP] = clip_scale(network.chunks, plan.clip_norm)
            for i in range(powers.size):
                worker.reals[s.POWERS + i] *= plan.decays[i]
            descend(worker, network.ranges)
            call_by_count(worker, c.TRACK)
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
            clock[EPOCHS_TAKEN], clock[STEPS_TAKEN] = epoch, first_step + done
            for i in range(powers.size):
                powers[i] = worker.reals[s.POWERS + i]


@njit
def _scales(per_example: bool, weight: float, examples: int) -> Any:
    """The scale of a batch's sums, and that of l2."""
    if not per_example:
        return 1.0, 1.0
    if weight == 0.0:
        return 0.0, 0.0
    return examples / weight, 1.0 / weight


@njit(inline=True)
def _run_block(
    worker: Any,
    network: Any,
    work: Any,
    plan: Any,
    progress: Any,
    importance: float,
    first: int,
    last: int,
    loaded: bool,
) -> bool:
    """The epoch's examples first … last through the network, and back where the plan goes so far.

    Inputs that are ``loaded`` need not be gathered. Returns whether the team stops: that is written
    before a barrier and read behind it, before the next, so that all workers read the same.
    """
    worker.span[s.BLOCK_PANELS] = (last - first + work.width - 1) // work.width
    p0, p1 = panels_of(worker, plan.shards, plan.shards.first, plan.shards.last)
    take_part(worker, p0, p1)
    panels = p1 - p0
    lockstep = in_lockstep(panels, worker.size)
    counters, sums, shards = progress.counters, progress.sums, plan.shards
    if not loaded:
        call_by_panels(worker, lockstep, panels, c.GATHER)
        call_by_panels(worker, NO, panels, c.TARGETS)
    call_by_panels(worker, lockstep, panels, c.FORWARD)
    if lockstep:
        barrier(worker)
    alone = shards.exchange == 0  # other ranks would wait for a step that is not taken to its end
    if worker.rank == 0 and (
        atomic_load(counters, REQUEST) == 1 or (alone and is_shut(network.door))
    ):
        counters[STOPPED] = 1
    if plan.stage == PREDICT:
        call_by_panels(worker, NO, panels, c.LINK)
        p0, p1 = share(worker, panels, ONE)
        write_predictions(progress.output, worker.values, work, p0, p1, first, last)
        barrier(worker)
        stopped: bool = counters[STOPPED] == 1
        barrier(worker)
        return stopped
    call_by_panels(worker, NO, panels, c.LOSS)
    call_by_panels(worker, NO, panels, c.CORRECT)
    if plan.stage > EVALUATE:
        call_by_panels(worker, lockstep, panels, c.BACKWARD)
    barrier(worker)
    if shards.exchange != 0:
        _sum_shards(worker, work, shards, plan.accuracy)
        if worker.rank == 0 and atomic_load(counters, REQUEST) == 1:  # the exchange has failed
            counters[STOPPED] = 1
        barrier(worker)
    if worker.rank == worker.size - 1:
        if shards.exchange == 0:
            add_up(worker.values, work, ZERO, panels, plan.accuracy, shards.totals[0])
        add_totals(shards.totals, importance, sums)
        if plan.stage == TRAIN and not math.isfinite(sums[LOSS] + sums[PENALTY]):
            counters[FAILED] = 1
    if plan.stage > EVALUATE and shards.exchange == 0:
        call_by_count(worker, c.GRADIENTS)
    stopped = counters[STOPPED] == 1
    barrier(worker)
    return stopped


@njit
def _sum_shards(worker: Any, work: Any, shards: Any, accuracy: bool) -> None:
    """The gradients and the sums of this rank's shards, each by itself; then those of all ranks."""
    kept = ZERO
    for shard in range(shards.first, shards.last):
        p0, p1 = panels_of(worker, shards, shard, shard + 1)
        take_part(worker, p0, p1)
        if worker.rank == 0:
            add_up(worker.values, work, p0, p1, accuracy, shards.totals[shard])
        if p0 < p1:
            call_by_count(with_gradients(worker, shards, kept), c.GRADIENTS)
        else:
            clear_gradients(worker, shards, kept)
        barrier(worker)
        kept = keep_sum(worker, shards, shard, kept)
        barrier(worker)
    if worker.rank == 0:
        sum_of_all(worker, shards)
    barrier(worker)
