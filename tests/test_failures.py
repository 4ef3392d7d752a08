"""A loss that is not finite, and Ctrl-C, end a fit and leave a model that can be used."""

from __future__ import annotations

import _thread
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

import jitnet as jn
from jitnet.progress import Progress
from training_state import state_of

X = np.random.default_rng(0).normal(size=(300, 4))
Y = X @ np.array([1.0, 2.0, 3.0, 4.0])
SECONDS_TO_END = 1.0


def model_with(optimizer: Any, hidden: int = 0, l2: float = 0.0) -> jn.Sequential:
    layers = [jn.Dense(8, activation="relu", l2=l2) for _ in range(hidden)]
    return jn.Sequential([*layers, jn.Dense(1, l2=l2)], "mse", optimizer)


def good_epochs(model: jn.Sequential) -> int:
    return len(model.history.get("loss", []))


FAILURES: dict[str, tuple[Any, ...]] = {
    "full batch": (jn.SGD(5.0), 0, 0.0, {"batch_size": None}),
    "batches": (jn.SGD(5.0), 0, 0.0, {"batch_size": 32}),
    "momentum": (jn.SGD(1.0, momentum=0.9), 0, 0.0, {"batch_size": 32}),
    "layers": (jn.SGD(0.9), 1, 0.0, {"batch_size": None}),
    "a schedule that grows": (jn.SGD(jn.Exponential(1e-3, every=5, factor=10.0)), 0, 0.0, {}),
    "the first epoch": (jn.SGD(1e30), 0, 0.0, {"batch_size": 32}),
    "infinite weights": (jn.SGD(1e38), 1, 0.0, {"batch_size": None}),
    "infinite moments": (jn.Adam(1e38), 1, 0.0, {"batch_size": None}),
    "an infinite penalty": (jn.SGD(5.0), 3, 1e-3, {"batch_size": None}),
}


@pytest.mark.parametrize("each_epoch", [False, True])
@pytest.mark.parametrize("failure", FAILURES)
def test_a_failed_fit_is_one_that_ended_with_the_last_good_epoch(
    failure: str, each_epoch: bool
) -> None:
    *made, batches = FAILURES[failure]
    model, stopped = model_with(*made).build(4), model_with(*made).build(4)
    callbacks = [jn.Callback()] if each_epoch else []
    with pytest.raises(FloatingPointError) as failed:
        model.fit(X, Y, epochs=100, callbacks=callbacks, **batches)
    good = good_epochs(model)
    words = f"the loss became NaN or infinite in epoch {good + 1}; the weights are those of the"
    assert words in str(failed.value)
    assert "Try a lower learning_rate, " in str(failed.value)
    if good:
        stopped.fit(X, Y, epochs=good, **batches)
        assert model.history == stopped.history
    assert state_of(model) == state_of(stopped)
    assert np.isfinite(model.history.get("loss", [])).all()
    assert all(np.isfinite(array).all() for array in model.get_weights())


def test_a_fit_that_ends_in_infinite_weights_has_failed() -> None:
    model = model_with(jn.SGD(1e38)).build(4)
    before = state_of(model)
    with pytest.raises(FloatingPointError, match="in epoch 1;"):
        model.fit(X, Y, epochs=1, batch_size=None)
    assert state_of(model) == before
    assert model.history == {}


def test_a_long_epoch_that_fails_in_a_later_slice_is_taken_back() -> None:
    inputs = np.repeat(X, 300, axis=0)
    targets = np.repeat(Y, 300)
    targets[-1] = 3e38
    model, stopped = (model_with(jn.SGD(1e-3), hidden=2).build(4) for _ in range(2))
    stopped.fit(inputs, np.repeat(Y, 300), epochs=1, batch_size=1, shuffle=False)
    model.fit(inputs, np.repeat(Y, 300), epochs=1, batch_size=1, shuffle=False)
    with pytest.raises(FloatingPointError, match="in epoch 1;"):
        model.fit(inputs, targets, epochs=2, batch_size=1, shuffle=False)
    assert state_of(model) == state_of(stopped)


@pytest.mark.parametrize(
    "curve",
    [
        lambda u: u[:0],
        lambda u: u * np.nan,
        lambda u: -1.0 - u,
        lambda u: np.ones((2, len(u))),
    ],
)
def test_a_schedule_that_gives_no_rates_is_refused_before_it_is_followed(curve: Any) -> None:
    class Odd(jn.Schedule):
        def curve(self, u: Any) -> Any:
            return curve(u)

    model = model_with(jn.SGD(Odd(0.1))).build(4)
    before = state_of(model)
    with pytest.raises(ValueError, match="must give a finite rate of at least 0 for each"):
        model.fit(X, Y)
    assert state_of(model) == before


class CtrlC(Progress):
    """Presses Ctrl-C some time after a fit has begun, and measures how long it takes to end."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.timer = threading.Timer(seconds, self.press)
        self.pressed = 0.0

    def start(self, n_epochs: int, compiling: bool = False) -> None:
        super().start(n_epochs, compiling)
        self.timer.start()

    def press(self) -> None:
        self.pressed = time.perf_counter()
        _thread.interrupt_main()

    @contextmanager
    def ends_a_fit(self) -> Iterator[None]:
        with pytest.raises(KeyboardInterrupt):
            yield
        assert time.perf_counter() - self.pressed < SECONDS_TO_END
        self.timer.join()


@pytest.mark.parametrize("batch_size", [None, 32])
def test_an_interrupted_fit_is_one_that_ended_there(batch_size: int | None) -> None:
    model, stopped = (model_with(jn.Adam(1e-5), hidden=1) for _ in range(2))
    model.fit(X, Y, epochs=1, batch_size=batch_size)  # so that the kernels are there
    ctrl_c = CtrlC(0.3)
    with ctrl_c.ends_a_fit():
        model.fit(X, Y, epochs=10**8, batch_size=batch_size, progress=ctrl_c)
    epochs = good_epochs(model)
    assert epochs > 10
    stopped.fit(X, Y, epochs=1 + epochs, batch_size=batch_size)
    assert state_of(model) == state_of(stopped)
    assert model.history["loss"] == stopped.history["loss"][1:]
    model.fit(X, Y, epochs=2, batch_size=batch_size)
    stopped.fit(X, Y, epochs=2, batch_size=batch_size)
    assert state_of(model) == state_of(stopped)


def test_an_interrupt_ends_one_long_step_and_what_it_has_not_finished_is_undone() -> None:
    model = jn.Sequential([jn.Dense(512, activation="relu"), jn.Dense(1)], loss="mse")
    model.fit(np.ones((5, 500)), np.ones(5), epochs=1)
    before = state_of(model)
    rows = 400_000  # several seconds of work in one step
    inputs = np.broadcast_to(np.linspace(-1.0, 1.0, 500, dtype=np.float32), (rows, 500))
    ctrl_c = CtrlC(0.3)
    with ctrl_c.ends_a_fit():
        model.fit(inputs, np.ones(rows), epochs=1000, batch_size=None, progress=ctrl_c)
    if not model.history:
        assert state_of(model) == before
    model.fit(inputs[:100], np.ones(100), epochs=1)


INTERRUPTED = """
import numpy as np, jitnet as jn

class Tell(jn.Callback):
    def on_epoch_end(self, model, epoch, logs):
        if epoch == 10:
            print("training", flush=True)

X = np.linspace(-1, 1, 400).reshape(100, 4)
model = jn.Sequential([jn.Dense(8), jn.Dense(1)], loss="mse")
try:
    model.fit(X, X[:, 0], epochs=10**8, callbacks=[Tell()])
except KeyboardInterrupt:
    print("ended", flush=True)
assert len(model.history["loss"]) >= 10
model.fit(X, X[:, 0], epochs=1)
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no single process a Ctrl-C")
def test_ctrl_c_in_a_terminal_ends_a_fit() -> None:
    command = [sys.executable, "-c", INTERRUPTED]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "training\n"
        start = time.perf_counter()
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == "ended\n"
        assert time.perf_counter() - start < SECONDS_TO_END
    assert process.returncode == 0


CROWDED = """
import _thread, threading
import numpy as np, jitnet as jn

X = np.broadcast_to(np.linspace(-1, 1, 64, dtype=np.float32), (400_000, 64))
y = np.ones(len(X))
model = jn.Sequential([jn.Dense(64), jn.Dense(1)], loss="mse", n_threads=8)
model.fit(X[:10], y[:10], epochs=1)
for turn in range(4):
    timer = threading.Timer(0.2 + 0.05 * turn, _thread.interrupt_main)
    timer.start()
    try:
        model.fit(X, y, epochs=10**6, batch_size=None)
    except KeyboardInterrupt:
        timer.join()
print("ended")
"""


def test_an_interrupt_ends_a_long_step_of_more_threads_than_there_are_cores() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", CROWDED],
        env=os.environ | {"NUMBA_NUM_THREADS": "8"},
        capture_output=True,
        text=True,
        timeout=40,
        check=True,
    )
    assert ended.stdout == "ended\n"
