"""A fit that is killed anywhere, and goes on: a script, and a hunt with many kills.

python tests/resumed_fits.py FOLDER SEED THREADS    fit, or go on from the folder's checkpoint
python tests/resumed_fits.py --hunt 50              kill it at 50 random moments, and compare
"""

from __future__ import annotations

import hashlib
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import jitnet as jn

EPOCHS = 12


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
    callbacks: list[jn.Callback] = [jn.EarlyStopping(patience=3)]
    resume = None
    if folder is not None:
        callbacks.append(jn.Checkpoint(folder, every_steps=25))
        resume = folder if any(folder.glob("step-*")) else None
    else:
        callbacks.append(jn.Callback())
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


def hunt(kills: int) -> None:
    """Kill fits until so many have died, and compare what each ends in with an unbroken one."""
    randomly = random.Random(1)
    died = 0
    for seed in range(10**6):
        threads = 1 + seed % 2
        expected = bits(fit(None, seed, threads))
        with tempfile.TemporaryDirectory() as name:
            while True:
                line = [sys.executable, __file__, name, str(seed), str(threads)]
                process = subprocess.Popen(line, stdout=subprocess.PIPE, text=True)
                moment = time.monotonic() + randomly.uniform(0.4, 1.6)
                while process.poll() is None and time.monotonic() < moment:
                    time.sleep(0.001)
                process.kill()
                found = process.communicate()[0].strip()
                if process.returncode == 0:
                    break
                died += 1
                for file in Path(name).glob("*.safetensors"):
                    jn.load(file)
            assert found == expected, f"seed {seed}: {found} is not {expected}"
        print(f"{died} kills, seed {seed}: the same bits", flush=True)
        if died >= kills:
            return


if __name__ == "__main__":
    if sys.argv[1] == "--hunt":
        hunt(int(sys.argv[2]))
    else:
        print(bits(fit(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))))
