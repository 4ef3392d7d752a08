"""Exceptions at any line of a fit, in a process of its own: what they leave is a model in order.

python tests/exceptions_anywhere.py lines 1       at each line of Python, for every kind of fit
python tests/exceptions_anywhere.py signals 7     at each 7th, by signals; a second one while the
                                                  first is handled

After each the team is gone, the model's state is one after a whole step, and it goes on training to
the same bits as a copy of it.
"""

from __future__ import annotations

import copy
import faulthandler
import itertools
import signal
import sys
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import numpy as np

import jitnet as jn
from jitnet.engine import engine
from jitnet.kernels.turn import DOOR
from training_state import state_of

SECONDS = 300.0
"""After which whoever hangs is shown, and ended."""

X = np.linspace(-1.0, 1.0, 400, dtype=np.float32).reshape(100, 4)
Y = X[:, 0] * X[:, 1]
EPOCHS = 3


class Own(Exception):
    """Any exception of a user's."""


def new_model(n_threads: int) -> jn.Sequential:
    layers = [jn.Dense(8, "tanh"), jn.Dense(1)]
    return jn.Sequential(layers, "mse", n_threads=n_threads).build(4)


def fit(model: jn.Sequential, epochs: int = EPOCHS, **more: Any) -> None:
    model.fit(X, Y, epochs=epochs, batch_size=None, shuffle=False, **more)


KINDS: dict[str, dict[str, Any]] = {
    "plain": {},
    "callbacks and validation": {"callbacks": [jn.Callback()], "validation_data": (X, Y)},
}


def states(n_threads: int) -> list[Any]:
    """The states of a fit after each of its steps, and before the first."""
    model = new_model(n_threads)
    seen = [state_of(model)]

    class Look(jn.Callback):
        def on_epoch_end(self, model: Any, epoch: int, logs: dict[str, float]) -> None:
            seen.append(state_of(model))

    fit(model, callbacks=[Look()])
    return seen


class Lines:
    """Calls ``strike(n)`` at the n-th line of Python, all files counted."""

    def __init__(self, strike: Callable[[int], None]) -> None:
        self.strike, self.count = strike, 0

    def __call__(self, frame: FrameType, event: str, argument: Any) -> Any:
        if event == "line":
            self.count += 1
            self.strike(self.count)
        return self


def check(model: jn.Sequential, legal: list[Any], where: str) -> None:
    """The team is gone, and the model is one that has taken some whole steps."""
    assert DOOR.sum() == 0, f"{where}: somebody is at work"
    assert state_of(model) in legal, f"{where}: no whole step's state"
    assert model.predict(X).shape == (100, 1)
    twin = copy.deepcopy(model)
    fit(model, 1)
    fit(twin, 1)
    assert state_of(model) == state_of(twin), f"{where}: another way from here"


def raised_at(places: set[int], error: type[BaseException]) -> Callable[[int], None]:
    def strike(line: int) -> None:
        if line in places:
            raise error(f"at line {line}")

    return strike


def signalled_at(places: set[int]) -> Callable[[int], None]:
    def strike(line: int) -> None:
        if line in places:
            signal.raise_signal(signal.SIGUSR1)

    return strike


def trials(mode: str, step: int, lines: int) -> Iterator[tuple[str, Callable[[int], None]]]:
    if mode == "lines":
        errors = itertools.cycle((KeyboardInterrupt, Own, MemoryError))
        for line in range(1, lines + 1, step):
            yield f"line {line}", raised_at({line}, next(errors))
    else:
        for line in range(1, lines + 1, step):
            for later in (1, 2, 3, 5, 8, 13):
                yield f"line {line}, then {later} on", signalled_at({line, line + later})


def raise_own(number: int, frame: Any) -> None:
    raise Own


def hunt(mode: str, step: int) -> int:
    """Try all; how many exceptions there were."""
    faulthandler.dump_traceback_later(SECONDS, exit=True)
    signal.signal(signal.SIGUSR1, raise_own)
    came = 0
    for apart, n_threads, kind in itertools.product((False, True), (1, 2), KINDS):
        engine.LONG_FLOPS = 0.0 if apart else 1e9  # whether the calling thread only waits
        came += hunt_in(n_threads, kind, mode, step, f"{kind}, {n_threads} threads, apart {apart}")
    return came


def hunt_in(n_threads: int, kind: str, mode: str, step: int, which: str) -> int:
    """Try all in one kind of fit."""
    legal, came = states(n_threads), 0

    def train(strike: Callable[[int], None]) -> tuple[jn.Sequential, int, bool]:
        model = new_model(n_threads)
        lines = Lines(strike)
        sys.settrace(lines)
        try:
            fit(model, **KINDS[kind])
        except (KeyboardInterrupt, Own, MemoryError):
            return model, lines.count, True
        finally:
            sys.settrace(None)
        return model, lines.count, False

    done, lines, _ = train(lambda line: None)
    assert state_of(done) == legal[-1]
    for where, strike in trials(mode, step, lines):
        model, _, ended = train(strike)
        came += ended
        check(model, legal, f"{which}, {where}")
    return came


if __name__ == "__main__":
    print(hunt(sys.argv[1], int(sys.argv[2])), "exceptions, all in order")
