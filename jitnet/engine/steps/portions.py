"""Which part of the work is whose: panels of examples, or units where panels are few."""

from __future__ import annotations

from typing import Any

from jitnet.engine.calls import (
    ADDRESS,
    ALONE,
    ALWAYS,
    BARRIER,
    COUNT,
    GRAIN,
    NEVER,
    OTHER_COUNT,
    OTHER_GRAIN,
    RECORD,
    WAITS,
    WHOLE,
)
from jitnet.engine.steps.span import (
    BATCH_FIRST,
    BATCH_LAST,
    BLOCK_EXAMPLE,
    BLOCK_FIRST,
    BLOCK_LAST,
    BLOCK_PANELS,
    EXAMPLES,
    EXCHANGE,
    FIRST,
    FIRST_EXAMPLE,
    FIRST_PANEL,
    LAST,
    LAST_PANEL,
    ORIGIN,
    OTHER_FIRST,
    OTHER_LAST,
    PANELS,
    SCRATCH,
    WIDTH,
)
from jitnet.engine.steps.state import Worker
from jitnet.kernels import team
from jitnet.kernels.blocks import call_block
from jitnet.kernels.exchange import call_exchange
from jitnet.kernels.intrinsics import address_at, ahead, at
from jitnet.kernels.jit import njit
from jitnet.kernels.typed import ONE, YES, ZERO


@njit
def new_worker(rank: int, size: int, team: Any, network: Any, work: Any, words: Any) -> Any:
    """A worker whose calls are told these words beside their records."""
    span = at(work.spans, rank * work.spans.shape[1])
    for word in range(words.size):
        span[word] = words[word]
    span[SCRATCH] = address_at(at(work.scratch, rank * work.scratch.shape[1]))
    span[SCRATCH + 1] = work.scratch.shape[1]
    span[WIDTH] = work.width
    return Worker(
        rank,
        size,
        team,
        at(network.calls, 0),
        network.calls.shape[1],
        at(network.phases, 0),
        span,
        at(work.reals, rank * work.reals.shape[1]),
        at(network.parameters, 0),
        at(network.gradients, 0),
        at(network.moments, 0),
        at(work.values, 0),
    )


@njit
def barrier(worker: Any) -> None:
    """Wait until every worker of the team is here."""
    team.barrier(worker.team, worker.size)


@njit
def share(worker: Any, count: int, grain: int) -> tuple[int, int]:
    """The part of ``range(count)`` that a worker owns, cut at multiples of ``grain``."""
    if worker.size == 1:
        return 0, count
    first, last = team.share(count, grain, worker.rank, worker.size)
    return first, last


@njit
def take_part(worker: Any, first_panel: int, last_panel: int) -> None:
    """Have a worker's calls see some panels of the block alone, the first of them as panel 0."""
    span = worker.span
    start = first_panel * span[WIDTH]
    stop = min(last_panel * span[WIDTH], span[BLOCK_LAST] - span[BLOCK_FIRST])
    span[ORIGIN], span[PANELS], span[EXAMPLES] = first_panel, last_panel - first_panel, stop - start
    span[FIRST_EXAMPLE] = span[BLOCK_EXAMPLE] + start
    span[BATCH_FIRST], span[BATCH_LAST] = span[BLOCK_FIRST] + start, span[BLOCK_FIRST] + stop


@njit
def in_lockstep(panels: int, size: int) -> bool:
    """Whether dividing the panels would leave a fifth of the workers' time unused."""
    rounds = (panels + size - 1) // size
    return rounds * size * 4 > panels * 5


@njit
def largest_share(count: int, grain: int, size: int) -> int:
    """The most that `share` gives a worker."""
    grains = (count + grain - 1) // grain
    most = (grains + size - 1) // size * grain
    if grains % size == 1:  # it is the last one's alone, whose last grain need not be whole
        most = max(grains // size * grain, most - grains * grain + count)
    return min(count, most)


@njit
def groups_of(other: int, other_grain: int, count: int, grain: int, size: int) -> int:
    """Into how many groups workers go that divide a dimension, each with its part of another one.

    One, which has all of the other, unless that leaves a fifth of the time unused: then as many as
    make the largest share the least. 16 workers had but 5 at work on 64 filters, which are cut in
    6, of 128 images, which are 4 panels.
    """
    groups, least = 1, other * largest_share(count, grain, size)
    if other == 0 or least * size * 4 <= other * count * 5:
        return groups
    for more in range(2, size + 1):
        most = largest_share(other, other_grain, more) * largest_share(count, grain, size // more)
        if most < least:
            groups, least = more, most
    return groups


@njit
def part_of(
    groups: int, other: int, other_grain: int, count: int, grain: int, rank: int, size: int
) -> tuple[int, int, int, int]:
    """A worker's part of two dimensions: its group's of the other one, and its own within that."""
    members = size // groups
    first, last = team.share(other, other_grain, rank // members, groups)
    own_first, own_last = team.share(count, grain, rank % members, members)
    return first, last, own_first, own_last


@njit
def divide(worker: Any, record: Any, panels: int, own: tuple[int, int], by_units: bool) -> None:
    """Have a worker's call see its part of a block's work.

    By units, where a block has some, it sees its own of all panels, or of its group's; a block that
    is not told of panels, as it sums over them, has all of them. Else it sees its own panels.
    """
    span, count, grain = worker.span, record[COUNT], record[GRAIN]
    if count == 0 or not by_units:
        span[FIRST_PANEL], span[LAST_PANEL] = own
        span[FIRST], span[LAST] = 0, count
        return
    groups = ONE
    if record[ALONE] == 0:
        groups = groups_of(panels, ONE, count, grain, worker.size)
    p0, p1, first, last = part_of(groups, panels, ONE, count, grain, worker.rank, worker.size)
    span[FIRST_PANEL], span[LAST_PANEL], span[FIRST], span[LAST] = p0, p1, first, last


@njit
def call(worker: Any, row: int) -> None:
    """Call a block of the table, for the portion that the worker's span says."""
    record = ahead(worker.calls, row * worker.columns)
    call_block(
        record[ADDRESS],
        ahead(record, RECORD),
        worker.span,
        worker.reals,
        worker.parameters,
        worker.gradients,
        worker.moments,
        worker.values,
    )


@njit
def call_by_panels(worker: Any, lockstep: bool, panels: int, phase: int) -> None:
    """Call the blocks of a phase: a worker's panels, or in lockstep some units of all panels.

    A block that needs the whole batch waits for all that was written before it, in lockstep most
    others do as well. One panel after the other through all blocks of two convolutions and their
    pools was as fast, 0.995 to 1.01, though a panel's rows were then still near.
    """
    span, own = worker.span, share(worker, panels, ONE)
    for row in range(worker.phases[2 * phase], worker.phases[2 * phase + 1]):
        record = ahead(worker.calls, row * worker.columns)
        if record[WHOLE] == 1 and span[EXCHANGE] != 0:
            _call_with_all(worker, row)
            continue
        if panels == 0:
            continue
        if record[BARRIER] == ALWAYS or (lockstep and record[BARRIER] != NEVER):
            barrier(worker)
        divide(worker, record, panels, own, lockstep or record[ALONE] == 1)
        call(worker, row)


@njit
def _call_with_all(worker: Any, row: int) -> None:
    """Call a block that needs the whole batch, of which a rank has but its panels until then."""
    span, record = worker.span, ahead(worker.calls, row * worker.columns)
    origin, panels = span[ORIGIN], span[PANELS]
    barrier(worker)
    if worker.rank == 0:
        call_exchange(span[EXCHANGE], row, span[BLOCK_PANELS])
    barrier(worker)
    take_part(worker, ZERO, span[BLOCK_PANELS])
    divide(worker, record, span[PANELS], share(worker, span[PANELS], ONE), YES)
    call(worker, row)
    take_part(worker, origin, origin + panels)


@njit
def call_by_count(worker: Any, phase: int) -> None:
    """Call the blocks of a phase, a worker's share of what each divides.

    Where that cannot be divided evenly, and there is another dimension, that one is divided too.
    """
    span = worker.span
    for row in range(worker.phases[2 * phase], worker.phases[2 * phase + 1]):
        record = ahead(worker.calls, row * worker.columns)
        if record[WAITS] == 1:
            barrier(worker)
        count, grain = record[COUNT], record[GRAIN]
        other, other_grain = record[OTHER_COUNT], max(ONE, record[OTHER_GRAIN])
        groups = groups_of(other, other_grain, count, grain, worker.size)
        other_first, other_last, first, last = part_of(
            groups, other, other_grain, count, grain, worker.rank, worker.size
        )
        span[FIRST], span[LAST] = first, last
        span[OTHER_FIRST], span[OTHER_LAST] = other_first, other_last
        if first < last and (other_first < other_last or other == 0):
            call(worker, row)
