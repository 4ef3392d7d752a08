"""Threads that work through the steps together, and wait for one another at a barrier.

A parallel region costs some 2 µs under OpenMP and 80 µs under numba's own layer, a step of a small
network 10 µs. So threads call the compiled loop side by side: each is a worker that takes its share
of every block and meets the others at a barrier, which costs 35 ns. A team has a host, who opens it
and leaves it last. The system may start fewer threads than were asked for, or some late: the team
closes with those that came in time. How the work is shared never changes a result.
"""

from __future__ import annotations

import ctypes
import platform
import sys
from typing import Any

import numpy as np
from llvmlite import binding, ir
from numba import types
from numba.core import cgutils

from jitnet.kernels.intrinsics import compiled_as
from jitnet.kernels.jit import njit
from jitnet.kernels.typed import ZERO

LINE = 8  # int64 of a cache line: words that different threads write share none (false sharing)
OPEN, ARRIVED, SIZE, WAITING, GENERATION, LEFT = range(0, 6 * LINE, LINE)
YES, NEVER = 1, 2
"""What the word OPEN says once the host has come: 0 before."""
CLOSED = 1 << 32
PATIENCE = 200_000
"""Turns of waiting, some 5 ms, after which the host starts without the missing, or they go."""
TURNS_BETWEEN_YIELDS = 256
"""Turns of waiting, some 6 µs, after which a thread offers its core to others. Where 16 threads had
two cores, fits took five times as long with eight times the turns; with a quarter of them, steps of
small networks on two threads took 4 to 15 % longer."""


def new_team() -> np.ndarray[Any, np.dtype[np.int64]]:
    """The words of a team that nobody has joined."""
    return np.zeros(6 * LINE, np.int64)


def _yield_address() -> int:
    if sys.platform == "win32":
        function = ctypes.windll.kernel32.SwitchToThread
    else:
        function = ctypes.CDLL(None).sched_yield
    return int(ctypes.cast(function, ctypes.c_void_p).value or 0)


binding.add_symbol("jitnet_yield", _yield_address())

I64, VOID = ir.IntType(64), ir.VoidType()
PAUSES = {"x86_64": ("llvm.x86.sse2.pause", []), "amd64": ("llvm.x86.sse2.pause", [])} | {
    name: ("llvm.aarch64.hint", [ir.Constant(ir.IntType(32), 1)]) for name in ("aarch64", "arm64")
}


def _word(context: Any, builder: Any, kind: Any, array: Any, index: Any) -> Any:
    return builder.gep(context.make_array(kind)(context, builder, array).data, [index])


def _atomic_add_meaning(words: Any, index: int, value: int) -> int:
    words[index] += value
    return int(words[index]) - value


@compiled_as(_atomic_add_meaning)
def atomic_add(context: Any, words: Any, index: Any, value: Any) -> Any:
    """Add to a word that several threads change, and return what it held."""

    def emit(c: Any, b: Any, s: Any, a: Any) -> Any:
        return b.atomic_rmw("add", _word(c, b, words, a[0], a[1]), a[2], "seq_cst")

    return types.int64(words, types.int64, types.int64), emit


@compiled_as(lambda words, index: int(words[index]))
def atomic_load(context: Any, words: Any, index: Any) -> Any:
    """A word that another thread may have written, with all it wrote before."""

    def emit(c: Any, b: Any, s: Any, a: Any) -> Any:
        return b.load_atomic(_word(c, b, words, a[0], a[1]), "acquire", 8)

    return types.int64(words, types.int64), emit


def _atomic_store_meaning(words: Any, index: int, value: int) -> None:
    words[index] = value


@compiled_as(_atomic_store_meaning)
def atomic_store(context: Any, words: Any, index: Any, value: Any) -> Any:
    """Write a word so that who reads it sees all that was written before."""

    def emit(c: Any, b: Any, s: Any, a: Any) -> Any:
        b.store_atomic(a[2], _word(c, b, words, a[0], a[1]), "release", 8)
        return c.get_dummy_value()

    return types.void(words, types.int64, types.int64), emit


@compiled_as(lambda: None)
def pause(context: Any) -> Any:
    """Tell the CPU that this thread waits in a loop."""
    name, args = PAUSES.get(platform.machine().lower(), ("", []))

    def emit(c: Any, b: Any, s: Any, a: Any) -> Any:
        if name:
            kind = ir.FunctionType(VOID, [arg.type for arg in args])
            b.call(cgutils.get_or_insert_function(b.module, kind, name), args)
        return c.get_dummy_value()

    return types.void(), emit


@compiled_as(lambda: None)
def offer_core(context: Any) -> Any:
    """Let the system run another thread on this core."""

    def emit(c: Any, b: Any, s: Any, a: Any) -> Any:
        kind = ir.FunctionType(ir.IntType(32), [])
        b.call(cgutils.get_or_insert_function(b.module, kind, "jitnet_yield"), [])
        return c.get_dummy_value()

    return types.void(), emit


@njit
def _wait_a_turn(turn: int) -> None:
    pause()
    if turn % TURNS_BETWEEN_YIELDS == TURNS_BETWEEN_YIELDS - 1:
        offer_core()


@njit
def join(team: Any, wanted: int) -> tuple[int, int]:
    """Join a team; return this worker's rank and the team's size, 0 if the team has closed.

    The host has rank 0 and says how many threads are ``wanted``; the others pass 0 and wait for it.
    """
    rank, turn = 0, ZERO
    if wanted > 0:
        atomic_store(team, OPEN, YES)
        while atomic_load(team, ARRIVED) < wanted - 1 and turn < PATIENCE:
            _wait_a_turn(turn)
            turn += 1
        atomic_store(team, SIZE, atomic_add(team, ARRIVED, CLOSED) + 1)
    else:
        while atomic_load(team, OPEN) == 0 and turn < PATIENCE:
            _wait_a_turn(turn)
            turn += 1
        if atomic_load(team, OPEN) != YES:
            return 0, 0
        rank = atomic_add(team, ARRIVED, 1) + 1
        if rank > CLOSED:
            return rank, 0
        while atomic_load(team, SIZE) == 0:
            _wait_a_turn(turn)
            turn += 1
    return rank, atomic_load(team, SIZE)


@njit
def call_off(team: Any) -> None:
    """Send away those who wait for a host that does not come."""
    atomic_store(team, OPEN, NEVER)


@njit
def leave(team: Any, rank: int, size: int) -> None:
    """Leave a team; the host is the last to go."""
    if rank > 0:
        atomic_add(team, LEFT, 1)
        return
    turn = ZERO
    while atomic_load(team, LEFT) < size - 1:
        _wait_a_turn(turn)
        turn += 1


@njit
def barrier(team: Any, size: int) -> None:
    """Wait until every worker is here; what they wrote before can then be read."""
    if size == 1:
        return
    generation = atomic_load(team, GENERATION)
    if atomic_add(team, WAITING, 1) == size - 1:
        atomic_store(team, WAITING, 0)
        atomic_store(team, GENERATION, generation + 1)
        return
    turn = ZERO
    while atomic_load(team, GENERATION) == generation:
        _wait_a_turn(turn)
        turn += 1


@njit
def share(count: int, grain: int, rank: int, size: int) -> tuple[int, int]:
    """The part of ``range(count)`` that a worker owns, cut at multiples of ``grain``."""
    grains = (count + grain - 1) // grain
    first, last = grains * rank // size * grain, grains * (rank + 1) // size * grain
    return min(first, count), min(last, count)


@njit(entry=True)
def wait_until_zero(word: Any) -> None:
    """Wait for another thread to set a word to 0; no signal is seen until then."""
    turn = 0
    while atomic_load(word, 0) != 0:
        _wait_a_turn(turn)
        turn += 1
