"""A race goes by one library's weights, and counts a process's own memory."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from race.child import BACKENDS, BENCHMARKS
from race.contest import Contest, reference_among
from race.memory import STATUS
from race.report import memory_table, prediction_table
from race.sections import IMAGE_KINDS, PREDICTION_KINDS, Findings
from race.worker import PEERS
from workloads import PREDICTIONS

MIB = 2**20


def children(*kinds: str) -> list[Any]:
    return [SimpleNamespace(kind=kind) for kind in kinds]


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        (("jitnet", "torch", "numpy"), "numpy"),
        (("jitnet", "jax_patches", "torch_channels_last"), "torch_channels_last"),
        (("jitnet", "keras_jax"), "keras_jax"),
        (("jitnet_product", "numpy_product"), "numpy_product"),
    ],
)
def test_the_reference_is_the_first_that_takes_part(kinds: tuple[str, ...], expected: str) -> None:
    found = reference_among(children(*kinds))
    assert found is not None
    assert found.kind == expected


def test_jitnet_is_no_reference_for_itself() -> None:
    assert reference_among(children("jitnet", "jitnet")) is None


def test_a_librarys_version_is_said_once() -> None:
    findings = Findings(threads=1)
    titles = ("PyTorch", "PyTorch, channels last", "JAX, patches")
    findings.saw([cast(Any, SimpleNamespace(title=title, version="1")) for title in titles])
    assert findings.versions == {"PyTorch": "1", "JAX": "1"}


def test_all_that_are_raced_have_a_worker() -> None:
    kinds = {kind for each in IMAGE_KINDS.values() for kind in each} | {*PREDICTION_KINDS}
    assert kinds | {*BACKENDS} <= {*PEERS}


@pytest.mark.skipif(not STATUS.exists(), reason="this system has no /proc")
def test_a_process_does_not_count_the_memory_of_the_one_that_started_it() -> None:
    ours = np.ones(300 * MIB, np.uint8)
    assert own_peak() < ours.nbytes / 2


@pytest.mark.skipif(not STATUS.exists(), reason="this system has no /proc")
def test_a_peak_stays_when_its_memory_is_given_back() -> None:
    size = 200 * MIB
    taken = own_peak(f"import numpy; numpy.ones({size}, numpy.uint8)")
    assert taken - own_peak() > 0.95 * size


def own_peak(before: str = "") -> int:
    code = f"from race.memory import peak_bytes\n{before}\nprint(peak_bytes())"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(BENCHMARKS), *sys.path])}
    return int(
        subprocess.check_output([sys.executable, "-c", code], env=environment, cwd=Path.cwd())
    )


def test_memory_is_compared_with_the_least_of_the_others() -> None:
    peaks = {"jitnet": 60 * MIB, "PyTorch": 80 * MIB, "PyTorch, channels last": 100 * MIB}
    table = memory_table(peaks)
    assert [row.split()[-2] for row in table.splitlines()[2:5]] == ["0.75", "1.00", "1.25"]
    assert "for: yes." in table
    assert "for: no." in memory_table(peaks | {"jitnet": 90 * MIB})
    assert "for: -." in memory_table({"jitnet": MIB})


def test_predictions_are_compared_with_the_fastest_of_the_others() -> None:
    rates = {"jitnet": [400.0], "PyTorch": [100.0], "PyTorch, channels last": [200.0]}
    contest = Contest(PREDICTIONS[0], rates)
    row = prediction_table([contest], list(rates)).splitlines()[2]
    cells = [cell.strip() for cell in row.strip("| ").split("|")]
    assert cells == ["10,000", "2.5", "10", "5", "2.00", "2.00", "2.00", "yes"]
