"""The suite checks before it times, and what it times does not compile."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from numba.core import event

pytest.importorskip("threadpoolctl", reason="the suite needs the extra `bench`")
import kernel_cases
from jitnet.threads import available_threads
from workloads import WORKLOADS

with patch.dict(os.environ):  # the suite sets variables, for processes of its own
    from suite import kernels, training

KERNEL = ("relu_forward", kernel_cases.SIZES[0], 1)


@pytest.fixture(autouse=True)
def nothing_prepared() -> Iterator[None]:
    yield
    kernels.prepared.cache_clear()
    training.prepared.cache_clear()


def test_a_wrong_kernel_fails_its_preparation(monkeypatch: pytest.MonkeyPatch) -> None:
    make = kernel_cases.KERNELS["relu_forward"]

    def wrong(examples: int, threads: int) -> kernel_cases.Case:
        case = make(examples, threads)
        return case._replace(vectorized=lambda: case.vectorized() + 1)

    monkeypatch.setitem(kernel_cases.KERNELS, "relu_forward", wrong)
    for benchmark, parameters in ((kernels.Kernels(), KERNEL), (kernels.Ratio(), KERNEL[:2])):
        with pytest.raises(AssertionError):
            benchmark.setup(*parameters)


def test_training_that_goes_elsewhere_fails_its_preparation(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reached = training.Subject.weights_after

    def off(subject: training.Subject, steps: int) -> list[Any]:
        return [1.01 * weights for weights in reached(subject, steps)]

    monkeypatch.setattr(training.Subject, "weights_after", off)
    with pytest.raises(AssertionError, match="off NumPy's"):
        training.Training().setup("planar", 1)


def test_one_thread_means_one_and_all_are_the_models_choice() -> None:
    for threads, expected in ((1, 1), (max(2, available_threads()), None)):
        assert training.Subject(WORKLOADS[1], threads).model.n_threads == expected


@pytest.mark.parametrize(
    ("make", "timed", "parameters"),
    [
        (kernels.Kernels, "time_kernel", KERNEL),
        (kernels.Ratio, "track_numpy_ratio", KERNEL[:2]),
        (training.Training, "time_epoch", ("digits", 1)),
        (training.Training, "time_epoch", ("mnist512", 2)),
        (training.Ratio, "track_numpy_ratio", ("digits",)),
    ],
)
def test_what_is_timed_does_not_compile(
    make: Callable[[], Any], timed: str, parameters: tuple[Any, ...]
) -> None:
    benchmark = make()
    benchmark.setup(*parameters)
    with event.install_recorder("numba:compile") as recorder:
        getattr(benchmark, timed)(*parameters)
    assert not recorder.buffer


def test_kernels_are_kept_in_a_folder_a_commit() -> None:
    found = [cache_folder(commit) for commit in ("a1", "b2")]
    assert [folder.name for folder in found] == ["a1", "b2"]
    assert {folder.parent for folder in found} == {Path("/environment/kernels")}


def cache_folder(commit: str) -> Path:
    code = "import suite, numba; print(numba.config.CACHE_DIR)"
    environment = os.environ | {"ASV_ENV_DIR": "/environment", "ASV_COMMIT": commit}
    command, folder = [sys.executable, "-c", code], Path(kernel_cases.__file__).parent
    printed = subprocess.check_output(command, cwd=folder, env=environment, text=True)
    return Path(printed.strip())
