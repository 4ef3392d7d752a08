"""X is never copied: working on a file needs hardly more memory than working on a few rows."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import jitnet as jn
from own_memory import IS_COUNTED, own_mib

FEATURES, ROWS = 1024, 1 << 18
MIB = ROWS * FEATURES * 4 / 2**20

pytestmark = pytest.mark.skipif(
    not IS_COUNTED,
    reason="this system does not count a process's own memory",
)


class Watch:
    """Looks at the process's own memory all the time that something takes."""

    def __init__(self) -> None:
        self.most = own_mib()
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.look)

    def look(self) -> None:
        while not self.ended.wait(0.005):
            self.most = max(self.most, own_mib())

    def __enter__(self) -> Watch:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        self.thread.join()


@pytest.fixture
def inputs(tmp_path: Path) -> Any:
    """A gibibyte in a sparse file, all zeros."""
    file = tmp_path / "X"
    yield np.memmap(file, np.float32, "w+", shape=(ROWS, FEATURES))
    file.unlink()


def test_the_watch_sees_a_copy(inputs: Any) -> None:
    with Watch() as watch:
        before = watch.most
        inputs[: ROWS // 4].copy()
    assert watch.most - before > MIB / 8


@pytest.mark.parametrize("by_columns", [False, True])
@pytest.mark.parametrize("method", ["fit", "predict", "evaluate"])
def test_a_file_is_not_read_into_memory(inputs: Any, method: str, by_columns: bool) -> None:
    X = inputs.reshape(FEATURES, ROWS).T if by_columns else inputs
    y = np.zeros(ROWS)
    model = jn.Sequential([jn.Dense(4, activation="relu"), jn.Dense(1)], loss="mse")
    model.fit(X[:100], y[:100], epochs=1)
    with Watch() as watch:
        before = watch.most
        if method == "fit":
            model.fit(X, y, epochs=1, batch_size=4096)
        elif method == "predict":
            model.predict(X)
        else:
            model.evaluate(X, y)
    assert watch.most - before < MIB / 8
