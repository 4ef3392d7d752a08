"""A step's time is the median of turns that a clock can measure, beside how far they spread."""

import time

import pytest

from jitnet.study import timing
from jitnet.study.problem import Outputs
from jitnet.study.timing import time_a_step


@pytest.fixture(autouse=True)
def short_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timing, "TURN_SECONDS", 1e-3)
    monkeypatch.setattr(timing, "SETTLE_SECONDS", 0)


def work(seconds: float) -> None:
    began = time.perf_counter()
    while time.perf_counter() - began < seconds:
        pass


def test_a_step_takes_what_its_work_takes() -> None:
    def run(steps: int) -> Outputs:
        work(1e-4 * steps)
        return ()

    seconds, spread = time_a_step(run)
    assert 1e-4 <= seconds < 1e-2, "a busy machine makes it longer, nothing makes it shorter"
    assert spread is not None
    assert spread >= 0


def test_calls_that_wait_for_a_core_do_not_make_turns_of_one_step() -> None:
    calls = []

    def run(steps: int) -> Outputs:
        calls.append(steps)
        work(2e-3 if len(calls) < 3 else 1e-6 * steps)
        return ()

    time_a_step(run)
    assert calls[-1] > 10


def test_a_few_turns_have_no_spread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timing, "MAX_SECONDS", 0.0)

    def run(steps: int) -> Outputs:
        work(1e-3)
        return ()

    assert time_a_step(run).spread is None
