"""Whatever is raised, wherever, and whoever looks: nothing crashes, hangs, or is torn."""

from __future__ import annotations

import copy
import os
import pickle
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import jitnet as jn
from test_threads import at_once
from training_state import state_of

HERE = Path(__file__).parent
X = np.random.default_rng(3).normal(size=(600, 20)).astype(np.float32)
Y = X[:, 0] * X[:, 1]


def in_a_process(*arguments: str, seconds: float = 120.0, **environment: str) -> str:
    """What a program prints that must neither crash nor hang."""
    paths = os.pathsep.join([str(Path(jn.__file__).parents[1]), str(HERE)])
    ended = subprocess.run(
        [sys.executable, "-X", "faulthandler", *arguments],
        env=os.environ | {"PYTHONPATH": paths} | environment,
        capture_output=True,
        text=True,
        timeout=seconds,
    )
    assert ended.returncode == 0, (ended.returncode, ended.stderr[-3000:])
    return ended.stdout.strip()


ANYWHERE = """
import numpy as np
from hunts.exceptions import case

print(sum(case(np.random.default_rng([3, number])).faults for number in range(300)))
"""


def test_after_an_exception_at_any_line_of_a_fit_all_is_in_order() -> None:
    assert int(in_a_process("-c", ANYWHERE)) > 200


TIMEOUTS = """
import signal, sys
import numpy as np, jitnet as jn
from jitnet.kernels.turn import DOOR

class Late(Exception):
    pass

def late(number, frame):
    raise Late

signal.signal(signal.SIGALRM, late)
rows = np.broadcast_to(np.linspace(-1, 1, 64, dtype=np.float32), (200_000, 64))
y = np.ones(len(rows))
came = 0
for turn in range(20):
    model = jn.Sequential([jn.Dense(64, "relu"), jn.Dense(1)], "mse", n_threads=2)
    model.fit(rows[:64], y[:64], epochs=1)
    signal.setitimer(signal.ITIMER_REAL, 0.02 + 0.01 * turn, 0.003)  # and again while it is handled
    try:
        model.fit(rows, y, epochs=10**6, batch_size=None)
    except Late:
        try:
            signal.setitimer(signal.ITIMER_REAL, 0)
        except Late:
            signal.setitimer(signal.ITIMER_REAL, 0)
        came += 1
    assert DOOR.sum() == 0
    del model
    assert np.isfinite(jn.Sequential([jn.Dense(1)], "mse").fit(rows[:64], y[:64])["loss"]).all()
print(came)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no alarm")
def test_a_timeout_that_raises_again_and_again_leaves_long_steps_only_when_the_team_is_gone() -> (
    None
):
    assert in_a_process("-c", TIMEOUTS) == "20"


NO_MEMORY = """
import resource
import numpy as np, jitnet as jn

X = np.ones((4096, 256), np.float32)
model = jn.Sequential([jn.Dense(256, "relu")] * 3 + [jn.Dense(1)], "mse", n_threads=1)
model.fit(X[:64], np.ones(64), epochs=1, batch_size=64)
before = model.predict(X[:64])
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
failed = 0
for spare in range(0, 64 << 20, 1 << 20):
    resource.setrlimit(resource.RLIMIT_AS, (used + spare, resource.RLIM_INFINITY))
    try:
        model.evaluate(X, np.ones(4096))
    except MemoryError:
        failed += 1
    resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert (model.predict(X[:64]) == before).all()
assert failed > 0
model.fit(X, np.ones(4096), epochs=1)
print("works")
"""


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="counts memory as Linux does")
def test_after_memory_that_is_missing_a_model_works_with_the_room_it_has() -> None:
    assert in_a_process("-c", NO_MEMORY) == "works"


def test_room_that_cannot_be_had_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    model = jn.Sequential([jn.Dense(16, "relu"), jn.Dense(1)], "mse")
    model.fit(X[:40], Y[:40], epochs=1)
    before, predictions = state_of(model), model.predict(X[:40]).tobytes()

    def no_memory(*arguments: Any) -> Any:
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr("jitnet.engine.room.zeros", no_memory)
        with pytest.raises(MemoryError):
            model.fit(X, Y, epochs=1, batch_size=None)
    assert state_of(model) == before
    assert model.predict(X[:40]).tobytes() == predictions


class Spoil(jn.Callback):
    """Writes into the caller's arrays while they are trained on."""

    def __init__(self, *arrays: np.ndarray[Any, Any]) -> None:
        self.arrays = arrays

    def on_epoch_end(self, model: Any, epoch: int, logs: dict[str, float]) -> None:
        for array in self.arrays:
            array[:] = 1e8


@pytest.mark.parametrize("kind", [np.float32, np.float64, np.int32, np.int64])
@pytest.mark.parametrize("shape", [(600,), (600, 1)])
def test_labels_that_a_callback_overwrites_are_trained_on_as_they_were(
    kind: Any, shape: tuple[int, ...]
) -> None:
    labels = (np.arange(600) % 3).reshape(shape).astype(kind)
    models = [jn.Sequential([jn.Dense(3)], "softmax_crossentropy") for _ in range(2)]
    models[0].fit(X, labels, epochs=4)
    models[1].fit(X, labels, epochs=4, callbacks=[Spoil(labels)])
    assert state_of(models[0]) == state_of(models[1])


def test_an_estimators_labels_that_a_callback_overwrites_are_trained_on_as_they_were() -> None:
    labels = (np.arange(600) % 3).astype(np.float32)
    fits = [jn.MLPClassifier((4,), max_iter=4, random_state=0, callbacks=[jn.Callback()])]
    fits += [jn.MLPClassifier((4,), max_iter=4, random_state=0, callbacks=[Spoil(labels)])]
    with pytest.warns(match="reached and the optimization hasn't converged"):
        curves = [fit.fit(X, labels).loss_curve_ for fit in fits]
    assert curves[0] == curves[1]


def test_a_mapped_file_cannot_be_closed_while_it_is_trained_on(tmp_path: Path) -> None:
    np.save(tmp_path / "X.npy", X)
    mapped: Any = np.load(tmp_path / "X.npy", mmap_mode="r")

    class Close(jn.Callback):
        def on_epoch_end(self, model: Any, epoch: int, logs: dict[str, float]) -> None:
            mapped._mmap.close()

    model = new_model()
    with pytest.raises(BufferError, match="exported pointers exist"):
        model.fit(mapped, Y, epochs=3, callbacks=[Close()])
    model.fit(mapped, Y, epochs=1)


def new_model(l2: float = 0.0) -> jn.Sequential:
    layers = [jn.Dense(32, "tanh", l2=l2), jn.Dense(1, l2=l2)]
    return jn.Sequential(layers, "mse", jn.Adam(1e-2)).build(20)


def test_gradients_asked_for_by_several_threads_are_those_of_each() -> None:
    model = new_model()
    parts = [(X[i : i + 50], Y[i : i + 50]) for i in range(0, 600, 50)]
    expected = [[g.tobytes() for g in model.gradients(*part)] for part in parts]

    def wrong(first: int) -> int:
        turns = [(first + turn) % len(parts) for turn in range(400)]
        found = ([g.tobytes() for g in model.gradients(*parts[i])] for i in turns)
        return sum(f != expected[i] for f, i in zip(found, turns, strict=True))

    assert at_once([partial(wrong, first) for first in range(4)]) == [0] * 4


def saved(model: jn.Sequential) -> list[bytes]:
    """The weights in a file."""
    with tempfile.TemporaryDirectory() as folder:
        model.save(Path(folder) / "model.safetensors")
        return [w.tobytes() for w in jn.load(Path(folder) / "model.safetensors").get_weights()]


READERS: dict[str, Callable[[jn.Sequential], Any]] = {
    "weights": lambda model: [w.tobytes() for w in model.get_weights()],
    "pickle": lambda model: [w.tobytes() for w in pickle.loads(pickle.dumps(model)).get_weights()],
    "copy": lambda model: [w.tobytes() for w in copy.deepcopy(model).get_weights()],
    "file": saved,
    "evaluate": lambda model: model.evaluate(X, Y),
    "a few predictions": lambda model: model.predict(X[:3]).tobytes(),
    "predictions": lambda model: model.predict(X).tobytes(),
    "gradients": lambda model: [g.tobytes() for g in model.gradients(X, Y)],
}


@pytest.mark.parametrize("reader", READERS)
def test_who_reads_while_another_thread_trains_sees_the_state_after_a_whole_step(
    reader: str,
) -> None:
    read, steps, legal = READERS[reader], 400, []

    class Note(jn.Callback):
        def on_epoch_end(self, model: Any, epoch: int, logs: dict[str, float]) -> None:
            legal.append(read(model))

    model = new_model(l2=1e-3)
    legal.append(read(model))
    model.fit(X, Y, epochs=steps, batch_size=None, callbacks=[Note()])
    model, ended = new_model(l2=1e-3), threading.Event()

    def train() -> None:
        try:
            model.fit(X, Y, epochs=steps, batch_size=None, callbacks=[jn.Callback()])
        finally:
            ended.set()

    def look() -> int:
        looks = 0
        while not ended.is_set():
            assert read(model) in legal
            looks += 1
        return looks

    looks, _ = at_once([look, train])
    assert looks > 0


def test_a_long_pass_while_another_thread_trains_is_by_one_state(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("jitnet.engine.cost.FIRST_FLOPS", 1e4)  # many slices
    model, ended, many = new_model(), threading.Event(), np.tile(X[:1], (40_000, 1))

    def train() -> None:
        try:
            model.fit(X, Y, epochs=200, callbacks=[jn.Callback()])
        finally:
            ended.set()

    def look() -> int:
        looks = 0
        while not ended.is_set():
            assert len(np.unique(model.predict(many))) == 1
            looks += 1
        return looks

    looks, _ = at_once([look, train])
    assert looks > 0


def test_a_history_read_while_another_thread_trains_has_whole_epochs() -> None:
    model, ended = new_model(), threading.Event()

    def train() -> None:
        try:
            model.fit(X, Y, epochs=3000, batch_size=None, validation_data=(X[:9], Y[:9]))
        finally:
            ended.set()

    def look() -> set[int]:
        different = set()
        while not ended.is_set():
            different.add(len({len(column) for column in model.history.values()}))
        return different

    different, _ = at_once([look, train])
    assert different <= {0, 1}


FORK = """
import os, sys, threading
import numpy as np, jitnet as jn
from training_state import state_of

X = np.random.default_rng(0).normal(size=(4000, 20)).astype(np.float32)
Y = X[:, 0] * X[:, 1]

def new_model():
    layers = [jn.Dense(64, "tanh"), jn.Dense(1)]
    return jn.Sequential(layers, "mse", n_threads=2).build(20)

def train(model, epochs, **more):
    model.fit(X, Y, epochs=epochs, batch_size=None, shuffle=False, **more)

EPOCHS, legal = 600, []

class Note(jn.Callback):
    def on_epoch_end(self, model, epoch, logs):
        legal.append(state_of(model))

model = new_model()
legal.append(state_of(model))
train(model, EPOCHS, callbacks=[Note()])
children = 0
for turn in range(10):
    model = new_model()
    thread = threading.Thread(target=train, args=(model, EPOCHS))
    thread.start()
    while thread.is_alive() and children < 3 * (turn + 1):
        child = os.fork()
        if child == 0:
            found = state_of(model)
            good = found in legal and np.isfinite(model.predict(X)).all()
            train(model, 1)
            place = legal.index(found) if good else -2
            good = good and (place + 1 == len(legal) or state_of(model) == legal[place + 1])
            os._exit(0 if good else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        children += 1
    thread.join()
    assert state_of(model) == legal[-1]
print(children)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_child_forked_while_a_thread_trains_has_the_model_after_a_whole_step() -> None:
    assert int(in_a_process("-W", "ignore::DeprecationWarning", "-c", FORK)) >= 10


COMPILE = """
import os, signal, sys, threading, time
import numpy as np
from jitnet.kernels import helpers, signals
from jitnet.kernels.cache import compilation
from jitnet.kernels.jit import njit

@njit
def third(x):
    return x + 1.0

@njit
def second(x):
    return third(x) * 2.0

@njit(entry=True)
def first(x, y):
    for i in range(x.size):
        y[i] = second(x[i])

class Own(Exception):
    pass

def own(number, frame):
    seen.append(number)
    raise Own

x, y, seen = np.arange(3.0), np.zeros(3), []
signal.signal(signal.SIGUSR1, own)
real, place = helpers.handle_signals, [0]

def at_a_place():  # a signal at the k-th place where the compiler can be left
    place[0] += 1
    if place[0] == wanted:
        signal.raise_signal(signal.SIGUSR1)
    real()

helpers.handle_signals = at_a_place
for wanted in (1, 2, 3):
    place[0] = 0
    try:
        with compilation():
            first(x, y)
        raise AssertionError("nothing was raised")
    except Own:
        pass
    assert signal.getsignal(signal.SIGUSR1) is own
def from_outside():  # and anywhere within
    time.sleep(float(sys.argv[1]))
    os.kill(os.getpid(), signal.SIGUSR1)
try:  # the signal may come before `start` has returned
    threading.Thread(target=from_outside).start()
    with compilation():
        first(x, y)
    signal.sigtimedwait([], 3)
    time.sleep(3)
except Own:
    pass
other = threading.Thread(target=lambda: first(x, y))  # no lock is left taken
with compilation():
    first(x, y)
other.start()
other.join(60)
assert not other.is_alive() and y.tolist() == [2.0, 4.0, 6.0]
print(len(seen))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows raises no signals of a user's")
@pytest.mark.parametrize("seconds", [0.0, 0.05, 0.1, 0.2])
def test_a_signal_while_kernels_compile_leaves_a_compiler_that_works(
    seconds: float, tmp_path: Path
) -> None:
    script = tmp_path / "compile.py"
    script.write_text(COMPILE)
    assert in_a_process(str(script), str(seconds), NUMBA_CACHE_DIR=str(tmp_path)) == "4"
