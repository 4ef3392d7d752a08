"""Where there is no memory, a call raises MemoryError and leaves its model as it was."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import jitnet as jn
from drawing import Drawn, draw_network, picker
from hunting import Hunt, Rng, Tally, drawn
from training_state import state_of

ROWS = 20_000
PIECES = 1 << 22, 1 << 18, 1 << 14, 1 << 10
"""Bytes of the pieces that take all there is, before some of them are given back."""
MOST = 1 << 23
"""Bytes that a call is left with at most."""
FINE, IN_ORDER, CHANGED, OTHER = 0, 40, 41, 42
"""How a child ends: nothing was missing, or something was and the model is as it was, or not."""

STATM = Path("/proc/self/statm")

SAID = {CHANGED: "the model has changed", OTHER: "it raised something else"}


def calls(model: jn.Sequential, network: Drawn, X: Any, y: Any) -> list[Callable[[], Any]]:
    """What is called."""
    return [
        lambda: model.fit(X, y, epochs=1, batch_size=None, progress=False),
        lambda: model.fit(X, y, epochs=1, batch_size=256, progress=False),
        lambda: model.predict(X),
        lambda: model.evaluate(X, y),
        lambda: model.gradients(X, y),
        lambda: network.model().fit(X, y, epochs=1, batch_size=500, progress=False),
        model.get_weights,
    ]


def take_all() -> list[bytearray]:
    """All memory that there is."""
    taken: list[bytearray] = []
    for size in PIECES:
        with suppress(MemoryError):
            while True:
                taken.append(bytearray(size))
    return taken


def try_in_child(call: Callable[[], Any], model: jn.Sequential, few: Any, room: int) -> int:
    """How a call ends that has little memory left; in a process that ends after it."""
    import resource  # which Windows has not

    before, said = state_of(model), model.predict(few).tobytes()
    size = int(STATM.read_text().split()[0]) * resource.getpagesize()
    kept = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (size, kept[1]))
    taken = take_all()
    while room > 0:
        room -= len(taken.pop(room % len(taken)))
    ended = FINE
    try:
        call()
    except MemoryError:
        ended = IN_ORDER
    except BaseException as error:
        ended = OTHER
        os.write(2, f"{type(error).__name__}: {error}\n".encode())
    taken.clear()
    resource.setrlimit(resource.RLIMIT_AS, kept)
    if ended == IN_ORDER and (state_of(model) != before or model.predict(few).tobytes() != said):
        return CHANGED
    return ended


def case(rng: Rng) -> Tally:
    """One call of one network."""
    pick = picker(rng)
    network = draw_network(pick)
    X, y = network.inputs(rng, ROWS), network.targets(rng, ROWS)
    few = tuple(x[:2] for x in X) if isinstance(X, tuple) else X[:2]
    some = tuple(x[:600] for x in X) if isinstance(X, tuple) else X[:600]
    model = network.model(n_threads=2)
    for call in calls(model, network, some, y[:600]):  # all is compiled and loaded
        try:
            call()
        except FloatingPointError:
            return Tally(0, 0)
    number, room = int(rng.integers(7)), int(MOST * rng.random() ** 4)
    child = os.fork()
    if child == 0:
        ended = OTHER
        try:
            ended = try_in_child(calls(model, network, X, y)[number], model, few, room)
        finally:
            os._exit(ended)
    ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if ended not in (FINE, IN_ORDER):
        said = SAID.get(ended, f"it ended the process with {ended}")
        raise AssertionError(f"call {number} of {network} with {room} bytes left: {said}")
    return Tally(1, int(ended == IN_ORDER))


HUNT = Hunt(drawn(case), short=15, long=600)
