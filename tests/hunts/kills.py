"""Fits that are killed, or whose disk is full, or clock jumps: resumed, they end as unbroken ones.

A fit in a process of its own is killed at a moment that is drawn, by SIGKILL, SIGTERM or Ctrl-C, or
its disk is full, or its clock jumps by hours; then it is begun again with ``resume``, until one
comes to its end. Whatever stands under a model's name after each of them can be loaded, and the end
is that of an unbroken fit, to the bit.

python -m hunts.kills KIND FOLDER SEED THREADS FAULT    fit, or go on; in the folder of the tests
"""

from __future__ import annotations

import contextlib
import csv
import hashlib
import importlib
import io
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

import jitnet as jn
from hunting import Hunt, Rng, Tally, drawn

EPOCHS = 12
TESTS = Path(__file__).parents[1]
HOURS = (0.0,) * 30 + (5 * 3600.0, -7 * 3600.0, 1e7, -1e7)
"""What a jumping clock adds, time after time."""
ENDS = (0, 1, 130, -signal.SIGTERM, -signal.SIGINT, -getattr(signal, "SIGKILL", 9))
"""How a process ends that does not crash."""
MOST_FAULTS = 20
"""Faults in one fit, after which it is left in peace."""


def fit(folder: Path | None, seed: int, threads: int) -> jn.Sequential:
    """A fit with a bit of everything that a checkpoint keeps."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(6000, 30)).astype(np.float32)
    y = (X[:, 0] * X[:, 1] > 0).astype(np.int64)
    layers = [jn.Dense(64, "relu"), jn.BatchNorm(), jn.Dropout(0.2), jn.Dense(2)]
    model = jn.Sequential(
        layers,
        "softmax_crossentropy",
        jn.Adam(jn.Cosine(3e-3, steps=EPOCHS * 94)),
        seed=seed,
        n_threads=threads,
    )
    callbacks: list[jn.Callback] = [jn.EarlyStopping(patience=3), jn.TimeBudget(minutes=1e9)]
    resume = None
    if folder is not None:
        callbacks += [jn.CSVLogger(folder / "log.csv"), jn.Checkpoint(folder, every_steps=25)]
        resume = folder if any(folder.glob("step-*")) else None
        folder.mkdir(exist_ok=True)
    model.fit(
        X[:5000],
        y[:5000],
        epochs=EPOCHS,
        batch_size=64,
        validation_data=(X[5000:], y[5000:]),
        callbacks=callbacks,
        progress=False,
        resume=resume,
    )
    return model


def bits(model: jn.Sequential) -> str:
    """A digest of the weights and the history."""
    digest = hashlib.sha256(repr(model.history).encode())
    for array in model.get_weights():
        digest.update(array.tobytes())
    return digest.hexdigest()


def fit_network(folder: Path | None, seed: int, threads: int) -> str:
    """The digest of a fit, once its log is known to have each epoch."""
    model = fit(folder, seed, threads)
    if folder is not None:
        with (folder / "log.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        logged = [float(row["loss"]) for row in rows]
        assert logged == model.history["loss"], f"the log has {rows}"
    return bits(model)


def fit_table(folder: Path | None, seed: int, threads: int) -> str:
    """The digest of a table's model, of two networks."""
    rng = np.random.default_rng(seed)
    frame: dict[str, Any] = {"a": rng.normal(size=3000), "b": rng.integers(0, 5, 3000)}
    frame["c"] = frame["a"] * frame["b"]
    model = jn.TableModel("c", seed=seed, n_threads=threads, epochs=EPOCHS, ensemble=2)
    model.fit(frame, checkpoints=folder, resume=folder is not None)
    return " ".join(map(bits, model.networks))


def run_command(folder: Path | None, seed: int, threads: int) -> str:
    """The digest of what ``jitnet train`` writes."""
    from jitnet.cli import main

    with tempfile.TemporaryDirectory() as name:
        output = Path(name) / "model.safetensors"
        line = ["train", "digits", "--hidden", "32", "--epochs", str(EPOCHS), "--seed", str(seed)]
        line += ["--threads", str(threads), "--output", str(output)]
        line += [] if folder is None else ["--checkpoints", str(folder), "--resume"]
        with contextlib.redirect_stdout(io.StringIO()):
            ended = main(line)
        if ended:
            sys.exit(ended)
        return bits(jn.load(output))


FITS: dict[str, Callable[[Path | None, int, int], str]] = {
    "network": fit_network,
    "table": fit_table,
    "command": run_command,
}
"""Fits that write checkpoints into a folder, and go on from those that are there."""
KILLS = ("SIGKILL", "SIGTERM", "SIGINT")
FAULTS = (*KILLS, "size", "disk", "clock")
"""Signals; files and a disk of a size; and a clock that jumps until a signal comes."""


def jump(seed: int) -> None:
    """Have the process's clocks jump."""
    randomly, added = random.Random(seed), [0.0]

    def jumping(clock: Callable[[], float]) -> Callable[[], float]:
        def now() -> float:
            added[0] += randomly.choice(HOURS)
            return clock() + added[0]

        return now

    for name in ("time", "monotonic", "perf_counter"):
        setattr(time, name, jumping(getattr(time, name)))


def main() -> None:
    """Fit in this process."""
    kind, name, seed, threads, fault, number = sys.argv[1:]
    for module in ("jitnet.tabular.training", "jitnet.train.images"):  # not to wait for ten seconds
        vars(importlib.import_module(module))["CHECKPOINT_MINUTES"] = 1e-6
    if fault == "clock":
        jump(int(number))
    if fault == "size":
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (int(number), resource.RLIM_INFINITY))
    print(FITS[kind](Path(name) if name else None, int(seed), int(threads)))


def start(kind: str, folder: Path | str, seed: int, threads: int, fault: str, number: int) -> Any:
    """A process that fits."""
    line = [sys.executable, "-m", "hunts.kills", kind, str(folder), str(seed), str(threads)]
    paths = os.pathsep.join([str(Path(jn.__file__).parents[1]), str(TESTS)])
    return subprocess.Popen(
        [*line, fault, str(number)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=TESTS,
        env=os.environ | {"PYTHONPATH": paths},
    )


@cache
def unbroken(kind: str, seed: int) -> tuple[str, float]:
    """The digest of a fit that nobody disturbs, and its seconds."""
    began = time.monotonic()
    process = start(kind, "", seed, 1, "", 0)
    found, said = process.communicate()
    assert process.returncode == 0, said
    return found.strip(), time.monotonic() - began


@contextlib.contextmanager
def disk(folder: Path, size: int) -> Iterator[bool]:
    """A disk with a folder's files and so much room; whether there can be one here."""
    place = folder.with_name("disk")
    place.mkdir(exist_ok=True)
    used = sum(file.stat().st_size + 4096 for file in folder.rglob("*"))
    line = ["mount", "-t", "tmpfs", "-o", f"size={used + size}", "none", str(place)]
    if shutil.which("mount") is None or subprocess.run(line, capture_output=True).returncode:
        yield False
        return
    try:
        shutil.copytree(folder, place, dirs_exist_ok=True)
        yield True
        shutil.rmtree(folder)
        shutil.copytree(place, folder)
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def check(folder: Path, where: str) -> None:
    """What has a model's name is one."""
    for file in folder.rglob("*.safetensors"):
        if ".jitnet-" in str(file):
            continue
        try:
            jn.load(file)
        except ValueError as error:
            raise AssertionError(f"{where}: {file.name}: {error}") from error


def attempt(rng: Rng, kind: str, folder: Path, seed: int, threads: int, fault: str) -> str:
    """Fit, or go on, with a fault in the way; the digest, where it came to its end."""
    number = int(rng.integers(1000, 300_000))
    with contextlib.ExitStack() as stack:
        place = folder
        if fault == "disk":
            if stack.enter_context(disk(folder, number)):
                place = folder.with_name("disk")
            else:
                fault = "size"
        process = start(kind, place, seed, threads, fault, number)
        if fault in (*KILLS, "clock"):
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(rng.uniform(0.3, 1.2) * unbroken(kind, seed)[1])
            sent = getattr(signal, fault, signal.SIGKILL)
            process.send_signal(sent)
        found, said = process.communicate()
        where = f"{kind}, seed {seed}, {threads} threads, {fault} {number}"
        assert process.returncode in ENDS, (
            f"{where}: ended with {process.returncode}: {said[-2000:]}"
        )
        check(place, where)
    if process.returncode == 0:
        return str(found.strip())
    if not fault:
        raise AssertionError(f"{where}: {said[-2000:]}")
    if fault in ("size", "disk"):
        last = said.strip().splitlines()[-1]
        assert "No space left" in last or "File too large" in last, f"{where}: {said[-2000:]}"
    return ""


def case(rng: Rng) -> Tally:
    """Disturb a fit until it comes to its end, and compare that with an unbroken one."""
    kind, seed, threads = str(rng.choice(list(FITS))), int(rng.integers(4)), int(rng.integers(1, 3))
    expected, faults = unbroken(kind, seed)[0], 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "checkpoints"
        folder.mkdir()
        found = ""
        while not found:
            fault = str(rng.choice(FAULTS)) if faults < MOST_FAULTS else ""
            found = attempt(rng, kind, folder, seed, threads, fault)
            faults += 1 if not found or fault in ("clock", "size", "disk") else 0
    assert found == expected, f"{kind}, seed {seed}, {threads} threads: {found} is not {expected}"
    return Tally(1, faults)


HUNT = Hunt(
    drawn(case),
    short=20.0,
    long=900.0,
    mended=(
        "checkpoints written when the clock had been set back were refused by the fit that resumed",
        "a log whose disk was full in its header went on without one, and logs were not "
        "rewritten whole or not at all",
    ),
)

if __name__ == "__main__":
    main()
