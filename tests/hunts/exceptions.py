"""Exceptions at any line of a fit: the team is gone, and the model has taken some whole steps.

It is raised at a line of Python that is drawn, all files counted, or by a signal at a moment that
is drawn, with a second one while the first is handled. The model is then in a state that a fit
without it goes through, and goes on training to the same bits as a copy of it.
"""

from __future__ import annotations

import copy
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np

import jitnet as jn
from hunting import Hunt, Rng, Tally, drawn
from jitnet.engine import cost
from jitnet.kernels.turn import DOOR
from training_state import state_of

X = np.linspace(-1.0, 1.0, 400, dtype=np.float32).reshape(100, 4)
Y = X[:, 0] * X[:, 1]
EPOCHS = 3
SECONDS = 0.006
"""A fit takes about as long."""
LATER = (1e-5, 2e-5, 5e-5, 1e-4, 3e-4)
"""Seconds between two signals."""


class Own(Exception):
    """Any exception of a user's."""


ERRORS: tuple[type[BaseException], ...] = (KeyboardInterrupt, MemoryError, Own, SystemExit)


def new_model(n_threads: int) -> jn.Sequential:
    """A built model."""
    layers = [jn.Dense(8, "tanh"), jn.Dense(1)]
    return jn.Sequential(layers, "mse", n_threads=n_threads).build(4)


def fit(model: jn.Sequential, epochs: int = EPOCHS, **more: Any) -> None:
    """A step an epoch."""
    model.fit(X, Y, epochs=epochs, batch_size=None, shuffle=False, **more)


KINDS: dict[str, Callable[[Path], dict[str, Any]]] = {
    "plain": lambda folder: {},
    "callbacks and validation": lambda folder: {
        "callbacks": [jn.Callback()],
        "validation_data": (X, Y),
    },
    "checkpoints": lambda folder: {"callbacks": [jn.Checkpoint(folder, every_steps=1)]},
}


@contextmanager
def arguments(kind: str) -> Iterator[tuple[dict[str, Any], Path]]:
    """The arguments of a kind of fit, and the folder in which its files are."""
    with tempfile.TemporaryDirectory() as name:
        yield KINDS[kind](Path(name)), Path(name)


@cache
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
        """Count a line, as `sys.settrace` has it."""
        if event == "line":
            self.count += 1
            self.strike(self.count)
        return self


@cache
def lines_of(n_threads: int, kind: str, apart: bool) -> int:
    """How many lines a fit has, once its kernels are there."""
    for _ in range(2):
        model, lines = new_model(n_threads), Lines(lambda line: None)
        with arguments(kind) as (given, _):
            sys.settrace(lines)
            try:
                fit(model, **given)
            finally:
                sys.settrace(None)
    assert state_of(model) == states(n_threads)[-1]
    return lines.count


def check(model: jn.Sequential, legal: list[Any], folder: Path, where: str) -> None:
    """The team is gone, the model has taken some whole steps, and files are whole."""
    assert DOOR.sum() == 0, f"{where}: somebody is at work"
    assert state_of(model) in legal, f"{where}: no whole step's state"
    assert model.predict(X).shape == (100, 1)
    for file in folder.glob("*.safetensors"):
        assert state_of(jn.load(file)) in legal, f"{where}: {file.name} is of no whole step"
    twin = copy.deepcopy(model)
    fit(model, 1)
    fit(twin, 1)
    assert state_of(model) == state_of(twin), f"{where}: another way from here"


def _comes_of_it(error: BaseException | None) -> bool:
    """Whether an error is what was raised, or was raised while that was handled.

    Of an interrupt while it removes a folder, Python's own library makes an OSError.
    """
    while error is not None and not isinstance(error, ERRORS):
        error = error.__context__
    return error is not None


def raised_at_a_line(rng: Rng, lines: int, train: Callable[[], None]) -> tuple[int, str]:
    """Raise at a line; how often, and where it was."""
    place, raised = int(rng.integers(1, lines + 1)), ERRORS[int(rng.integers(len(ERRORS)))]
    struck: list[int] = []

    def strike(at: int) -> None:
        if at == place:
            struck.append(at)
            raise raised(f"at line {at}")

    sys.settrace(Lines(strike))
    try:
        train()
    except BaseException as error:
        if not _comes_of_it(error):
            raise
    finally:
        sys.settrace(None)
    return len(struck), f"{raised.__name__} at line {place}"


def raised_by_signals(rng: Rng, lines: int, train: Callable[[], None]) -> tuple[int, str]:
    """Raise at a moment, and once more shortly after it; how often, and when it was."""
    first, later = rng.uniform(1e-5, SECONDS), float(rng.choice(LATER))
    struck: list[int] = []

    def handle(number: int, frame: Any) -> None:
        struck.append(number)
        if len(struck) == 2:
            signal.setitimer(signal.ITIMER_REAL, 0.0)
        if len(struck) <= 2:
            raise Own

    signal.signal(signal.SIGALRM, handle)
    try:
        try:
            signal.setitimer(signal.ITIMER_REAL, first, later)
            train()
        finally:
            struck += [0, 0]  # from here on nothing is raised
            signal.setitimer(signal.ITIMER_REAL, 0.0)
    except BaseException as error:
        if not _comes_of_it(error):
            raise
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
    return min(2, struck.count(signal.SIGALRM)), f"signals after {first:.6f} s and {later:g} s"


def case(rng: Rng) -> Tally:
    """Raise at a line of a fit, or by two signals."""
    n_threads, apart = int(rng.integers(1, 3)), bool(rng.integers(2))
    kind = str(rng.choice(list(KINDS)))
    cost.LONG_FLOPS = 0.0 if apart else 1e9  # whether the calling thread only waits
    legal, lines = states(n_threads), lines_of(n_threads, kind, apart)
    by_signals = sys.platform != "win32" and bool(rng.integers(2))
    model = new_model(n_threads)
    with arguments(kind) as (given, folder):
        disturb = raised_by_signals if by_signals else raised_at_a_line
        faults, how = disturb(rng, lines, lambda: fit(model, **given))
        check(model, legal, folder, f"{kind}, {n_threads} threads, apart {apart}, {how}")
    return Tally(1, faults)


HUNT = Hunt(drawn(case), short=10.0, long=300.0)
